/** The tokens of an expression. Every text has tokens: what belongs to none is one of its own. */

import { complaintOf, expressionTooLong, EMPTY, syntaxError } from "./expression-errors.ts";
import type { Complaint, ExpressionKind } from "./expression-errors.ts";

export type TokenKind =
  | "name" | "name-reference" | "value-reference" | "number" | "symbol" | "unknown" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const EXPRESSION_BYTES_MAX = 4096;

const TOKEN = new RegExp(
  [
    "(?<name>[A-Za-z][A-Za-z0-9_]*)",
    "(?<nameReference>#[A-Za-z0-9_]+)",
    "(?<valueReference>:[A-Za-z0-9_]+)",
    "(?<number>[0-9]+)",
    "(?<symbol><>|<=|>=|[=<>()\\[\\].,+-])",
    "(?<unknown>[^ \\t\\r\\n])",
  ].join("|"),
  "gu",
);

function tokensOf(text: string, kind: ExpressionKind, complain: Complaint): Token[] {
  if (text === "") throw complain(EMPTY);
  const bytes = Buffer.byteLength(text);
  if (bytes > EXPRESSION_BYTES_MAX) throw complain(expressionTooLong(kind, bytes));
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const start = match.index;
    tokens.push({ kind: kindOf(match), text: match[0], start, end: start + match[0].length });
  }
  tokens.push({ kind: "end", text: "<EOF>", start: text.length, end: text.length });
  return tokens;
}

function kindOf({ groups }: RegExpExecArray): TokenKind {
  if (groups?.["name"] !== undefined) return "name";
  if (groups?.["symbol"] !== undefined) return "symbol";
  if (groups?.["nameReference"] !== undefined) return "name-reference";
  if (groups?.["valueReference"] !== undefined) return "value-reference";
  return groups?.["number"] !== undefined ? "number" : "unknown";
}

/** Reads tokens one after the other. */
export class TokenReader {
  readonly complain: Complaint;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #index = 0;

  /** @throws ValidationException for an expression that is empty or too long */
  constructor(text: string, kind: ExpressionKind) {
    this.complain = complaintOf(kind);
    this.#text = text;
    this.#tokens = tokensOf(text, kind, this.complain);
  }

  /** The next token, or the one `ahead` of it; the last is always the end. */
  peek(ahead = 0): Token {
    const token = this.#tokens[this.#index + ahead] ?? this.#tokens.at(-1);
    if (token === undefined) throw new Error("An expression without an end.");
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#index += 1;
    return token;
  }

  isSymbol(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "symbol" && token.text === text;
  }

  /** Whether the next token is this keyword, in upper or lower case. */
  isKeyword(keyword: string): boolean {
    const token = this.peek();
    return token.kind === "name" && token.text.toUpperCase() === keyword;
  }

  /** Passes over the symbol if it is next. */
  skipSymbol(text: string): boolean {
    const found = this.isSymbol(text);
    if (found) this.#index += 1;
    return found;
  }

  skipKeyword(keyword: string): boolean {
    const found = this.isKeyword(keyword);
    if (found) this.#index += 1;
    return found;
  }

  /** @throws the error of a wrong token unless the symbol is next */
  expectSymbol(text: string): void {
    if (!this.skipSymbol(text)) throw this.wrongToken();
  }

  expectKeyword(keyword: string): void {
    if (!this.skipKeyword(keyword)) throw this.wrongToken();
  }

  /** The error of a next token that has no place there; it is shown with its neighbours. */
  wrongToken(): Error {
    const token = this.peek();
    const start = this.#index > 0 ? this.peek(-1).start : 0;
    const { end } = token.kind === "end" || this.peek(1).kind === "end" ? token : this.peek(1);
    return this.complain(syntaxError(token.text, this.#text.slice(start, end).trimEnd()));
  }
}
