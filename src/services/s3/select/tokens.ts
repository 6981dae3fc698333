/** The words of an S3 Select expression. */

import { selectError, type Place } from "./errors.ts";

export interface Token {
  readonly kind: "word" | "quoted" | "string" | "ion" | "number" | "symbol" | "end";
  /** Of strings and quoted names what is within the quotes. */
  readonly text: string;
  /** Upper case, of words without quotes and symbols; empty otherwise, so that no literal is a keyword. */
  readonly keyword: string;
  readonly place: Place;
}

const patterns: readonly (readonly [Token["kind"], RegExp])[] = [
  ["word", /[\p{L}_][\p{L}\p{N}_$]*/uy],
  ["number", /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["string", /'(?:[^']|'')*'/y],
  ["ion", /`[^`]*`/y],
  ["quoted", /"(?:[^"]|"")*"/y],
  ["symbol", /<=|>=|<>|!=|\|\||[-+*/%=<>(),.[\]]/y],
];

const quotes: Readonly<Partial<Record<Token["kind"], string>>> = { string: "'", quoted: '"', ion: "`" };

const reserved = new Set(
  ("SELECT FROM WHERE LIMIT AND OR NOT AS IN IS LIKE BETWEEN ESCAPE NULL MISSING CAST CASE WHEN THEN " +
    "ELSE END GROUP ORDER BY HAVING JOIN UNION TRUE FALSE DISTINCT AT").split(" "),
);

export function isReserved({ keyword }: Token): boolean {
  return reserved.has(keyword);
}

/** @throws LexerInvalidChar */
export function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  const space = /\s+/y;
  let at = 0;
  let line = 1;
  let lineStart = 0;
  const passLines = (from: number, to: number): void => {
    for (let at = from; at < to; at++) {
      if (expression[at] !== "\n") continue;
      line += 1;
      lineStart = at + 1;
    }
  };
  for (;;) {
    space.lastIndex = at;
    if (space.test(expression)) {
      passLines(at, space.lastIndex);
      at = space.lastIndex;
    }
    const place = { line, column: at - lineStart + 1 };
    if (at >= expression.length) return [...tokens, { kind: "end", text: "", keyword: "", place }];
    const token = tokenAt(expression, at, place);
    if (!token) throw selectError("LexerInvalidChar");
    tokens.push(token.token);
    passLines(at, token.end);
    at = token.end;
  }
}

function tokenAt(expression: string, at: number, place: Place): { token: Token; end: number } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const [found] = pattern.exec(expression) ?? [];
    if (found === undefined) continue;
    const quote = quotes[kind];
    const text = quote ? found.slice(1, -1).replaceAll(quote + quote, quote) : found;
    const keyword = kind === "word" || kind === "symbol" ? found.toUpperCase() : "";
    return { token: { kind, text, keyword, place }, end: at + found.length };
  }
  return undefined;
}

/** As S3 names what it did not expect. */
export function describeToken(token: Token): string {
  switch (token.kind) {
    case "end": return "EOF:UNKNOWN";
    case "string": case "ion": return "LITERAL:UNKNOWN";
    case "number": return `LITERAL:${token.text}`;
    case "quoted": return `QUOTED_IDENTIFIER:'${token.text.slice(0, 100)}'`;
    case "symbol": return `OPERATOR:${token.text}`;
    case "word": return isReserved(token) ? "KEYWORD:UNKNOWN" : `IDENTIFIER:'${token.text.slice(0, 100)}'`;
  }
}
