/**
 * Conditions whose names and values are known: what ConditionExpression, FilterExpression, legacy conditions
 * and PartiQL's WHERE all become, and whether an item meets them.
 */

import { typeOf } from "../values/attribute-values.ts";
import type { AttributeType, AttributeValue, Item } from "../values/attribute-values.ts";
import { compareValues, valuesEqual } from "../values/comparison.ts";
import { valueAt } from "./paths.ts";
import type { Path } from "./paths.ts";
import type { Comparator } from "./syntax.ts";

export type Operand =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "size"; readonly operand: Operand }
  /** Whether it holds, as a BOOL: PartiQL compares such. */
  | { readonly kind: "condition"; readonly condition: Condition };

export type Condition =
  | {
    readonly kind: "comparison";
    readonly operator: Comparator;
    readonly left: Operand;
    readonly right: Operand;
  }
  | { readonly kind: "between"; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: "in"; readonly operand: Operand; readonly candidates: readonly Operand[] }
  | { readonly kind: "exists" | "not-exists"; readonly path: Path }
  | { readonly kind: "type"; readonly operand: Operand; readonly type: AttributeType }
  | { readonly kind: "begins-with" | "contains"; readonly operand: Operand; readonly part: Operand }
  | { readonly kind: "and" | "or"; readonly conditions: readonly Condition[] }
  | { readonly kind: "not"; readonly condition: Condition };

const NO_ATTRIBUTES: Item = Object.freeze(Object.create(null) as Record<string, AttributeValue>);

/** Whether the item meets the condition. An item that does not exist has no attributes. */
export function matches(condition: Condition, item: Item = NO_ATTRIBUTES): boolean {
  switch (condition.kind) {
    case "comparison":
      return compare(condition.operator, operandOf(condition.left, item), operandOf(condition.right, item));
    case "between": {
      const value = operandOf(condition.operand, item);
      return compare(">=", value, operandOf(condition.low, item)) &&
        compare("<=", value, operandOf(condition.high, item));
    }
    case "in": {
      const value = operandOf(condition.operand, item);
      return condition.candidates.some((candidate) => compare("=", value, operandOf(candidate, item)));
    }
    case "exists": return valueAt(item, condition.path) !== undefined;
    case "not-exists": return valueAt(item, condition.path) === undefined;
    case "type": {
      const value = operandOf(condition.operand, item);
      return value !== undefined && typeOf(value) === condition.type;
    }
    case "begins-with":
      return beginsWith(operandOf(condition.operand, item), operandOf(condition.part, item));
    case "contains":
      return contains(operandOf(condition.operand, item), operandOf(condition.part, item));
    case "and": return condition.conditions.every((each) => matches(each, item));
    case "or": return condition.conditions.some((each) => matches(each, item));
    case "not": return !matches(condition.condition, item);
  }
}

function operandOf(operand: Operand, item: Item): AttributeValue | undefined {
  switch (operand.kind) {
    case "path": return valueAt(item, operand.path);
    case "value": return operand.value;
    case "size": return sizeOf(operandOf(operand.operand, item));
    case "condition": return { BOOL: matches(operand.condition, item) };
  }
}

/** What is not there is unlike everything, even what is not there either; it has no place in an order. */
function compare(
  operator: Comparator, left: AttributeValue | undefined, right: AttributeValue | undefined,
): boolean {
  if (left === undefined || right === undefined) return operator === "<>";
  if (operator === "=") return valuesEqual(left, right);
  if (operator === "<>") return !valuesEqual(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  switch (operator) {
    case "<": return order < 0;
    case "<=": return order <= 0;
    case ">": return order > 0;
    case ">=": return order >= 0;
  }
}

/** The length of strings and binary values, the number of members; other types have no size. */
function sizeOf(value: AttributeValue | undefined): AttributeValue | undefined {
  if (value === undefined) return undefined;
  const members = value.S ?? value.B ?? value.L ?? value.SS ?? value.NS ?? value.BS;
  const size = members?.length ?? (value.M && Object.keys(value.M).length);
  return size === undefined ? undefined : { N: String(size) };
}

function beginsWith(value: AttributeValue | undefined, prefix: AttributeValue | undefined): boolean {
  if (value?.S !== undefined && prefix?.S !== undefined) return value.S.startsWith(prefix.S);
  if (value?.B !== undefined && prefix?.B !== undefined) {
    return value.B.subarray(0, prefix.B.length).equals(prefix.B);
  }
  return false;
}

/** A part of a string or of bytes, a member of a set, an element of a list. */
function contains(value: AttributeValue | undefined, part: AttributeValue | undefined): boolean {
  if (value === undefined || part === undefined) return false;
  if (value.L !== undefined) return value.L.some((element) => valuesEqual(element, part));
  if (part.S !== undefined) return (value.S ?? value.SS)?.includes(part.S) ?? false;
  if (part.N !== undefined) return value.NS?.includes(part.N) ?? false;
  const { B: bytes } = part;
  if (bytes === undefined) return false;
  return value.B?.includes(bytes) ?? value.BS?.some((member) => member.equals(bytes)) ?? false;
}
