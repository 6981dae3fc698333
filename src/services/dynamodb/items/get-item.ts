/** GetItem. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import { operation } from "../../../kernel/operation.ts";
import { readConditions } from "../access/conditions.ts";
import { recordedRequest } from "../access/recorded.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { readUnits, shownUsage, Usage } from "../capacity/usage.ts";
import { project } from "../expressions/projections.ts";
import { requireOneStyle } from "../legacy/parameter-styles.ts";
import { findTableOfItems, onTable, requireFound } from "../tables/names.ts";
import { boundGet, requirePaths } from "./expressions.ts";
import { normalizeKey, requireKey, storeKeyOf } from "./item-keys.ts";
import { itemOf, shown, shownItem } from "./item-rows.ts";
import { readItem } from "./lagging.ts";

export const GetItem = operation(dynamodb.GetItem, {
  ...onTable,
  conditions: readConditions,
  dataEvent: true,
  recorded: recordedRequest,
  run(input, ctx) {
    const found = findTableOfItems(ctx, input.TableName);
    requireOneStyle("GetItem", input);
    const key = normalizeKey(input.Key, "current");
    const projection = boundGet(ctx, input, "current");
    const table = requireFound(found);
    requireKey(table, key);
    requirePaths(table, { projection });
    const isConsistent = input.ConsistentRead ?? false;
    const place = storeKeyOf(table.number, table.key, key);
    const row = readItem(ctx, place, isConsistent);
    const usage = new Usage(table);
    usage.add(readUnits(row?.sizeBytes ?? 0, isConsistent), undefined, place);
    requireUnits(ctx, usage, "read");
    return {
      Item: row && (projection ? shown(project(projection, itemOf(row))) : shownItem(row)),
      ConsumedCapacity: shownUsage(usage, input.ReturnConsumedCapacity),
    };
  },
});
