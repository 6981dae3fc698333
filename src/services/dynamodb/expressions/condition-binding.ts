/**
 * From the syntax of a condition and a request's names and values to a condition. What can be wrong here is
 * looked for one comparison or function after the other, from left to right; within one of them first
 * placeholders, then the number of operands, then operands that are the same, then their types.
 */

import { typeOf } from "../values/attribute-values.ts";
import type { AttributeType, AttributeValue } from "../values/attribute-values.ts";
import { compareValues } from "../values/comparison.ts";
import type { ExpressionAttributes, Substitutes } from "./attributes.ts";
import { CONDITION_FUNCTIONS } from "./condition-parser.ts";
import type { Condition, Operand } from "./conditions.ts";
import {
  boundsOfDifferentTypes, boundsOutOfOrder, complaintOf, invalidTypeName, requiresPath, sameOperands,
  tooManyCandidates, wrongOperandCount, wrongOperandType,
} from "./expression-errors.ts";
import type { Complaint } from "./expression-errors.ts";
import { bindPath, samePath, showPath } from "./paths.ts";
import type { Path } from "./paths.ts";
import type { CallSyntax, ConditionExpressionSyntax, ConditionSyntax, OperandSyntax } from "./syntax.ts";

const CANDIDATES_MAX = 100;

/**
 * The condition that a parsed expression stands for in a request.
 *
 * @throws ValidationException for what is wrong with its names, its values and their types
 */
export function bindCondition(
  syntax: ConditionExpressionSyntax, attributes: ExpressionAttributes,
): Condition {
  attributes.use(syntax);
  return new ConditionBinder(attributes, complaintOf(syntax.expression)).condition(syntax.condition);
}

/** A call whose operands are known but not looked at. */
interface BoundCall {
  readonly kind: "call";
  readonly name: string;
  readonly operands: readonly RawOperand[];
}

type RawOperand = Extract<Operand, { kind: "path" | "value" }> | BoundCall;

class ConditionBinder {
  readonly #substitutes: Substitutes;
  readonly #complain: Complaint;

  constructor(substitutes: Substitutes, complain: Complaint) {
    this.#substitutes = substitutes;
    this.#complain = complain;
  }

  condition(syntax: ConditionSyntax): Condition {
    switch (syntax.kind) {
      case "and":
      case "or":
        return { kind: syntax.kind, conditions: syntax.conditions.map((each) => this.condition(each)) };
      case "not": return { kind: "not", condition: this.condition(syntax.condition) };
      case "call": return this.#function(this.#rawCall(syntax));
      case "comparison": {
        const [left, right] = this.#pair(this.#raw(syntax.left), this.#raw(syntax.right));
        return comparison(syntax.operator, left, right, this.#complain);
      }
      case "between": {
        const raw = [syntax.operand, syntax.low, syntax.high].map((each) => this.#raw(each));
        const [operand, low, high] = raw.map((each) => this.#operand(each));
        if (!operand || !low || !high) throw new Error("BETWEEN has three operands.");
        return between(operand, low, high, this.#complain);
      }
      case "in": {
        const raw = [syntax.operand, ...syntax.candidates].map((each) => this.#raw(each));
        const [operand, ...candidates] = raw.map((each) => this.#operand(each));
        if (!operand) throw new Error("IN has an operand.");
        return isIn(operand, candidates, this.#complain);
      }
    }
  }

  #pair(left: RawOperand, right: RawOperand): [Operand, Operand] {
    return [this.#operand(left), this.#operand(right)];
  }

  /** Finds the names and values, and nothing else yet. */
  #raw(syntax: OperandSyntax): RawOperand {
    switch (syntax.kind) {
      case "path": return { kind: "path", path: bindPath(syntax, this.#substitutes, this.#complain) };
      case "value":
        return { kind: "value", value: this.#substitutes.value(syntax.reference, this.#complain) };
      case "call": return this.#rawCall(syntax);
    }
  }

  #rawCall({ name, operands }: CallSyntax): BoundCall {
    return { kind: "call", name, operands: operands.map((operand) => this.#raw(operand)) };
  }

  /** The only function that is an operand is size. */
  #operand(raw: RawOperand): Operand {
    if (raw.kind !== "call") return raw;
    const [operand] = this.#operands(raw);
    return sizeOf(operand, this.#complain);
  }

  #operands({ name, operands }: BoundCall): [Operand, ...Operand[]] {
    const bound = operands.map((operand) => this.#operand(operand));
    const [first, ...rest] = bound;
    if (!first || bound.length !== CONDITION_FUNCTIONS.get(name)) {
      throw this.#complain(wrongOperandCount(name, bound.length));
    }
    return [first, ...rest];
  }

  #function(call: BoundCall): Condition {
    const [operand, second] = this.#operands(call);
    return conditionFunction(call.name, operand, second, this.#complain);
  }
}

/**
 * The function's condition.
 *
 * @throws the complaint's error for operands that it does not take
 */
export function conditionFunction(
  name: string, operand: Operand, second: Operand | undefined, complain: Complaint,
): Condition {
  if (second) requireDistinct(name, operand, second, complain);
  switch (name) {
    case "attribute_exists": return { kind: "exists", path: pathOf(name, operand, complain) };
    case "attribute_not_exists": return { kind: "not-exists", path: pathOf(name, operand, complain) };
    case "attribute_type": return { kind: "type", operand, type: typeNamed(second, complain) };
    case "begins_with":
    case "contains": {
      if (!second) throw complain(wrongOperandCount(name, 1));
      if (name === "contains") return { kind: "contains", operand, part: second };
      for (const each of [operand, second]) requireType(name, each, ["S", "B"], complain);
      return { kind: "begins-with", operand, part: second };
    }
    default: throw new Error(`No condition: ${name}.`);
  }
}

export function comparison(
  operator: Extract<Condition, { kind: "comparison" }>["operator"], left: Operand, right: Operand,
  complain: Complaint,
): Condition {
  requireDistinct(operator, left, right, complain);
  if (operator !== "=" && operator !== "<>") {
    for (const each of [left, right]) requireType(operator, each, ["S", "N", "B"], complain);
  }
  return { kind: "comparison", operator, left, right };
}

export function between(operand: Operand, low: Operand, high: Operand, complain: Complaint): Condition {
  for (const each of [operand, low, high]) requireType("BETWEEN", each, ["S", "N", "B"], complain);
  if (low.kind === "value" && high.kind === "value") {
    const order = compareValues(low.value, high.value);
    const shown = [showValue(low.value), showValue(high.value)] as const;
    if (order === undefined) throw complain(boundsOfDifferentTypes(...shown));
    if (order > 0) throw complain(boundsOutOfOrder(...shown));
  }
  return { kind: "between", operand, low, high };
}

export function isIn(operand: Operand, candidates: readonly Operand[], complain: Complaint): Condition {
  if (candidates.length > CANDIDATES_MAX) throw complain(tooManyCandidates(candidates.length));
  return { kind: "in", operand, candidates };
}

export function sizeOf(operand: Operand, complain: Complaint): Operand {
  requireType("size", operand, ["S", "B", "SS", "NS", "BS", "L", "M"], complain);
  return { kind: "size", operand };
}

function requireDistinct(operator: string, left: Operand, right: Operand, complain: Complaint): void {
  if (left.kind !== "path" || right.kind !== "path" || !samePath(left.path, right.path)) return;
  throw complain(sameOperands(operator, showPath(left.path)));
}

/** Only what the request says is held to its type; an attribute of another type just does not match. */
function requireType(
  operator: string, operand: Operand, allowed: readonly AttributeType[], complain: Complaint,
): void {
  const type = staticType(operand);
  if (type !== undefined && !allowed.includes(type)) throw complain(wrongOperandType(operator, type));
}

function staticType(operand: Operand): AttributeType | undefined {
  switch (operand.kind) {
    case "path": return undefined;
    case "value": return typeOf(operand.value);
    case "size": return "N";
    case "condition": return "BOOL";
  }
}

function pathOf(name: string, operand: Operand, complain: Complaint): Path {
  if (operand.kind !== "path") throw complain(requiresPath(name));
  return operand.path;
}

const TYPES: ReadonlySet<string> = new Set(["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"]);

function typeNamed(operand: Operand | undefined, complain: Complaint): AttributeType {
  const type = operand && staticType(operand);
  if (operand?.kind !== "value" || operand.value.S === undefined) {
    throw complain(wrongOperandType("attribute_type", type ?? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"));
  }
  const name = operand.value.S;
  if (!isType(name)) throw complain(invalidTypeName(name));
  return name;
}

function isType(name: string): name is AttributeType {
  return TYPES.has(name);
}

/** `{N:1}`, as AWS's errors show scalar values. */
function showValue(value: AttributeValue): string {
  const text = value.S ?? value.N ?? value.B?.toString("base64") ?? "";
  return `{${typeOf(value)}:${text}}`;
}
