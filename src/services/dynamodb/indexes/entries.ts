/** The entries that an item has in the indexes of its table. */

import { entryKeyOf } from "../items/item-keys.ts";
import { rowOf, type ItemRow } from "../items/item-rows.ts";
import { measured } from "../items/measures.ts";
import type { Index, Table } from "../tables/table-rows.ts";
import { attributeOf, emptyItem } from "../values/attribute-values.ts";
import type { Item } from "../values/attribute-values.ts";
import { itemsEqual } from "../values/comparison.ts";
import { writeUnits } from "../capacity/usage.ts";
import { encodedEqual } from "../items/places.ts";

/** An item and its row. */
export interface Stored {
  readonly item: Item;
  readonly row: ItemRow;
}

/** What a write does to an index. */
export interface EntryChange {
  readonly index: Index;
  readonly before: ItemRow | undefined;
  readonly after: ItemRow | undefined;
  /** Nothing for an entry that stays as it is; of one that moves, those of its new place. */
  readonly units: number;
  /** For taking an entry away from where it was. */
  readonly unitsBefore: number;
  /** By how much the index grows. */
  readonly sizeBytes: number;
  readonly items: number;
}

function projectedItem(index: Index, item: Item): Item {
  if (!index.projected) return item;
  const projected = emptyItem();
  for (const name of index.projected) {
    const value = attributeOf(item, name);
    if (value !== undefined) projected[name] = value;
  }
  return projected;
}

/** The entry of an item; undefined for one that the index leaves out. */
export function entryOf(table: Table, index: Index, { item, row }: Stored): ItemRow | undefined {
  const key = entryKeyOf(table, index, item);
  if (!key) return undefined;
  if (!index.projected) return { ...row, key };
  return rowOf(key, measured(projectedItem(index, item)));
}

/**
 * What becomes of an index's entry. Without a change of what it holds it costs nothing; a change of its key
 * is a deletion and a put.
 */
export function entryChange(
  table: Table, index: Index, before: Stored | undefined, after: Stored | undefined,
): EntryChange | undefined {
  const old = before && entryOf(table, index, before);
  const next = after && entryOf(table, index, after);
  if (!old && !next) return undefined;
  const isSamePlace = old && next && encodedEqual(old.key, next.key);
  if (isSamePlace && isSameEntry(index, old, next, before, after)) return undefined;
  const units = next ? writeUnits(Math.max(isSamePlace ? old.sizeBytes : 0, next.sizeBytes)) : 0;
  return {
    index,
    before: isSamePlace ? undefined : old,
    after: next,
    units,
    unitsBefore: old && !isSamePlace ? writeUnits(old.sizeBytes) : 0,
    sizeBytes: (next?.sizeBytes ?? 0) - (old?.sizeBytes ?? 0),
    items: (next ? 1 : 0) - (old ? 1 : 0),
  };
}

/** Attributes may have come in another order. */
function isSameEntry(
  index: Index, old: ItemRow, next: ItemRow, before: Stored | undefined, after: Stored | undefined,
): boolean {
  if (old.text === next.text) return true;
  if (old.sizeBytes !== next.sizeBytes || !before || !after) return false;
  return itemsEqual(projectedItem(index, before.item), projectedItem(index, after.item));
}
