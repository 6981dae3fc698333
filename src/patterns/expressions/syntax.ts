/** Reads a regular expression into a tree. */

import { anything, CharacterSet, classes, withinLine, type Range } from "./character-set.ts";

export type Node =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "sequence"; readonly nodes: readonly Node[] }
  | { readonly kind: "choice"; readonly nodes: readonly Node[] }
  | Repeat
  | { readonly kind: "group"; readonly node: Node; readonly name: string | undefined }
  | { readonly kind: "look"; readonly opening: LookOpening; readonly node: Node }
  | { readonly kind: "assertion"; readonly text: "^" | "$" | "\\b" | "\\B" }
  | { readonly kind: "reference"; readonly to: string };

export interface Repeat {
  readonly kind: "repeat";
  readonly node: Node;
  readonly least: number;
  readonly most: number;
  readonly isLazy: boolean;
}

const lookOpenings = ["(?=", "(?!", "(?<=", "(?<!"] as const;
export type LookOpening = (typeof lookOpenings)[number];

export interface Syntax {
  readonly node: Node;
  /** In the order of the groups; undefined for those without a name. */
  readonly groups: readonly (string | undefined)[];
  readonly ignoresCase: boolean;
  readonly isMultiline: boolean;
}

const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0, a: 7, e: 27 };
const depthMax = 200;

/** @throws SyntaxError */
export function readExpression(source: string): Syntax {
  const [opening, flags = ""] = /^\(\?([imsx]+)\)/.exec(source) ?? [];
  const reader = new Reader(source.slice(opening?.length ?? 0), flags);
  const node = reader.whole();
  return {
    node, groups: reader.groups, ignoresCase: flags.includes("i"), isMultiline: flags.includes("m"),
  };
}

class Reader {
  readonly groups: (string | undefined)[] = [];
  readonly #text: string;
  readonly #dot: CharacterSet;
  readonly #isMultiline: boolean;
  #at = 0;
  #depth = 0;
  #references: string[] = [];

  constructor(text: string, flags: string) {
    this.#text = text;
    this.#dot = flags.includes("s") ? anything : withinLine;
    this.#isMultiline = flags.includes("m");
  }

  whole(): Node {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw this.#error("Unmatched ')'");
    for (const reference of this.#references) {
      const exists = /^\d/.test(reference) ? Number(reference) <= this.groups.length
        : this.groups.includes(reference);
      if (!exists) throw this.#error("Invalid reference");
    }
    return node;
  }

  #choice(): Node {
    if (++this.#depth > depthMax) throw this.#error("Too deeply nested");
    const nodes = [this.#sequence()];
    while (this.#skip("|")) nodes.push(this.#sequence());
    this.#depth--;
    return nodes.length === 1 ? nodes[0] as Node : { kind: "choice", nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    for (let next = this.#next; next !== undefined && next !== "|" && next !== ")"; next = this.#next) {
      nodes.push(this.#repeated(this.#atom()));
    }
    return nodes.length === 1 ? nodes[0] as Node : { kind: "sequence", nodes };
  }

  #repeated(node: Node): Node {
    const bounds = this.#bounds();
    if (!bounds) return node;
    if (node.kind === "assertion" || node.kind === "look") throw this.#error("Nothing to repeat");
    const [least, most] = bounds;
    if (least > most) throw this.#error("Numbers out of order in quantifier");
    return { kind: "repeat", node, least, most, isLazy: this.#skip("?") };
  }

  #bounds(): [least: number, most: number] | undefined {
    if (this.#skip("*")) return [0, Infinity];
    if (this.#skip("+")) return [1, Infinity];
    if (this.#skip("?")) return [0, 1];
    const found = this.#find(/\{(\d+)(?:(,)(\d*))?\}/y);
    if (!found) return undefined;
    const least = Number(found[1]);
    if (found[2] === undefined) return [least, least];
    return [least, found[3] === "" ? Infinity : Number(found[3])];
  }

  #atom(): Node {
    const character = this.#take();
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return { kind: "set", set: this.#bracket() };
      case ".":
        return { kind: "set", set: this.#dot };
      case "^":
      case "$":
        return { kind: "assertion", text: character };
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
        throw this.#error("Nothing to repeat");
      default:
        return { kind: "set", set: single(codeOf(character)) };
    }
  }

  #group(): Node {
    this.#at--;
    const opening = lookOpenings.find((each) => this.#skip(each));
    if (opening) return { kind: "look", opening, node: this.#closed() };
    if (this.#skip("(?:")) return this.#closed();
    const name = this.#find(/\(\?P?<([A-Za-z_$][\w$]*)>/y)?.[1];
    if (name === undefined && this.#text.startsWith("(?", this.#at)) throw this.#error("Invalid group");
    if (name === undefined) this.#at++;
    else if (this.groups.includes(name)) throw this.#error("Duplicate capture group name");
    this.groups.push(name);
    return { kind: "group", node: this.#closed(), name };
  }

  #closed(): Node {
    const node = this.#choice();
    if (!this.#skip(")")) throw this.#error("Unterminated group");
    return node;
  }

  #escape(): Node {
    const letter = this.#next;
    if (letter === "b" || letter === "B") {
      this.#at++;
      return { kind: "assertion", text: `\\${letter}` };
    }
    if (letter === "A" || letter === "z") {
      // Where `^` and `$` are the ends of lines, JavaScript has no word for those of the text.
      if (this.#isMultiline) throw this.#error("Invalid escape");
      this.#at++;
      return { kind: "assertion", text: letter === "A" ? "^" : "$" };
    }
    const reference = this.#find(/k<([^>]+)>/y)?.[1] ?? this.#find(/[1-9]\d*/y)?.[0];
    if (reference !== undefined) {
      this.#references.push(reference);
      return { kind: "reference", to: reference };
    }
    const escaped = this.#escaped();
    return { kind: "set", set: typeof escaped === "number" ? single(escaped) : escaped };
  }

  /** What stands behind a backslash, within brackets or without. */
  #escaped(): CharacterSet | number {
    const letter = this.#take();
    const known = classes.get(letter);
    if (known) return known;
    if (letter === "p" || letter === "P") {
      const name = this.#find(/\{([\w=]+)\}/y)?.[1] ?? this.#find(/[A-Z]/y)?.[0] ?? "";
      // Throws where the property isn't known.
      new RegExp(`\\p{${name}}`, "u");
      return new CharacterSet([], [`\\${letter}{${name}}`]);
    }
    const digits = letter === "x" ? this.#find(/([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\}/y)
      : letter === "u" ? this.#find(/([0-9A-Fa-f]{4})|\{([0-9A-Fa-f]{1,6})\}/y) : undefined;
    const code = Number.parseInt(digits?.[1] ?? digits?.[2] ?? "", 16);
    if (code > 0x10ffff) throw this.#error("Invalid character");
    if (!Number.isNaN(code)) return code;
    return controls[letter] ?? codeOf(letter);
  }

  #bracket(): CharacterSet {
    const isNegated = this.#skip("^");
    const ranges: Range[] = [];
    const properties: string[] = [];
    while (!this.#skip("]")) {
      const from = this.#member();
      const isRange = typeof from === "number" && this.#find(/-(?!\])/y) !== undefined;
      const to = isRange ? this.#member() : from;
      if (typeof to !== "number") {
        if (isRange) ranges.push([from, from], [45, 45]);
        if (to.isNegated) throw this.#error("Invalid class");
        ranges.push(...to.ranges);
        properties.push(...to.properties);
      } else {
        if (to < (from as number)) throw this.#error("Range out of order in character class");
        ranges.push([from as number, to]);
      }
    }
    return new CharacterSet(ranges, properties, isNegated);
  }

  #member(): CharacterSet | number {
    const character = this.#take();
    if (character !== "\\") return codeOf(character);
    if (this.#skip("b")) return 8;
    return this.#escaped();
  }

  get #next(): string | undefined {
    return this.#text[this.#at];
  }

  /** A whole character, also where it is two halves. */
  #take(): string {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw this.#error("Unexpected end");
    const character = String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }

  #skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #find(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text) ?? undefined;
    if (found) this.#at += found[0].length;
    return found;
  }

  #error(what: string): SyntaxError {
    return new SyntaxError(`Invalid regular expression: /${this.#text}/: ${what}`);
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function single(code: number): CharacterSet {
  return new CharacterSet([[code, code]]);
}
