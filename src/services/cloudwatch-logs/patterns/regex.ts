/**
 * The regular expressions of filter patterns: no groups, no looking around.
 *
 * @evidence CloudWatch Logs User Guide, "Supported regular expressions (regex) syntax for filter patterns"
 */

import { Expression, TooCostly } from "../../../patterns/expressions/expression.ts";
import { invalidPattern } from "./invalid.ts";

const repeatsMax = 1_000;
/**
 * What is no letter, digit, symbol or operator of those that are listed must be escaped, and ASCII. Spaces
 * and colons are taken, which the list leaves out, and lists at times.
 *
 * @evidence the same: "`%something!%` would be rejected since `!` is not supported. Multi-byte characters are
 *   not supported."
 */
const supported = /^(?:[A-Za-z0-9_#=@/;,:\s^$?[\]{}|*+.-]|\\[\x20-\x7e])*$/;

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get next(): string | undefined {
    return this.#text[this.at];
  }

  take(): string {
    const taken = this.next;
    if (taken === undefined) throw invalidPattern();
    this.at++;
    return taken;
  }

  skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** What the expression finds here, which is then behind. */
  find(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.at;
    const found = form.exec(this.#text) ?? undefined;
    if (found) this.at += found[0].length;
    return found;
  }
}

/** Classes are themselves; every other letter is what it stands for. */
function escaped(reader: Reader): string {
  const letter = reader.take();
  if (/[dDwWsSnrtfv]/.test(letter)) return `\\${letter}`;
  if (letter !== "x") return literal(letter);
  const digits = reader.find(/[0-9A-Fa-f]{2}/y);
  if (!digits) throw invalidPattern();
  return `\\x${digits[0]}`;
}

function literal(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function bracket(reader: Reader): string {
  let source = reader.skip("^") ? "[^" : "[";
  for (let first = true; first || !reader.skip("]"); first = false) {
    const from = member(reader);
    source += from;
    if (/^\\[dDwWsS]$/.test(from) || reader.next !== "-" || !reader.find(/-(?!\])/y)) continue;
    const to = member(reader);
    if (/^\\[dDwWsS]$/.test(to)) throw invalidPattern();
    source += `-${to}`;
  }
  return `${source}]`;
}

function member(reader: Reader): string {
  const character = reader.take();
  return character === "\\" ? escaped(reader) : literal(character);
}

function atom(reader: Reader): string {
  const character = reader.take();
  if (character === "[") return bracket(reader);
  if (character === ".") return "[^\\n]";
  if (character === "\\") return escaped(reader);
  if (/[()?*+{}]/.test(character)) throw invalidPattern();
  return literal(character);
}

function repeats(reader: Reader): string {
  const sign = reader.find(/[?*+]/y)?.[0];
  if (sign !== undefined) return sign;
  const [text = "", low, high = ""] = reader.find(/\{(\d+),?(\d*)\}/y) ?? [];
  if (Number(low ?? 0) > repeatsMax || Number(high) > repeatsMax) throw invalidPattern();
  return text;
}

/** `^` and `$` are the ends of the text where they are the first or the last, and themselves elsewhere. */
function alternative(reader: Reader): string {
  let source = reader.skip("^") ? "^" : "";
  while (reader.next !== undefined && reader.next !== "|") {
    if (reader.find(/\$(?=\||$)/y)) return `${source}$`;
    source += atom(reader) + repeats(reader);
  }
  return source;
}

/** @throws InvalidParameterException */
export function parseRegex(source: string): (text: string) => boolean {
  if (!supported.test(source)) throw invalidPattern();
  const reader = new Reader(source);
  const alternatives = [alternative(reader)];
  while (reader.skip("|")) alternatives.push(alternative(reader));
  let expression: Expression;
  try {
    expression = new Expression(alternatives.join("|"));
  } catch {
    throw invalidPattern();
  }
  return (text) => {
    try {
      return expression.test(text);
    } catch (error) {
      // Hundreds of repeats in a text of hundreds of kilobytes.
      if (error instanceof TooCostly) return false;
      throw error;
    }
  };
}
