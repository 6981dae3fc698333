/** What `parse` takes out of a text. */

import type { Expression } from "../../../patterns/expressions/expression.ts";
import type { Scanner } from "./scanner.ts";

/** The values in the order of their names; undefined when the text is not as described. */
export interface Extraction {
  readonly names: readonly string[];
  extract(text: string): readonly (string | undefined)[] | undefined;
}

/**
 * A description whose stars stand for what is wanted: each for as little as possible, the last for the
 * rest.
 */
export function globExtraction(
  scanner: Scanner, glob: string, names: readonly string[], begin: number
): Extraction {
  const parts = glob.split("*");
  const stars = parts.length - 1;
  if (stars === 0 || stars !== names.length) {
    throw scanner.refused(
      `Number of wildcards (${stars}) in the parse expression does not match ` +
        `number of fields (${names.length})`,
      begin,
    );
  }
  return { names, extract: (text) => between(parts, text) };
}

/** What stands between the parts. Each is taken where it comes first: if any place will do, that does. */
function between(parts: readonly string[], text: string): string[] | undefined {
  const [first = "", ...others] = parts;
  let at = text.indexOf(first) + first.length;
  if (at < first.length) return undefined;
  const values: string[] = [];
  for (const [index, part] of others.entries()) {
    const isRest = index === others.length - 1 && part === "";
    const next = isRest ? text.length : text.indexOf(part, at);
    if (next < 0) return undefined;
    values.push(text.slice(at, next));
    at = next + part.length;
  }
  return values;
}

/** Named groups, or groups in the order of the names behind `as`. */
export function regexExtraction(
  scanner: Scanner, regex: Expression, given: readonly string[], begin: number,
): Extraction {
  const { groups } = regex;
  const names = given.length > 0 ? given : groups.filter((name) => name !== undefined);
  if (names.length === 0 || names.length > groups.length) {
    throw scanner.refused("The parse expression has no named groups for its fields", begin);
  }
  return {
    names,
    extract: (text) => {
      const found = regex.find(text);
      if (given.length > 0) return found?.groups;
      return found?.groups.filter((_, index) => groups[index] !== undefined);
    },
  };
}
