/**
 * Writes an expression for an engine. Both engines get the same sets, written out, so that it means the same
 * to either.
 */

import type { CharacterSet } from "./character-set.ts";
import type { Node, Repeat } from "./syntax.ts";

export interface Dialect {
  character(code: number): string;
  property(text: string): string;
  group(name: string | undefined): string;
  /** Undefined where the engine can't. */
  readonly looks: boolean;
}

/** JavaScript's, with the flag `u`. */
export const native: Dialect = {
  character: (code) => (isPlain(code) ? String.fromCodePoint(code) : `\\u{${code.toString(16)}}`),
  property: (text) => text,
  group: (name) => (name === undefined ? "(" : `(?<${name}>`),
  looks: true,
};

/** RE2's: groups are asked for by their number, so that they need no names. */
export const linear: Dialect = {
  character: (code) => (isPlain(code) ? String.fromCodePoint(code) : `\\x{${code.toString(16)}}`),
  property: (text) => text,
  group: () => "(",
  looks: false,
};

/** An expression that an engine has no words for. */
export class Inexpressible extends Error {}

function isPlain(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
    || code === 32 || code === 95;
}

function writeSet(set: CharacterSet, dialect: Dialect): string {
  const { only } = set;
  if (only !== undefined) return dialect.character(only);
  const ranges = set.ranges.map(([first, last]) =>
    (first === last ? dialect.character(first) : `${dialect.character(first)}-${dialect.character(last)}`));
  const members = [...ranges, ...set.properties.map((text) => dialect.property(text))].join("");
  // Nothing at all, which is nowhere.
  if (members === "") return set.isNegated ? "[\\s\\S]" : "[^\\s\\S]";
  return `[${set.isNegated ? "^" : ""}${members}]`;
}

function writeRepeat({ node, least, most, isLazy }: Repeat, dialect: Dialect): string {
  const inner = write(node, dialect);
  const isOne = node.kind === "set" || node.kind === "group";
  const bounds = most === Infinity ? (least === 0 ? "*" : least === 1 ? "+" : `{${least},}`)
    : least === 0 && most === 1 ? "?" : least === most ? `{${least}}` : `{${least},${most}}`;
  return `${isOne ? inner : `(?:${inner})`}${bounds}${isLazy ? "?" : ""}`;
}

/** @throws Inexpressible */
export function write(node: Node, dialect: Dialect): string {
  switch (node.kind) {
    case "set":
      return writeSet(node.set, dialect);
    case "sequence":
      return node.nodes.map((each) => (each.kind === "choice" ? `(?:${write(each, dialect)})`
        : write(each, dialect))).join("");
    case "choice":
      return node.nodes.map((each) => write(each, dialect)).join("|");
    case "repeat":
      return writeRepeat(node, dialect);
    case "group":
      return `${dialect.group(node.name)}${write(node.node, dialect)})`;
    case "assertion":
      return node.text;
    case "look":
      if (!dialect.looks) throw new Inexpressible();
      return `${node.opening}${write(node.node, dialect)})`;
    case "reference":
      if (!dialect.looks) throw new Inexpressible();
      return `(?:\\${/^\d/.test(node.to) ? node.to : `k<${node.to}>`})`;
  }
}
