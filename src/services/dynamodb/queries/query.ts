/** Query: the items of one partition, in the order of the sort key. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import { operation } from "../../../kernel/operation.ts";
import { onSpace, readConditions } from "../access/conditions.ts";
import { recordedRequest } from "../access/recorded.ts";
import { validation } from "../errors.ts";
import { keyRange, inSortRange, type KeyRange } from "../expressions/key-ranges.ts";
import { requireNoKeyFilter } from "../expressions/used-paths.ts";
import { boundQuery, requirePaths } from "../items/expressions.ts";
import { project } from "../expressions/projections.ts";
import { requireOneStyle } from "../legacy/parameter-styles.ts";
import { findTableOfItems, requireFound } from "../tables/names.ts";
import { keyNames, type Index, type Table } from "../tables/table-rows.ts";
import { attributeOf, type Item } from "../values/attribute-values.ts";
import { valuesEqual } from "../values/comparison.ts";
import { isCount, readPage, requireIndex, requireReadable, shownPage } from "./pages.ts";
import { partitionRange } from "./ranges.ts";
import { needsTable, requireSelect } from "./selection.ts";
import { normalizeStart, placeOfStart, requireStart } from "./start-keys.ts";

/** @evidence dynalite's recorded refusals: the text depends on what the query says of the sort key */
function requireInside(space: Table | Index, range: KeyRange, start: Item): void {
  const isSamePartition = space.key.partition.every(({ name }, index) => {
    const value = attributeOf(start, name);
    const wanted = range.partition[index];
    return value && wanted && valuesEqual(value, wanted);
  });
  const hasSortCondition = range.sort.length > 0 || range.bounds !== undefined;
  if (!hasSortCondition) {
    if (isSamePartition) return;
    throw validation(
      "The provided starting key is outside query boundaries based on provided conditions",
    );
  }
  const values = space.key.sort.flatMap(({ name }) => attributeOf(start, name) ?? []);
  if (!inSortRange(range, values)) {
    throw validation("The provided starting key does not match the range key predicate");
  }
  if (!isSamePartition) throw validation("The query can return at most one row and cannot be restarted");
}

export const Query = operation(dynamodb.Query, {
  ...onSpace,
  conditions: readConditions,
  dataEvent: true,
  recorded: recordedRequest,
  run(input, ctx) {
    const found = findTableOfItems(ctx, input.TableName);
    requireOneStyle("Query", input);
    const start = normalizeStart(input.ExclusiveStartKey, "current");
    const { filter, projection, keyConditions } = boundQuery(ctx, input);
    requireSelect(input);
    const table = requireFound(found);
    const index = requireIndex(table, input.IndexName);
    const space = index ?? table;
    const isConsistent = input.ConsistentRead ?? false;
    requireReadable(index, isConsistent);
    if (start) requireStart(table, index, start);
    const range = keyRange(keyConditions, space.key);
    if (start) requireInside(space, range, start);
    requirePaths(table, { projection });
    if (filter) {
      const parameter = input.QueryFilter ? "QueryFilter" : "Filter Expression";
      requireNoKeyFilter(parameter, filter, keyNames(space.key));
    }
    requirePaths(table, { filter });
    const readsTable = needsTable(index, input, projection, filter);
    const place = start && placeOfStart(table, index, start);
    const page = readPage(ctx, {
      table, index, filter, isConsistent, readsTable,
      part: projection && ((item) => project(projection, item)),
      range: partitionRange(space, range, place, input.ScanIndexForward === false),
      limit: input.Limit,
      isCount: isCount(input.Select),
    });
    return shownPage(page, input.ReturnConsumedCapacity);
  },
});
