/** Time to live: when which items expire. */

import { job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { table, type KeyPart } from "../../../store/types.ts";
import { measureExpiry } from "../capacity/metrics.ts";
import { itemOf, items, type ItemRow } from "../items/item-rows.ts";
import { applyWrite, findItem, planWrite, type WritePlan } from "../items/writing.ts";
import { findTable } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";
import { attributeOf, type Item } from "../values/attribute-values.ts";
import { itemTooLarge } from "../values/value-errors.ts";

interface Expiry {
  /** Of the table. */
  readonly number: number;
  /** Epoch milliseconds, as all times here. */
  readonly at: number;
  readonly place: readonly KeyPart[];
}

export const expiries = table<Expiry>("dynamodb.expiries", {
  key: (row) => [row.number, row.at, ...row.place],
});

const expiredAtOnce = 200;
/** @evidence Developer Guide, "Using time to live": times more than five years ago are not looked at */
const staleMilliseconds = 5 * 366 * 24 * 3_600_000;

/** When an item expires; undefined for one that never does. The time is a number of whole epoch seconds. */
export function expiryOf(item: Item, attribute: string, now: number): number | undefined {
  const seconds = attributeOf(item, attribute)?.N;
  if (seconds === undefined) return undefined;
  const at = Math.floor(Number(seconds)) * 1000;
  return Number.isSafeInteger(at) && at > now - staleMilliseconds ? at : undefined;
}

/** Keeps in step with a write when the item expires. */
export function noteExpiry(ctx: Context, plan: WritePlan): void {
  const { table: subject, before, after, itemBefore, place } = plan;
  const attribute = subject.expiryAttribute;
  if (attribute === undefined) return;
  const now = ctx.clock.now();
  const old = before && expiryOf(itemBefore ?? itemOf(before), attribute, now);
  const next = after && expiryOf(after, attribute, now);
  if (old === next) return;
  if (old !== undefined) ctx.db(expiries).delete([subject.number, old, ...place]);
  if (next !== undefined) addExpiry(ctx, subject, next, place);
}

function addExpiry(ctx: Context, subject: Table, at: number, place: readonly KeyPart[]): void {
  const rows = ctx.db(expiries);
  const first = rows.first({ prefix: [subject.number] });
  rows.put({ number: subject.number, at, place });
  if (!first || at < first.at) scheduleExpiry(ctx, subject.name, subject.number, at);
}

function scheduleExpiry(ctx: Context, name: string, number: number, at: number): void {
  // A moment from now at the earliest, so that requests come in between.
  const due = Math.max(at, ctx.clock.now() + 1);
  ctx.schedule(expireItems, { at: due, input: { name, number }, id: String(number) });
}

interface Sweep {
  readonly name: string;
  readonly number: number;
}

/**
 * Takes away what has expired, in the order of expiring. AWS does so within a few days; here it happens as
 * soon as the region's clock gets there.
 */
export const expireItems = job<Sweep>("dynamodb.expireItems", ({ name, number }, ctx) => {
  const subject = findTable(ctx, name);
  if (subject?.number !== number || subject.expiryAttribute === undefined) return;
  const now = ctx.clock.now();
  let count = 0;
  for (const expiry of ctx.db(expiries).list({ prefix: [number], limit: expiredAtOnce + 1 })) {
    if (expiry.at > now || count === expiredAtOnce) {
      scheduleExpiry(ctx, name, number, expiry.at);
      return;
    }
    ctx.db(expiries).delete([number, expiry.at, ...expiry.place]);
    expireItem(ctx, subject, expiry.place);
    count += 1;
  }
});

function expireItem(ctx: Context, subject: Table, place: readonly KeyPart[]): void {
  const before = findItem(ctx, place);
  if (!before) return;
  const change = { table: subject, place, before, after: undefined, isExpiry: true };
  applyWrite(ctx, planWrite(change, itemTooLarge));
  measureExpiry(ctx, subject.name);
}

const notedAtOnce = 500;

interface Noting extends Sweep {
  readonly after?: readonly KeyPart[];
}

/** Finds out when the items expire that were there before anything did. */
export const noteExpiries = job<Noting>("dynamodb.noteExpiries", ({ name, number, after }, ctx) => {
  const subject = findTable(ctx, name);
  if (subject?.number !== number || subject.expiryAttribute === undefined) return;
  const now = ctx.clock.now();
  let last: ItemRow | undefined;
  let count = 0;
  const range = { prefix: [number], ...(after && { after }), limit: notedAtOnce };
  for (const row of ctx.db(items).list(range)) {
    const at = expiryOf(itemOf(row), subject.expiryAttribute, now);
    if (at !== undefined) addExpiry(ctx, subject, at, row.key);
    last = row;
    count += 1;
  }
  if (count < notedAtOnce || !last) return;
  ctx.schedule(noteExpiries, { at: now + 1, input: { name, number, after: last.key }, id: String(number) });
});

/** Forgets when items expire, some at a time, also those of a table that is gone. */
export const forgetExpiries = job<Pick<Sweep, "number">>("dynamodb.forgetExpiries", ({ number }, ctx) => {
  const rows = ctx.db(expiries);
  let count = 0;
  for (const { at, place } of rows.list({ prefix: [number], limit: notedAtOnce })) {
    rows.delete([number, at, ...place]);
    count += 1;
  }
  if (count < notedAtOnce) return;
  ctx.schedule(forgetExpiries, { at: ctx.clock.now() + 1, input: { number }, id: String(number) });
});
