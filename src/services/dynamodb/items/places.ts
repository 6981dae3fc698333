/** Where an item lies, as parts of a key of the store. */

import type { KeyPart } from "../../../store/types.ts";

export function encodedEqual(left: readonly KeyPart[], right: readonly KeyPart[]): boolean {
  return left.length === right.length && left.every((part, index) => partsEqual(part, right[index]));
}

function partsEqual(left: KeyPart, right: KeyPart | undefined): boolean {
  if (left === right) return true;
  if (!(left instanceof Uint8Array) || !(right instanceof Uint8Array)) return false;
  return Buffer.compare(left, right) === 0;
}

/** A text that two places have in common only if they are the same: each part says how long it is. */
export function placeText(place: readonly KeyPart[]): string {
  let text = "";
  for (const part of place) {
    if (typeof part === "number") text += `${part};`;
    else if (typeof part === "string") text += `${part.length}:${part}`;
    else text += `${part.length}=${Buffer.from(part).toString("latin1")}`;
  }
  return text;
}
