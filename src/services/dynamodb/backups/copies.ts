/**
 * Copies of tables as they were at a moment. The items are copied some at a time while the table goes on;
 * what was changed meanwhile, or since the moment that is wanted, is then undone in the copy.
 */

import { job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { table, type KeyPart, type Transaction } from "../../../store/types.ts";
import { dropItems, items, itemOf, type ItemRow } from "../items/item-rows.ts";
import { applyWrite, planWrite } from "../items/writing.ts";
import { creationMilliseconds, putTable } from "../tables/lifecycles.ts";
import { tables, type Table } from "../tables/table-rows.ts";
import { itemTooLarge } from "../values/value-errors.ts";
import { backups, type Backup } from "./backup-rows.ts";
import { keptChanges, type KeptChange } from "./changes.ts";

/** The time and the sequence number of a kept change. */
export type Moment = readonly [at: number, sequence: number];

/** A backup, or a table that keeps its changes for as long as it can be restored to a point in time. */
export interface Origin {
  readonly region: string;
  readonly backup?: readonly [table: string, id: string];
  readonly table?: string;
}

export interface Copy {
  /** What items are copied from and to. */
  readonly source: number;
  readonly target: number;
  readonly stage: "copying" | "undoing" | "building";
  /** Where the stage goes on. */
  readonly after?: readonly KeyPart[];
  /** Changes after the first of these are undone; those after the second are not in the copy anyhow. */
  readonly since: Moment;
  readonly until?: Moment;
  /** The table that is copied, while it has to keep its changes. */
  readonly sourceTable?: string;
  /** The table that the copy becomes; without one it is for a backup. */
  readonly targetTable?: string;
  readonly backup?: readonly [table: string, id: string];
  /** Where the items are copied from, where that is another region. */
  readonly origin?: Origin;
}

export const copies = table<Copy>("dynamodb.copies", { key: (row) => [row.source, row.target] });

const itemsAtOnce = 500;
const bytesAtOnce = 4 * 1_048_576;

interface Step {
  readonly source: number;
  readonly target: number;
}

/** Goes on with a copy, so that requests come in between. */
export const advanceCopy = job<Step>("dynamodb.advanceCopy", ({ source, target }, ctx) => {
  const copy = ctx.db(copies).get([source, target]);
  if (copy) advance(ctx, copy);
});

/** Begins a copy. What is small is finished at once. */
export function beginCopy(ctx: Context, copy: Omit<Copy, "stage">): void {
  if (copy.sourceTable !== undefined) keepChangesOf(ctx, copy.sourceTable, copy.source, true);
  advance(ctx, { ...copy, stage: "copying" });
}

function advance(ctx: Context, copy: Copy): void {
  let current: Copy | undefined = copy;
  // A stage that had little to do is followed by the next at once.
  for (let steps = 0; current && steps < 3; steps += 1) {
    const next: Copy | undefined = takeStep(ctx, current);
    if (next?.stage === current.stage) {
      ctx.db(copies).put(next);
      const { source, target } = next;
      const id = `${source} ${target}`;
      ctx.schedule(advanceCopy, { at: ctx.clock.now() + 1, input: { source, target }, id });
      return;
    }
    current = next;
  }
}

/** Reads where the items are copied from. Another region's cell is only ever read. */
function reading<Result>(
  ctx: Context, { origin }: Copy, work: (there: Pick<Transaction, "rows">) => Result,
): Result {
  if (!origin) return work({ rows: (rows) => ctx.db(rows) });
  return ctx.kernel.read({ account: ctx.account, region: origin.region }, work);
}

/** Nothing holds another region's backup or table in its place: it may go while it is copied. */
function isGone(ctx: Context, copy: Copy): boolean {
  const { origin, source } = copy;
  if (!origin) return false;
  return reading(ctx, copy, (there) => {
    if (origin.backup) return there.rows(backups).get(origin.backup) === undefined;
    const row = there.rows(tables).get(origin.table ?? "");
    return row?.number !== source || row.recovery === undefined;
  });
}

/** What was to be restored goes with what it was to be restored from. */
function abandon(ctx: Context, { source, target, targetTable = "" }: Copy): void {
  ctx.db(copies).delete([source, target]);
  if (ctx.db(tables).get(targetTable)?.number === target) ctx.db(tables).delete(targetTable);
  dropItems(ctx, target);
}

/** @returns the copy as it is after the step: undefined when it is finished */
function takeStep(ctx: Context, copy: Copy): Copy | undefined {
  if (copy.stage !== "building" && isGone(ctx, copy)) {
    abandon(ctx, copy);
    return undefined;
  }
  switch (copy.stage) {
    case "copying": return copyItems(ctx, copy);
    case "undoing": return undoChanges(ctx, copy);
    case "building": return buildTable(ctx, copy);
  }
}

function placeIn(number: number, place: readonly KeyPart[]): readonly KeyPart[] {
  return [number, ...place.slice(1)];
}

function copyItems(ctx: Context, copy: Copy): Copy {
  const { source, target, after } = copy;
  const rows = ctx.db(items);
  let last: ItemRow | undefined;
  let bytes = 0;
  let count = 0;
  const range = { prefix: [source], ...(after && { after }), limit: itemsAtOnce };
  for (const row of reading(ctx, copy, (there) => [...there.rows(items).list(range)])) {
    rows.put({ ...row, key: placeIn(target, row.key) });
    last = row;
    count += 1;
    bytes += row.sizeBytes;
    if (bytes >= bytesAtOnce) break;
  }
  if (last && (count === itemsAtOnce || bytes >= bytesAtOnce)) return { ...copy, after: last.key };
  const { after: _after, ...rest } = copy;
  return { ...rest, stage: "undoing", until: untilNow(ctx, copy) };
}

/** Another region's sequence numbers are its own; to undo what is not in the copy does no harm. */
function untilNow(ctx: Context, { origin }: Copy): Moment {
  return [ctx.clock.now(), origin ? Number.MAX_SAFE_INTEGER : ctx.ids.sequence()];
}

/** From the latest change to the earliest: what an item was before that one is what it was then. */
function undoChanges(ctx: Context, copy: Copy): Copy | undefined {
  const { source, target, since, until = since } = copy;
  const rows = ctx.db(items);
  let last: KeptChange | undefined;
  let bytes = 0;
  let count = 0;
  const range = {
    prefix: [source], after: [source, ...since], before: [source, ...until], reverse: true,
    limit: itemsAtOnce,
  };
  for (const change of reading(ctx, copy, (there) => [...there.rows(keptChanges).list(range)])) {
    const key = placeIn(target, change.place);
    if (change.before) rows.put({ ...change.before, key });
    else rows.delete(key);
    last = change;
    count += 1;
    bytes += change.before?.sizeBytes ?? 0;
    if (bytes >= bytesAtOnce) break;
  }
  if (last && (count === itemsAtOnce || bytes >= bytesAtOnce)) {
    return { ...copy, until: [last.at, last.sequence] };
  }
  if (copy.sourceTable !== undefined) releaseSource(ctx, copy);
  if (copy.targetTable !== undefined) return { ...copy, stage: "building" };
  finishBackup(ctx, copy);
  return undefined;
}

function finishBackup(ctx: Context, copy: Copy): void {
  ctx.db(copies).delete([copy.source, copy.target]);
  const row = copy.backup && ctx.db(backups).get(copy.backup);
  if (row) ctx.db(backups).put({ ...row, status: "AVAILABLE" });
}

function releaseSource(ctx: Context, copy: Copy): void {
  const { source, target, sourceTable = "" } = copy;
  const isOther = (each: Copy): boolean => each.target !== target && each.sourceTable !== undefined;
  if (![...ctx.db(copies).list({ prefix: [source] })].some(isOther)) {
    keepChangesOf(ctx, sourceTable, source, false);
  }
}

function keepChangesOf(ctx: Context, name: string, number: number, isKept: boolean): void {
  const row = ctx.db(tables).get(name);
  if (row?.number !== number) return;
  const { copies: _copies, ...rest } = row;
  ctx.db(tables).put(isKept ? { ...rest, copies: true } : rest);
}

/** The items become the table's, with their entries in its indexes. */
function buildTable(ctx: Context, copy: Copy): Copy | undefined {
  const { target, targetTable = "", after } = copy;
  const row = ctx.db(tables).get(targetTable);
  let last: readonly KeyPart[] | undefined;
  let bytes = 0;
  let count = 0;
  if (row?.number === target) {
    const range = { prefix: [target], ...(after && { after }), limit: itemsAtOnce };
    for (const item of ctx.db(items).list(range)) {
      buildItem(ctx, row, item);
      last = item.key;
      count += 1;
      bytes += item.sizeBytes;
      if (bytes >= bytesAtOnce) break;
    }
    if (last && (count === itemsAtOnce || bytes >= bytesAtOnce)) return { ...copy, after: last };
    const until = ctx.clock.now() + creationMilliseconds;
    putTable(ctx, { ...row, transition: { until, becomes: {} } });
  }
  ctx.db(copies).delete([copy.source, target]);
  releaseBackup(ctx, copy);
  return undefined;
}

function buildItem(ctx: Context, row: Table, item: ItemRow): void {
  const change = { table: row, place: item.key, before: undefined, after: itemOf(item) };
  applyWrite(ctx, planWrite(change, itemTooLarge));
}

function releaseBackup(ctx: Context, copy: Copy): void {
  const row = copy.backup && ctx.db(backups).get(copy.backup);
  if (!row) return;
  const { restoring: _restoring, ...rest } = row;
  ctx.db(backups).put(rest satisfies Backup);
}

/** Whether somebody still reads the items under a number. */
export function isCopied(ctx: Context, number: number): boolean {
  return ctx.db(copies).first({ prefix: [number] }) !== undefined;
}
