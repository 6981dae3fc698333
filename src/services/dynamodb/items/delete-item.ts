/** DeleteItem. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import { operation } from "../../../kernel/operation.ts";
import { itemConditions } from "../access/conditions.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { shownUsage } from "../capacity/usage.ts";
import { onTable, requireTableOfItems } from "../tables/names.ts";
import { itemTooLarge } from "../values/value-errors.ts";
import { collectionMetrics } from "./collections.ts";
import { conditionFailed, requireOldValues } from "./conditional.ts";
import { boundCondition, requirePaths } from "./expressions.ts";
import { normalizeKey, requireKey, storeKeyOf } from "./item-keys.ts";
import { shownItem } from "./item-rows.ts";
import { subjectAt } from "./put-item.ts";
import { applyWrite, planWrite } from "./writing.ts";

export const DeleteItem = operation(dynamodb.DeleteItem, {
  ...onTable,
  conditions: itemConditions,
  dataEvent: true,
  run(input, ctx) {
    const key = normalizeKey(input.Key);
    requireOldValues(input.ReturnValues);
    const condition = boundCondition(ctx, "DeleteItem", input);
    const table = requireTableOfItems(ctx, input.TableName);
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
