/** DeleteItem. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { writeConditions } from "../access/conditions.ts";
import { recordedRequest } from "../access/recorded.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { shownUsage } from "../capacity/usage.ts";
import { requireOneStyle } from "../legacy/parameter-styles.ts";
import { findTableOfItems, onTable, requireFound } from "../tables/names.ts";
import { enveloped, itemTooLarge } from "../values/value-errors.ts";
import { collectionMetrics } from "./collections.ts";
import { conditionFailed, requireOldValues } from "./conditional.ts";
import { boundCondition, requirePaths } from "./expressions.ts";
import { normalizeKey, requireKey, storeKeyOf } from "./item-keys.ts";
import { shownItem } from "./item-rows.ts";
import { subjectAt } from "./put-item.ts";
import { applyWrite, planWrite } from "./writing.ts";

function read(ctx: ReadContext, input: dynamodb.DeleteItemInput) {
  requireOneStyle("DeleteItem", input);
  const key = normalizeKey(input.Key, "current");
  requireOldValues(input.ReturnValues);
  return { key, condition: boundCondition(ctx, input) };
}

export const DeleteItem = operation(dynamodb.DeleteItem, {
  ...onTable,
  conditions: writeConditions,
  dataEvent: true,
  recorded: recordedRequest,
  run(input, ctx) {
    const found = findTableOfItems(ctx, input.TableName);
    const { key, condition } = enveloped(() => read(ctx, input));
    const table = requireFound(found);
    requireKey(table, key);
    requirePaths(table, { condition });
    const place = storeKeyOf(table.number, table.key, key);
    const subject = subjectAt(ctx, place);
    if (!subject.meets(condition)) throw conditionFailed(subject, input.ReturnValuesOnConditionCheckFailure);
    const before = subject.row;
    const change = { table, place, before, after: undefined, itemBefore: subject.itemRead };
    const plan = planWrite(change, itemTooLarge);
    requireUnits(ctx, plan.usage, "write");
    applyWrite(ctx, plan);
    return {
      Attributes: input.ReturnValues === "ALL_OLD" && before ? shownItem(before) : undefined,
      ConsumedCapacity: shownUsage(plan.usage, input.ReturnConsumedCapacity),
      ItemCollectionMetrics: collectionMetrics(ctx, table, place, key, input.ReturnItemCollectionMetrics),
    };
  },
});
