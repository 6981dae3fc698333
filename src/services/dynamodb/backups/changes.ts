/**
 * What items were before they changed: kept while a table can be restored to points in time, and while a copy
 * of it as it was is being made.
 */

import type { Context } from "../../../kernel/context.ts";
import { table, type KeyPart } from "../../../store/types.ts";
import type { ItemRow } from "../items/item-rows.ts";
import type { WritePlan } from "../items/writing.ts";

export interface KeptChange {
  /** Of the table. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly sequence: number;
  readonly place: readonly KeyPart[];
  /** Undefined for an item that was not there. */
  readonly before: Omit<ItemRow, "key"> | undefined;
}

export const keptChanges = table<KeptChange>("dynamodb.changes", {
  key: (row) => [row.number, row.at, row.sequence],
  seldomRead: true,
});

export function keepChange(ctx: Context, { table: subject, place, before }: WritePlan): void {
  ctx.db(keptChanges).add({
    number: subject.number,
    at: ctx.clock.now(),
    sequence: ctx.ids.sequence(),
    place,
    before: before && withoutKey(before),
  });
}

function withoutKey({ text, sizeBytes, isBinary }: ItemRow): Omit<ItemRow, "key"> {
  return { text, sizeBytes, ...(isBinary && { isBinary }) };
}
