/** The keys of items: what a request may give, and where that lies in the store. */

import type { KeyPart } from "../../../store/types.ts";
import type { Index, KeyAttribute, KeySchema, Table } from "../tables/table-rows.ts";
import { attributeOf, normalizeValue, typeOf } from "../values/attribute-values.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { keyPart } from "../values/comparison.ts";
import { valueSizeBytes } from "../values/sizes.ts";
import type { Layer } from "../values/value-errors.ts";
import {
  indexKeyEmptied, indexKeyEmpty, indexKeyOfWrongType, keyDoesNotMatch, keyEmpty, keyMissing, keyOfWrongType,
  partitionKeyTooLong, sortKeyTooLong,
} from "./key-errors.ts";

/** @evidence Developer Guide, Quotas */
const partitionBytesMax = 2_048;
const sortBytesMax = 1_024;

/** Hashes of partition keys are below this. */
export const bucketsMax = 2 ** 32;

/**
 * Which part of a table's space a partition lies in: 32 bits of the values that make the partition key, well
 * mixed. It decides the order of a scan and which segment of a parallel one meets an item.
 */
export function bucketOf(parts: readonly KeyPart[], from = 0): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < parts.length; at += 1) {
    const part = parts[at] ?? "";
    if (typeof part === "string") {
      for (let index = 0; index < part.length; index += 1) hash = mixed(hash, part.charCodeAt(index));
    } else if (typeof part !== "number") {
      for (const byte of part) hash = mixed(hash, byte);
    }
    hash = mixed(hash, 0x10000);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mixed(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** Where a partition of a table or an index begins. */
export function partitionKeyOf(number: number, values: readonly AttributeValue[]): KeyPart[] {
  const parts = values.map(keyPart);
  return [number, bucketOf(parts), ...parts];
}

function hasAll(item: Item, attributes: readonly KeyAttribute[]): boolean {
  return attributes.every(({ name }) => attributeOf(item, name) !== undefined);
}

/** The place of an item, whose key has been checked. */
export function storeKeyOf(number: number, { partition, sort }: KeySchema, item: Item): KeyPart[] {
  const key: KeyPart[] = [number, 0];
  pushParts(key, item, partition);
  key[1] = bucketOf(key, 2);
  pushParts(key, item, sort);
  return key;
}

function pushParts(key: KeyPart[], item: Item, attributes: readonly KeyAttribute[]): void {
  for (const { name } of attributes) {
    const value = attributeOf(item, name);
    if (value !== undefined) key.push(keyPart(value));
  }
}

/** The values that an item has for an index's key; undefined where they are none that can be its key. */
function indexValuesOf(item: Item, attributes: readonly KeyAttribute[]): AttributeValue[] | undefined {
  const values: AttributeValue[] = [];
  for (const { name, type } of attributes) {
    const value = attributeOf(item, name);
    if (value === undefined || value[type] === undefined || isEmptyValue(value)) return undefined;
    values.push(value);
  }
  return values;
}

/** The place of an item in an index; undefined for one that lacks a part of the index's key. */
export function entryKeyOf(table: Table, index: Index, item: Item): KeyPart[] | undefined {
  const partition = indexValuesOf(item, index.key.partition);
  const sort = partition && indexValuesOf(item, index.key.sort);
  if (!partition || !sort || isTooLong(partition, partitionBytesMax) || isTooLong(sort, sortBytesMax)) {
    return undefined;
  }
  const key = partitionKeyOf(index.number, partition);
  for (const value of sort) key.push(keyPart(value));
  for (const { name } of [...table.key.partition, ...table.key.sort]) {
    const value = attributeOf(item, name);
    if (value !== undefined) key.push(keyPart(value));
  }
  return key;
}

/** The key of a request in normal form. */
export function normalizeKey(key: Item, layer: Layer = "older"): Item {
  const normal = Object.create(null) as Record<string, AttributeValue>;
  for (const name of Object.keys(key)) {
    const value = key[name];
    if (value !== undefined) normal[name] = normalizeValue(value, layer);
  }
  return normal;
}

function isEmptyValue(value: AttributeValue): boolean {
  return value.S === "" || value.B?.length === 0;
}

function isTooLong(values: readonly AttributeValue[], max: number): boolean {
  let size = 0;
  for (const value of values) size += valueSizeBytes(value);
  return size > max;
}

/** Attributes that an item does not have are no part of its key. */
function requireLengths(
  partition: readonly KeyAttribute[], sort: readonly KeyAttribute[], item: Item,
): void {
  if (keyBytes(partition, item) > partitionBytesMax) throw partitionKeyTooLong(partitionBytesMax);
  if (keyBytes(sort, item) > sortBytesMax) throw sortKeyTooLong(sortBytesMax);
}

function keyBytes(attributes: readonly KeyAttribute[], item: Item): number {
  let size = 0;
  for (const { name } of attributes) {
    const value = attributeOf(item, name);
    if (value !== undefined) size += valueSizeBytes(value);
  }
  return size;
}

/** The key that a request looks an item up by: the attributes of the table's key and nothing else. */
export function requireKey(table: Table, key: Item): void {
  const { partition, sort } = table.key;
  requireKeyValues(partition, key);
  requireKeyValues(sort, key);
  if (countOf(key) !== partition.length + sort.length) throw keyDoesNotMatch();
  requireLengths(partition, sort, key);
}

function requireKeyValues(attributes: readonly KeyAttribute[], key: Item): void {
  for (const { name, type } of attributes) {
    const value = attributeOf(key, name);
    if (value === undefined || value[type] === undefined) throw keyDoesNotMatch();
    if (isEmptyValue(value)) throw keyEmpty(name, type);
  }
}

function countOf(key: Item): number {
  let count = 0;
  for (const name in key) if (key[name] !== undefined) count += 1;
  return count;
}

/** The key of an item that is to be put. */
export function requireItemKey(table: Table, item: Item): void {
  const { partition, sort } = table.key;
  requireItemValues(partition, item);
  requireItemValues(sort, item);
  requireLengths(partition, sort, item);
}

function requireItemValues(attributes: readonly KeyAttribute[], item: Item): void {
  for (const { name, type } of attributes) {
    const value = attributeOf(item, name);
    if (value === undefined) throw keyMissing(name);
    if (value[type] === undefined) throw keyOfWrongType(name, type, typeOf(value));
    if (isEmptyValue(value)) throw keyEmpty(name, type);
  }
}

/**
 * What an item may have as the keys of indexes: nothing, or values of the right type that are not empty.
 *
 * @param updated the names of what an update changes, which alone is looked at, and worded in its own way
 */
export function requireIndexKeys(
  table: Table, item: Item, updated: { has(name: string): boolean } | undefined,
): void {
  for (const index of inOrderOfNames(table.indexes)) {
    const { partition, sort } = index.key;
    for (const { name, type } of [...partition, ...sort]) {
      const value = attributeOf(item, name);
      if (value === undefined || (updated && !updated.has(name))) continue;
      const actual = typeOf(value);
      if (actual !== type) throw indexKeyOfWrongType(name, type, actual, index.name);
      if (isEmptyValue(value)) throw updated ? indexKeyEmptied(type) : indexKeyEmpty(name, type, index.name);
    }
    requireLengths(hasAll(item, partition) ? partition : [], hasAll(item, sort) ? sort : [], item);
  }
}

/** @evidence recorded: of several indexes with one key the first by name is complained of */
function inOrderOfNames(indexes: readonly Index[]): readonly Index[] {
  if (indexes.length < 2) return indexes;
  return [...indexes].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** The attributes of a table's key, and of the index's when there is one: what a page ends with. */
export function pageKeyOf(
  table: Table, index: Index | undefined, item: Item,
): Record<string, AttributeValue> {
  const key = Object.create(null) as Record<string, AttributeValue>;
  const schemas = index ? [table.key, index.key] : [table.key];
  for (const { partition, sort } of schemas) {
    for (const { name } of [...partition, ...sort]) {
      const value = attributeOf(item, name);
      if (value !== undefined) key[name] = value;
    }
  }
  return key;
}
