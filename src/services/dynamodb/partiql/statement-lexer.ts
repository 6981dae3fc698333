/** The tokens of a PartiQL statement. */

import { isKeyword, OPERATOR_WORDS } from "./keywords.ts";
import { notWellFormed } from "./statement-errors.ts";
import type { Position } from "./statement-errors.ts";

export type TokenKind =
  | "name" | "quoted-name" | "string" | "number" | "ion" | "keyword" | "operator" | "punctuation" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** Without quotes; keywords and operators in lower case. */
  readonly text: string;
  readonly at: Position;
}

/** What is between tokens: white space and comments. */
const SPACE = /(?:[ \t\v\f\r\n]+|--[^\r\n]*|\/\*[^]*?\*\/)+/y;

const TOKEN = new RegExp(
  [
    "[A-Za-z_$][A-Za-z0-9_$]*",
    "(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]*)?",
    "'(?:[^']|'')*'",
    '"(?:[^"]|"")*"',
    "`[^`]*`",
    "<<|>>|<=|<>|>=|!=|\\|\\|",
    "[()\\[\\]{}:,.*;?+%<>=^@-]",
    // Not a comment without an end.
    "/(?!\\*)",
  ].join("|"),
  "y",
);

const PUNCTUATION: ReadonlySet<string> = new Set([..."()[]{}:,.*;?", "<<", ">>"]);

/** @throws ValidationException where the text is none of a token */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const places = new Places(text);
  let index = lengthAt(SPACE, text, 0);
  while (index < text.length) {
    const length = lengthAt(TOKEN, text, index);
    if (length === 0) throw notWellFormed("");
    const { kind, text: read } = readToken(text.slice(index, index + length));
    tokens.push({ kind, text: read, at: places.next(index, length) });
    index += length;
    index += lengthAt(SPACE, text, index);
  }
  tokens.push({ kind: "end", text: "", at: places.next(text.length, 0) });
  return tokens;
}

/** How much of the text, from there on, the pattern matches. */
function lengthAt(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index;
  return pattern.test(text) ? pattern.lastIndex - index : 0;
}

function readToken(text: string): Omit<Token, "at"> {
  if (PUNCTUATION.has(text)) return { kind: "punctuation", text };
  switch (text[0]) {
    case "'": return { kind: "string", text: unquoted(text, "'") };
    case '"': return { kind: "quoted-name", text: unquoted(text, '"') };
    case "`": return { kind: "ion", text: text.slice(1, -1) };
  }
  if (/^[A-Za-z_$]/.test(text)) return readWord(text);
  if (/^\.?[0-9]/.test(text)) return readNumber(text);
  return { kind: "operator", text: text === "!=" ? "<>" : text };
}

function readWord(text: string): Omit<Token, "at"> {
  if (!isKeyword(text)) return { kind: "name", text };
  const word = text.toLowerCase();
  return { kind: OPERATOR_WORDS.has(word) ? "operator" : "keyword", text: word };
}

const INT_32_MAX = 2_147_483_647;

/** Java's BigDecimal holds it: its exponent and its scale are integers of 32 bits. */
function readNumber(text: string): Omit<Token, "at"> {
  const [mantissa = "", exponent = "0"] = text.split(/[eE]/);
  if (!/[0-9]$/.test(exponent)) throw notWellFormed("");
  const power = Number(exponent);
  const scale = (mantissa.split(".")[1] ?? "").length - power;
  for (const value of [power, scale]) {
    if (value > INT_32_MAX || value < -INT_32_MAX - 1) throw notWellFormed("");
  }
  return { kind: "number", text };
}

function unquoted(text: string, quote: string): string {
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** Counts lines and columns, in characters, from one token to the next. */
class Places {
  readonly #text: string;
  #index = 0;
  #line = 1;
  #column = 1;

  constructor(text: string) {
    this.#text = text;
  }

  /** The place of the token that begins there and has that length. */
  next(index: number, length: number): Position {
    for (; this.#index < index; this.#index++) {
      const unit = this.#text.charCodeAt(this.#index);
      const isReturn = unit === CARRIAGE_RETURN;
      if (unit === LINE_FEED || (isReturn && this.#text.charCodeAt(this.#index + 1) !== LINE_FEED)) {
        this.#line += 1;
        this.#column = 1;
      } else if (!isReturn && !isSecondHalf(unit)) {
        this.#column += 1;
      }
    }
    let characters = length;
    for (let each = index; each < index + length; each++) {
      if (isSecondHalf(this.#text.charCodeAt(each))) characters -= 1;
    }
    return { line: this.#line, column: this.#column, length: characters };
  }
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Of a character that takes two units. */
function isSecondHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Reads tokens one after the other. */
export class TokenCursor {
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  /** The next token, or the one `ahead` of it; the last is always the end. */
  peek(ahead = 0): Token {
    const token = this.#tokens[this.#index + ahead] ?? this.#tokens.at(-1);
    if (token === undefined) throw new Error("A statement without an end.");
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#index += 1;
    return token;
  }

  /** Whether the next token is this keyword, operator or punctuation. */
  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.text === text &&
      (token.kind === "keyword" || token.kind === "operator" || token.kind === "punctuation");
  }

  /** Whether these keywords come next. */
  are(...words: readonly string[]): boolean {
    return words.every((word, ahead) => this.is(word, ahead));
  }

  /** Passes over these keywords if they come next. */
  skip(...words: readonly string[]): boolean {
    const found = this.are(...words);
    if (found) this.#index += words.length;
    return found;
  }

  get isName(): boolean {
    const { kind } = this.peek();
    return kind === "name" || kind === "quoted-name";
  }
}
