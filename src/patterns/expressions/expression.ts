/**
 * A regular expression of somebody else's, which must not be able to stop the region: JavaScript's own engine
 * searches texts that are short enough for the expression, and an engine that takes time in proportion to the
 * text's length searches all others.
 */

import { createRequire } from "node:module";
import type { RE2JS } from "re2js";
import { nativeLength } from "./cost.ts";
import { readExpression, type Node, type Syntax } from "./syntax.ts";
import { Inexpressible, linear, native, write } from "./writing.ts";

/** What was found: where, and the groups' texts in their order. */
export interface Found {
  readonly at: number;
  readonly text: string;
  readonly groups: readonly (string | undefined)[];
}

/** A text is too long for an expression that looks around, refers back, or is very large. */
export class TooCostly extends Error {}

/** Places of the expression times the text's characters: half a second at the very worst. */
const workMax = 10_000_000;
/** Whether there is anything is told faster than where. */
const testWorkMax = 40_000_000;
const placesMax = 20_000;
const repeatsMax = 1_000;

const require = createRequire(import.meta.url);

/** How many places an expression has with its repeats written out. */
function placesOf(node: Node): number {
  switch (node.kind) {
    case "sequence":
    case "choice":
      return node.nodes.reduce((total, each) => total + placesOf(each) + 1, 0);
    case "group":
    case "look":
      return placesOf(node.node) + 2;
    case "repeat":
      return (placesOf(node.node) + 1) * Math.max(1, Number.isFinite(node.most) ? node.most : node.least + 1);
    default:
      return 1;
  }
}

function hasRepeatsBeyond(node: Node): boolean {
  if (node.kind === "repeat") {
    const times = Number.isFinite(node.most) ? node.most : node.least;
    return times > repeatsMax || hasRepeatsBeyond(node.node);
  }
  if (node.kind === "sequence" || node.kind === "choice") return node.nodes.some(hasRepeatsBeyond);
  return (node.kind === "group" || node.kind === "look") && hasRepeatsBeyond(node.node);
}

export class Expression {
  readonly source: string;
  /** The groups' names in their order; undefined for those without one. */
  readonly groups: readonly (string | undefined)[];
  /** Longer texts are not searched by JavaScript's engine. */
  readonly nativeLengthMax: number;
  readonly #syntax: Syntax;
  readonly #native: RegExp;
  readonly #places: number;
  #allLengthMax: number | undefined;
  #linear: RE2JS | undefined;

  /** @throws SyntaxError */
  constructor(source: string) {
    this.source = source;
    this.#syntax = readExpression(source);
    this.groups = this.#syntax.groups;
    this.#places = placesOf(this.#syntax.node);
    if (this.#places > placesMax || hasRepeatsBeyond(this.#syntax.node)) {
      throw new SyntaxError(`Invalid regular expression: /${source}/: Too large`);
    }
    const { node, ignoresCase, isMultiline } = this.#syntax;
    const flags = `u${ignoresCase ? "i" : ""}${isMultiline ? "m" : ""}`;
    this.#native = new RegExp(write(node, native), flags);
    this.nativeLengthMax = nativeLength(this.#syntax, false);
  }

  /** @throws TooCostly */
  test(text: string): boolean {
    if (text.length <= this.nativeLengthMax) return this.#native.test(text);
    return this.#linearFor(text, testWorkMax).test(text);
  }

  /** @throws TooCostly */
  find(text: string): Found | undefined {
    if (text.length > this.nativeLengthMax) return this.#allLinear(text).next().value as Found | undefined;
    const found = this.#native.exec(text);
    return found ? foundBy(found) : undefined;
  }

  /** Everything that is found, one behind the other. @throws TooCostly */
  *all(text: string): Iterable<Found> {
    this.#allLengthMax ??= nativeLength(this.#syntax, true);
    if (text.length > this.#allLengthMax) {
      yield* this.#allLinear(text);
      return;
    }
    const form = new RegExp(this.#native.source, `g${this.#native.flags}`);
    for (const found of text.matchAll(form)) yield foundBy(found);
  }

  *#allLinear(text: string): Iterator<Found> & Iterable<Found> {
    const engine = this.#linearFor(text, workMax);
    if (!engine.test(text)) return;
    const matcher = engine.matcher(text);
    while (matcher.find()) {
      yield {
        at: matcher.start(), text: matcher.group() ?? "",
        groups: this.groups.map((_, index) => matcher.group(index + 1) ?? undefined),
      };
    }
  }

  #linearFor(text: string, most: number): RE2JS {
    if (this.#places * text.length > most) throw new TooCostly();
    return (this.#linear ??= this.#compiled());
  }

  #compiled(): RE2JS {
    const { RE2JS } = require("re2js") as typeof import("re2js");
    const { node, ignoresCase, isMultiline } = this.#syntax;
    try {
      return RE2JS.compile(
        write(node, linear),
        (ignoresCase ? RE2JS.CASE_INSENSITIVE : 0) | (isMultiline ? RE2JS.MULTILINE : 0),
      );
    } catch (error) {
      if (error instanceof Inexpressible || (error as Error).name.startsWith("RE2JS")) throw new TooCostly();
      throw error;
    }
  }
}

function foundBy(found: RegExpExecArray): Found {
  return { at: found.index, text: found[0], groups: found.slice(1) };
}
