/**
 * Attribute values and items: what a request may say, and the normal form in which everything else here
 * expects them. A value in normal form has exactly one member, numbers are in their normal form, sets hold
 * each member once, and maps have no prototype. Values never change: whoever needs another
 * makes another.
 *
 * A row holds items in normal form; `normalizeItem` and `normalizeValue` are the way in.
 */

import type { AttributeValue } from "../../../generated/dynamodb.ts";
import { normalizeNumber } from "./numbers.ts";
import {
  attributeNameTooLarge, duplicateBinaries, duplicateNumbers, duplicateStrings, emptyAttributeName, emptySet,
  emptyValue, falseNull, isEmptyName, nestedTooDeeply, severalTypes, updatedTooDeeply,
} from "./value-errors.ts";
import type { Layer } from "./value-errors.ts";

export type { AttributeValue } from "../../../generated/dynamodb.ts";

/** An item, or any map of attributes. Read it with `Object.hasOwn` or `attributeOf`: it may have any keys. */
export type Item = Readonly<Record<string, AttributeValue>>;

export type AttributeType = "S" | "N" | "B" | "SS" | "NS" | "BS" | "M" | "L" | "NULL" | "BOOL";

/**
 * Levels below an attribute's own value: 31 maps around a scalar are stored, 32 are refused.
 *
 * @evidence dynamodb-conformance, nesting depth, recorded in 2026-06
 */
const LEVELS_MAX = 32;
const NAME_BYTES_MAX = 65_535;

/** The type of a value in normal form. */
export function typeOf(value: AttributeValue): AttributeType {
  if (value.S !== undefined) return "S";
  if (value.N !== undefined) return "N";
  if (value.M !== undefined) return "M";
  if (value.L !== undefined) return "L";
  if (value.BOOL !== undefined) return "BOOL";
  if (value.NULL !== undefined) return "NULL";
  if (value.B !== undefined) return "B";
  if (value.SS !== undefined) return "SS";
  if (value.NS !== undefined) return "NS";
  return "BS";
}

/** The attribute of an item or the entry of a map: undefined where the name is not its own. */
export function attributeOf(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

/** An item without attributes, which may be given any: it has no prototype to disturb. */
export function emptyItem(): Record<string, AttributeValue> {
  return Object.create(null) as Record<string, AttributeValue>;
}

/** A copy that may be changed until it is handed out. */
export function copyItem(item: Item): Record<string, AttributeValue> {
  const copy = emptyItem();
  for (const name of Object.keys(item)) {
    const value = item[name];
    if (value !== undefined) copy[name] = value;
  }
  return copy;
}

/**
 * An item as a request gave it, in normal form.
 *
 * @param layer how the operation words what is wrong
 * @throws ValidationException in AWS's words for the first thing that is wrong
 */
export function normalizeItem(item: Item, layer: Layer = "older"): Item {
  for (const name of Object.keys(item)) requireAttributeName(name);
  try {
    return normalizeEntries(item, 0, layer);
  } catch (error) {
    // Names inside of documents are looked at when the depth of all of them has been.
    const values = isEmptyName(error) ? Object.values(item) : [];
    for (const value of values) requireNesting(value, 0, nestedTooDeeply);
    throw error;
  }
}

/** As `normalizeItem`, of one value: of a key, of ExpressionAttributeValues, of a statement's parameters. */
export function normalizeValue(value: AttributeValue, layer: Layer = "older"): AttributeValue {
  return normalizeNested(value, 0, layer);
}

/** @throws ValidationException for a value that an update has nested too deeply */
export function requireNesting(value: AttributeValue, level = 0, complain = updatedTooDeeply): void {
  if (level >= LEVELS_MAX) throw complain();
  if (value.L !== undefined) for (const element of value.L) requireNesting(element, level + 1, complain);
  if (value.M === undefined) return;
  for (const name of Object.keys(value.M)) {
    const entry = value.M[name];
    if (entry !== undefined) requireNesting(entry, level + 1, complain);
  }
}

/** Each member is looked at before their number is: a wrong number is complained of first. */
function normalizeNested(value: AttributeValue, level: number, layer: Layer): AttributeValue {
  if (level >= LEVELS_MAX) throw nestedTooDeeply();
  let normal: AttributeValue | undefined;
  let count = 0;
  for (const name in value) {
    if (value[name as AttributeType] === undefined) continue;
    normal = normalizeMember(name as AttributeType, value, level, layer);
    count += 1;
  }
  if (normal === undefined) throw emptyValue();
  if (count > 1) throw severalTypes();
  return normal;
}

function normalizeMember(
  type: AttributeType, value: AttributeValue, level: number, layer: Layer,
): AttributeValue {
  switch (type) {
    case "N": return normalizedNumber(value, layer);
    case "SS": return normalizedStrings(value, layer);
    case "NS": return normalizedNumbers(value, layer);
    case "BS": return normalizedBinaries(value, layer);
    case "L": return normalizedList(value, level, layer);
    case "M": return { M: normalizeEntries(value.M ?? {}, level + 1, layer) };
    case "NULL":
      if (value.NULL !== true) throw falseNull();
      return value;
    default: return value;
  }
}

function normalizedNumber(value: AttributeValue, layer: Layer): AttributeValue {
  const text = value.N ?? "";
  const normal = normalizeNumber(text, layer);
  return normal === text ? value : { N: normal };
}

function normalizedStrings(value: AttributeValue, layer: Layer): AttributeValue {
  const members = value.SS ?? [];
  if (members.length === 0) throw emptySet("SS");
  if (new Set(members).size !== members.length) throw duplicateStrings(members, layer);
  return value;
}

function normalizedNumbers(value: AttributeValue, layer: Layer): AttributeValue {
  const members = value.NS ?? [];
  if (members.length === 0) throw emptySet("NS");
  const normal = members.map((member) => normalizeNumber(member, layer));
  if (new Set(normal).size !== normal.length) throw duplicateNumbers(layer);
  return normal.every((member, index) => member === members[index]) ? value : { NS: normal };
}

function normalizedBinaries(value: AttributeValue, layer: Layer): AttributeValue {
  const members = value.BS ?? [];
  if (members.length === 0) throw emptySet("BS");
  const texts = new Set(members.map((member) => member.toString("latin1")));
  if (texts.size !== members.length) throw duplicateBinaries(members, layer);
  return value;
}

function normalizedList(value: AttributeValue, level: number, layer: Layer): AttributeValue {
  const elements = value.L ?? [];
  const normal = elements.map((element) => normalizeNested(element, level + 1, layer));
  return normal.every((element, index) => element === elements[index]) ? value : { L: normal };
}

function normalizeEntries(entries: Item, level: number, layer: Layer): Record<string, AttributeValue> {
  const normal = emptyItem();
  for (const name of Object.keys(entries)) {
    const value = entries[name];
    if (value === undefined) continue;
    if (level > 0) requireAttributeName(name);
    normal[name] = normalizeNested(value, level, layer);
  }
  return normal;
}

/** @throws ValidationException for a name that no attribute may have */
export function requireAttributeName(name: string): void {
  if (name.length === 0) throw emptyAttributeName();
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (name.length * 3 > NAME_BYTES_MAX && Buffer.byteLength(name) > NAME_BYTES_MAX) {
    throw attributeNameTooLarge();
  }
}
