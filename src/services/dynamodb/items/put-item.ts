/** PutItem. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { writeConditions } from "../access/conditions.ts";
import { recordedRequest } from "../access/recorded.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { shownUsage } from "../capacity/usage.ts";
import { requireOneStyle } from "../legacy/parameter-styles.ts";
import { findTableOfItems, onTable, requireFound } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";
import type { Item } from "../values/attribute-values.ts";
import { ITEM_SIZE_BYTES_MAX } from "../values/sizes.ts";
import { enveloped, itemTooLarge } from "../values/value-errors.ts";
import { collectionMetrics } from "./collections.ts";
import { conditionFailed, requireOldValues, Subject } from "./conditional.ts";
import { boundCondition, requirePaths } from "./expressions.ts";
import { requireIndexKeys, requireItemKey, storeKeyOf } from "./item-keys.ts";
import { shownItem } from "./item-rows.ts";
import { readItem, type Measured } from "./measures.ts";
import { applyWrite, findItem, planWrite } from "./writing.ts";

/** An item as a request gives it, in normal form and not too large. */
export function requireItem(given: Item): Measured {
  return requireSize(readItem(given, "older"));
}

export function requireSize(found: Measured): Measured {
  if (found.sizeBytes > ITEM_SIZE_BYTES_MAX) throw itemTooLarge();
  return found;
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
  const found = readItem(input.Item, "current");
  requireOldValues(input.ReturnValues);
  return { measured: found, condition: boundCondition(ctx, input) };
}

export const PutItem = operation(dynamodb.PutItem, {
  ...onTable,
  conditions: writeConditions,
  dataEvent: true,
  recorded: recordedRequest,
  run(input, ctx) {
    const found = findTableOfItems(ctx, input.TableName);
    const { measured, condition } = enveloped(() => read(ctx, input));
    const { item } = requireSize(measured);
    const table = requireFound(found);
    requireFit(table, item);
    requirePaths(table, { condition });
    const place = storeKeyOf(table.number, table.key, item);
    const subject = subjectAt(ctx, place);
    if (!subject.meets(condition)) throw conditionFailed(subject, input.ReturnValuesOnConditionCheckFailure);
    const before = subject.row;
    const change = { table, place, before, after: item, measured, itemBefore: subject.itemRead };
    const plan = planWrite(change, itemTooLarge);
    requireUnits(ctx, plan.usage, "write");
    applyWrite(ctx, plan);
    return {
      Attributes: input.ReturnValues === "ALL_OLD" && before ? shownItem(before) : undefined,
      ConsumedCapacity: shownUsage(plan.usage, input.ReturnConsumedCapacity),
      ItemCollectionMetrics: collectionMetrics(ctx, table, place, item, input.ReturnItemCollectionMetrics),
    };
  },
});
