/**
 * Key conditions and a key schema make the range of an index that a Query reads.
 *
 *     const range = keyRange(keyConditionsOf(keyCondition), schema);
 *     for (const row of ctx.db(items).list({ ...storeRange(range, [table.id]), reverse })) …
 */

import type { KeyPart, Range } from "../../../store/types.ts";
import { typeOf } from "../values/attribute-values.ts";
import type { AttributeValue } from "../values/attribute-values.ts";
import { compareValues, keyPart, valuesEqual } from "../values/comparison.ts";
import type { KeyCondition } from "./key-conditions.ts";
import {
  emptyKeyValue, keyConditionNotSupported, keyTypeMismatch, missedKeyElement, notIndexable,
  rangeKeyGap, tooManyConditions,
} from "./key-errors.ts";

export interface KeyAttribute {
  readonly name: string;
  readonly type: "S" | "N" | "B";
}

/** A table has one partition attribute and at most one sort attribute, an index up to four of each. */
export interface KeySchema {
  readonly partition: readonly KeyAttribute[];
  readonly sort: readonly KeyAttribute[];
}

export interface Bound {
  readonly value: AttributeValue;
  readonly inclusive: boolean;
}

/** Bounds on one attribute; `prefix` is the beginning of a string or of bytes. */
export interface SortBounds {
  readonly lower?: Bound | undefined;
  readonly upper?: Bound | undefined;
  readonly prefix?: AttributeValue | undefined;
}

/** The items of one partition, with these values of the first sort attributes, and the next within bounds. */
export interface KeyRange {
  readonly partition: readonly AttributeValue[];
  readonly sort: readonly AttributeValue[];
  readonly bounds: SortBounds | undefined;
}

/**
 * @throws ValidationException for conditions that do not fit the schema, in AWS's order: attribute after
 *   attribute of the key, the partition's first
 */
export function keyRange(conditions: readonly KeyCondition[], schema: KeySchema): KeyRange {
  const attributes = [...schema.partition, ...schema.sort];
  if (conditions.length > attributes.length) throw tooManyConditions(conditions.length, attributes.length);
  const byName = new Map(conditions.map((condition) => [condition.attribute, condition]));
  const partition = schema.partition.map((attribute) => {
    const condition = byName.get(attribute.name);
    if (!condition) throw missedKeyElement(attribute.name);
    requireFitting(condition, attribute);
    const [value] = condition.values;
    if (condition.operator !== "=" || value === undefined) throw keyConditionNotSupported();
    return value;
  });
  return { partition, ...sortRange(byName, schema) };
}

function sortRange(
  conditions: ReadonlyMap<string, KeyCondition>, schema: KeySchema,
): Pick<KeyRange, "sort" | "bounds"> {
  const sort: AttributeValue[] = [];
  let bounds: SortBounds | undefined;
  let left = conditions.size - schema.partition.length;
  const skipped: string[] = [];
  for (const attribute of schema.sort) {
    if (left === 0) break;
    const condition = conditions.get(attribute.name);
    if (!condition) {
      skipped.push(attribute.name);
      continue;
    }
    left -= 1;
    requireFitting(condition, attribute);
    if (skipped.length > 0) throw rangeKeyGap(skipped, attribute.name);
    const [value] = condition.values;
    if (condition.operator === "=" && value !== undefined) sort.push(value);
    else {
      bounds = boundsOf(condition);
      skipped.push(attribute.name);
    }
  }
  // A condition is left that belongs to no attribute of the key.
  if (left > 0) throw missedKeyElement(skipped[0] ?? schema.sort.at(-1)?.name ?? "");
  return { sort, bounds };
}

function requireFitting({ operator, values }: KeyCondition, { name, type }: KeyAttribute): void {
  if (operator === "other") throw notIndexable();
  if (values.some((value) => typeOf(value) !== type)) throw keyTypeMismatch();
  for (const value of values) {
    if (value.S === "") throw emptyKeyValue(name, "string");
    if (value.B?.length === 0) throw emptyKeyValue(name, "binary");
  }
}

function boundsOf({ operator, values }: KeyCondition): SortBounds {
  const [value, second] = values;
  if (value === undefined) throw keyConditionNotSupported();
  switch (operator) {
    case "<": return { upper: { value, inclusive: false } };
    case "<=": return { upper: { value, inclusive: true } };
    case ">": return { lower: { value, inclusive: false } };
    case ">=": return { lower: { value, inclusive: true } };
    case "begins-with": return { prefix: value };
    default: return {
      lower: { value, inclusive: true }, upper: { value: second ?? value, inclusive: true },
    };
  }
}

/** Whether the values of the sort attributes lie in the range: those of an item, or of a starting key. */
export function inSortRange({ sort, bounds }: KeyRange, values: readonly AttributeValue[]): boolean {
  const sameBeginning = sort.every((value, index) => {
    const other = values[index];
    return other !== undefined && valuesEqual(value, other);
  });
  const next = values[sort.length];
  return sameBeginning && (bounds === undefined || (next !== undefined && inBounds(bounds, next)));
}

function inBounds({ lower, upper, prefix }: SortBounds, value: AttributeValue): boolean {
  if (prefix?.S !== undefined) return value.S?.startsWith(prefix.S) ?? false;
  if (prefix?.B !== undefined) return value.B?.subarray(0, prefix.B.length).equals(prefix.B) ?? false;
  const isAbove = (bound: Bound | undefined, sign: 1 | -1): boolean => {
    if (bound === undefined) return true;
    const order = compareValues(value, bound.value);
    return order !== undefined && (order * sign > 0 || (order === 0 && bound.inclusive));
  };
  return isAbove(lower, 1) && isAbove(upper, -1);
}

/**
 * The range as the store's, for keys that are made of the parts before, of `keyPart` of the partition and
 * sort attributes in their order, and of whatever follows.
 */
export function storeRange({ partition, sort, bounds }: KeyRange, before: readonly KeyPart[] = []): Range {
  const prefix = [...before, ...partition.map(keyPart), ...sort.map(keyPart)];
  if (bounds === undefined) return { prefix };
  const { lower, upper, prefix: beginning } = bounds;
  if (beginning !== undefined) return beginningRange(prefix, keyPart(beginning));
  return {
    prefix,
    ...(lower && { from: [...prefix, edge(lower.value, !lower.inclusive)] }),
    ...(upper && { before: [...prefix, edge(upper.value, upper.inclusive)] }),
  };
}

/** The part itself, or what comes next behind it and behind all longer keys that hold it. */
function edge(value: AttributeValue, behind: boolean): KeyPart {
  const part = keyPart(value);
  if (!behind) return part;
  return typeof part === "string" ? `${part}\0` : Buffer.concat([part, Buffer.of(0)]);
}

function beginningRange(prefix: readonly KeyPart[], beginning: string | Uint8Array): Range {
  if (typeof beginning === "string") return { prefix: [...prefix, beginning], prefixOfLastPart: true };
  const last = beginning.findLastIndex((byte) => byte < 0xff);
  const from = [...prefix, beginning];
  if (last < 0) return { prefix, from };
  const next = Buffer.from(beginning.subarray(0, last + 1));
  next[last] = (next[last] ?? 0) + 1;
  return { prefix, from, before: [...prefix, next] };
}
