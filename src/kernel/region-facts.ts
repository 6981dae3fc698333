/** What a region knows of itself, in the partition's cell: its secret, how often it was opened, its clock. */

import { table, type CellName, type Store } from "../store/types.ts";
import type { Timeline } from "./clock.ts";
import { Ids } from "./ids.ts";

const partitionCell: CellName = { account: "aws", region: "partition" };

interface RegionFacts {
  readonly name: "region";
  /** 32 bytes that seal tokens and managed keys. */
  readonly secret: Uint8Array;
  /** How often the store has been opened. */
  readonly incarnation: number;
}

interface ClockFacts extends Timeline {
  readonly name: "clock";
}

const facts = table<RegionFacts>("kernel.facts", { key: (row) => row.name });
const clocks = table<ClockFacts>("kernel.clock", { key: (row) => row.name });

/** Counts this opening of the store; a new region draws its secret. */
export function openRegion(store: Store, seed: string | undefined): { secret: Buffer; incarnation: number } {
  return store.transact(partitionCell, (transaction) => {
    const rows = transaction.rows(facts);
    const before = rows.get("region");
    const incarnation = (before?.incarnation ?? -1) + 1;
    const secret = before?.secret ?? new Ids(seed === undefined ? undefined : `${seed} secret`).bytes(32);
    rows.put({ name: "region", secret, incarnation });
    return { secret: Buffer.from(secret), incarnation };
  });
}

/** For when the store's content has been replaced: the region stays itself. */
export function keepRegion(store: Store, secret: Uint8Array, incarnation: number): void {
  store.transact(partitionCell, (transaction) => {
    transaction.rows(facts).put({ name: "region", secret, incarnation });
  });
}

/** How the clock was last set, which a restart must not undo: what fell due stays done. */
export function findTimeline(store: Store): Timeline | undefined {
  return store.read(partitionCell, (transaction) => transaction.rows(clocks).get("clock"));
}

export function keepTimeline(store: Store, timeline: Timeline): void {
  store.transact(partitionCell, (transaction) => {
    transaction.rows(clocks).put({ name: "clock", ...timeline });
  });
}
