/** Ranges of keys as ranges of the store. */

import type { KeyPart, Range } from "../../../store/types.ts";
import { storeRange, type KeyRange } from "../expressions/key-ranges.ts";
import { partitionKeyOf } from "../items/item-keys.ts";
import type { Index, Table } from "../tables/table-rows.ts";

/** @param start where the page before ended */
export function partitionRange(
  space: Table | Index, range: KeyRange, start: readonly KeyPart[] | undefined, isReverse: boolean,
): Range {
  const before = partitionKeyOf(space.number, range.partition).slice(0, 2);
  const stored = storeRange(range, before);
  const directed: Range = isReverse ? { ...stored, reverse: true } : stored;
  if (!start) return directed;
  return isReverse ? { ...directed, before: start } : { ...directed, after: start };
}
