/**
 * The one way in which items change. A write is planned first, so that whoever writes several knows what all
 * of them take before the first is made; then it is made: the item, its entries in indexes, and what else
 * depends on it.
 */

import type { Context } from "../../../kernel/context.ts";
import type { KeyPart } from "../../../store/types.ts";
import { Usage, writeUnits } from "../capacity/usage.ts";
import { entryChange, type EntryChange, type Stored } from "../indexes/entries.ts";
import { noteExpiry } from "../expiry/expiries.ts";
import { keepChange } from "../backups/changes.ts";
import { keepForKinesis } from "../kinesis/changes.ts";
import { changeCollection } from "./collections.ts";
import { replicateChange } from "../replicas/outgoing.ts";
import { recordChange } from "../streams/recording.ts";
import type { Table } from "../tables/table-rows.ts";
import type { Item } from "../values/attribute-values.ts";
import { ITEM_SIZE_BYTES_MAX } from "../values/sizes.ts";
import { grow, type Growth } from "./growth.ts";
import { itemOf, items, rowOf, type ItemRow } from "./item-rows.ts";
import { keepLate } from "./lagging.ts";
import { measured, type Measured } from "./measures.ts";

export interface Change {
  readonly table: Table;
  readonly place: readonly KeyPart[];
  readonly before: ItemRow | undefined;
  /** Undefined for a deletion. */
  readonly after: Item | undefined;
  /** The item after, where it has been measured already. */
  readonly measured?: Measured | undefined;
  /** The item before, where it has been read already. */
  readonly itemBefore?: Item | undefined;
  /** The service itself takes it away, as its time has come. */
  readonly isExpiry?: boolean | undefined;
  /** It comes from another region, which is not to be told of it. */
  readonly isReplicated?: boolean | undefined;
}

export interface WritePlan extends Change {
  readonly row: ItemRow | undefined;
  readonly entries: readonly EntryChange[];
  readonly usage: Usage;
}

/** The item where it is, if it is there. */
export function findItem(ctx: Context, place: readonly KeyPart[]): ItemRow | undefined {
  return ctx.db(items).get(place);
}

/** @param tooLarge in whose words an item is too large */
export function planWrite(change: Change, tooLarge: () => Error): WritePlan {
  const { table, place, before, after } = change;
  const found = change.measured ?? (after && measured(after));
  const sizeBytes = found?.sizeBytes ?? 0;
  if (sizeBytes > ITEM_SIZE_BYTES_MAX) throw tooLarge();
  const row = found && rowOf(place, found);
  const usage = new Usage(table);
  usage.add(writeUnits(Math.max(sizeBytes, before?.sizeBytes ?? 0)), undefined, place);
  const entries = table.indexes.length === 0 ? [] : planEntries(change, row);
  for (const { index, before: old, after: next, units, unitsBefore } of entries) {
    if (old) usage.add(unitsBefore, index, old.key);
    if (next) usage.add(units, index, next.key);
  }
  const { itemBefore, isExpiry, isReplicated } = change;
  return { table, place, before, after, itemBefore, isExpiry, isReplicated, row, entries, usage };
}

function planEntries(change: Change, row: ItemRow | undefined): EntryChange[] {
  const { table, before, after } = change;
  const itemBefore = before && (change.itemBefore ?? itemOf(before));
  const old: Stored | undefined = before && itemBefore && { item: itemBefore, row: before };
  const next: Stored | undefined = row && after && { item: after, row };
  const changes: EntryChange[] = [];
  for (const index of table.indexes) {
    if (index.status === "DELETING") continue;
    const entry = entryChange(table, index, old, next);
    if (entry) changes.push(entry);
  }
  return changes;
}

/** @param growth where several writes are made, what they add up to is written once, by who makes them */
export function applyWrite(ctx: Context, plan: WritePlan, growth?: Growth): void {
  const { table, place, before, row, entries } = plan;
  if (!before && !row) return;
  keepLate(ctx, plan);
  const rows = ctx.db(items);
  if (row) rows.put(row);
  else rows.delete(place);
  const sizeBytes = (row?.sizeBytes ?? 0) - (before?.sizeBytes ?? 0);
  const count = (row ? 1 : 0) - (before ? 1 : 0);
  if (growth) growth.add(table.number, count, sizeBytes);
  else grow(ctx, table.number, count, sizeBytes);
  for (const entry of entries) {
    if (entry.before) rows.delete(entry.before.key);
    if (entry.after) rows.put(entry.after);
    if (growth) growth.add(entry.index.number, entry.items, entry.sizeBytes);
    else grow(ctx, entry.index.number, entry.items, entry.sizeBytes);
  }
  changeCollection(ctx, plan);
  if (table.streamView !== undefined) recordChange(ctx, plan);
  if (table.streamsToKinesis) keepForKinesis(ctx, plan);
  if (table.expiryAttribute !== undefined) noteExpiry(ctx, plan);
  if (table.recovery !== undefined || table.copies !== undefined) keepChange(ctx, plan);
  if (table.replicas !== undefined && !plan.isReplicated) replicateChange(ctx, plan);
}
