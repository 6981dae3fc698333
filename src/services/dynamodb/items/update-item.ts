/** UpdateItem. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ReturnValue } from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { writeConditions } from "../access/conditions.ts";
import { recordedRequest } from "../access/recorded.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { shownUsage } from "../capacity/usage.ts";
import { project, type Projection } from "../expressions/projections.ts";
import { pathTree } from "../expressions/paths.ts";
import { applyUpdate, type Update } from "../expressions/updates.ts";
import { requireOneStyle } from "../legacy/parameter-styles.ts";
import { findTableOfItems, onTable, requireFound } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { enveloped, itemToUpdateTooLarge } from "../values/value-errors.ts";
import { collectionMetrics } from "./collections.ts";
import { conditionFailed, type Subject } from "./conditional.ts";
import { boundUpdate, requirePaths } from "./expressions.ts";
import { normalizeKey, requireIndexKeys, requireKey, storeKeyOf } from "./item-keys.ts";
import { shown } from "./item-rows.ts";
import { subjectAt } from "./put-item.ts";
import { requireUpdateSize } from "./update-sizes.ts";
import { applyWrite, planWrite } from "./writing.ts";

/** The item after the update. Without an update there is at least the item with its key. */
export function updatedItem(table: Table, subject: Subject, key: Item, update: Update | undefined): Item {
  const before = subject.item;
  if (!update) return before ?? key;
  const after = applyUpdate(update, before, key);
  if (table.indexes.length > 0) requireIndexKeys(table, after, update.tree.names);
  return after;
}

/** What of an item the paths of an update name. */
function updatedPart(
  update: Update | undefined, item: Item | undefined,
): Record<string, AttributeValue> | undefined {
  if (!update || !item) return undefined;
  const paths = update.actions.map(({ path }) => path);
  const tree = pathTree(paths.map((path) => ({ path, value: true as const })));
  const projection: Projection = { paths, tree };
  const part = project(projection, item);
  return Object.keys(part).length === 0 ? undefined : shown(part);
}

export function returned(
  asked: ReturnValue | undefined, update: Update | undefined, before: Item | undefined, after: Item,
): Record<string, AttributeValue> | undefined {
  switch (asked) {
    case "ALL_OLD": return before && shown(before);
    case "ALL_NEW": return shown(after);
    case "UPDATED_OLD": return updatedPart(update, before);
    case "UPDATED_NEW": return updatedPart(update, after);
    default: return undefined;
  }
}

function read(ctx: ReadContext, input: dynamodb.UpdateItemInput) {
  requireOneStyle("UpdateItem", input);
  const key = normalizeKey(input.Key, "current");
  return { key, ...boundUpdate(ctx, input) };
}

export const UpdateItem = operation(dynamodb.UpdateItem, {
  ...onTable,
  conditions: writeConditions,
  dataEvent: true,
  recorded: recordedRequest,
  run(input, ctx) {
    const found = findTableOfItems(ctx, input.TableName);
    const { key, update, condition } = enveloped(() => read(ctx, input));
    const table = requireFound(found);
    requireKey(table, key);
    requirePaths(table, { update, condition });
    const place = storeKeyOf(table.number, table.key, key);
    const subject = subjectAt(ctx, place);
    if (!subject.meets(condition)) throw conditionFailed(subject, input.ReturnValuesOnConditionCheckFailure);
    const after = updatedItem(table, subject, key, update);
    const change = { table, place, before: subject.row, after, itemBefore: subject.itemRead };
    const plan = planWrite(change, itemToUpdateTooLarge);
    if (update) requireUpdateSize(update, after, plan.row?.sizeBytes ?? 0);
    requireUnits(ctx, plan.usage, "write");
    applyWrite(ctx, plan);
    return {
      Attributes: returned(input.ReturnValues, update, subject.row && subject.item, after),
      ConsumedCapacity: shownUsage(plan.usage, input.ReturnConsumedCapacity),
      ItemCollectionMetrics: collectionMetrics(ctx, table, place, key, input.ReturnItemCollectionMetrics),
    };
  },
});
