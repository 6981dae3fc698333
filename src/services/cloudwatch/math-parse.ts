/**
 * Metric math as a tree.
 *
 * @evidence CloudWatch User Guide, "Using math expressions with CloudWatch metrics"
 */

import { validationError } from "./errors.ts";

export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "negative"; readonly of: Expression }
  | {
    readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression,
  }
  | { readonly kind: "call"; readonly name: string; readonly items: readonly Expression[] };

interface Token {
  readonly kind: "number" | "text" | "name" | "sign" | "end";
  readonly text: string;
}

/** A number, a text in either kind of quotes, a name, a sign. */
const tokenForm = new RegExp(
  [
    String.raw`\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)`,
    String.raw`"((?:[^"\\]|\\.)*)"`, String.raw`'((?:[^'\\]|\\.)*)'`,
    String.raw`([A-Za-z_][A-Za-z0-9_]*)`,
    String.raw`(&&|\|\||==|!=|<=|>=|[-+*/^%<>(),[\]]))`,
  ].join("|"),
  "y",
);

function tokens(text: string): Token[] {
  const found: Token[] = [];
  tokenForm.lastIndex = 0;
  for (let at = 0; at < text.trimEnd().length; at = tokenForm.lastIndex) {
    tokenForm.lastIndex = at;
    const match = tokenForm.exec(text);
    if (!match) throw validationError(`Invalid syntax at position ${at}: ${text.slice(at, at + 20).trim()}`);
    const [, number, double, single, name, sign] = match;
    if (number !== undefined) found.push({ kind: "number", text: number });
    // What else is escaped is for searches to read.
    else if (double !== undefined) found.push({ kind: "text", text: double.replaceAll('\\"', '"') });
    else if (single !== undefined) found.push({ kind: "text", text: single.replaceAll("\\'", "'") });
    else if (name !== undefined) found.push({ kind: "name", text: name });
    else found.push({ kind: "sign", text: sign ?? "" });
  }
  return [...found, { kind: "end", text: "" }];
}

/** From the loosest to the tightest. */
const levels: readonly (readonly string[])[] = [
  ["||", "OR"], ["&&", "AND"], ["==", "!=", "<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"],
];
/** Deeper than anybody writes. */
const depthMax = 100;

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "" };
  }

  parse(): Expression {
    const expression = this.#level(0);
    if (this.#next.kind !== "end") throw this.#unexpected();
    return expression;
  }

  #unexpected(): Error {
    const { kind, text } = this.#next;
    return validationError(kind === "end" ? "Unexpected end of expression" : `Unexpected token: ${text}`);
  }

  #take(sign: string): boolean {
    const { kind, text } = this.#next;
    if (kind !== "sign" || text !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw this.#unexpected();
  }

  #level(level: number): Expression {
    const operators = levels[level];
    if (!operators) return this.#power();
    let left = this.#level(level + 1);
    for (;;) {
      const { kind, text } = this.#next;
      if ((kind !== "sign" && kind !== "name") || !operators.includes(text)) return left;
      this.#at += 1;
      const operator = text === "OR" ? "||" : text === "AND" ? "&&" : text;
      left = { kind: "binary", operator, left, right: this.#level(level + 1) };
    }
  }

  #power(): Expression {
    if (++this.#depth > depthMax) throw validationError("The expression is nested too deeply");
    const base = this.#take("-")
      ? ({ kind: "negative", of: this.#power() } as const)
      : this.#take("+")
        ? this.#power()
        : this.#primary();
    const raised = this.#take("^")
      ? ({ kind: "binary", operator: "^", left: base, right: this.#power() } as const)
      : base;
    this.#depth -= 1;
    return raised;
  }

  #primary(): Expression {
    const { kind, text } = this.#next;
    if (kind === "end") throw this.#unexpected();
    this.#at += 1;
    if (kind === "number") return { kind: "number", value: Number(text) };
    if (kind === "text") return { kind: "text", value: text };
    if (kind === "name") {
      return this.#take("(") ? {
        kind: "call", name: text, items: this.#items(")"),
      } : { kind: "name", name: text };
    }
    if (text === "[") return { kind: "list", items: this.#items("]") };
    if (text !== "(") {
      this.#at -= 1;
      throw this.#unexpected();
    }
    const inner = this.#level(0);
    // SLICE((a), 0, 2) and the like write lists in parentheses.
    if (!this.#take(",")) {
      this.#expect(")");
      return inner;
    }
    return { kind: "list", items: [inner, ...this.#items(")")] };
  }

  #items(end: string): Expression[] {
    const items: Expression[] = [];
    if (this.#take(end)) return items;
    do items.push(this.#level(0));
    while (this.#take(","));
    this.#expect(end);
    return items;
  }
}

export function parseExpression(text: string): Expression {
  return new Parser(text).parse();
}

/** The expression and all that it is made of. */
function partsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case "list":
    case "call": return [expression, ...expression.items.flatMap(partsOf)];
    case "negative": return [expression, ...partsOf(expression.of)];
    case "binary": return [expression, ...partsOf(expression.left), ...partsOf(expression.right)];
    default: return [expression];
  }
}

/** The ids that it names, which must be known before it is. */
export function namesIn(expression: Expression): string[] {
  return partsOf(expression).flatMap((part) => (part.kind === "name" ? part.name : []));
}

/** The functions that it calls, and with what. */
export function callsIn(expression: Expression): (Expression & { readonly kind: "call" })[] {
  return partsOf(expression).flatMap((part) => (part.kind === "call" ? part : []));
}
