/**
 * The expressions of PartiQL, from operators down to literals and paths. How tightly operators bind:
 *
 *     or < and < not < = <> is in < < <= > >= between like < + - || < * / %
 *
 * What may stand where is decided later: this is as wide as PartiQL's own grammar, so that its errors come in
 * AWS's order.
 */

import { FUNCTION_WORDS, TYPE_NAMES } from "./keywords.ts";
import {
  EMPTY_GROUP, expected, LEFT_OVER, nestedTooDeeply, NO_RIGHT_SIDE, notWellFormed, UNEXPECTED_KEYWORD,
  UNEXPECTED_OPERATOR, UNEXPECTED_TERM, WRONG_PATH_PART,
} from "./statement-errors.ts";
import type { TokenCursor } from "./statement-lexer.ts";
import type {
  Expression, PathExpression, PathPart, StatementSyntax, StructField,
} from "./statement-syntax.ts";

const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ["union", 5], ["except", 5], ["intersect", 5], ["or", 10], ["and", 20], ["not", 30],
  ["=", 40], ["<>", 40], ["is", 40], ["in", 40],
  ["<", 50], ["<=", 50], [">", 50], [">=", 50], ["between", 50], ["like", 50],
  ["+", 60], ["-", 60], ["||", 60], ["*", 70], ["/", 70], ["%", 70],
]);
/** Binds as loosely as anything. */
export const LOOSEST = 0;
/** Tighter than UNION, EXCEPT and INTERSECT: for the clauses of a SELECT. */
export const CLAUSE = 6;

/** A statement that AWS runs has at most 32 levels of values; nothing needs more than this. */
const DEPTH_MAX = 200;

/** Reads a statement where one begins an expression, as all of a text's do. */
export type StatementReader = (keyword: string) => StatementSyntax | undefined;

export class ExpressionParser {
  readonly #tokens: TokenCursor;
  readonly #statement: StatementReader;
  #depth = 0;
  #parameters = 0;

  constructor(tokens: TokenCursor, statement: StatementReader) {
    this.#tokens = tokens;
    this.#statement = statement;
  }

  /** An expression and nothing behind it but a semicolon. */
  whole(): Expression {
    const expression = this.expression(LOOSEST);
    this.#tokens.skip(";");
    if (this.#tokens.peek().kind !== "end") throw notWellFormed(LEFT_OVER);
    return expression;
  }

  /** An expression of operators that bind more tightly than `precedence`. */
  expression(precedence: number): Expression {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw nestedTooDeeply();
    let left = this.#unary();
    for (let length = 0; this.#infixPrecedence() > precedence; length++) {
      // Each operator puts what is before it one level down, but for AND and OR.
      if (length > DEPTH_MAX && left.kind !== "and" && left.kind !== "or") throw nestedTooDeeply();
      left = this.#infix(left);
    }
    this.#depth -= 1;
    return left;
  }

  #infixPrecedence(): number {
    const token = this.#tokens.peek();
    if (token.kind !== "operator" && !this.#tokens.is("*")) return 0;
    if (token.text !== "not") return PRECEDENCE.get(token.text) ?? 0;
    const negated = this.#tokens.peek(1).text;
    return ["in", "between", "like"].includes(negated) ? PRECEDENCE.get(negated) ?? 0 : 0;
  }

  #infix(left: Expression): Expression {
    const { at } = this.#tokens.peek();
    if (this.#tokens.skip("not")) return { kind: "not", operand: this.#infix(left), at };
    const { text: operator } = this.#tokens.next();
    const precedence = PRECEDENCE.get(operator) ?? 0;
    switch (operator) {
      case "is": {
        const negated = this.#tokens.skip("not");
        const test: Expression = { kind: "is", operand: left, type: this.#type(), at };
        return negated ? { kind: "not", operand: test, at } : test;
      }
      case "in": return { kind: "in", operand: left, candidates: this.#candidates(precedence), at };
      case "between": {
        const low = this.#right(precedence);
        if (!this.#tokens.skip("and")) throw expected("AND");
        if (this.#tokens.peek().kind === "end") throw notWellFormed("Expected expression after AND");
        return { kind: "between", operand: left, low, high: this.expression(precedence), at };
      }
      case "and":
      case "or": {
        const operands = left.kind === operator ? [...left.operands] : [left];
        do operands.push(this.#right(precedence)); while (this.#tokens.skip(operator));
        return { kind: operator, operands, at };
      }
      case "like": {
        const right = this.#right(precedence);
        if (this.#tokens.skip("escape")) this.expression(precedence);
        return { kind: "binary", operator, left, right, at };
      }
      default: return { kind: "binary", operator, left, right: this.#right(precedence), at };
    }
  }

  #right(precedence: number): Expression {
    if (this.#tokens.peek().kind === "end") throw notWellFormed(NO_RIGHT_SIDE);
    return this.expression(precedence);
  }

  /** `(a, b)` is a list here, even with one member. */
  #candidates(precedence: number): Expression {
    const { at } = this.#tokens.peek();
    if (!this.#tokens.is("(") || this.#tokens.is("select", 1)) return this.#right(precedence);
    this.#tokens.next();
    const members = this.#tokens.is(")") ? [] : this.list(() => this.expression(LOOSEST));
    this.#close(")", "RIGHT_PAREN");
    return { kind: "list", members, at };
  }

  #type(): string {
    if (this.#tokens.skip("double", "precision")) return "DOUBLE_PRECISION";
    if (this.#tokens.skip("character", "varying")) return this.#typeArguments("CHARACTER_VARYING");
    const { kind, text } = this.#tokens.peek();
    const type = kind === "keyword" ? TYPE_NAMES.get(text) : undefined;
    if (type === undefined) throw expected("type name");
    this.#tokens.next();
    return this.#typeArguments(type);
  }

  #typeArguments(type: string): string {
    if (this.#tokens.skip("(")) {
      this.list(() => this.expression(LOOSEST));
      this.#close(")", "RIGHT_PAREN");
    }
    return type;
  }

  #unary(): Expression {
    const token = this.#tokens.peek();
    if (this.#tokens.skip("not")) {
      return { kind: "not", operand: this.expression(PRECEDENCE.get("not") ?? 0), at: token.at };
    }
    if (!this.#tokens.is("+") && !this.#tokens.is("-")) return this.#pathTerm();
    const { text: operator, at } = this.#tokens.next();
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw nestedTooDeeply();
    const operand = this.#unary();
    this.#depth -= 1;
    if (operand.kind !== "number") return { kind: "sign", operator, operand, at };
    if (operator === "+") return operand;
    const { text } = operand;
    return { ...operand, text: text.startsWith("-") ? text.slice(1) : `-${text}` };
  }

  /** A term and the path into it. */
  #pathTerm(): Expression {
    const term = this.#term();
    if (!this.#tokens.is(".") && !this.#tokens.is("[")) return term;
    const root = term.kind === "path" && term.parts.length === 0 ? term.root : undefined;
    return { kind: "path", root, parts: this.#pathParts(), at: term.at };
  }

  /** A path that begins with a name, as a table is named and what is set or removed. */
  simplePath(): PathExpression {
    if (!this.#tokens.isName) throw expected("identifier for simple path");
    const { text, at } = this.#tokens.next();
    const parts = this.#pathParts();
    for (const part of parts) {
      if (part.kind === "unpivot") throw notWellFormed("Invalid path dot component for simple path");
      const isLiteral = part.kind === "name" ||
        (part.kind === "index" && (part.index.kind === "number" || part.index.kind === "string"));
      if (!isLiteral) throw notWellFormed("Invalid path component for simple path");
    }
    return { kind: "path", root: text, parts, at };
  }

  #pathParts(): PathPart[] {
    const parts: PathPart[] = [];
    for (;;) {
      if (this.#tokens.skip(".")) {
        const { at } = this.#tokens.peek();
        if (this.#tokens.isName) parts.push({ kind: "name", name: this.#tokens.next().text, at });
        else if (this.#tokens.skip("*")) parts.push({ kind: "unpivot", at });
        else throw notWellFormed(WRONG_PATH_PART);
      } else if (this.#tokens.skip("[")) {
        const { at } = this.#tokens.peek();
        if (this.#tokens.skip("*")) parts.push({ kind: "wildcard", at });
        else parts.push({ kind: "index", index: this.expression(LOOSEST), at });
        this.#close("]", "RIGHT_BRACKET");
      } else {
        return parts;
      }
    }
  }

  #term(): Expression {
    const token = this.#tokens.peek();
    const { kind, text, at } = token;
    switch (kind) {
      case "operator": throw notWellFormed(UNEXPECTED_OPERATOR);
      case "keyword": return this.#keywordTerm(text);
      case "punctuation": return this.#punctuationTerm(text);
      case "end": throw notWellFormed(UNEXPECTED_TERM);
      case "name":
      case "quoted-name":
        this.#tokens.next();
        if (this.#tokens.is("(")) return this.#call(text);
        return { kind: "path", root: text, parts: [], at };
      case "string":
      case "number":
      case "ion":
        this.#tokens.next();
        return { kind, text, at };
    }
  }

  #keywordTerm(word: string): Expression {
    const { at } = this.#tokens.peek();
    switch (word) {
      case "true":
      case "false":
        this.#tokens.next();
        return { kind: "boolean", value: word === "true", at };
      case "null":
      case "missing":
        this.#tokens.next();
        return { kind: word, at };
      case "as": case "asc": case "desc": case "at": case "by": case "for":
        throw notWellFormed(UNEXPECTED_TERM);
    }
    const statement = this.#statement(word);
    if (statement) return { kind: "statement", statement, at };
    if (!FUNCTION_WORDS.has(word) || !this.#tokens.is("(", 1)) throw notWellFormed(UNEXPECTED_KEYWORD);
    this.#tokens.next();
    return this.#call(word, at);
  }

  /** Its name is behind. */
  #call(name: string, place = this.#tokens.peek(-1).at): Expression {
    this.#tokens.next();
    if (this.#tokens.is("*")) throw notWellFormed(`${name}(*) is not allowed`);
    const operands = this.#tokens.is(")") ? [] : this.list(() => this.expression(LOOSEST));
    this.#close(")", "RIGHT_PAREN");
    return { kind: "call", name: name.toLowerCase(), operands, at: place };
  }

  #punctuationTerm(text: string): Expression {
    const { at } = this.#tokens.peek();
    switch (text) {
      case "?":
        this.#tokens.next();
        this.#parameters += 1;
        return { kind: "parameter", index: this.#parameters - 1, at };
      case "(": {
        this.#tokens.next();
        if (this.#tokens.is(")")) throw notWellFormed(EMPTY_GROUP);
        const [first, ...rest] = this.list(() => this.expression(LOOSEST));
        this.#close(")", "RIGHT_PAREN");
        if (first && rest.length === 0) return first;
        return { kind: "list", members: first ? [first, ...rest] : rest, at };
      }
      case "[": return { kind: "list", members: this.#members("]", "RIGHT_BRACKET"), at };
      case "<<": return { kind: "bag", members: this.#members(">>", "RIGHT_DOUBLE_ANGLE_BRACKET"), at };
      case "{": {
        this.#tokens.next();
        const fields = this.#tokens.is("}") ? [] : this.list(() => this.#field());
        this.#close("}", "RIGHT_CURLY");
        return { kind: "struct", fields, at };
      }
      default: throw notWellFormed(UNEXPECTED_TERM);
    }
  }

  #members(end: string, name: string): Expression[] {
    this.#tokens.next();
    const members = this.#tokens.is(end) ? [] : this.list(() => this.expression(LOOSEST));
    this.#close(end, name);
    return members;
  }

  #field(): StructField {
    const key = this.expression(LOOSEST);
    this.#close(":", "COLON");
    return { key, value: this.expression(LOOSEST) };
  }

  /** One or more, between commas. */
  list<Element>(element: () => Element): Element[] {
    const elements = [element()];
    while (this.#tokens.skip(",")) elements.push(element());
    return elements;
  }

  #close(text: string, name: string): void {
    if (!this.#tokens.skip(text)) throw expected(name);
  }
}
