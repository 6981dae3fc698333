/** The order of ranges of keys, and that no two of them overlap. */

import type { Bound, KeyRange } from "../expressions/key-ranges.ts";
import type { AttributeValue } from "../values/attribute-values.ts";
import { keyPart } from "../values/comparison.ts";
import { overlappingReads } from "./key-errors.ts";

/** The bytes between which a sort attribute lies; without an edge it goes on without end. */
interface Span {
  readonly lower: Edge | undefined;
  readonly upper: Edge | undefined;
}

interface Edge {
  readonly bytes: Buffer;
  readonly inclusive: boolean;
}

/** By partition, and within one by where the ranges begin. */
export function compareReads(
  left: KeyRange, right: KeyRange, partitionDescending: boolean, sortDescending: boolean,
): number {
  const partitions = Buffer.compare(partitionBytes(left), partitionBytes(right));
  if (partitions !== 0) return partitionDescending ? -partitions : partitions;
  const spans = compareLower(spanOf(left), spanOf(right));
  return sortDescending ? -spans : spans;
}

/** @throws ValidationException for two ranges of one partition that have an item in common, or may have */
export function requireApart(ranges: readonly KeyRange[]): void {
  const partitions = new Map<string, Span[]>();
  for (const range of ranges) {
    const span = spanOf(range);
    if (isEmpty(span)) continue;
    const partition = partitionBytes(range).toString("latin1");
    partitions.set(partition, [...(partitions.get(partition) ?? []), span]);
  }
  for (const spans of partitions.values()) {
    let reach: Span | undefined;
    for (const span of spans.sort(compareLower)) {
      if (reach && startsWithin(span, reach)) throw overlappingReads();
      reach = span;
    }
  }
}

function partitionBytes({ partition: [value] }: KeyRange): Buffer {
  return bytesOf(value ?? {});
}

function bytesOf(value: AttributeValue): Buffer {
  const part = keyPart(value);
  return typeof part === "string" ? Buffer.from(part) : Buffer.from(part);
}

function spanOf({ sort: [equal], bounds }: KeyRange): Span {
  if (equal) {
    const edge = { bytes: bytesOf(equal), inclusive: true };
    return { lower: edge, upper: edge };
  }
  if (!bounds) return { lower: undefined, upper: undefined };
  const { lower, upper, prefix } = bounds;
  if (!prefix) return { lower: edgeOf(lower), upper: edgeOf(upper) };
  const bytes = bytesOf(prefix);
  return { lower: { bytes, inclusive: true }, upper: behind(bytes) };
}

function edgeOf(bound: Bound | undefined): Edge | undefined {
  return bound && { bytes: bytesOf(bound.value), inclusive: bound.inclusive };
}

/** What comes next behind everything that begins with these bytes. */
function behind(bytes: Buffer): Edge | undefined {
  const last = bytes.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return undefined;
  const next = Buffer.from(bytes.subarray(0, last + 1));
  next[last] = (next[last] ?? 0) + 1;
  return { bytes: next, inclusive: false };
}

function compareLower({ lower: left }: Span, { lower: right }: Span): number {
  if (!left || !right) return (left ? 1 : 0) - (right ? 1 : 0);
  return Buffer.compare(left.bytes, right.bytes) || Number(right.inclusive) - Number(left.inclusive);
}

function isEmpty({ lower, upper }: Span): boolean {
  if (!lower || !upper) return false;
  const order = Buffer.compare(lower.bytes, upper.bytes);
  return order > 0 || (order === 0 && !(lower.inclusive && upper.inclusive));
}

/** Spans that are in order and apart so far reach no further than the last. */
function startsWithin({ lower }: Span, { upper }: Span): boolean {
  if (!lower || !upper) return true;
  const order = Buffer.compare(lower.bytes, upper.bytes);
  return order < 0 || (order === 0 && lower.inclusive && upper.inclusive);
}
