/** Hash keys: numbers of 128 bits that say which shard a record goes to. Pure. */

import { createHash } from "node:crypto";

export const hashKeyMax = 2n ** 128n - 1n;

/** @evidence Developer Guide, "Partition key": MD5 of the partition key's UTF-8 bytes */
export function hashKeyOf(partitionKey: string): bigint {
  return BigInt(`0x${createHash("md5").update(partitionKey).digest("hex")}`);
}

/** A form whose order as text is that of the numbers: what rows are kept by. */
export function sortable(hashKey: bigint): string {
  return hashKey.toString(16).padStart(32, "0");
}

export function fromSortable(text: string): bigint {
  return BigInt(`0x${text}`);
}

export interface HashRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** All hash keys in `count` ranges of one size, the last of which takes the rest. */
export function evenRanges(count: number): HashRange[] {
  const size = (hashKeyMax + 1n) / BigInt(count);
  return Array.from({ length: count }, (_unused, index) => ({
    start: size * BigInt(index),
    end: index === count - 1 ? hashKeyMax : size * BigInt(index + 1) - 1n,
  }));
}
