/** The values that statements hold: literals, lists, structs and bags, and the parameters of a request. */

import { AwsError } from "../../../kernel/errors.ts";
import { emptyItem } from "../values/attribute-values.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { normalizeNumber } from "../values/numbers.ts";
import { duplicateStrings } from "../values/value-errors.ts";
import {
  emptyBag, ionLiteral, literalTooDeep, mixedBag, numbersTwice, parameterCount, structKeyTwice, under,
  unsupportedData, wrongItem, wrongStructKey,
} from "./statement-errors.ts";
import type { Expression } from "./statement-syntax.ts";

const ROOT = "root";
const LEVELS_MAX = 32;

/** What AWS calls each kind of syntax. */
const KINDS: Readonly<Record<Expression["kind"], string>> = {
  string: "Lit", number: "Lit", boolean: "Lit", null: "Lit", ion: "Lit", missing: "Missing",
  parameter: "Parameter", path: "Path", list: "List", bag: "Bag", struct: "Struct", call: "Call", and: "And",
  or: "Or", not: "Not", sign: "Neg", binary: "Binary", between: "Between", in: "InCollection", is: "IsType",
  statement: "Select",
};

const OPERATOR_KINDS: Readonly<Record<string, string>> = {
  "=": "Eq", "<>": "Ne", "<": "Lt", "<=": "Lte", ">": "Gt", ">=": "Gte", "+": "Plus", "-": "Minus",
  "*": "Times", "/": "Divide", "%": "Modulo", "||": "Concat", like: "Like", union: "BagOp", except: "BagOp",
  intersect: "BagOp",
};

export function kindOf(expression: Expression): string {
  switch (expression.kind) {
    case "binary": return OPERATOR_KINDS[expression.operator] ?? expression.operator;
    case "sign": return expression.operator === "+" ? "Pos" : "Neg";
    case "path": return expression.parts.length === 0 ? "Id" : "Path";
    default: return KINDS[expression.kind];
  }
}

/** A function's errors name it by its own name. */
function shown(expression: Expression): string {
  return expression.kind === "call" ? expression.name : kindOf(expression);
}

/** Whether an expression is a value by itself, or made of such. */
export function isLiteral({ kind }: Expression): boolean {
  switch (kind) {
    case "string": case "number": case "boolean": case "null": case "ion": case "list": case "bag":
    case "struct":
      return true;
    default: return false;
  }
}

/** @throws ValidationException where the request has too few parameters; too many are no error */
export function parameterOf(index: number, parameters: readonly AttributeValue[]): AttributeValue {
  const value = parameters[index];
  if (value === undefined) throw parameterCount();
  return value;
}

/**
 * The value of a literal, in normal form.
 *
 * @throws ValidationException that says where in the value something is wrong
 */
export function literalValue(expression: Expression): AttributeValue {
  return valueAt(expression, ROOT, 0);
}

/**
 * The item of an INSERT: its attributes, and no others of its parts, may be parameters.
 *
 * @throws ValidationException
 */
export function itemOf(expression: Expression, parameters: readonly AttributeValue[]): Item {
  if (expression.kind !== "struct") throw wrongItem();
  return fieldsOf(expression, ROOT, (value) =>
    value.kind === "parameter" ? parameterOf(value.index, parameters) : literalValue(value));
}

function valueAt(expression: Expression, path: string, level: number): AttributeValue {
  if (level >= LEVELS_MAX) throw literalTooDeep(path);
  switch (expression.kind) {
    case "string": return { S: expression.text };
    case "number": return { N: numberAt(expression.text, path) };
    case "boolean": return { BOOL: expression.value };
    case "null": return { NULL: true };
    case "ion": throw ionLiteral(expression.text, path);
    case "list":
      return {
        L: expression.members.map((member, index) => valueAt(member, `${path}[${index}]`, level + 1)),
      };
    case "struct":
      return {
        M: fieldsOf(expression, path, (value, name) => valueAt(value, `${path}.${name}`, level + 1)),
      };
    case "bag": return setOf(expression.members, path);
    default: throw unsupportedData(shown(expression), path, expression.at);
  }
}

function numberAt(text: string, path: string): string {
  try {
    return normalizeNumber(text);
  } catch (error) {
    throw error instanceof AwsError ? under(path, error) : error;
  }
}

function fieldsOf(
  { fields }: Extract<Expression, { kind: "struct" }>, path: string,
  make: (value: Expression, name: string) => AttributeValue,
): Record<string, AttributeValue> {
  const values = emptyItem();
  for (const { key, value } of fields) {
    if (key.kind !== "string") throw wrongStructKey(kindOf(key), path);
    if (Object.hasOwn(values, key.text)) throw structKeyTwice(key.text, path);
    values[key.text] = make(value, key.text);
  }
  return values;
}

/** A set: of strings, or of numbers. */
function setOf(members: readonly Expression[], path: string): AttributeValue {
  if (members.length === 0) throw emptyBag();
  const texts: string[] = [];
  const [first] = members;
  for (const member of members) {
    const isMember = member.kind === "string" || member.kind === "number";
    if (!isMember || member.kind !== first?.kind) throw mixedBag();
    texts.push(member.text);
  }
  if (first?.kind === "string") {
    if (new Set(texts).size !== texts.length) throw duplicateStrings(texts, "older");
    return { SS: texts };
  }
  const numbers = texts.map((text) => numberAt(text, path));
  if (new Set(numbers).size !== numbers.length) throw numbersTwice(texts, path);
  return { NS: numbers };
}
