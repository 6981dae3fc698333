/** Walking over keys in their order, rolling up those that a delimiter makes one. */

import type { Ordered, Range } from "../../../store/types.ts";

export interface WalkRequest {
  readonly bucket: string;
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  /** Only keys, and rolled-up prefixes, greater than this. */
  readonly after: string | undefined;
  /** Of several rows with the key `after`, those that come after this one. Default: none of them. */
  readonly afterWithin?: number;
}

export type Walked<Row> = { readonly row: Row } | { readonly commonPrefix: string };

/**
 * Everything under a common prefix is stepped over in one, so that the cost is that of what is shown.
 *
 * @param range of the rows' own after a key; keys begin with bucket and key
 */
export function* walkKeys<Row extends { readonly key: string }>(
  rows: Pick<Ordered<Row>, "list">,
  request: WalkRequest,
): Generator<Walked<Row>> {
  const { bucket, prefix, delimiter, after, afterWithin } = request;
  const all: Range = { prefix: [bucket, prefix], prefixOfLastPart: true };
  const last = afterWithin === undefined ? [] : [afterWithin];
  let start: Range = after === undefined ? {} : { after: [bucket, after, ...last] };
  for (;;) {
    let rolledUp: string | undefined;
    for (const row of rows.list({ ...all, ...start })) {
      if (row.key === after && afterWithin === undefined) continue;
      rolledUp = commonPrefixOf(row.key, prefix, delimiter);
      if (rolledUp === undefined) yield { row };
      else break;
    }
    if (rolledUp === undefined) return;
    // A listing that goes on after a common prefix, or from within it, is past all of it.
    if (!after?.startsWith(rolledUp)) yield { commonPrefix: rolledUp };
    const next = successor(rolledUp);
    if (next === undefined) return;
    start = { from: [bucket, next] };
  }
}

/** What a key shows as when it has the delimiter after the prefix. */
export function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "") return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

const lastCodePoint = 0x10ffff;

/** The least text greater than all that begin with this one; undefined when there is none. */
export function successor(text: string): string | undefined {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last >= lastCodePoint) continue;
    // Surrogates are no characters of their own.
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}
