/**
 * Expected, QueryFilter, ScanFilter and KeyConditions: one comparison an attribute, joined by
 * ConditionalOperator. They become the conditions that expressions become.
 */

import type { ComparisonOperator, Condition as ConditionParameter, ExpectedAttributeValue } from
  "../../../generated/dynamodb.ts";
import type { Condition, Operand } from "../expressions/conditions.ts";
import type { KeyCondition, KeyOperator } from "../expressions/key-conditions.ts";
import { normalizeValue, typeOf } from "../values/attribute-values.ts";
import type { AttributeType, AttributeValue } from "../values/attribute-values.ts";
import { compareValues } from "../values/comparison.ts";
import type { Layer } from "../values/value-errors.ts";
import {
  boundsReversed, existsAndOperator, keyConditionCount, listWithoutOperator, operatorWithOneCondition,
  operatorWithoutConditions, operatorWithoutValues, valueAndList, valueNotAllowed, valueRequired,
  valuesOfDifferentTypes, wrongValueCount, wrongValueType,
} from "./legacy-errors.ts";

export type ConditionalOperator = "AND" | "OR";

/**
 * The condition that Expected stands for; undefined for none.
 *
 * @throws ValidationException, which the writes put in their envelope
 */
export function expectedCondition(
  expected: Readonly<Record<string, ExpectedAttributeValue>> | undefined,
  operator: ConditionalOperator | undefined,
  layer: Layer = "current",
): Condition | undefined {
  return joined(expected ?? {}, operator, (attribute, each) => expectation(attribute, each, layer));
}

/**
 * The condition that a QueryFilter or a ScanFilter stands for; undefined for none.
 *
 * @param layer `current` for a Query, `older` for a Scan
 * @throws ValidationException
 */
export function filterCondition(
  filter: Readonly<Record<string, ConditionParameter>> | undefined,
  operator: ConditionalOperator | undefined,
  layer: Layer,
): Condition | undefined {
  return joined(filter ?? {}, operator, (attribute, { ComparisonOperator: comparison, AttributeValueList }) =>
    conditionOf(attribute, comparison, requireValues(comparison, AttributeValueList ?? [], layer)));
}

/**
 * What KeyConditions say of the key, for `keyRange`.
 *
 * @throws ValidationException
 */
export function legacyKeyConditions(
  conditions: Readonly<Record<string, ConditionParameter>>, layer: Layer = "current",
): KeyCondition[] {
  const attributes = Object.keys(conditions);
  if (attributes.length === 0 || attributes.length > 2) throw keyConditionCount();
  return attributes.map((attribute) => {
    const { ComparisonOperator: comparison, AttributeValueList } = conditions[attribute] ?? NO_CONDITION;
    const values = requireValues(comparison, AttributeValueList ?? [], layer);
    return { attribute, operator: KEY_OPERATORS[comparison] ?? "other", values };
  });
}

const NO_CONDITION: ConditionParameter = { ComparisonOperator: "NULL" };

const KEY_OPERATORS: Partial<Record<ComparisonOperator, KeyOperator>> = {
  EQ: "=", LT: "<", LE: "<=", GT: ">", GE: ">=", BETWEEN: "between", BEGINS_WITH: "begins-with",
};

function joined<Parameter>(
  parameters: Readonly<Record<string, Parameter>>, operator: ConditionalOperator | undefined,
  make: (attribute: string, parameter: Parameter) => Condition,
): Condition | undefined {
  const attributes = Object.keys(parameters);
  if (operator !== undefined && attributes.length === 0) throw operatorWithoutConditions();
  if (operator !== undefined && attributes.length === 1) throw operatorWithOneCondition();
  const conditions: Condition[] = [];
  for (const attribute of attributes) {
    const parameter = parameters[attribute];
    if (parameter !== undefined) conditions.push(make(attribute, parameter));
  }
  const [only] = conditions;
  if (conditions.length <= 1) return only;
  return { kind: operator === "OR" ? "or" : "and", conditions };
}

function expectation(attribute: string, expected: ExpectedAttributeValue, layer: Layer): Condition {
  const { Value, Exists, ComparisonOperator: comparison, AttributeValueList: list } = expected;
  if (Value !== undefined && list !== undefined) throw valueAndList(attribute);
  if (comparison !== undefined) {
    if (Exists !== undefined) throw existsAndOperator(attribute);
    const needsNone = comparison === "NULL" || comparison === "NOT_NULL";
    if (!needsNone && Value === undefined && list === undefined) {
      throw operatorWithoutValues(comparison, attribute);
    }
    const values = list ?? (Value === undefined ? [] : [Value]);
    return conditionOf(attribute, comparison, requireValues(comparison, values, layer));
  }
  if (list !== undefined) throw listWithoutOperator(attribute);
  if (Exists === false) {
    if (Value !== undefined) throw valueNotAllowed(attribute);
    return { kind: "not-exists", path: [attribute] };
  }
  if (Value === undefined) throw valueRequired(Exists ?? null, attribute);
  return conditionOf(attribute, "EQ", [normalizeValue(Value, layer)]);
}

/** How many values each operator takes, and of which types; all types where there are none. */
const OPERATORS: Readonly<Record<ComparisonOperator, {
  readonly least: number;
  readonly most: number;
  readonly types?: readonly AttributeType[];
}>> = {
  NULL: { least: 0, most: 0 },
  NOT_NULL: { least: 0, most: 0 },
  EQ: { least: 1, most: 1 },
  NE: { least: 1, most: 1 },
  LE: { least: 1, most: 1, types: ["S", "N", "B"] },
  LT: { least: 1, most: 1, types: ["S", "N", "B"] },
  GE: { least: 1, most: 1, types: ["S", "N", "B"] },
  GT: { least: 1, most: 1, types: ["S", "N", "B"] },
  CONTAINS: { least: 1, most: 1, types: ["S", "N", "B"] },
  NOT_CONTAINS: { least: 1, most: 1, types: ["S", "N", "B"] },
  BEGINS_WITH: { least: 1, most: 1, types: ["S", "B"] },
  IN: { least: 1, most: Infinity, types: ["S", "N", "B"] },
  BETWEEN: { least: 2, most: 2, types: ["S", "N", "B"] },
};

/** The values in normal form. */
function requireValues(
  operator: ComparisonOperator, given: readonly AttributeValue[], layer: Layer,
): AttributeValue[] {
  const values = given.map((value) => normalizeValue(value, layer));
  const { least, most, types } = OPERATORS[operator];
  if (values.length < least || values.length > most) throw wrongValueCount(operator);
  const [first, second] = values;
  if (first === undefined) return values;
  const type = typeOf(first);
  if (values.some((value) => typeOf(value) !== type)) throw valuesOfDifferentTypes();
  if (types !== undefined && !types.includes(type)) throw wrongValueType(operator, type);
  if (operator === "BETWEEN" && second && (compareValues(first, second) ?? 0) > 0) throw boundsReversed();
  return values;
}

function conditionOf(
  attribute: string, operator: ComparisonOperator, values: readonly AttributeValue[],
): Condition {
  const operand: Operand = { kind: "path", path: [attribute] };
  const operands = values.map((value): Operand => ({ kind: "value", value }));
  const [first = operand, second = operand] = operands;
  switch (operator) {
    case "NULL": return { kind: "not-exists", path: [attribute] };
    case "NOT_NULL": return { kind: "exists", path: [attribute] };
    case "CONTAINS": return { kind: "contains", operand, part: first };
    case "NOT_CONTAINS": return notContaining(attribute, first);
    case "BEGINS_WITH": return { kind: "begins-with", operand, part: first };
    case "IN": return { kind: "in", operand, candidates: operands };
    case "BETWEEN": return { kind: "between", operand, low: first, high: second };
    default: return { kind: "comparison", operator: COMPARATORS[operator], left: operand, right: first };
  }
}

/**
 * What is not there contains nothing, and yet does not match.
 *
 * @evidence scylladb, test/alternator/test_expected.py, test_update_expected_1_not_contains
 */
function notContaining(attribute: string, part: Operand): Condition {
  const operand: Operand = { kind: "path", path: [attribute] };
  const contains: Condition = { kind: "contains", operand, part };
  const exists: Condition = { kind: "exists", path: [attribute] };
  return { kind: "and", conditions: [exists, { kind: "not", condition: contains }] };
}

const COMPARATORS = { EQ: "=", NE: "<>", LT: "<", LE: "<=", GT: ">", GE: ">=" } as const;
