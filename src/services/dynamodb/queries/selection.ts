/**
 * What a Query or a Scan gives out of the items it meets: all of them, what an index holds, parts, or only
 * their number.
 *
 * @evidence dynamodb-conformance, select; API Reference, Query, Select
 */

import type { Select } from "../../../generated/dynamodb.ts";
import { invalidParameters, validation } from "../errors.ts";
import type { Condition } from "../expressions/conditions.ts";
import type { Projection } from "../expressions/projections.ts";
import { conditionPaths } from "../expressions/used-paths.ts";
import type { Index } from "../tables/table-rows.ts";

export interface SelectionRequest {
  readonly Select?: Select | undefined;
  readonly IndexName?: string | undefined;
  readonly AttributesToGet?: readonly string[] | undefined;
  readonly ProjectionExpression?: string | undefined;
}

/** What is wrong with the request in itself. */
export function requireSelect(input: SelectionRequest): void {
  const { Select: select, AttributesToGet: names, ProjectionExpression: expression } = input;
  if (select === "ALL_PROJECTED_ATTRIBUTES" && input.IndexName === undefined) {
    throw validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  const hasParts = names !== undefined || expression !== undefined;
  if (select === "SPECIFIC_ATTRIBUTES" && !hasParts) {
    throw validation(
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    );
  }
  if (select === undefined || select === "SPECIFIC_ATTRIBUTES" || !hasParts) return;
  const parameter = expression !== undefined ? "ProjectionExpression" : "AttributesToGet";
  const what = select === "COUNT" ? "only the Count" : select;
  throw validation(`Cannot specify the ${parameter} when choosing to get ${what}`);
}

/**
 * Whether the items of the table have to be read beside the entries of the index: a local index lets one ask
 * for attributes that it does not hold, a global one does not.
 */
export function needsTable(
  index: Index | undefined, input: SelectionRequest, projection: Projection | undefined,
  filter: Condition | undefined,
): boolean {
  if (!index?.projected) return false;
  const held = new Set(index.projected);
  if (input.Select === "ALL_ATTRIBUTES") {
    if (!index.isGlobal) return true;
    throw invalidParameters(
      "Select type ALL_ATTRIBUTES is not supported for global secondary index " +
        `${index.name} because its projection type is not ALL`,
    );
  }
  const missing = [...new Set((projection?.paths ?? []).map(([name]) => name))]
    .filter((name) => !held.has(name));
  if (missing.length > 0 && index.isGlobal) {
    throw invalidParameters(
      `Global secondary index ${index.name} does not project [${missing.join(", ")}]`,
    );
  }
  if (index.isGlobal || !projection) return false;
  if (missing.length > 0) return true;
  return filter !== undefined && [...conditionPaths(filter)].some(([name]) => !held.has(name));
}
