/** From the SET and REMOVE clauses of an UPDATE and a request's parameters to an update. */

import { requiresPath, wrongOperandCount, wrongOperandType, wrongUpdateType } from
  "../expressions/expression-errors.ts";
import { requireApart, samePath } from "../expressions/paths.ts";
import type { Path } from "../expressions/paths.ts";
import { updateOf } from "../expressions/updates.ts";
import type { Action, PathAction, Update, UpdateValue } from "../expressions/updates.ts";
import { typeOf } from "../values/attribute-values.ts";
import type { AttributeType, AttributeValue } from "../values/attribute-values.ts";
import { validation } from "../values/value-errors.ts";
import { kindOf, literalValue, parameterOf } from "./literals.ts";
import {
  isInUpdate, missingCompared, onlySetAndRemove, setFunctionCount, setFunctionTarget, setFunctionValue,
  unknownFunction, unsupportedToken, updateOperator,
} from "./statement-errors.ts";
import { pathOf } from "./statement-paths.ts";
import type { CallExpression, ChangeSyntax, Expression } from "./statement-syntax.ts";

/** @throws ValidationException */
export function bindChanges(
  changes: readonly ChangeSyntax[], parameters: readonly AttributeValue[],
): Update {
  const binder = new ChangeBinder(parameters);
  const actions = changes.map((change) => binder.bind(change));
  requireApart(actions.map(({ path }) => path), validation);
  return updateOf(actions, wrongUpdateType);
}

const SET_FUNCTIONS = new Map<string, "add" | "delete">([["set_add", "add"], ["set_delete", "delete"]]);
const UPDATE_FUNCTIONS: ReadonlySet<string> = new Set(["list_append", "if_not_exists"]);

class ChangeBinder {
  readonly #parameters: readonly AttributeValue[];

  constructor(parameters: readonly AttributeValue[]) {
    this.#parameters = parameters;
  }

  bind(change: ChangeSyntax): PathAction {
    if (change.kind === "insert") throw onlySetAndRemove();
    const path = pathOf(change.target);
    if (change.kind === "remove") return { path, action: { kind: "remove" } };
    const { value } = change;
    const setFunction = value.kind === "call" ? SET_FUNCTIONS.get(value.name) : undefined;
    const action: Action = value.kind === "call" && setFunction
      ? this.#members(setFunction, value, path)
      : { kind: "set", value: this.#value(value) };
    return { path, action };
  }

  /** What set_add and set_delete change is what they are assigned to: they are ADD and DELETE. */
  #members(kind: "add" | "delete", { name, operands, at }: CallExpression, path: Path): Action {
    const upper = name.toUpperCase();
    const [target, members] = operands;
    if (!target || !members || operands.length !== 2) throw setFunctionCount(upper, at);
    const isTarget = target.kind === "path" && samePath(pathOf(target), path);
    if (!isTarget) throw setFunctionTarget(upper, at);
    const value = this.#value(members);
    const isSet = value.kind === "value" && (value.value.SS ?? value.value.NS ?? value.value.BS);
    if (value.kind !== "value" || !isSet) throw setFunctionValue(upper, target.at);
    return { kind, value: value.value };
  }

  #value(expression: Expression): UpdateValue {
    switch (expression.kind) {
      case "path": return { kind: "path", path: pathOf(expression) };
      case "parameter": return { kind: "value", value: parameterOf(expression.index, this.#parameters) };
      case "missing": throw missingCompared();
      case "call": return this.#call(expression);
      case "is": throw isInUpdate();
      case "sign": throw this.#wrongSign(expression);
      case "binary": return this.#sum(expression);
      case "and": case "or": case "not": case "between": case "in":
        throw updateOperator(expression.kind.toUpperCase());
      case "statement": throw unsupportedToken(kindOf(expression), expression.at);
      default: return { kind: "value", value: literalValue(expression) };
    }
  }

  /** The operand's own errors come first. */
  #wrongSign({ operator, operand }: Extract<Expression, { kind: "sign" }>): Error {
    this.#value(operand);
    return validation(wrongOperandCount(operator, 1));
  }

  #sum({ operator, left, right }: Extract<Expression, { kind: "binary" }>): UpdateValue {
    if (operator !== "+" && operator !== "-") throw updateOperator(operator.toUpperCase());
    const [first, second] = [this.#value(left), this.#value(right)];
    for (const each of [first, second]) requireType(operator, each, "N");
    return { kind: "sum", operator, left: first, right: second };
  }

  #call({ name, operands, at }: CallExpression): UpdateValue {
    if (!UPDATE_FUNCTIONS.has(name)) throw unknownFunction(name, at);
    const [left, right] = operands.map((operand) => this.#value(operand));
    if (!left || !right || operands.length !== 2) throw validation(wrongOperandCount(name, operands.length));
    if (name === "if_not_exists") {
      if (left.kind !== "path") throw validation(requiresPath(name));
      return { kind: "if-not-exists", path: left.path, otherwise: right };
    }
    for (const each of [left, right]) requireType(name, each, "L");
    return { kind: "append", left, right };
  }
}

/** Only values of the request are held to their type; an attribute's shows when the update is applied. */
function requireType(operator: string, operand: UpdateValue, allowed: AttributeType): void {
  if (operand.kind !== "value") return;
  const type = typeOf(operand.value);
  if (type !== allowed) throw validation(wrongOperandType(operator, type));
}
