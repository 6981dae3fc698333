/** PutItem. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { itemConditions } from "../access/conditions.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { shownUsage } from "../capacity/usage.ts";
import { requireOneStyle } from "../legacy/parameter-styles.ts";
import { findTableOfItems, onTable, requireFound } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";
import { normalizeItem, type Item } from "../values/attribute-values.ts";
import { ITEM_SIZE_BYTES_MAX, itemSizeBytes } from "../values/sizes.ts";
import { enveloped, itemTooLarge } from "../values/value-errors.ts";
import { collectionMetrics } from "./collections.ts";
import { conditionFailed, requireOldValues, Subject } from "./conditional.ts";
import { boundCondition, requirePaths } from "./expressions.ts";
import { requireIndexKeys, requireItemKey, storeKeyOf } from "./item-keys.ts";
import { shownItem } from "./item-rows.ts";
import { applyWrite, findItem, planWrite } from "./writing.ts";

/** An item as a request gives it, in normal form and not too large. */
export function requireItem(given: Item): Item {
  return requireItemSize(normalizeItem(given));
}

export function requireItemSize(item: Item): Item {
  if (itemSizeBytes(item) > ITEM_SIZE_BYTES_MAX) throw itemTooLarge();
  return item;
}

/** What only the table can tell of an item. */
export function requireFit(table: Table, item: Item): void {
  requireItemKey(table, item);
  if (table.indexes.length > 0) requireIndexKeys(table, item, undefined);
}

export function subjectAt(ctx: Context, place: ReturnType<typeof storeKeyOf>): Subject {
  return new Subject(findItem(ctx, place));
}

function read(ctx: ReadContext, input: dynamodb.PutItemInput) {
  requireOneStyle("PutItem", input);
  const item = normalizeItem(input.Item, "current");
  requireOldValues(input.ReturnValues);
  return { item, condition: boundCondition(ctx, input) };
}

export const PutItem = operation(dynamodb.PutItem, {
  ...onTable,
  conditions: itemConditions,
  dataEvent: true,
  run(input, ctx) {
    const found = findTableOfItems(ctx, input.TableName);
    const { item, condition } = enveloped(() => read(ctx, input));
    requireItemSize(item);
    const table = requireFound(found);
    requireFit(table, item);
    requirePaths(table, { condition });
    const place = storeKeyOf(table.number, table.key, item);
    const subject = subjectAt(ctx, place);
    if (!subject.meets(condition)) throw conditionFailed(subject, input.ReturnValuesOnConditionCheckFailure);
    const before = subject.row;
    const plan = planWrite({ table, place, before, after: item, itemBefore: subject.itemRead }, itemTooLarge);
    requireUnits(ctx, plan.usage, "write");
    applyWrite(ctx, plan);
    return {
      Attributes: input.ReturnValues === "ALL_OLD" && before ? shownItem(before) : undefined,
      ConsumedCapacity: shownUsage(plan.usage, input.ReturnConsumedCapacity),
      ItemCollectionMetrics: collectionMetrics(ctx, table, place, item, input.ReturnItemCollectionMetrics),
    };
  },
});
