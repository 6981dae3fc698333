/**
 * The key conditions of a Query: what a KeyConditionExpression says of which attribute. The legacy
 * KeyConditions and PartiQL's WHERE make the same of theirs; `keyRange` makes a range of them all.
 */

import type { AttributeValue } from "../values/attribute-values.ts";
import type { Condition, Operand } from "./conditions.ts";
import {
  invalidKeyCondition, invalidKeyOperator, keyConditionTwice, keyNotFirst, nestedKeyAttribute,
  nestedKeyOperation,
} from "./key-errors.ts";
import type { Comparator } from "./syntax.ts";

/** `other` stands for every operator that an index cannot answer. */
export type KeyOperator = "=" | "<" | "<=" | ">" | ">=" | "between" | "begins-with" | "other";

export interface KeyCondition {
  readonly attribute: string;
  readonly operator: KeyOperator;
  /** One value, for `between` two; none for some of the others. */
  readonly values: readonly AttributeValue[];
}

/**
 * The conditions of a bound KeyConditionExpression, in the order of the text.
 *
 * @throws ValidationException for everything that no key schema would allow
 */
export function keyConditionsOf(condition: Condition): KeyCondition[] {
  const found = new Map<string, KeyCondition>();
  collect(condition, found);
  return [...found.values()];
}

/** An expression has at most 300 operators, so that it is not nested deeply. */
function collect(condition: Condition, found: Map<string, KeyCondition>): void {
  switch (condition.kind) {
    case "and":
      for (const each of condition.conditions) collect(each, found);
      return;
    case "or": case "not": case "in": throw invalidKeyOperator(condition.kind.toUpperCase());
    case "exists": throw invalidKeyOperator("attribute_exists");
    case "not-exists": throw invalidKeyOperator("attribute_not_exists");
    case "type": throw invalidKeyOperator("attribute_type");
    case "contains": throw invalidKeyOperator("contains");
    case "begins-with":
      if (condition.operand.kind === "value") throw keyNotFirst("begins_with");
      return add("begins-with", [condition.operand, condition.part], found);
    case "between":
      if (condition.operand.kind !== "path") {
        throw condition.operand.kind === "size" ? nestedKeyOperation() : keyNotFirst("BETWEEN");
      }
      return add("between", [condition.operand, condition.low, condition.high], found);
    case "comparison": {
      if (condition.operator === "<>") throw invalidKeyOperator("<>");
      const reversed = condition.right.kind === "path";
      const operator = reversed ? REVERSED[condition.operator] : condition.operator;
      return add(operator, [condition.left, condition.right], found);
    }
  }
}

/** What `:value < key` says of the key. */
const REVERSED: Readonly<Record<Exclude<Comparator, "<>">, Exclude<Comparator, "<>">>> = {
  "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
};

function add(operator: KeyOperator, operands: readonly Operand[], found: Map<string, KeyCondition>): void {
  let attribute: string | undefined;
  const values: AttributeValue[] = [];
  for (const operand of operands) {
    if (operand.kind === "size" || operand.kind === "condition") throw nestedKeyOperation();
    if (operand.kind === "value") {
      values.push(operand.value);
      continue;
    }
    if (attribute !== undefined) {
      throw invalidKeyCondition("Multiple attribute names used in one condition");
    }
    if (operand.path.length > 1) throw nestedKeyAttribute();
    attribute = operand.path[0];
  }
  if (attribute === undefined) throw invalidKeyCondition("No key attribute specified");
  if (found.has(attribute)) throw keyConditionTwice();
  found.set(attribute, { attribute, operator, values });
}
