/**
 * Keys as bytes whose order is the order of the keys. Bytes are held in one-byte strings (one character a
 * byte): JavaScript compares those with memcmp and hashes them, so the same form serves maps, sorted lists
 * and LMDB.
 *
 * A part is a tag and its value. Strings and bytes end with 00, and hold 00 as 00 FF, so that a shorter part
 * sorts before the longer one it begins. No tag is above 04, so that FF after a prefix lies behind all it
 * begins.
 */

import { KeyTooLong } from "./errors.ts";
import type { Key, KeyPart } from "./types.ts";

const NUMBER_TAG = "\x02";
const STRING_TAG = "\x03";
const BYTES_TAG = "\x04";
const END = "\x00";
const ESCAPED_ZERO = "\x00\xff";

/** Between the two keys of an index entry: below every tag, so that a shorter index key comes first. */
export const INDEX_SEPARATOR = "\x00";
/** Behind a key and, in an index, behind all entries of that key; before every longer key. */
export const AFTER_KEY = "\x01";
/** Behind everything that begins with the text before it. */
export const AFTER_PREFIX = "\xff";

/** Far above any AWS name; a bound so that no request can make the store hold keys of any size. */
export const KEY_SIZE_BYTES_MAX = 16_384;

const scratch = new DataView(new ArrayBuffer(8));

export function encodeKey(key: Key): string {
  const encoded = encodeSoughtKey(key);
  if (encoded.length > KEY_SIZE_BYTES_MAX) throw new KeyTooLong(encoded.length, KEY_SIZE_BYTES_MAX);
  return encoded;
}

/** As `encodeKey`, of a key that is only looked for: one that is too long to be there is just not there. */
export function encodeSoughtKey(key: Key): string {
  return isParts(key) ? encodeParts(key) : encodePart(key);
}

/** As `encodeSoughtKey`, but the last part may go on: what every string that begins with it begins with. */
export function encodeOpenPrefix(key: Key): string {
  const encoded = encodeSoughtKey(key);
  const last = isParts(key) ? key.at(-1) : key;
  if (typeof last !== "string") {
    throw new TypeError("prefixOfLastPart needs a prefix whose last part is a string.");
  }
  return encoded.slice(0, -END.length);
}

export function decodeKey(encoded: string): KeyPart[] {
  const parts: KeyPart[] = [];
  for (let position = 0; position < encoded.length; ) {
    const end = partEnd(encoded, position);
    parts.push(decodePart(encoded.slice(position, end)));
    position = end;
  }
  return parts;
}

/** The table's key in an index entry: what follows the separator. */
export function primaryKeyOf(entry: string, start: number): string {
  let position = start;
  while (entry[position] !== INDEX_SEPARATOR) {
    if (position >= entry.length) throw new Error("An index entry without a separator.");
    position = partEnd(entry, position);
  }
  return entry.slice(position + INDEX_SEPARATOR.length);
}

function isParts(key: Key): key is readonly KeyPart[] {
  return Array.isArray(key);
}

function encodeParts(parts: readonly KeyPart[]): string {
  let encoded = "";
  for (const part of parts) encoded += encodePart(part);
  return encoded;
}

function encodePart(part: KeyPart): string {
  if (typeof part === "string") return STRING_TAG + escape(utf8(part)) + END;
  if (typeof part === "number") return NUMBER_TAG + encodeNumber(part);
  if (part instanceof Uint8Array) return BYTES_TAG + escape(bytesToText(part)) + END;
  throw new TypeError(`A key part is a number, a string or bytes, not ${describe(part)}.`);
}

function decodePart(encoded: string): KeyPart {
  const value = encoded.slice(1);
  if (encoded[0] === NUMBER_TAG) return decodeNumber(value);
  const bytes = Buffer.from(value.slice(0, -END.length).replaceAll(ESCAPED_ZERO, "\x00"), "latin1");
  return encoded[0] === STRING_TAG ? bytes.toString("utf8") : new Uint8Array(bytes);
}

function partEnd(encoded: string, start: number): number {
  if (encoded[start] === NUMBER_TAG) return start + 9;
  let zero = encoded.indexOf(END, start);
  while (zero >= 0 && encoded[zero + 1] === "\xff") zero = encoded.indexOf(END, zero + 2);
  if (zero < 0) throw new Error("A key part without its end.");
  return zero + END.length;
}

// The escape must be a text of the encoding, where a zero byte is one character.
function escape(text: string): string {
  return text.includes("\x00") ? text.replaceAll("\x00", ESCAPED_ZERO) : text;
}

function utf8(text: string): string {
  // Text that is ASCII is its own UTF-8.
  if (!/[^\x00-\x7f]/.test(text)) return text;
  // A lone surrogate has no UTF-8: two different texts would become one key.
  if (!text.isWellFormed()) {
    throw new TypeError("A key is well-formed Unicode; this one has a lone surrogate.");
  }
  return Buffer.from(text, "utf8").toString("latin1");
}

function bytesToText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** An IEEE 754 double, most significant byte first; negatives inverted, positives above them. */
function encodeNumber(value: number): string {
  if (Number.isNaN(value)) throw new TypeError("NaN has no place in an order: it cannot be part of a key.");
  scratch.setFloat64(0, value === 0 ? 0 : value);
  const high = scratch.getUint32(0);
  const low = scratch.getUint32(4);
  const negative = high >= 0x80000000;
  return word(negative ? ~high : high ^ 0x80000000) + word(negative ? ~low : low);
}

function decodeNumber(encoded: string): number {
  for (let index = 0; index < 8; index++) scratch.setUint8(index, encoded.charCodeAt(index));
  const high = scratch.getUint32(0);
  const negative = high < 0x80000000;
  scratch.setUint32(0, negative ? ~high : high ^ 0x80000000);
  if (negative) scratch.setUint32(4, ~scratch.getUint32(4));
  return scratch.getFloat64(0);
}

function word(value: number): string {
  return String.fromCharCode((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

function describe(part: unknown): string {
  return part === null ? "null" : typeof part;
}
