/**
 * From the syntax of an update and a request's names and values to an update. What can be wrong here is
 * looked for in AWS's order: names, values, paths that overlap or conflict, the values of ADD and DELETE, the
 * operands of functions.
 *
 * @evidence dynalite, test/updateItem.js, written against DynamoDB itself
 */

import { typeOf } from "../values/attribute-values.ts";
import type { AttributeType, AttributeValue } from "../values/attribute-values.ts";
import type { ExpressionAttributes, Substitutes } from "./attributes.ts";
import {
  complaintOf, requiresPath, wrongActionType, wrongOperandCount, wrongOperandType, wrongUpdateType,
} from "./expression-errors.ts";
import type { Complaint } from "./expression-errors.ts";
import { bindPath, requireApart } from "./paths.ts";
import type { ActionSyntax, OperandSyntax, SetValueSyntax, UpdateExpressionSyntax } from "./syntax.ts";
import { UPDATE_FUNCTIONS } from "./update-parser.ts";
import { updateOf } from "./updates.ts";
import type { Action, Update, UpdateValue } from "./updates.ts";

/**
 * The update that a parsed expression stands for in a request.
 *
 * @throws ValidationException for what is wrong with its names, its values and their types
 */
export function bindUpdate(syntax: UpdateExpressionSyntax, attributes: ExpressionAttributes): Update {
  attributes.use(syntax);
  const complain = complaintOf(syntax.expression);
  requireDefined(syntax.references, attributes, complain);
  const paths = syntax.actions.map(({ path }) => bindPath(path, attributes, complain));
  requireApart(paths, complain);
  const binder = new ActionBinder(attributes, complain);
  for (const action of syntax.actions) binder.requireActionType(action);
  const actions = syntax.actions.map((action) => binder.action(action));
  return updateOf(paths.flatMap((path, index) => {
    const action = actions[index];
    return action ? [{ path, action }] : [];
  }), wrongUpdateType);
}

/** All names come before all values. */
function requireDefined(
  references: ReadonlySet<string>, substitutes: Substitutes, complain: Complaint,
): void {
  for (const reference of references) if (reference.startsWith("#")) substitutes.name(reference, complain);
  for (const reference of references) if (reference.startsWith(":")) substitutes.value(reference, complain);
}

/** What ADD and DELETE call the types that they do not take; sets they take. */
const TYPE_NAMES: Partial<Record<AttributeType, string>> = {
  S: "STRING", N: "NUMBER", B: "BINARY", NULL: "NULL", BOOL: "BOOLEAN", L: "LIST", M: "MAP",
};

class ActionBinder {
  readonly #substitutes: Substitutes;
  readonly #complain: Complaint;

  constructor(substitutes: Substitutes, complain: Complaint) {
    this.#substitutes = substitutes;
    this.#complain = complain;
  }

  requireActionType(action: ActionSyntax): void {
    if (action.kind !== "add" && action.kind !== "delete") return;
    const type = typeOf(this.#value(action.value.reference));
    const name = TYPE_NAMES[type];
    if (name === undefined || (type === "N" && action.kind === "add")) return;
    throw this.#complain(wrongActionType(action.kind.toUpperCase(), name));
  }

  action(syntax: ActionSyntax): Action {
    switch (syntax.kind) {
      case "set": return { kind: "set", value: this.#setValue(syntax.value) };
      case "remove": return { kind: "remove" };
      case "add":
      case "delete": return { kind: syntax.kind, value: this.#value(syntax.value.reference) };
    }
  }

  #setValue(syntax: SetValueSyntax): UpdateValue {
    if (syntax.kind !== "sum") return this.#operand(syntax);
    const { operator } = syntax;
    const [left, right] = [this.#operand(syntax.left), this.#operand(syntax.right)];
    for (const each of [left, right]) this.#requireType(operator, each, "N");
    return { kind: "sum", operator, left, right };
  }

  #operand(syntax: OperandSyntax): UpdateValue {
    switch (syntax.kind) {
      case "value": return { kind: "value", value: this.#value(syntax.reference) };
      case "path": return { kind: "path", path: bindPath(syntax, this.#substitutes, this.#complain) };
      case "call": return this.#call(syntax.name, syntax.operands.map((operand) => this.#operand(operand)));
    }
  }

  #call(name: string, operands: readonly UpdateValue[]): UpdateValue {
    const [left, right] = operands;
    if (!left || !right || operands.length !== UPDATE_FUNCTIONS.get(name)) {
      throw this.#complain(wrongOperandCount(name, operands.length));
    }
    if (name === "if_not_exists") {
      if (left.kind !== "path") throw this.#complain(requiresPath(name));
      return { kind: "if-not-exists", path: left.path, otherwise: right };
    }
    for (const each of [left, right]) this.#requireType(name, each, "L");
    return { kind: "append", left, right };
  }

  /** Only values of the request are held to their type; an attribute's shows when the update is applied. */
  #requireType(operator: string, operand: UpdateValue, allowed: AttributeType): void {
    if (operand.kind !== "value") return;
    const type = typeOf(operand.value);
    if (type !== allowed) throw this.#complain(wrongOperandType(operator, type));
  }

  #value(reference: string): AttributeValue {
    return this.#substitutes.value(reference, this.#complain);
  }
}
