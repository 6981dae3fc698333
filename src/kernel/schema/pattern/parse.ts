/** Reads the patterns of AWS's models into a tree that can be run in linear time, or sampled. */

import { ANY_SOURCE, DOT_SOURCE, characterSet, classEscape, literal, property } from "./characters.ts";
import type { CharacterSet } from "./characters.ts";

export type Node =
  | { readonly type: "set"; readonly set: CharacterSet }
  | { readonly type: "sequence"; readonly nodes: readonly Node[] }
  | { readonly type: "choice"; readonly nodes: readonly Node[] }
  | { readonly type: "repeat"; readonly node: Node; readonly min: number; readonly max: number }
  | { readonly type: "start" | "end" | "boundary" }
  | Look;

export interface Look {
  readonly type: "look";
  readonly kind: "?=" | "?!" | "?<=" | "?<!";
  readonly node: Node;
}

const CONTROL_ESCAPES = new Map(Object.entries({ t: 9, n: 10, f: 12, r: 13, v: 11, a: 7, e: 27, 0: 0 }));

/** @throws SyntaxError when the pattern is malformed, or refers to what an earlier group matched */
export function parsePattern(source: string): Node {
  const parser = new PatternParser(source);
  const node = parser.choice();
  parser.expectEnd();
  return node;
}

class PatternParser {
  readonly #characters: readonly string[];
  #position = 0;
  #dotAll = false;
  #ignoreCase = false;

  constructor(source: string) {
    this.#characters = [...source];
  }

  expectEnd(): void {
    if (this.#position < this.#characters.length) throw this.#error("unmatched )");
  }

  choice(): Node {
    const nodes = [this.#sequence()];
    while (this.#take("|")) nodes.push(this.#sequence());
    const [only] = nodes;
    return nodes.length === 1 && only ? only : { type: "choice", nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    for (let next = this.#peek(); next !== undefined && next !== "|" && next !== ")"; next = this.#peek()) {
      const atom = this.#atom();
      if (atom) nodes.push(this.#quantified(atom));
    }
    return { type: "sequence", nodes };
  }

  /** Greedy, reluctant and possessive quantifiers accept the same whole strings, so the suffix is dropped. */
  #quantified(atom: Node): Node {
    let node = atom;
    for (let bounds = this.#bounds(); bounds; bounds = this.#bounds()) {
      if (this.#peek() === "?" || this.#peek() === "+") this.#position++;
      // Repeating what consumes nothing proves nothing more than having it once.
      node = atom.type === "look" ? (bounds.min > 0 ? atom : EMPTY) : { type: "repeat", node, ...bounds };
    }
    return node;
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#take("*")) return { min: 0, max: Infinity };
    if (this.#take("+")) return { min: 1, max: Infinity };
    if (this.#take("?")) return { min: 0, max: 1 };
    if (this.#peek() !== "{") return undefined;
    const close = this.#characters.indexOf("}", this.#position);
    const inside = close < 0 ? "" : this.#characters.slice(this.#position + 1, close).join("");
    const match = /^(\d+)(,(\d*))?$/.exec(inside);
    if (!match) return undefined;
    this.#position = close + 1;
    const min = Number(match[1]);
    return { min, max: match[2] === undefined ? min : match[3] === "" ? Infinity : Number(match[3]) };
  }

  #atom(): Node | undefined {
    const character = this.#next();
    if (character === "(") return this.#group();
    if (character === "[") return this.#set(this.#class());
    if (character === "\\") return this.#escape();
    if (character === "^") return { type: "start" };
    if (character === "$") return { type: "end" };
    if (character === ".") return this.#set(this.#dotAll ? ANY_SOURCE : DOT_SOURCE);
    if (character === "*" || character === "+" || character === "?") throw this.#error("nothing to repeat");
    return this.#set(`[${literal(codePointOf(character))}]`);
  }

  #set(source: string): Node {
    return { type: "set", set: characterSet(source, this.#ignoreCase) };
  }

  /** Undefined for `(?i)` and `(?s)`, which only change how the rest of their group is read. */
  #group(): Node | undefined {
    const kind = this.#groupKind();
    if (kind === "flags") return undefined;
    const dotAll = this.#dotAll;
    const ignoreCase = this.#ignoreCase;
    const node = this.choice();
    if (!this.#take(")")) throw this.#error("unterminated group");
    this.#dotAll = dotAll;
    this.#ignoreCase = ignoreCase;
    return kind === undefined ? node : { type: "look", kind, node };
  }

  #groupKind(): "flags" | Look["kind"] | undefined {
    for (const kind of ["?=", "?!", "?<=", "?<!"] as const) if (this.#take(kind)) return kind;
    if (this.#take("?:") || !this.#take("?")) return undefined;
    const close = this.#characters.indexOf(")", this.#position);
    const flags = this.#characters.slice(this.#position, close).join("");
    if (close < 0 || !/^[is]+$/.test(flags)) throw this.#error("unknown kind of group");
    this.#position = close + 1;
    this.#ignoreCase ||= flags.includes("i");
    this.#dotAll ||= flags.includes("s");
    return "flags";
  }

  #escape(): Node {
    const letter = this.#next();
    if (letter === "A") return { type: "start" };
    if (letter === "z" || letter === "Z") return { type: "end" };
    if (letter === "b") return { type: "boundary" };
    if (/^[1-9]$/.test(letter)) throw this.#error("what an earlier group matched cannot be asked for");
    return this.#set(this.#escapedSource(letter) ?? `[${literal(this.#escapedCodePoint(letter))}]`);
  }

  #escapedSource(letter: string): string | undefined {
    if (letter !== "p" && letter !== "P") return classEscape(letter);
    if (!this.#take("{")) return property(this.#next(), letter === "P");
    const close = this.#characters.indexOf("}", this.#position);
    if (close < 0) throw this.#error("unterminated property");
    const name = this.#characters.slice(this.#position, close).join("");
    this.#position = close + 1;
    return property(name, letter === "P");
  }

  #escapedCodePoint(letter: string): number {
    const length = letter === "x" ? 2 : letter === "u" ? 4 : 0;
    const code = length === 0 ? undefined : this.#hexadecimal(length);
    if (code !== undefined && code >= 0xd800 && code < 0xdc00 && this.#take("\\u")) {
      // A character beyond the first plane, written as its two halves.
      const low = this.#hexadecimal(4);
      if (low === undefined) throw this.#error("half a character");
      return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code !== undefined) return code;
    return CONTROL_ESCAPES.get(letter) ?? codePointOf(letter);
  }

  #hexadecimal(length: number): number | undefined {
    const digits = this.#characters.slice(this.#position, this.#position + length).join("");
    if (digits.length !== length || !/^[0-9a-fA-F]+$/.test(digits)) return undefined;
    this.#position += length;
    return Number.parseInt(digits, 16);
  }

  /** The rest of `[...]`. A nested `[` is a literal, as in ECMAScript, except after Java's `&&`. */
  #class(): string {
    const negated = this.#take("^");
    const parts: string[] = [];
    let first = true;
    while (first || this.#peek() !== "]") {
      first = false;
      if (this.#take("&&[")) parts.splice(0, parts.length, `[[${parts.join("")}]&&${this.#class()}]`);
      else parts.push(this.#classItem());
    }
    this.#position++;
    return `[${negated ? "^" : ""}${parts.join("")}]`;
  }

  #classItem(): string {
    const from = this.#classAtom();
    const after = this.#characters[this.#position + 1];
    if (this.#peek() !== "-" || after === "]" || after === undefined) return sourceOf(from);
    const hyphenAt = this.#position;
    this.#position++;
    const to = this.#classAtom();
    if (typeof from === "number" && typeof to === "number") {
      if (to < from) throw this.#error("range out of order");
      return `${literal(from)}-${literal(to)}`;
    }
    // `[\w-.]`: a set cannot begin or end a range, so the hyphen stands for itself.
    this.#position = hyphenAt;
    return sourceOf(from);
  }

  #classAtom(): number | string {
    const character = this.#next();
    if (character !== "\\") return codePointOf(character);
    const letter = this.#next();
    return this.#escapedSource(letter) ?? this.#escapedCodePoint(letter);
  }

  #peek(): string | undefined {
    return this.#characters[this.#position];
  }

  #next(): string {
    const character = this.#characters[this.#position++];
    if (character === undefined) throw this.#error("unexpected end");
    return character;
  }

  #take(text: string): boolean {
    for (let index = 0; index < text.length; index++) {
      if (this.#characters[this.#position + index] !== text[index]) return false;
    }
    this.#position += text.length;
    return true;
  }

  #error(what: string): SyntaxError {
    return new SyntaxError(`${what} at ${this.#position} in ${this.#characters.join("")}`);
  }
}

const EMPTY: Node = { type: "sequence", nodes: [] };

function codePointOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function sourceOf(atom: number | string): string {
  return typeof atom === "number" ? literal(atom) : atom;
}
