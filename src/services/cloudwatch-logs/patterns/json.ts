/**
 * Patterns of JSON events: `{ $.status = 500 && ($.user NOT EXISTS || $.cached IS TRUE) }`.
 *
 * @evidence CloudWatch Logs User Guide, "Using filter patterns to match terms in JSON log events"
 */

import { testOf } from "./conditions.ts";
import type { Match, Matcher } from "./filter-pattern.ts";
import { invalidPattern } from "./invalid.ts";
import type { Scanner } from "./scanner.ts";
import { parseSelector, select, type Selector } from "./selectors.ts";

type Holds = (root: unknown) => boolean;

/** Deeper than anybody writes; shallow enough for the stack. */
const depthMax = 100;

class JsonPattern {
  readonly selectors: Selector[] = [];
  readonly #scanner: Scanner;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  parse(): Holds {
    this.#scanner.require("{");
    const holds = this.#either(0);
    this.#scanner.require("}");
    this.#scanner.skipSpaces();
    if (!this.#scanner.isAtEnd) throw invalidPattern();
    return holds;
  }

  #either(depth: number): Holds {
    const parts = [this.#both(depth)];
    while (this.#scanner.skip("||")) parts.push(this.#both(depth));
    return parts.length === 1 ? (parts[0] as Holds) : (root) => parts.some((holds) => holds(root));
  }

  #both(depth: number): Holds {
    const parts = [this.#one(depth)];
    while (this.#scanner.skip("&&")) parts.push(this.#one(depth));
    return parts.length === 1 ? (parts[0] as Holds) : (root) => parts.every((holds) => holds(root));
  }

  #one(depth: number): Holds {
    if (depth > depthMax) throw invalidPattern();
    if (this.#scanner.skip("(")) {
      const holds = this.#either(depth + 1);
      this.#scanner.require(")");
      return holds;
    }
    return this.#condition();
  }

  #condition(): Holds {
    const scanner = this.#scanner;
    const selector = parseSelector(scanner);
    this.selectors.push(selector);
    const values = (root: unknown): unknown[] => select(root, selector);
    scanner.skipSpaces();
    if (scanner.find(/NOT\s+EXISTS\b/iy) !== undefined) return (root) => values(root).length === 0;
    if (scanner.find(/EXISTS\b/iy) !== undefined) return (root) => values(root).length > 0;
    const constant = scanner.find(/IS\s+(?:NULL|TRUE|FALSE)\b/iy);
    if (constant !== undefined) {
      const wanted = { NULL: null, TRUE: true, FALSE: false }[constant.split(/\s+/)[1]?.toUpperCase() ?? ""];
      return (root) => values(root).some((value) => value === wanted);
    }
    const comparison = scanner.comparison();
    if (comparison === undefined) throw invalidPattern();
    const test = testOf(comparison, scanner.operand(/(?:(?!&&|\|\|)[^\s(){}"])+/y));
    return (root) => values(root).some((value) => test(value));
  }
}

/** How a value is shown among those that a pattern extracts. */
export function shownValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function parseObject(message: string): Record<string, unknown> | undefined {
  const first = /\S/.exec(message)?.[0];
  if (first !== "{" && first !== "[") return undefined;
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export function parseJsonPattern(scanner: Scanner): Matcher {
  const pattern = new JsonPattern(scanner);
  const holds = pattern.parse();
  return (text, known) => {
    const root = known ?? parseObject(text);
    return root !== undefined && holds(root) ? matchOf(root, pattern.selectors) : undefined;
  };
}

function matchOf(root: unknown, selectors: readonly Selector[]): Match {
  return {
    values: () => Object.fromEntries(selectors.flatMap((selector) => {
      const [value] = select(root, selector);
      return value === undefined ? [] : [[selector.text, shownValue(value)]];
    })),
    valueOf: (selector) => select(root, selector)[0],
  };
}
