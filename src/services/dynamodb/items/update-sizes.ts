/**
 * UpdateItem alone measures what it writes beside the item that it makes: a large item may be refused of it
 * that any other operation would take.
 *
 * @evidence dynamodb-conformance, limits/itemSizeBySurface, measured against AWS: three bytes, 19 for what
 *   is set or added (20 through an index of a list), 2 for what is removed, and the attributes written
 */

import type { PathAction, Update } from "../expressions/updates.ts";
import { attributeOf, type Item } from "../values/attribute-values.ts";
import { ITEM_SIZE_BYTES_MAX, valueSizeBytes } from "../values/sizes.ts";
import { itemToUpdateTooLarge } from "../values/value-errors.ts";

const updateBytes = 3;
const writeBytes = 19;
const indexBytes = 1;
const removalBytes = 2;

function actionBytes({ path, action }: PathAction): number {
  if (action.kind === "remove" || action.kind === "delete") return removalBytes;
  return writeBytes + (typeof path.at(-1) === "number" ? indexBytes : 0);
}

/** @throws where the update writes too much */
export function requireUpdateSize(update: Update, item: Item, sizeBytes: number): void {
  let written = updateBytes;
  for (const action of update.actions) written += actionBytes(action);
  // What is written is at most the item: only items close to the limit are measured again.
  if (sizeBytes + written <= ITEM_SIZE_BYTES_MAX) return;
  for (const name of new Set(update.actions.map(({ path }) => String(path[0])))) {
    const value = attributeOf(item, name);
    if (value) written += Buffer.byteLength(name) + valueSizeBytes(value);
  }
  if (written > ITEM_SIZE_BYTES_MAX) throw itemToUpdateTooLarge();
}
