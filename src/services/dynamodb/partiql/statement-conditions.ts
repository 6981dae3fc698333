/**
 * From a WHERE and a request's parameters to a condition: the same that expressions become, and with the same
 * checks, whose errors name no expression. PartiQL also compares conditions, as booleans.
 */

import {
  between, comparison, conditionFunction, isIn, sizeOf,
} from "../expressions/condition-binding.ts";
import { CONDITION_FUNCTIONS } from "../expressions/condition-parser.ts";
import type { Condition, Operand } from "../expressions/conditions.ts";
import { misusedFunction, wrongOperandCount } from "../expressions/expression-errors.ts";
import type { Comparator } from "../expressions/syntax.ts";
import type { AttributeType, AttributeValue } from "../values/attribute-values.ts";
import { validation } from "../values/value-errors.ts";
import { isLiteral, kindOf, literalValue, parameterOf } from "./literals.ts";
import {
  conditionOperator, joinedNoCondition, missingCompared, negatedNoCondition, noCondition, unknownFunction,
  unsupportedToken, wrongIn, wrongIsOperand, wrongIsType,
} from "./statement-errors.ts";
import { pathOf } from "./statement-paths.ts";
import type { CallExpression, Expression } from "./statement-syntax.ts";

/** @throws ValidationException */
export function bindWhere(where: Expression, parameters: readonly AttributeValue[]): Condition {
  const bound = new WhereBinder(parameters).bind(where);
  if (!isCondition(bound)) throw bound.kind === "size" ? validation(misusedFunction("size")) : noCondition();
  return bound;
}

type Bound = Condition | Exclude<Operand, { kind: "condition" }>;

function isCondition(bound: Bound): bound is Condition {
  return bound.kind !== "path" && bound.kind !== "value" && bound.kind !== "size";
}

const COMPARATORS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);

function isComparator(operator: string): operator is Comparator {
  return COMPARATORS.has(operator);
}

const TYPES: Readonly<Record<string, AttributeType>> = {
  BOOLEAN: "BOOL", NUMERIC: "N", STRING: "S", BLOB: "B", STRUCT: "M", TUPLE: "M", LIST: "L",
};

class WhereBinder {
  readonly #parameters: readonly AttributeValue[];

  constructor(parameters: readonly AttributeValue[]) {
    this.#parameters = parameters;
  }

  bind(expression: Expression): Bound {
    switch (expression.kind) {
      case "path": return { kind: "path", path: pathOf(expression) };
      case "parameter": return { kind: "value", value: parameterOf(expression.index, this.#parameters) };
      case "missing": throw missingCompared();
      case "and":
      case "or": return this.#joined(expression.kind, expression.operands);
      case "not": return { kind: "not", condition: this.#condition(expression.operand, negatedNoCondition) };
      case "call": return this.#call(expression);
      case "sign": throw conditionOperator(expression.operator);
      case "binary": {
        const { operator } = expression;
        if (!isComparator(operator)) throw conditionOperator(operator.toUpperCase());
        const [left, right] = [this.#operand(expression.left), this.#operand(expression.right)];
        return comparison(operator, left, right, validation);
      }
      case "between": {
        const operand = this.#operand(expression.operand);
        const [low, high] = [this.#operand(expression.low), this.#operand(expression.high)];
        return between(operand, low, high, validation);
      }
      case "in": return this.#in(expression.operand, expression.candidates);
      case "is": return this.#is(expression);
      case "statement": throw unsupportedToken(kindOf(expression), expression.at);
      default: return { kind: "value", value: literalValue(expression) };
    }
  }

  #condition(expression: Expression, complaint: () => Error): Condition {
    const bound = this.bind(expression);
    if (!isCondition(bound)) throw bound.kind === "size" ? validation(misusedFunction("size")) : complaint();
    return bound;
  }

  #joined(kind: "and" | "or", operands: readonly Expression[]): Condition {
    return { kind, conditions: operands.map((operand) => this.#condition(operand, joinedNoCondition)) };
  }

  #operand(expression: Expression): Operand {
    const bound = this.bind(expression);
    return isCondition(bound) ? { kind: "condition", condition: bound } : bound;
  }

  #call({ name, operands, at }: CallExpression): Bound {
    const count = CONDITION_FUNCTIONS.get(name);
    if (count === undefined) throw unknownFunction(name, at);
    const [first, second, ...rest] = operands.map((operand) => this.#operand(operand));
    if (!first || operands.length !== count || rest.length > 0) {
      throw validation(wrongOperandCount(name, operands.length));
    }
    if (name !== "size") return conditionFunction(name, first, second, validation);
    const size = sizeOf(first, validation);
    if (size.kind !== "size") throw new Error("size makes a size.");
    return size;
  }

  #in(operand: Expression, candidates: Expression): Condition {
    if (candidates.kind !== "list" && candidates.kind !== "bag") throw wrongIn();
    if (candidates.members.length === 0) throw wrongIn();
    const bound = this.#operand(operand);
    return isIn(bound, candidates.members.map((member) => this.#operand(member)), validation);
  }

  #is({ operand, type, at }: Extract<Expression, { kind: "is" }>): Condition {
    if (operand.kind !== "path" && (!isLiteral(operand) || isMade(operand))) throw wrongIsOperand();
    const bound = this.#operand(operand);
    switch (type) {
      case "MISSING": return conditionFunction("attribute_not_exists", bound, undefined, validation);
      case "NULL": return comparison("=", bound, { kind: "value", value: { NULL: true } }, validation);
    }
    const attributeType = TYPES[type];
    if (attributeType === undefined) throw wrongIsType(type, at);
    return { kind: "type", operand: bound, type: attributeType };
  }
}

/** Lists, bags and structs are values, but no literals to IS. */
function isMade({ kind }: Expression): boolean {
  return kind === "list" || kind === "bag" || kind === "struct";
}
