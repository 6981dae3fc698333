/**
 * How long a table takes to become what was asked for. AWS takes seconds to minutes; here it is long enough
 * to be seen, and for whoever does not wait to be refused as AWS refuses.
 */

import type { Context } from "../../../kernel/context.ts";
import { tooManyTransitions } from "../errors.ts";
import { job } from "../../../jobs/job.ts";
import { watchKeyOf } from "./key-watch.ts";
import { settled, tables, type Index, type Table, type Transition } from "./table-rows.ts";

export const creationMilliseconds = 200;
export const updateMilliseconds = 200;
export const deletionMilliseconds = 200;

/** @evidence Developer Guide, Quotas: 500 operations on tables at once */
const transitionsMax = 500;

/** @throws LimitExceededException while too many tables are being created, updated or deleted */
export function requireFewTransitions(ctx: Context): void {
  const running = ctx.db(tables).by("transition").count({ after: ctx.clock.now() });
  if (running >= transitionsMax) throw tooManyTransitions(transitionsMax);
}

/** Writes down what has come of itself, so that nobody has to work it out with every request. */
export const settleTable = job<{ readonly name: string }>("dynamodb.settleTable", ({ name }, ctx) => {
  const row = ctx.db(tables).get(name);
  if (!row) return;
  const now = ctx.clock.now();
  const current = settled(row, now);
  if (current !== row) ctx.db(tables).put(current);
  scheduleSettling(ctx, current);
});

function scheduleSettling(ctx: Context, row: Table): void {
  const dues = [row.transition, ...row.indexes.map(({ transition }) => transition)]
    .flatMap((transition) => transition?.until ?? []);
  if (dues.length === 0) return;
  ctx.schedule(settleTable, { at: Math.min(...dues), input: { name: row.name }, id: String(row.number) });
}

/** Keeps the row, and sees to it that what it is about to become is written down in time. */
export function putTable(ctx: Context, row: Table): Table {
  ctx.db(tables).put(row);
  scheduleSettling(ctx, row);
  if (row.encryption) watchKeyOf(ctx, row);
  return row;
}

/** The table on its way to what `becomes` says, which is what it is once it is ACTIVE again. */
export function updating(
  ctx: Context, row: Table, what: NonNullable<Transition<Table>["what"]>, becomes: Partial<Table> = {},
): Table {
  const until = ctx.clock.now() + updateMilliseconds;
  return { ...row, status: "UPDATING", transition: { until, what, becomes } };
}

export function updatingIndex(ctx: Context, index: Index, becomes: Partial<Index>): Index {
  const until = ctx.clock.now() + updateMilliseconds;
  return { ...index, status: "UPDATING", transition: { until, becomes } };
}

export function withIndex(row: Table, changed: Index): Table {
  return { ...row, indexes: row.indexes.map((index) => (index.name === changed.name ? changed : index)) };
}
