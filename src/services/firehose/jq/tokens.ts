/** The words of a program. */

import { SyntaxTrouble } from "./syntax.ts";

export type Token =
  | { readonly kind: "sign" | "word" | "field" | "variable" | "format"; readonly text: string }
  | { readonly kind: "number"; readonly value: number }
  /** What is put in by `\(…)` is read as words of its own. */
  | { readonly kind: "text"; readonly parts: readonly (string | readonly Token[])[] };

const signs = [
  "?//", "//=", "|=", "+=", "-=", "*=", "/=", "%=", "//", "==", "!=", "<=", ">=", "..", "|", ",", ":", ";",
  "(", ")", "[", "]", "{", "}", "<", ">", "=", "+", "-", "*", "/", "%", "?", ".",
];

const forms: readonly (readonly [RegExp, (text: string) => Token])[] = [
  [/\.[A-Za-z_][A-Za-z0-9_]*/y, (text) => ({ kind: "field", text: text.slice(1) })],
  [/(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y, (text) => ({ kind: "number", value: Number(text) })],
  [/\$[A-Za-z_][A-Za-z0-9_]*/y, (text) => ({ kind: "variable", text: text.slice(1) })],
  [/@[A-Za-z0-9_]+/y, (text) => ({ kind: "format", text })],
  [/[A-Za-z_][A-Za-z0-9_]*/y, (text) => ({ kind: "word", text })],
];

const escapes: Readonly<Record<string, string>> = {
  n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", "\\": "\\", "/": "/", "\"": "\"",
};

class Scanner {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Up to the end, or to the bracket that closes what is put into a text. */
  words(isWithinText: boolean): Token[] {
    const tokens: Token[] = [];
    for (let depth = 0; ;) {
      const skipped = this.#match(/(?:\s|#[^\n]*)+/y);
      if (skipped !== undefined) continue;
      if (this.#at >= this.#source.length) {
        if (isWithinText) throw new SyntaxTrouble("unterminated string interpolation");
        return tokens;
      }
      const token = this.#word();
      if (isWithinText && token.kind === "sign") {
        if (token.text === "(") depth += 1;
        if (token.text === ")" && depth === 0) return tokens;
        if (token.text === ")") depth -= 1;
      }
      tokens.push(token);
    }
  }

  #word(): Token {
    if (this.#source[this.#at] === "\"") return this.#text();
    for (const [form, read] of forms) {
      const found = this.#match(form);
      if (found !== undefined) return read(found);
    }
    const sign = signs.find((each) => this.#source.startsWith(each, this.#at));
    if (sign === undefined) throw new SyntaxTrouble(`unexpected ${this.#source.charAt(this.#at)}`);
    this.#at += sign.length;
    return { kind: "sign", text: sign };
  }

  #match(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const [found] = form.exec(this.#source) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }

  #text(): Token {
    const parts: (string | readonly Token[])[] = [];
    let plain = "";
    for (this.#at += 1; ; ) {
      const letter = this.#source[this.#at];
      if (letter === undefined) throw new SyntaxTrouble("unterminated string");
      this.#at += 1;
      if (letter === "\"") return { kind: "text", parts: [...parts, plain] };
      if (letter !== "\\") plain += letter;
      else if (this.#source[this.#at] === "(") {
        this.#at += 1;
        parts.push(plain, this.words(true));
        plain = "";
      } else plain += this.#escape();
    }
  }

  #escape(): string {
    const code = this.#match(/u[0-9A-Fa-f]{4}/y);
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    const plain = escapes[this.#source[this.#at] ?? ""];
    if (plain === undefined) throw new SyntaxTrouble("invalid escape");
    this.#at += 1;
    return plain;
  }
}

/** @throws SyntaxTrouble */
export function tokensOf(source: string): Token[] {
  return new Scanner(source).words(false);
}
