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

/** In the order of the store: numbers before strings before bytes, and a place before those it begins. */
export function comparePlaces(left: readonly KeyPart[], right: readonly KeyPart[]): number {
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareParts(part, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareParts(left: KeyPart, right: KeyPart): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  const kinds = kindOf(left) - kindOf(right);
  return kinds === 0 ? Buffer.compare(bytesOf(left), bytesOf(right)) : kinds;
}

function kindOf(part: KeyPart): number {
  if (typeof part === "number") return 0;
  return typeof part === "string" ? 1 : 2;
}

function bytesOf(part: KeyPart): Uint8Array {
  return part instanceof Uint8Array ? part : Buffer.from(String(part));
}
