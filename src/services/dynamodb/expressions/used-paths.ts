/** The paths that expressions use, and what a table's keys allow of them. */

import { validation } from "../values/value-errors.ts";
import type { Condition, Operand } from "./conditions.ts";
import { keyAttributeNotScalar, keyAttributeUpdated } from "./expression-errors.ts";
import type { Path } from "./paths.ts";
import type { Update, UpdateValue } from "./updates.ts";

export function* conditionPaths(condition: Condition): Generator<Path> {
  switch (condition.kind) {
    case "and": case "or":
      for (const each of condition.conditions) yield* conditionPaths(each);
      return;
    case "not": return yield* conditionPaths(condition.condition);
    case "exists": case "not-exists": return yield condition.path;
    case "comparison": return yield* operandPaths([condition.left, condition.right]);
    case "between": return yield* operandPaths([condition.operand, condition.low, condition.high]);
    case "in": return yield* operandPaths([condition.operand, ...condition.candidates]);
    case "type": return yield* operandPaths([condition.operand]);
    case "begins-with": case "contains": return yield* operandPaths([condition.operand, condition.part]);
  }
}

function* operandPaths(operands: readonly Operand[]): Generator<Path> {
  for (const operand of operands) {
    if (operand.kind === "path") yield operand.path;
    else if (operand.kind === "size") yield* operandPaths([operand.operand]);
    else if (operand.kind === "condition") yield* conditionPaths(operand.condition);
  }
}

/** The paths that an update changes, and those that it reads. */
export function* updatePaths({ actions }: Update): Generator<Path> {
  for (const { path, action } of actions) {
    yield path;
    if (action.kind === "set") yield* valuePaths(action.value);
  }
}

function* valuePaths(value: UpdateValue): Generator<Path> {
  switch (value.kind) {
    case "value": return;
    case "path": return yield value.path;
    case "if-not-exists":
      yield value.path;
      return yield* valuePaths(value.otherwise);
    default:
      yield* valuePaths(value.left);
      yield* valuePaths(value.right);
  }
}

/**
 * @param keyAttributes those of the table, in the order of its key schema
 * @throws ValidationException for an update of a key attribute
 */
export function requireKeyUnchanged({ tree }: Update, keyAttributes: readonly string[]): void {
  const updated = keyAttributes.find((name) => tree.names.has(name));
  if (updated !== undefined) throw keyAttributeUpdated(updated);
}

/**
 * @param keyAttributes those of the table
 * @param indexAttributes those of its indexes
 * @throws ValidationException for a path that leads into a key attribute
 */
export function requireScalarKeys(
  paths: Iterable<Path>, keyAttributes: readonly string[], indexAttributes: readonly string[] = [],
): void {
  const entered = new Set<string>();
  for (const path of paths) if (path.length > 1) entered.add(path[0]);
  const key = keyAttributes.find((name) => entered.has(name));
  if (key !== undefined) throw keyAttributeNotScalar("Key", key);
  const indexKey = indexAttributes.find((name) => entered.has(name));
  if (indexKey !== undefined) throw keyAttributeNotScalar("IndexKey", indexKey);
}

/**
 * A Query's filter is not for the key of what it queries.
 *
 * @evidence dynalite, test/query.js, written against DynamoDB itself
 */
export function requireNoKeyFilter(
  parameter: "Filter Expression" | "QueryFilter", filter: Condition, keyAttributes: readonly string[],
): void {
  const heads = new Set([...conditionPaths(filter)].map(([head]) => head));
  const key = keyAttributes.find((name) => heads.has(name));
  if (key === undefined) return;
  throw validation(
    `${parameter} can only contain non-primary key attributes: Primary key attribute: ${key}`,
  );
}
