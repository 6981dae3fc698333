/** Expressions of S3 Select by precedence, the loosest first. */

import {
  expectedTypeName, invalidPathComponent, selectError,
} from "./errors.ts";
import { describeToken, isReserved, type Token } from "./tokens.ts";
import { dateParts, extractedParts, timestampIn, timestampText } from "./timestamps.ts";
import type { Aggregate, Arithmetic, CastType, Comparison, Expression, Step } from "./tree.ts";

export interface Words {
  peek(ahead?: number): Token;
  next(): Token;
  accept(keyword: string): boolean;
  /** @throws ParseUnexpectedToken */
  require(keyword: string): void;
  unexpected(): Error;
}

/** Deeper than people write, and far from what would exhaust a stack, ours or the engine's. */
const depthMax = 60;

type Part = Expression extends infer Each ? (Each extends unknown ? Omit<Each, "depth"> : never) : never;

/** @throws UnsupportedSyntax when nested too deeply */
function made(part: Part, operands: readonly (Expression | undefined)[] = []): Expression {
  const depth = operands.reduce((most, each) => Math.max(most, each?.depth ?? 0), 0) + 1;
  if (depth > depthMax) throw selectError("UnsupportedSyntax");
  return { ...part, depth } as Expression;
}

export function expressionAt(words: Words, level = 0): Expression {
  if (level > depthMax) throw selectError("UnsupportedSyntax");
  return logicalAt(words, "OR", level);
}

function logicalAt(words: Words, operator: "AND" | "OR", level: number): Expression {
  const operandAt = () => (operator === "OR" ? logicalAt(words, "AND", level) : notAt(words, level));
  const operands = [operandAt()];
  while (words.accept(operator)) operands.push(operandAt());
  const [only, ...more] = operands;
  return only && more.length === 0 ? only : made({ kind: "logical", operator, operands }, operands);
}

function notAt(words: Words, level: number): Expression {
  let isNegated = false;
  while (words.accept("NOT")) isNegated = !isNegated;
  const operand = predicateAt(words, level);
  return isNegated ? made({ kind: "not", operand }, [operand]) : operand;
}

const comparisons: Readonly<Record<string, Comparison>> = {
  "=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
};

function predicateAt(words: Words, level: number): Expression {
  let value = sumAt(words, level);
  for (;;) {
    const comparison = Object.hasOwn(comparisons, words.peek().keyword)
      ? comparisons[words.peek().keyword] : undefined;
    if (comparison) {
      words.next();
      const operands = [value, sumAt(words, level)];
      value = made({ kind: "comparison", operator: comparison, operands }, operands);
      continue;
    }
    if (words.accept("IS")) {
      const isNegated = words.accept("NOT");
      value = negatedIf(isNegated, stateAt(words, value));
      continue;
    }
    const isNegated = words.peek().keyword === "NOT";
    if (!["LIKE", "IN", "BETWEEN"].includes(words.peek(isNegated ? 1 : 0).keyword)) return value;
    if (isNegated) words.next();
    value = negatedIf(isNegated, testAt(words, value, level));
  }
}

function negatedIf(isNegated: boolean, operand: Expression): Expression {
  return isNegated ? made({ kind: "not", operand }, [operand]) : operand;
}

function stateAt(words: Words, operand: Expression): Expression {
  const { keyword, place } = words.peek();
  if (keyword !== "NULL" && keyword !== "MISSING") throw expectedTypeName(describeToken(words.peek()), place);
  words.next();
  return made({ kind: keyword === "NULL" ? "isNull" : "isMissing", operand }, [operand]);
}

function testAt(words: Words, value: Expression, level: number): Expression {
  if (words.accept("LIKE")) {
    const operands = [value, sumAt(words, level)];
    if (words.accept("ESCAPE")) operands.push(sumAt(words, level));
    return made({ kind: "like", operands }, operands);
  }
  if (words.accept("BETWEEN")) {
    const low = sumAt(words, level);
    words.require("AND");
    const operands = [value, low, sumAt(words, level)];
    return made({ kind: "between", operands }, operands);
  }
  words.require("IN");
  const isBracketed = words.accept("[");
  if (!isBracketed) words.require("(");
  const operands = [value, ...listAt(words, isBracketed ? "]" : ")", level)];
  if (operands.length === 1) throw words.unexpected();
  return made({ kind: "in", operands }, operands);
}

function listAt(words: Words, end: string, level: number): Expression[] {
  const list: Expression[] = [];
  if (words.accept(end)) return list;
  do list.push(expressionAt(words, level + 1)); while (words.accept(","));
  words.require(end);
  return list;
}

function sumAt(words: Words, level: number): Expression {
  return chainAt(words, ["+", "-", "||"], () =>
    chainAt(words, ["*", "/", "%"], () => signedAt(words, level)));
}

function chainAt(words: Words, operators: readonly string[], operandAt: () => Expression): Expression {
  let left = operandAt();
  while (operators.includes(words.peek().keyword)) {
    const operator = words.next().keyword as Arithmetic;
    const operands = [left, operandAt()];
    left = made({ kind: "arithmetic", operator, operands }, operands);
  }
  return left;
}

function signedAt(words: Words, level: number): Expression {
  let isNegative = false;
  while (words.peek().keyword === "-" || words.peek().keyword === "+") {
    if (words.next().keyword === "-") isNegative = !isNegative;
  }
  const operand = termAt(words, level);
  return isNegative ? made({ kind: "negative", operand }, [operand]) : operand;
}

const constants: Readonly<Record<string, boolean | null>> = {
  TRUE: true, FALSE: false, NULL: null, MISSING: null,
};

function termAt(words: Words, level: number): Expression {
  const token = words.peek();
  if (token.kind === "string" || token.kind === "number") {
    words.next();
    return made({ kind: "literal", value: token.kind === "number" ? Number(token.text) : token.text });
  }
  if (token.kind === "ion") {
    words.next();
    const text = made({ kind: "literal", value: timestampText(timestampIn(token.text)) });
    return made({ kind: "call", name: "TO_TIMESTAMP", operands: [text] }, [text]);
  }
  if (words.accept("(")) {
    const inner = expressionAt(words, level + 1);
    words.require(")");
    return inner;
  }
  if (Object.hasOwn(constants, token.keyword)) {
    words.next();
    return made({ kind: "literal", value: constants[token.keyword] ?? null });
  }
  if (words.accept("CAST")) return castAt(words, level);
  if (words.accept("CASE")) return caseAt(words, level);
  if (token.kind === "word" && words.peek(1).keyword === "(") return callAt(words, level);
  if (token.kind === "quoted" || (token.kind === "word" && !isReserved(token))) return pathAt(words);
  throw words.unexpected();
}

const types: Readonly<Record<string, CastType>> = {
  BOOL: "bool", BOOLEAN: "bool", INT: "int", INTEGER: "int", FLOAT: "float", DECIMAL: "float",
  NUMERIC: "float", STRING: "text", VARCHAR: "text", CHAR: "text",
};

function castAt(words: Words, level: number): Expression {
  words.require("(");
  const operand = expressionAt(words, level + 1);
  words.require("AS");
  const token = words.next();
  if (token.keyword === "TIMESTAMP") {
    words.require(")");
    return made({ kind: "call", name: "TO_TIMESTAMP", operands: [operand] }, [operand]);
  }
  const type = Object.hasOwn(types, token.keyword) ? types[token.keyword] : undefined;
  if (!type) throw expectedTypeName(describeToken(token), token.place);
  if (words.accept("(")) listAt(words, ")", level);
  words.require(")");
  return made({ kind: "cast", type, operand }, [operand]);
}

function caseAt(words: Words, level: number): Expression {
  const subject = words.peek().keyword === "WHEN" ? undefined : expressionAt(words, level + 1);
  const operands: Expression[] = [];
  while (words.accept("WHEN")) {
    const when = expressionAt(words, level + 1);
    const pair = subject && [subject, when];
    operands.push(pair ? made({ kind: "comparison", operator: "=", operands: pair }, pair) : when);
    words.require("THEN");
    operands.push(expressionAt(words, level + 1));
  }
  if (operands.length === 0) throw words.unexpected();
  const nothing = made({ kind: "literal", value: null });
  operands.push(words.accept("ELSE") ? expressionAt(words, level + 1) : nothing);
  words.require("END");
  return made({ kind: "case", operands }, operands);
}

/** Functions and how many arguments they take. */
const functions: Readonly<Record<string, readonly [least: number, most: number]>> = {
  CHAR_LENGTH: [1, 1], CHARACTER_LENGTH: [1, 1], LOWER: [1, 1], UPPER: [1, 1], SUBSTRING: [2, 3],
  TRIM: [1, 1], COALESCE: [1, 100], NULLIF: [2, 2], DATE_ADD: [3, 3], DATE_DIFF: [3, 3], EXTRACT: [2, 2],
  TO_STRING: [2, 2], TO_TIMESTAMP: [1, 1], UTCNOW: [0, 0],
};
const aggregates: ReadonlySet<string> = new Set<Aggregate>(["COUNT", "SUM", "AVG", "MIN", "MAX"]);

function callAt(words: Words, level: number): Expression {
  const name = words.next().keyword;
  words.require("(");
  if (aggregates.has(name)) return aggregateAt(words, name as Aggregate, level);
  const counts = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!counts) throw selectError("UnsupportedFunction");
  const [least, most] = counts;
  if (name === "TRIM") return trimAt(words, level);
  const operands = argumentsAt(words, name, level);
  if (operands.length < least || operands.length > most) throw selectError("EvaluatorInvalidArguments");
  return made({ kind: "call", name, operands }, operands);
}

function argumentsAt(words: Words, name: string, level: number): Expression[] {
  if (name === "SUBSTRING") return substringAt(words, level);
  const isExtraction = name === "EXTRACT";
  if (!isExtraction && name !== "DATE_ADD" && name !== "DATE_DIFF") return listAt(words, ")", level);
  const value = words.next().keyword;
  const known = isExtraction ? extractedParts : dateParts;
  if (!known.includes(value)) throw selectError("ParseExpectedDatePart");
  words.require(isExtraction ? "FROM" : ",");
  return [made({ kind: "literal", value }), ...listAt(words, ")", level)];
}

function aggregateAt(words: Words, name: Aggregate, level: number): Expression {
  if (words.accept("*")) {
    if (name !== "COUNT") throw selectError("ParseUnsupportedCallWithStar");
    words.require(")");
    return made({ kind: "aggregate", name, operand: undefined });
  }
  const [operand, ...more] = listAt(words, ")", level);
  if (!operand || more.length > 0) throw selectError("EvaluatorInvalidArguments");
  return made({ kind: "aggregate", name, operand }, [operand]);
}

/** `SUBSTRING(x FROM 1 FOR 2)` and `SUBSTRING(x, 1, 2)`. */
function substringAt(words: Words, level: number): Expression[] {
  const text = expressionAt(words, level + 1);
  if (!words.accept("FROM")) return words.accept(",") ? [text, ...listAt(words, ")", level)] : [text];
  const start = expressionAt(words, level + 1);
  const length = words.accept("FOR") ? [expressionAt(words, level + 1)] : [];
  words.require(")");
  return [text, start, ...length];
}

/** `TRIM(x)`, `TRIM(LEADING FROM x)`, `TRIM(BOTH 'ab' FROM x)`. */
function trimAt(words: Words, level: number): Expression {
  const side = ["LEADING", "TRAILING", "BOTH"].find((each) => words.accept(each));
  const isFromNext = words.accept("FROM");
  let text = expressionAt(words, level + 1);
  let characters: Expression | undefined;
  if (!isFromNext && words.accept("FROM")) {
    characters = text;
    text = expressionAt(words, level + 1);
  }
  words.require(")");
  const operands = characters ? [text, characters] : [text];
  return made({ kind: "call", name: `TRIM ${side ?? "BOTH"}`, operands }, operands);
}

function pathAt(words: Words): Expression {
  const { place } = words.peek();
  const steps: Step[] = [nameStep(words.next())];
  for (;;) {
    if (words.accept(".")) {
      const token = words.peek();
      if (token.kind === "string") throw invalidPathComponent("LITERAL", token.place);
      if (token.kind !== "word" && token.kind !== "quoted") throw words.unexpected();
      steps.push(nameStep(words.next()));
    } else if (words.accept("[")) {
      const token = words.next();
      if (token.kind === "string") steps.push({ kind: "name", name: token.text, isQuoted: true });
      else if (token.kind === "number") steps.push({ kind: "index", index: Number(token.text) });
      else if (token.keyword === "*") throw selectError("UnsupportedSqlStructure");
      else throw invalidPathComponent(token.kind === "quoted" ? "QUOTED_IDENTIFIER" : "KEYWORD", token.place);
      words.require("]");
    } else break;
  }
  return made({ kind: "path", steps, place });
}

function nameStep(token: Token): Step {
  return { kind: "name", name: token.text, isQuoted: token.kind === "quoted" };
}
