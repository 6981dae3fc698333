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

/** A text that two places have in common only if they are the same. */
export function placeText(place: readonly KeyPart[]): string {
  return JSON.stringify(place.map((part) =>
    (part instanceof Uint8Array ? { bytes: Buffer.from(part).toString("base64") } : part)));
}
