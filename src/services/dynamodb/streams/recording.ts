/** What a write leaves in the stream of its table. */

import type { Context } from "../../../kernel/context.ts";
import { itemOf, textOf } from "../items/item-rows.ts";
import { measured } from "../items/measures.ts";
import type { WritePlan } from "../items/writing.ts";
import type { Table } from "../tables/table-rows.ts";
import { attributeOf, emptyItem, type Item } from "../values/attribute-values.ts";
import { itemsEqual } from "../values/comparison.ts";
import { openShardOf, records } from "./stream-rows.ts";

/** What readers of a stream wait for. */
export function topicOf(stream: number): string {
  return `stream ${stream}`;
}

export function keyItemOf(table: Table, item: Item): Item {
  const key = emptyItem();
  for (const { name } of [...table.key.partition, ...table.key.sort]) {
    const value = attributeOf(item, name);
    if (value) key[name] = value;
  }
  return key;
}

/** @evidence Developer Guide: a write that changes nothing leaves no record */
export function changesNothing({ before, row, after, itemBefore }: WritePlan): boolean {
  if (!before || !row || !after) return false;
  if (before.text === row.text) return true;
  return before.sizeBytes === row.sizeBytes && itemsEqual(itemBefore ?? itemOf(before), after);
}

export function recordChange(ctx: Context, plan: WritePlan): void {
  const { table, before, row, after } = plan;
  const { stream, streamView: view } = table;
  if (!stream || changesNothing(plan)) return;
  const item = after ?? (before && (plan.itemBefore ?? itemOf(before)));
  if (!item) return;
  const key = measured(keyItemOf(table, item));
  const hasNew = view === "NEW_IMAGE" || view === "NEW_AND_OLD_IMAGES";
  const hasOld = view === "OLD_IMAGE" || view === "NEW_AND_OLD_IMAGES";
  const images = [hasNew ? row : undefined, hasOld ? before : undefined];
  const isBinary = images.some((image) => image?.isBinary);
  openShardOf(ctx, stream.number);
  ctx.db(records).add({
    stream: stream.number,
    sequence: ctx.ids.sequence(),
    at: ctx.clock.now(),
    event: before ? (row ? "MODIFY" : "REMOVE") : "INSERT",
    eventId: ctx.ids.hex(32),
    keys: textOf(key.item, key.isBinary),
    ...(hasNew && row && { newImage: row.text }),
    ...(hasOld && before && { oldImage: before.text }),
    ...(isBinary && { isBinary }),
    sizeBytes: key.sizeBytes + images.reduce((sum, image) => sum + (image?.sizeBytes ?? 0), 0),
    ...(plan.isExpiry && { expired: true as const }),
  });
  ctx.wake(topicOf(stream.number));
  ctx.wake(ctx.arn(`table/${table.name}`));
}
