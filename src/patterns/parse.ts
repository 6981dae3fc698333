/**
 * Event patterns: what an event must look like for a rule, a filter, a pipe or an archive to take it.
 *
 * @evidence EventBridge User Guide, "Creating event patterns" and "Comparison operators"; texts and positions
 *   as EventBridge answers them, recorded; where no answer is known, in the words of Event Ruler, which
 *   EventBridge runs
 */

import { matches } from "./fields.ts";
import { isTooComplex } from "./complexity.ts";
import { JsonReader, PatternError } from "./json-reader.ts";
import type { Matcher } from "./matchers.ts";
import { readMatchers, type Wildcards } from "./parse-matchers.ts";

export { PatternError } from "./json-reader.ts";

/** One field of a branch: its path joined by dots, and what its value may be. */
export interface FieldPattern {
  readonly name: string;
  readonly anyOf: readonly Matcher[];
}

/** All fields must match. In the order of their names. */
export type Branch = readonly FieldPattern[];

export interface Pattern {
  /** One of them must match: more than one come from `$or`. */
  readonly branches: readonly Branch[];
  matches(event: unknown): boolean;
}

/** So many ways to satisfy a pattern, which `$or`s multiply. */
const branchesMax = 1_000;

/** What must not be a field inside of `$or`, since it could be meant as an operator. */
const reservedInOr = new Set([
  "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric",
  "cidr", "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after",
  "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range",
  "ip-address-not-in-range",
]);

type Draft = ReadonlyMap<string, readonly Matcher[]>;

/** @throws PatternError */
export function parsePattern(text: string): Pattern {
  const parser = new Parser(text);
  const branches = parser.parse().map((draft) =>
    [...draft]
      .map(([name, anyOf]): FieldPattern => ({ name, anyOf }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  return { branches, matches: (event) => matches(branches, event) };
}

class Parser {
  readonly #reader: JsonReader;
  readonly #path: string[] = [];
  /** By the field's name. */
  readonly #wildcards = new Map<string, Wildcards>();
  #drafts: Draft[] = [];

  constructor(text: string) {
    this.#reader = new JsonReader(text);
  }

  parse(): readonly Draft[] {
    if (this.#reader.next() !== "{") this.#reader.fail("Filter is not an object");
    this.#object(false);
    if ([...this.#wildcards.values()].some((patterns) => isTooComplex(patterns))) {
      throw new PatternError(
        "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences " +
          "after a wildcard character",
      );
    }
    return this.#drafts;
  }

  #object(isInOr: boolean): void {
    const reader = this.#reader;
    let isEmpty = true;
    while (reader.next() !== "}") {
      isEmpty = false;
      const name = reader.text();
      if (name === "$or") {
        this.#or();
        continue;
      }
      if (isInOr && reservedInOr.has(name)) {
        reader.fail(`${name} is Ruler reserved fieldName which cannot be used inside $or.`);
      }
      const token = reader.next();
      if (token !== "{" && token !== "[") reader.fail(`"${name}" must be an object or an array`);
      this.#path.push(name);
      if (token === "{") this.#object(isInOr);
      else this.#field();
      this.#path.pop();
    }
    if (isEmpty) reader.fail("Empty objects are not allowed");
  }

  #field(): void {
    const name = this.#path.join(".");
    let wildcards = this.#wildcards.get(name);
    if (!wildcards) this.#wildcards.set(name, (wildcards = []));
    const anyOf = readMatchers(this.#reader, wildcards);
    if (this.#drafts.length === 0) this.#drafts = [new Map()];
    this.#drafts = this.#drafts.map((draft) => new Map(draft).set(name, anyOf));
  }

  /** Everything so far, with each of the alternatives. */
  #or(): void {
    const reader = this.#reader;
    const before = this.#drafts;
    const after: Draft[] = [];
    if (reader.next() !== "[") reader.fail("It must be an Array followed with $or.");
    let count = 0;
    for (let token = reader.next(); token !== "]"; token = reader.next()) {
      count += 1;
      if (token !== "{") reader.fail("Only JSON object is allowed in array of $or relationship.");
      this.#drafts = before.length === 0 ? [new Map()] : before;
      this.#object(true);
      after.push(...this.#drafts);
      if (after.length > branchesMax) {
        throw new PatternError("Rule is too complex - try using fewer $or conditions");
      }
    }
    if (count < 2) reader.fail("There must have at least 2 Objects in $or relationship.");
    this.#drafts = after;
  }
}
