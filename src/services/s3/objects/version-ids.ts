/**
 * Version and upload ids: opaque to clients. They hold the place of what they name in the order of writing,
 * so that it is found without an index.
 */

import type { Ids } from "../../../kernel/ids.ts";

/** What an object stored without versioning has for a version. */
export const nullVersion = "null";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
const values = new Map([...alphabet].map((digit, value) => [digit, value]));
const idLength = 32;
/** 54 bits hold every order. */
const orderDigits = 9;
const form = /^[A-Za-z0-9._]{32}$/;

export function orderedId(ids: Ids, order: number): string {
  return ids.from(alphabet, idLength - orderDigits) + digitsOf(order);
}

/** An id that follows from what it names. @param seal a byte for each character before the order */
export function idOfOrder(seal: Uint8Array, order: number): string {
  const digits = Array.from(seal.subarray(0, idLength - orderDigits), (byte) => alphabet[byte % 64]);
  return digits.join("") + digitsOf(order);
}

function digitsOf(order: number): string {
  let digits = "";
  for (let rest = order; digits.length < orderDigits; rest = Math.floor(rest / alphabet.length)) {
    digits = (alphabet[rest % alphabet.length] ?? "") + digits;
  }
  return digits;
}

/** The order in an id; undefined for what cannot be one. */
export function orderOf(id: string): number | undefined {
  if (!form.test(id)) return undefined;
  let order = 0;
  for (const digit of id.slice(-orderDigits)) order = order * alphabet.length + (values.get(digit) ?? 0);
  return Number.isSafeInteger(order) ? order : undefined;
}

/** Whether a text may name a version, of this key or another. */
export function isVersionId(text: string): boolean {
  return text === nullVersion || orderOf(text) !== undefined;
}
