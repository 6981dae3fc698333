/**
 * How large items are, as DynamoDB counts for its limit and for capacity. Everything here takes items and
 * values in normal form.
 *
 * @evidence Developer Guide, DynamoDB item sizes and formats; numbers as measured, see `numberSizeBytes`
 */

import { typeOf } from "./attribute-values.ts";
import type { AttributeValue, Item } from "./attribute-values.ts";
import { numberSizeBytes } from "./numbers.ts";

/** 400 KB; an item of exactly this size is taken. */
export const ITEM_SIZE_BYTES_MAX = 409_600;

const DOCUMENT_BYTES = 3;
const ELEMENT_BYTES = 1;

const SHORT_CHARACTERS = 24;
const ASCII_MAX = 0x7f;

/** The bytes of a text in UTF-8. Short ones are mostly ASCII, which is soon seen. */
export function textSizeBytes(text: string): number {
  const { length } = text;
  if (length > SHORT_CHARACTERS) return Buffer.byteLength(text);
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(index) > ASCII_MAX) return Buffer.byteLength(text);
  }
  return length;
}

/** The size of an item: the names and the values of its attributes. */
export function itemSizeBytes(item: Item): number {
  let size = 0;
  for (const name of Object.keys(item)) {
    const value = item[name];
    if (value !== undefined) size += textSizeBytes(name) + valueSizeBytes(value);
  }
  return size;
}

/** The size of a value without its name. */
export function valueSizeBytes(value: AttributeValue): number {
  switch (typeOf(value)) {
    case "S": return textSizeBytes(value.S ?? "");
    case "N": return numberSizeBytes(value.N ?? "0");
    case "B": return value.B?.length ?? 0;
    case "SS": return total(value.SS, textSizeBytes);
    case "NS": return total(value.NS, numberSizeBytes);
    case "BS": return total(value.BS, (member) => member.length);
    case "L": return DOCUMENT_BYTES + total(value.L, (element) => ELEMENT_BYTES + valueSizeBytes(element));
    case "M": return DOCUMENT_BYTES + mapSizeBytes(value.M ?? {});
    case "NULL": case "BOOL": return 1;
  }
}

function mapSizeBytes(entries: Item): number {
  return itemSizeBytes(entries) + ELEMENT_BYTES * Object.keys(entries).length;
}

function total<Member>(members: readonly Member[] | undefined, size: (member: Member) => number): number {
  let sum = 0;
  for (const member of members ?? []) sum += size(member);
  return sum;
}
