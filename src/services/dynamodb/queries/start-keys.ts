/** Where a page begins: ExclusiveStartKey. @evidence dynalite's recorded refusals of Query and Scan */

import { AwsError } from "../../../kernel/errors.ts";
import { validation } from "../errors.ts";
import { entryKeyOf, normalizeKey, requireKey, storeKeyOf } from "../items/item-keys.ts";
import { keyNames, type Index, type Table } from "../tables/table-rows.ts";
import { attributeOf, typeOf, type Item } from "../values/attribute-values.ts";
import type { Layer } from "../values/value-errors.ts";
import type { KeyPart } from "../../../store/types.ts";

export function invalidStart(reason?: string): AwsError {
  return validation(`The provided starting key is invalid${reason === undefined ? "" : `: ${reason}`}`);
}

/** The values of a starting key in normal form. */
export function normalizeStart(start: Item | undefined, layer: Layer): Item | undefined {
  if (start === undefined) return undefined;
  try {
    return normalizeKey(start, layer);
  } catch (cause) {
    if (cause instanceof AwsError) throw invalidStart(cause.message);
    throw cause;
  }
}

/** @throws for a key that is not what a page of this table or index ends with */
export function requireStart(table: Table, index: Index | undefined, start: Item): void {
  const names = index ? keyNames(table.key, index.key) : keyNames(table.key);
  if (Object.keys(start).length !== names.length || !names.every((name) => attributeOf(start, name))) {
    throw invalidStart(index ? undefined : "The provided key element does not match the schema");
  }
  for (const { name, type } of index ? [...index.key.partition, ...index.key.sort] : []) {
    const value = attributeOf(start, name);
    if (!value || typeOf(value) !== type) throw invalidStart();
  }
  const tableKey = Object.fromEntries(keyNames(table.key).map((name) => [name, attributeOf(start, name)]));
  try {
    requireKey(table, tableKey as Item);
  } catch (cause) {
    if (cause instanceof AwsError) throw invalidStart(cause.message);
    throw cause;
  }
}

/** Where the item of a starting key lies, or would lie. */
export function placeOfStart(table: Table, index: Index | undefined, start: Item): readonly KeyPart[] {
  if (!index) return storeKeyOf(table.number, table.key, start);
  const place = entryKeyOf(table, index, start);
  if (!place) throw invalidStart();
  return place;
}
