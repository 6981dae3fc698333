/** Reads the text of a query. */

import { Expression } from "../../../patterns/expressions/expression.ts";
import { malformedQuery } from "../errors.ts";

const nameForm = /[A-Za-z_@][\w@.]*(?:\[\d+\][\w@.]*)*/y;
/**
 * @evidence CloudWatch Logs User Guide, "stats": the units of `bin`, with an `s` behind those of several
 * letters
 */
const units = "milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|" +
  "months?|mons?|mos?|quarters?|qtrs?|q|years?|yrs?|y";
const durationForm = new RegExp(`(\\d+)\\s*(${units})\\b`, "y");

export class Scanner {
  readonly text: string;
  at = 0;
  /** Spaces and comments that were skipped last. */
  #gap = { from: 0, to: 0 };

  constructor(text: string) {
    this.text = text;
  }

  skipSpaces(): void {
    const from = this.at;
    for (;;) {
      while (/\s/.test(this.text[this.at] ?? "")) this.at++;
      if (this.text[this.at] !== "#") break;
      while (this.at < this.text.length && this.text[this.at] !== "\n") this.at++;
    }
    if (this.at !== from) this.#gap = { from, to: this.at };
  }

  /** From there to what was read last, as it is written, without what was skipped behind it. */
  textFrom(begin: number): string {
    const { from, to } = this.#gap;
    return this.text.slice(begin, to === this.at && from >= begin ? from : this.at);
  }

  get isAtEnd(): boolean {
    this.skipSpaces();
    return this.at >= this.text.length;
  }

  /** @evidence recorded: "unexpected symbol found ) at line 1 and position 12" */
  unexpected(): Error {
    this.skipSpaces();
    const before = this.text.slice(0, this.at).split("\n");
    const symbol = /\S+/y;
    symbol.lastIndex = this.at;
    const found = symbol.exec(this.text)?.[0] ?? "<EOF>";
    const position = (before.at(-1)?.length ?? 0) + 1;
    return malformedQuery(
      `unexpected symbol found ${found} at line ${before.length} and position ${position}`,
      { start: this.at, end: Math.min(this.at + found.length, this.text.length) },
    );
  }

  refused(message: string, from: number): Error {
    return malformedQuery(message, { start: from, end: this.at });
  }

  find(form: RegExp): RegExpExecArray | undefined {
    this.skipSpaces();
    form.lastIndex = this.at;
    const found = form.exec(this.text) ?? undefined;
    if (found) this.at += found[0].length;
    return found;
  }

  skip(symbol: string): boolean {
    this.skipSpaces();
    if (!this.text.startsWith(symbol, this.at)) return false;
    this.at += symbol.length;
    return true;
  }

  sees(symbol: string): boolean {
    this.skipSpaces();
    return this.text.startsWith(symbol, this.at);
  }

  require(symbol: string): void {
    if (!this.skip(symbol)) throw this.unexpected();
  }

  /** A word in whichever case. */
  word(word: string): boolean {
    const form = new RegExp(`${word}(?![\\w@.])`, "iy");
    return this.find(form) !== undefined;
  }

  seesWord(word: string): boolean {
    const { at } = this;
    const found = this.word(word);
    this.at = at;
    return found;
  }

  /** A field's name, in backticks where it has characters that no name has. */
  name(): string | undefined {
    this.skipSpaces();
    const quoted = this.find(/`([^`]*)`/y)?.[1];
    if (quoted !== undefined) {
      const more = this.text[this.at] === "." ? this.find(/\.[\w@.]+/y)?.[0] : undefined;
      return quoted + (more ?? "");
    }
    return this.find(nameForm)?.[0].replace(/\[(\d+)\]/g, ".$1");
  }

  requireName(): string {
    const name = this.name();
    if (name === undefined) throw this.unexpected();
    return name;
  }

  number(): number | undefined {
    const found = this.find(/(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z_])/y)?.[0];
    return found === undefined ? undefined : Number(found);
  }

  duration(): { count: number; unit: string } | undefined {
    const [, count, unit] = this.find(durationForm) ?? [];
    return unit === undefined ? undefined : { count: Number(count), unit };
  }

  /** What stands in quotes of either kind. */
  string(): string | undefined {
    this.skipSpaces();
    const quote = this.text[this.at];
    if (quote !== '"' && quote !== "'") return undefined;
    const begin = this.at++;
    let text = "";
    for (;;) {
      const character = this.text[this.at++];
      if (character === undefined) {
        this.at = begin;
        throw this.unexpected();
      }
      if (character === quote) return text;
      if (character === "\\" && this.at < this.text.length) text += unescaped(this.text[this.at++] as string);
      else text += character;
    }
  }

  /** A regular expression between slashes. */
  regex(): Expression | undefined {
    this.skipSpaces();
    if (this.text[this.at] !== "/") return undefined;
    const begin = this.at;
    const found = this.find(/\/((?:\\[^]|\[(?:\\[^]|[^\]\\])*\]|[^/\\[])+)\//y);
    if (!found) throw this.unexpected();
    return this.compile(found[1] as string, begin);
  }

  compile(source: string, begin: number): Expression {
    try {
      return new Expression(source);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw this.refused(`Invalid regular expression: ${source}`, begin);
    }
  }
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'",
};

function unescaped(character: string): string {
  return escapes[character] ?? `\\${character}`;
}
