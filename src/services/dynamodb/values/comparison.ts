/** Which values are equal, and which comes before which. Everything here takes values in normal form. */

import { typeOf } from "./attribute-values.ts";
import type { AttributeValue, Item } from "./attribute-values.ts";
import { compareNumbers, encodeNumber } from "./numbers.ts";

/** Whether two values are equal: of one type, sets whatever their order, documents all the way down. */
export function valuesEqual(left: AttributeValue, right: AttributeValue): boolean {
  if (left === right) return true;
  const type = typeOf(left);
  if (typeOf(right) !== type) return false;
  switch (type) {
    case "S": return left.S === right.S;
    case "N": return left.N === right.N;
    case "BOOL": return left.BOOL === right.BOOL;
    case "NULL": return true;
    case "B": return Buffer.compare(left.B ?? NO_BYTES, right.B ?? NO_BYTES) === 0;
    case "SS": return sameMembers(left.SS ?? [], right.SS ?? []);
    case "NS": return sameMembers(left.NS ?? [], right.NS ?? []);
    case "BS": return sameMembers(setMembers(left), setMembers(right));
    case "L": return listsEqual(left.L ?? [], right.L ?? []);
    case "M": return itemsEqual(left.M ?? {}, right.M ?? {});
  }
}

/** Whether two items have the same attributes with equal values. */
export function itemsEqual(left: Item, right: Item): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    const one = left[name];
    const other = Object.hasOwn(right, name) ? right[name] : undefined;
    return one !== undefined && other !== undefined && valuesEqual(one, other);
  });
}

function listsEqual(left: readonly AttributeValue[], right: readonly AttributeValue[]): boolean {
  if (left.length !== right.length) return false;
  return left.every((element, index) => {
    const other = right[index];
    return other !== undefined && valuesEqual(element, other);
  });
}

function sameMembers(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  const members = new Set(left);
  return right.every((member) => members.has(member));
}

const NO_BYTES = Buffer.alloc(0);

/** The members of a set as texts that are equal when the members are; binary members one character a byte. */
export function setMembers(value: AttributeValue): readonly string[] {
  return value.SS ?? value.NS ?? (value.BS ?? []).map((member) => member.toString("latin1"));
}

/**
 * Negative, zero or positive as `left` comes before, with or after `right`: strings by their UTF-8 bytes,
 * numbers by value, binary values by unsigned bytes. Undefined where there is no order: for different types,
 * and for types other than these.
 */
export function compareValues(left: AttributeValue, right: AttributeValue): number | undefined {
  if (left.S !== undefined && right.S !== undefined) return compareStrings(left.S, right.S);
  if (left.N !== undefined && right.N !== undefined) return compareNumbers(left.N, right.N);
  if (left.B !== undefined && right.B !== undefined) return Buffer.compare(left.B, right.B);
  return undefined;
}

/** The order of UTF-8 bytes, which is that of code points and not JavaScript's own. */
export function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  let index = 0;
  while (index < length && left.charCodeAt(index) === right.charCodeAt(index)) index += 1;
  if (index === length) return left.length - right.length;
  const first = left.charCodeAt(index);
  const second = right.charCodeAt(index);
  return codePointRank(first) - codePointRank(second);
}

/** Surrogates stand for code points above all others of 16 bits. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x10000 : unit;
}

/**
 * A key attribute's value as a part of a store's key, whose order there is DynamoDB's: strings and binary
 * values as they are, numbers encoded. Lone surrogates, which have no bytes, become U+FFFD.
 */
export function keyPart(value: AttributeValue): string | Uint8Array {
  if (value.S !== undefined) return value.S.toWellFormed();
  if (value.N !== undefined) return encodeNumber(value.N);
  if (value.B !== undefined) return value.B;
  throw new TypeError(`A key attribute is a string, a number or binary, not ${typeOf(value)}.`);
}

