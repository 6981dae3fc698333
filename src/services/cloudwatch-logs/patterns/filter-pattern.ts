/** The language of filter patterns: which events match, and what of them can be taken out. */

import { invalidPattern } from "./invalid.ts";
import { parseFields } from "./fields.ts";
import { parseJsonPattern } from "./json.ts";
import { Scanner } from "./scanner.ts";
import type { Selector } from "./selectors.ts";
import { parseTerms } from "./terms.ts";

export interface Match {
  /** By selector: `$.status`, `$status`. */
  values(): Record<string, string>;
  valueOf(selector: Selector): unknown;
}

/** @param known the event as a JSON value, where it was parsed already */
export type Matcher = (text: string, known?: Record<string, unknown>) => Match | undefined;

export interface FilterPattern {
  readonly match: Matcher;
  readonly kind: "all" | "terms" | "json" | "fields";
  readonly regexes: number;
}

const everything: FilterPattern = {
  kind: "all",
  regexes: 0,
  match: () => ({ values: () => ({}), valueOf: () => undefined }),
};

/** @throws InvalidParameterException */
export function parseFilterPattern(text: string): FilterPattern {
  const scanner = new Scanner(text);
  scanner.skipSpaces();
  if (scanner.isAtEnd) return everything;
  const kind = scanner.sees("{") ? "json" : scanner.sees("[") ? "fields" : "terms";
  const parse = { json: parseJsonPattern, fields: parseFields, terms: parseTerms }[kind];
  const match = parse(scanner);
  if (!scanner.isAtEnd) throw invalidPattern();
  return { kind, match, regexes: scanner.regexes };
}
