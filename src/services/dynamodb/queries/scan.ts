/** Scan: a table or an index from beginning to end, or a segment of it. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ScanInput } from "../../../generated/dynamodb.ts";
import { operation } from "../../../kernel/operation.ts";
import type { Range } from "../../../store/types.ts";
import { readConditions, onSpace } from "../access/conditions.ts";
import { recordedRequest } from "../access/recorded.ts";
import { validation } from "../errors.ts";
import { bucketsMax } from "../items/item-keys.ts";
import { boundScan, requirePaths } from "../items/expressions.ts";
import { project } from "../expressions/projections.ts";
import { requireOneStyle } from "../legacy/parameter-styles.ts";
import { findTableOfItems, requireFound } from "../tables/names.ts";
import type { Index, Table } from "../tables/table-rows.ts";
import type { Item } from "../values/attribute-values.ts";
import { isCount, readPage, requireIndex, requireReadable, shownPage } from "./pages.ts";
import { needsTable, requireSelect } from "./selection.ts";
import { invalidStart, normalizeStart, placeOfStart, requireStart } from "./start-keys.ts";

/** @evidence recorded refusals of Scan */
function requireSegment({ Segment: segment, TotalSegments: total }: ScanInput): void {
  if (segment !== undefined && total === undefined) {
    throw validation(
      "The TotalSegments parameter is required but was not present in the request " +
        "when Segment parameter is present",
    );
  }
  if (total === undefined) return;
  if (segment === undefined) {
    throw validation(
      "The Segment parameter is required but was not present in the request " +
        "when parameter TotalSegments is present",
    );
  }
  if (segment < total) return;
  throw validation(
    "The Segment parameter is zero-based and must be less than parameter TotalSegments: " +
      `Segment: ${segment} is not less than TotalSegments: ${total}`,
  );
}

/** The buckets of a segment: all hashes of partition keys, in equal shares. */
function bucketsOf(segment: number, total: number): { readonly first: number; readonly end: number } {
  const start = (of: number): number => Math.ceil((of * bucketsMax) / total);
  return { first: start(segment), end: start(segment + 1) };
}

function rangeOf(input: ScanInput, table: Table, index: Index | undefined, start: Item | undefined): Range {
  const { number } = index ?? table;
  const { Segment: segment, TotalSegments: total } = input;
  const buckets = segment === undefined || total === undefined ? undefined : bucketsOf(segment, total);
  const range: Range = {
    prefix: [number],
    ...(buckets && { from: [number, buckets.first], before: [number, buckets.end] }),
  };
  if (!start) return range;
  const after = placeOfStart(table, index, start);
  const bucket = Number(after[1]);
  if (buckets && (bucket < buckets.first || bucket >= buckets.end)) {
    throw invalidStart(
      "Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. " +
        `TotalSegments: ${total} Segment: ${segment}`,
    );
  }
  return { ...range, after };
}

export const Scan = operation(dynamodb.Scan, {
  ...onSpace,
  conditions: readConditions,
  dataEvent: true,
  recorded: recordedRequest,
  run(input, ctx) {
    const found = findTableOfItems(ctx, input.TableName);
    requireOneStyle("Scan", input);
    const start = normalizeStart(input.ExclusiveStartKey, "older");
    requireSegment(input);
    const { filter, projection } = boundScan(ctx, input);
    requireSelect(input);
    const table = requireFound(found);
    const index = requireIndex(table, input.IndexName);
    const isConsistent = input.ConsistentRead ?? false;
    requireReadable(index, isConsistent);
    if (start) requireStart(table, index, start);
    const readsTable = needsTable(index, input, projection, filter);
    requirePaths(table, { projection, filter });
    const page = readPage(ctx, {
      table, index, filter, isConsistent, readsTable,
      part: projection && ((item) => project(projection, item)),
      range: rangeOf(input, table, index, start),
      limit: input.Limit,
      isCount: isCount(input.Select),
    });
    return shownPage(page, input.ReturnConsumedCapacity);
  },
});
