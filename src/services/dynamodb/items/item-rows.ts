/**
 * Where items lie: the items of tables and the entries of indexes in one table of the store, each under the
 * number of its space. A key begins with the number and a hash of the partition key; the values of the key
 * follow, and in an index those of the table's key. So a partition is one range, in the order of the sort
 * key, and so is a segment of a parallel scan.
 *
 * A row holds the item as the JSON of an answer: reading an item to give it out costs next to nothing.
 */

import { job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { jsonText } from "../../../kernel/json-text.ts";
import { table, type KeyPart } from "../../../store/types.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { emptyItem } from "../values/attribute-values.ts";
import { measured, type Measured } from "./measures.ts";

export interface ItemRow {
  readonly key: readonly KeyPart[];
  /** The attributes as JSON, in normal form. */
  readonly text: string;
  /** As capacity is counted by it. */
  readonly sizeBytes: number;
  /** There are binary values in it, which JSON has as Base64. */
  readonly isBinary?: true;
}

export const items = table<ItemRow>("dynamodb.items", { key: (row) => row.key });

const droppedAtOnce = 500;

/** Takes away all items under a number, some at a time. */
export const dropSome = job<{ readonly number: number }>("dynamodb.dropItems", ({ number }, ctx) => {
  dropItems(ctx, number);
});

export function dropItems(ctx: Context, number: number): void {
  const rows = ctx.db(items);
  let count = 0;
  for (const { key } of rows.list({ prefix: [number], limit: droppedAtOnce })) {
    rows.delete(key);
    count += 1;
  }
  if (count < droppedAtOnce) return;
  // Not at once, so that requests come in between.
  ctx.schedule(dropSome, { at: ctx.clock.now() + 1, input: { number }, id: String(number) });
}

/** The item of a row. It may have a prototype, so its attributes are asked for by `attributeOf`. */
export function itemOf(row: ItemRow): Item {
  const item = JSON.parse(row.text) as Record<string, AttributeValue>;
  if (row.isBinary) for (const name of Object.keys(item)) readBinaries(item[name]);
  return item;
}

/** The item of a row for an answer. */
export function shownItem(row: ItemRow): Record<string, AttributeValue> {
  return jsonText(row.text, () => itemOf(row) as Record<string, AttributeValue>);
}

/** An item for an answer that is no row's. */
export function shown(item: Item): Record<string, AttributeValue> {
  return item as Record<string, AttributeValue>;
}

/** Base64 to bytes, in place: the value was just parsed and is nobody else's yet. */
function readBinaries(value: AttributeValue | undefined): void {
  if (value === undefined) return;
  if (value.B !== undefined) value.B = Buffer.from(value.B as unknown as string, "base64");
  else if (value.BS !== undefined) {
    value.BS = value.BS.map((member) => Buffer.from(member as unknown as string, "base64"));
  } else if (value.L !== undefined) value.L.forEach(readBinaries);
  else if (value.M !== undefined) for (const name of Object.keys(value.M)) readBinaries(value.M[name]);
}

/** An item in normal form as JSON. */
export function textOf(item: Item, isBinary: boolean): string {
  return JSON.stringify(isBinary ? withBase64(item) : item);
}

export function rowOf(key: readonly KeyPart[], { item, sizeBytes, isBinary }: Measured): ItemRow {
  const text = textOf(item, isBinary);
  return isBinary ? { key, text, sizeBytes, isBinary } : { key, text, sizeBytes };
}

/** As `textOf`, of an item that nobody has measured. */
export function itemTextOf(item: Item): string {
  return textOf(item, measured(item).isBinary);
}

function withBase64(item: Item): object {
  const written = emptyItem() as Record<string, unknown>;
  for (const name of Object.keys(item)) written[name] = valueWithBase64(item[name]);
  return written;
}

function valueWithBase64(value: AttributeValue | undefined): unknown {
  if (value?.B !== undefined) return { B: value.B.toString("base64") };
  if (value?.BS !== undefined) return { BS: value.BS.map((member) => member.toString("base64")) };
  if (value?.L !== undefined) return { L: value.L.map(valueWithBase64) };
  return value?.M === undefined ? value : { M: withBase64(value.M) };
}
