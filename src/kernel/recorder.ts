/** Writes down who did what: the trail, and when keys, roles and services were last used. */

import { table, type CellName, type Rows, type Store } from "../store/types.ts";
import { BoundedCache } from "./auth/bounded-cache.ts";
import type { Caller } from "./auth/caller.ts";
import type { Bus } from "./bus.ts";
import type { LastUse } from "./kernel.ts";
import { trailEvents, trailRetentionMilliseconds, trailRow, type Call, type TrailRow } from "./trail.ts";

export const lastUses = table<LastUse>("kernel.lastUses", { key: (row) => row.id });

/** A use is written down again only after this long, so that a busy key costs no write a request. */
const coalesceMilliseconds = 60_000;
const usesKnownMax = 10_000;
/** Events past their time go a few at a time, so that no request pays for many. */
const trimEvery = 64;
const trimMax = 256;

function trim(rows: Rows<TrailRow>, now: number): void {
  const old = [...rows.list({ before: [now - trailRetentionMilliseconds], limit: trimMax })];
  for (const row of old) rows.delete([row.at, ...row.order]);
}

export class Recorder {
  readonly #store: Store;
  readonly #bus: Bus;
  readonly #defaultAccount: string;
  readonly #incarnation: number;
  #sequence = 0;
  #written = new BoundedCache<LastUse>(usesKnownMax);

  /** @param incarnation how often the store has been opened */
  constructor(store: Store, bus: Bus, defaultAccount: string, incarnation: number) {
    this.#incarnation = incarnation;
    this.#store = store;
    this.#bus = bus;
    this.#defaultAccount = defaultAccount;
  }

  record(call: Omit<Call, "order">): void {
    const account = call.caller.account || call.account || this.#defaultAccount;
    const row = trailRow({ ...call, order: [this.#incarnation, this.#sequence++] });
    this.#store.transact({ account, region: call.region }, (transaction) => {
      const rows = transaction.rows(trailEvents);
      rows.put(row);
      if (this.#sequence % trimEvery === 0) trim(rows, row.at);
    });
    if (!this.#bus.heard) return;
    this.#bus.emit({
      source: `aws.${call.model.endpointPrefix}`,
      detailType: "AWS API Call via CloudTrail",
      resources: [],
      detail: JSON.parse(row.record) as Record<string, unknown>,
      id: row.eventId,
      account,
      region: call.region,
      time: row.at,
    });
  }

  /** Notes that a caller was let in: its key, its role, and the service it used. */
  used(caller: Caller, service: string, region: string, at: number): void {
    const { account, accessKeyId, roleArn, arn } = caller;
    if (account === "" || caller.type === "Root") return;
    const cell = { account, region: "aws-global" };
    if (accessKeyId?.startsWith("AKIA")) this.#note(cell, { id: accessKeyId, at, service, region });
    if (roleArn !== undefined) this.#note(cell, { id: roleArn, at, service, region });
    this.#note(cell, { id: `${roleArn ?? arn} ${service}`, at, service, region });
  }

  /** To be called when the store's content has been replaced. */
  forget(): void {
    this.#written = new BoundedCache(usesKnownMax);
  }

  #note(cell: CellName, use: LastUse): void {
    const name = `${cell.account} ${use.id}`;
    const known = this.#written.get(name);
    const fresh = known && use.at - known.at < coalesceMilliseconds && known.at <= use.at;
    if (fresh && known.service === use.service && known.region === use.region) return;
    this.#written.set(name, use);
    this.#store.transact(cell, (transaction) => transaction.rows(lastUses).put(use));
  }
}
