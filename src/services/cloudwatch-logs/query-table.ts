/** The rows of queries and of their results. */

import type { Context } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { invalidParameter, resourceNotFound } from "./errors.ts";
import type { ShownRow } from "./insights/stages.ts";

export type QueryStatus = "Scheduled" | "Running" | "Complete" | "Failed" | "Cancelled" | "Timeout";

export interface QueryRow {
  readonly id: string;
  readonly groups: readonly string[];
  readonly text: string;
  /** Epoch milliseconds; the end is exclusive. */
  readonly from: number;
  readonly before: number;
  readonly limit?: number;
  readonly status: QueryStatus;
  readonly createdAt: number;
  readonly durationMilliseconds?: number;
  readonly recordsMatched: number;
  readonly recordsScanned: number;
  readonly bytesScanned: number;
  /** Of groups that were not looked at, since they have no index. */
  readonly recordsSkipped?: number;
  readonly bytesSkipped?: number;
  readonly resultsCount: number;
}

export const queries = table<QueryRow, "byStatus" | "byTime">("logs.queries", {
  key: (row) => row.id,
  indexes: { byStatus: (row) => row.status, byTime: (row) => [row.createdAt, row.id] },
});

/** Some of the results of a query, in their order. */
export interface ResultsPart {
  readonly query: string;
  readonly part: number;
  readonly rows: readonly ShownRow[];
}

export const resultsParts = table<ResultsPart>("logs.queryResults", {
  key: (row) => [row.query, row.part],
  seldomRead: true,
});

const idForm = /^[\w-]{1,256}$/;

export function requireQuery(ctx: Context, id: string): QueryRow {
  if (!idForm.test(id)) throw invalidParameter(`Invalid queryId: ${id}`);
  const found = ctx.db(queries).get(id);
  if (!found) throw resourceNotFound(`Query ${id} could not be found.`);
  return found;
}

export function forgetQuery(ctx: Context, id: string): void {
  ctx.db(queries).delete(id);
  for (const { part } of [...ctx.db(resultsParts).list({ prefix: [id] })]) {
    ctx.db(resultsParts).delete([id, part]);
  }
}
