/** What `parse` takes out of a text. */

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
  const source = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("([^]*?)");
  const form = new RegExp(parts.at(-1) === "" ? `${source}$` : source);
  return { names, extract: (text) => form.exec(text)?.slice(1) };
}

/** Named groups, or groups in the order of the names behind `as`. */
export function regexExtraction(
  scanner: Scanner, regex: RegExp, given: readonly string[], begin: number,
): Extraction {
  const groups = [...regex.source.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map(([, name = ""]) => name);
  const count = (new RegExp(`${regex.source}|`).exec("")?.length ?? 1) - 1;
  const names = given.length > 0 ? given : groups;
  if (names.length === 0 || names.length > count) {
    throw scanner.refused("The parse expression has no named groups for its fields", begin);
  }
  return {
    names,
    extract: (text) => {
      const found = regex.exec(text);
      if (!found) return undefined;
      return given.length > 0 ? found.slice(1) : groups.map((name) => found.groups?.[name]);
    },
  };
}
