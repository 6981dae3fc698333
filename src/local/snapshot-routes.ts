/** Snapshots of the region. */

import type { RowChange } from "../store/snapshot-diff.ts";
import type { SnapshotSummary } from "../store/snapshots.ts";
import { invalidRequest, LocalError, notFound, requireText, type LocalRoute } from "./http.ts";

/** A comparison shows this many rows, and counts the rest. */
const changesShownMax = 1_000;
/** What the kernel notes of every request. */
const bookkeeping = new Set(["kernel.facts", "kernel.lastUses", "kernel.trail"]);

export const snapshotRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/snapshots",
    summary: "The snapshots, by name.",
    run: async (_request, { region }) => ({ snapshots: (await region.state.list()).map(shown) }),
  },
  {
    method: "POST",
    path: "/_local/v1/snapshots",
    summary: "Saves the region as the snapshot {name}, in place of an earlier one of that name.",
    run: async ({ body }, { region }) => shown(await refusing(region.state.save(requireText(body, "name")))),
  },
  {
    method: "POST",
    path: "/_local/v1/snapshots/{name}/restore",
    summary: "Puts the snapshot in the place of everything that is here now.",
    async run({ parameters: { name = "" } }, { region }) {
      await refusing(region.state.restore(name));
      return { restored: name };
    },
  },
  {
    method: "GET",
    path: "/_local/v1/snapshots/{name}/diff",
    summary:
      "What is different now, row by row; with ?with={name}, in that snapshot; with ?all=true, also in the " +
      "records of requests.",
    async run({ parameters: { name = "" }, query }, { region }) {
      const all = await refusing(region.state.diff(name, query.get("with") ?? undefined));
      const changes = query.get("all") === "true" ? all : all.filter(({ table }) => !bookkeeping.has(table));
      return { count: changes.length, changes: changes.slice(0, changesShownMax).map(shownChange) };
    },
  },
  {
    method: "DELETE",
    path: "/_local/v1/snapshots/{name}",
    summary: "Deletes the snapshot.",
    async run({ parameters: { name = "" } }, { region }) {
      await refusing(region.state.delete(name));
      return { deleted: name };
    },
  },
];

export interface ShownSnapshot {
  readonly name: string;
  readonly sizeBytes: number;
  /** ISO 8601, by the machine's clock. */
  readonly savedAt: string;
}

function shown({ name, sizeBytes, savedAt }: SnapshotSummary): ShownSnapshot {
  return { name, sizeBytes, savedAt: new Date(savedAt).toISOString() };
}

export interface ShownChange {
  readonly account: string;
  readonly region: string;
  readonly table: string;
  readonly key: readonly unknown[];
  readonly change: RowChange["change"];
  readonly before: unknown;
  readonly after: unknown;
}

function shownChange({ cell, table, key, change, before, after }: RowChange): ShownChange {
  return {
    account: cell.account,
    region: cell.region,
    table,
    key: key.map(plain),
    change,
    before: plain(before) ?? null,
    after: plain(after) ?? null,
  };
}

/** Rows hold what JSON has no word for. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) return plain([...value]);
  if (value instanceof Set) return plain([...value]);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    switch (cause.name) {
      case "SnapshotNotFound":
        throw notFound(cause.message);
      case "TypeError":
        throw invalidRequest(cause.message);
      case "StoreTooNew":
        throw new LocalError(409, cause.name, cause.message);
      default:
        throw cause;
    }
  }
}
