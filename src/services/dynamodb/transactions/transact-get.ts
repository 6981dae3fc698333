/** TransactGetItems: several items as they are at one moment. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { Get } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { readConditions } from "../access/conditions.ts";
import { recordedTransaction } from "../access/recorded.ts";
import { ownerOfAll, requireOneOwner, SeveralTables } from "../batches/several-tables.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { readUnits, Usage } from "../capacity/usage.ts";
import { validation } from "../errors.ts";
import { project } from "../expressions/projections.ts";
import { boundGet } from "../items/expressions.ts";
import { normalizeKey, requireKey, storeKeyOf } from "../items/item-keys.ts";
import { itemOf, shown, shownItem } from "../items/item-rows.ts";
import { placeText } from "../items/places.ts";
import { findItem } from "../items/writing.ts";
import { notWhenStrong } from "../replicas/strong-errors.ts";
import { nameIn, tableArn } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";
import type { Item } from "../values/attribute-values.ts";
import { allOrNone } from "./cancellation.ts";

export interface TransactionalGet {
  readonly text: string;
  readonly key: Item;
  /** What is given out of the item; undefined for all of it. */
  readonly part: ((item: Item) => Item) | undefined;
  /** Why it cannot be read, known already. */
  readonly refusal?: Error;
}

/** A transactional read is paid for twice. */
const unitsFactor = 2;

export function multipleOperations(): Error {
  return validation("Transaction request cannot include multiple operations on one item");
}

/** @throws ValidationException for tables that hold the same in several Regions at every moment */
export function requireTransactional({ isStrong }: Table): void {
  if (isStrong) throw notWhenStrong("Transactions are");
}

/** Reads all of them, in their order. */
export function readAll(
  ctx: Context, tables: SeveralTables, gets: readonly TransactionalGet[],
): dynamodb.ItemResponse[] {
  for (const { text } of gets) requireTransactional(tables.get(text));
  const seen = new Set<string>();
  const places = allOrNone(gets, ({ text, key, refusal }) => {
    if (refusal) throw refusal;
    const table = tables.get(text);
    requireKey(table, key);
    return storeKeyOf(table.number, table.key, key);
  });
  for (const place of places) seen.add(placeText(place));
  if (seen.size < places.length) throw multipleOperations();
  return allOrNone(gets.map((get, index) => ({ get, place: places[index] ?? [] })), ({ get, place }) => {
    const table = tables.get(get.text);
    const row = findItem(ctx, place);
    const usage = new Usage(table);
    usage.add(readUnits(row?.sizeBytes ?? 0, true) * unitsFactor, undefined, place);
    requireUnits(ctx, usage, "read");
    tables.usageOf(table).addAll(usage);
    if (!row) return {};
    return { Item: get.part ? shown(get.part(itemOf(row))) : shownItem(row) };
  });
}

function authorize(ctx: Context, get: Get): void {
  ctx.authorize({
    action: "dynamodb:GetItem",
    resource: tableArn(ctx, nameIn(get.TableName)),
    conditions: { ...readConditions(get, ctx), "dynamodb:enclosingoperation": "TransactGetItems" },
  });
}

/** Each get needs the permission to get that item, so they are asked for one by one. */
export const TransactGetItems = operation(dynamodb.TransactGetItems, {
  owner: ({ TransactItems }) => ownerOfAll(TransactItems.map(({ Get }) => Get.TableName)),
  resource: ({ TransactItems }, ctx) =>
    [...new Set(TransactItems.map(({ Get }) => tableArn(ctx, nameIn(Get.TableName))))],
  access: "signed",
  dataEvent: true,
  recorded: recordedTransaction,
  run(input, ctx) {
    const gets = input.TransactItems.map(({ Get }) => Get);
    requireOneOwner(ctx, gets.map(({ TableName }) => TableName));
    for (const get of gets) authorize(ctx, get);
    const wanted = gets.map((get) => {
      const key = normalizeKey(get.Key);
      const projection = boundGet(ctx, get);
      const part = projection && ((item: Item) => project(projection, item));
      return { text: get.TableName, key, part };
    });
    const tables = new SeveralTables(ctx);
    const Responses = readAll(ctx, tables, wanted);
    return {
      Responses,
      ConsumedCapacity: tables.shown(input.ReturnConsumedCapacity, "ReadCapacityUnits"),
    };
  },
});
