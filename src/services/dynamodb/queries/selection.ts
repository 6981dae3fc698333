/**
 * What a Query or a Scan gives out of the items it meets: all of them, what an index holds, parts, or only
 * their number.
 *
 * @evidence dynamodb-conformance, select; API Reference, Query, Select
 */

import type { Select } from "../../../generated/dynamodb.ts";
import { invalidParameters, validation } from "../errors.ts";
import type { Condition, Operand } from "../expressions/conditions.ts";
import type { Projection } from "../expressions/projections.ts";
import type { Index, Table } from "../tables/table-rows.ts";

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

/** The names of attributes that an operand or a condition looks at. */
function* namesInOperand(operand: Operand): Generator<string> {
  if (operand.kind === "path") yield operand.path[0];
  else if (operand.kind === "size") yield* namesInOperand(operand.operand);
}

export function* namesInCondition(condition: Condition): Generator<string> {
  switch (condition.kind) {
    case "comparison":
      yield* namesInOperand(condition.left);
      yield* namesInOperand(condition.right);
      return;
    case "between":
      for (const operand of [condition.operand, condition.low, condition.high]) yield* namesInOperand(operand);
      return;
    case "in":
      for (const operand of [condition.operand, ...condition.candidates]) yield* namesInOperand(operand);
      return;
    case "exists":
    case "not-exists":
      yield condition.path[0];
      return;
    case "type":
      yield* namesInOperand(condition.operand);
      return;
    case "begins-with":
    case "contains":
      yield* namesInOperand(condition.operand);
      yield* namesInOperand(condition.part);
      return;
    case "and":
    case "or":
      for (const each of condition.conditions) yield* namesInCondition(each);
      return;
    case "not":
      yield* namesInCondition(condition.condition);
  }
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
  return missing.length > 0 || (filter !== undefined && [...namesInCondition(filter)].some((name) => !held.has(name)));
}

/** Key attributes are scalars: nothing can be in them. */
export function requireScalarKeys(table: Table, projection: Projection | undefined): void {
  if (!projection) return;
  const keys = new Set(table.attributes.map(({ name }) => name));
  const inside = projection.paths.find((path) => path.length > 1 && keys.has(path[0]));
  if (!inside) return;
  throw validation(
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: " +
      `IndexKey: ${inside[0]}`,
  );
}
