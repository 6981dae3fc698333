/**
 * Item collections: of a table with local indexes, the items of one partition key with their entries. Their
 * sizes are kept with every write.
 *
 * @evidence Developer Guide, "Item collections in Local Secondary Indexes": 10 GB at most
 */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ItemCollectionMetrics, ReturnItemCollectionMetrics } from "../../../generated/dynamodb.ts";
import { job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { table, type KeyPart } from "../../../store/types.ts";
import type { Table } from "../tables/table-rows.ts";
import { attributeOf, type AttributeValue, type Item } from "../values/attribute-values.ts";
import type { WritePlan } from "./writing.ts";

interface Collection {
  /** The number of the table and its partition key, as the items have them. */
  readonly key: readonly KeyPart[];
  readonly sizeBytes: number;
}

export const collections = table<Collection>("dynamodb.collections", { key: (row) => row.key });

const gigabyte = 2 ** 30;
const sizeBytesMax = 10 * gigabyte;

function hasCollections(subject: Table): boolean {
  return subject.indexes[0]?.isGlobal === false;
}

/** The number, the bucket and one value. */
function collectionKeyOf(place: readonly KeyPart[]): readonly KeyPart[] {
  return place.slice(0, 3);
}

/** @throws ItemCollectionSizeLimitExceededException for what would not fit */
export function changeCollection(ctx: Context, plan: WritePlan): void {
  if (!hasCollections(plan.table)) return;
  const key = collectionKeyOf(plan.place);
  let change = (plan.row?.sizeBytes ?? 0) - (plan.before?.sizeBytes ?? 0);
  for (const { index, sizeBytes } of plan.entries) if (!index.isGlobal) change += sizeBytes;
  const sizeBytes = (ctx.db(collections).get(key)?.sizeBytes ?? 0) + change;
  if (sizeBytes > sizeBytesMax && change > 0) {
    throw modelled(dynamodb.ItemCollectionSizeLimitExceededException, "Collection size exceeded.");
  }
  if (sizeBytes > 0) ctx.db(collections).put({ key, sizeBytes });
  else ctx.db(collections).delete(key);
}

const forgottenAtOnce = 500;

/** Forgets the collections of a table that is gone, some at a time. */
export const forgetMore = job<{ readonly number: number }>(
  "dynamodb.forgetCollections", ({ number }, ctx) => forgetCollections(ctx, number),
);

export function forgetCollections(ctx: Context, number: number): void {
  const rows = ctx.db(collections);
  let count = 0;
  for (const { key } of rows.list({ prefix: [number], limit: forgottenAtOnce })) {
    rows.delete(key);
    count += 1;
  }
  if (count < forgottenAtOnce) return;
  ctx.schedule(forgetMore, { at: ctx.clock.now() + 1, input: { number }, id: String(number) });
}

/** What ReturnItemCollectionMetrics asks for: a range of a gigabyte that the collection's size is in. */
export function collectionMetrics(
  ctx: Context, subject: Table, place: readonly KeyPart[], key: Item,
  asked: ReturnItemCollectionMetrics | undefined,
): ItemCollectionMetrics | undefined {
  if (asked !== "SIZE" || !hasCollections(subject)) return undefined;
  const sizeBytes = ctx.db(collections).get(collectionKeyOf(place))?.sizeBytes ?? 0;
  const lower = Math.floor(sizeBytes / gigabyte);
  const ItemCollectionKey = Object.create(null) as Record<string, AttributeValue>;
  for (const { name } of subject.key.partition) {
    const value = attributeOf(key, name);
    if (value) ItemCollectionKey[name] = value;
  }
  return { ItemCollectionKey, SizeEstimateRangeGB: [lower, lower + 1] };
}
