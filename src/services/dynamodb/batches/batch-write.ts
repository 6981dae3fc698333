/** BatchWriteItem: puts and deletions that have nothing to do with each other. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ItemCollectionMetrics, WriteRequest } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import type { KeyPart } from "../../../store/types.ts";
import { batchConditions } from "../access/batch-conditions.ts";
import { recordedBatchWrite } from "../access/recorded.ts";
import { measureThrottling } from "../capacity/throttle-metrics.ts";
import { take, throttled } from "../capacity/throttling.ts";
import { validation } from "../errors.ts";
import { collectionMetrics } from "../items/collections.ts";
import { normalizeKey, requireKey, storeKeyOf } from "../items/item-keys.ts";
import { Growth } from "../items/growth.ts";
import type { Measured } from "../items/measures.ts";
import { placeText } from "../items/places.ts";
import { requireFit, requireItem } from "../items/put-item.ts";
import { applyWrite, findItem, planWrite } from "../items/writing.ts";
import { takeReplicated } from "../replicas/incoming.ts";
import { isOwnService } from "../replicas/members.ts";
import { nameIn, tableArn } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";
import type { Item } from "../values/attribute-values.ts";
import { itemTooLarge } from "../values/value-errors.ts";
import { ownerOfAll, requireOneOwner, SeveralTables } from "./several-tables.ts";

const requestsMax = 25;

interface Wanted {
  readonly text: string;
  readonly given: WriteRequest;
  /** What is put, or the key of what is deleted. */
  readonly item: Item;
  readonly measured: Measured | undefined;
}

interface Placed extends Wanted {
  readonly table: Table;
  readonly place: readonly KeyPart[];
}

function wantedOf(text: string, given: WriteRequest): Wanted {
  const { PutRequest: put, DeleteRequest: remove } = given;
  if ((put === undefined) === (remove === undefined)) {
    throw validation(
      "Supplied AttributeValue has more than one datatypes set, " +
        "must contain exactly one of the supported datatypes",
    );
  }
  if (put) {
    const measured = requireItem(put.Item);
    return { text, given, item: measured.item, measured };
  }
  return { text, given, item: normalizeKey(remove?.Key ?? {}), measured: undefined };
}

function locate(tables: SeveralTables, wanted: Wanted): Placed {
  const table = tables.get(wanted.text);
  if (wanted.measured) requireFit(table, wanted.item);
  else requireKey(table, wanted.item);
  return { ...wanted, table, place: storeKeyOf(table.number, table.key, wanted.item) };
}

function requireDistinct(writes: readonly Placed[]): void {
  if (new Set(writes.map(({ place }) => placeText(place))).size === writes.length) return;
  throw validation("Provided list of item keys contains duplicates");
}

/** @returns what kept the write from being made */
function write(
  ctx: Context, tables: SeveralTables, placed: Placed, growth: Growth,
): Error | undefined {
  const { table, place, measured } = placed;
  const before = findItem(ctx, place);
  const plan = planWrite({ table, place, before, after: measured?.item, measured }, itemTooLarge);
  const exceeded = take(ctx, plan.usage, "write");
  if (exceeded) return throttled(ctx, table, exceeded, "write");
  applyWrite(ctx, plan, growth);
  tables.usageOf(table).addAll(plan.usage);
  return undefined;
}

function addTo<Value>(lists: Record<string, Value[]>, name: string, value: Value | undefined): void {
  if (value !== undefined) (lists[name] ??= []).push(value);
}

export const BatchWriteItem = operation(dynamodb.BatchWriteItem, {
  owner: ({ RequestItems }) => ownerOfAll(Object.keys(RequestItems)),
  resource: ({ RequestItems }, ctx) => Object.keys(RequestItems).map((text) => tableArn(ctx, nameIn(text))),
  conditions: batchConditions,
  dataEvent: true,
  recorded: recordedBatchWrite,
  run(input, ctx) {
    if (isOwnService(ctx)) {
      takeReplicated(ctx, input);
      return { UnprocessedItems: {} };
    }
    const texts = Object.keys(input.RequestItems);
    if (texts.length === 0) throw validation("The requestItems parameter is required for BatchWriteItem");
    requireOneOwner(ctx, texts);
    const count = Object.values(input.RequestItems).reduce((sum, requests) => sum + requests.length, 0);
    if (count > requestsMax) throw validation("Too many items requested for the BatchWriteItem call");
    const wanted = Object.entries(input.RequestItems)
      .flatMap(([text, requests]) => requests.map((request) => wantedOf(text, request)));
    const tables = new SeveralTables(ctx);
    for (const text of texts) tables.get(text);
    const writes = wanted.map((each) => locate(tables, each));
    requireDistinct(writes);

    const unprocessed = Object.create(null) as Record<string, WriteRequest[]>;
    const metrics = Object.create(null) as Record<string, ItemCollectionMetrics[]>;
    const growth = new Growth();
    const refusals: Error[] = [];
    let made = 0;
    for (const each of writes) {
      const error = write(ctx, tables, each, growth);
      if (error) {
        refusals.push(error);
        addTo(unprocessed, each.text, each.given);
        continue;
      }
      made += 1;
      const asked = input.ReturnItemCollectionMetrics;
      addTo(metrics, each.text, collectionMetrics(ctx, each.table, each.place, each.item, asked));
    }
    if (made === 0 && refusals[0]) throw refusals[0];
    for (const error of refusals) measureThrottling(ctx, error);
    growth.write(ctx);
    return {
      UnprocessedItems: unprocessed,
      ItemCollectionMetrics: Object.keys(metrics).length > 0 ? metrics : undefined,
      ConsumedCapacity: tables.shown(input.ReturnConsumedCapacity),
    };
  },
});
