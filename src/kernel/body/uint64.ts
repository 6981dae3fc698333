/** Unsigned 64-bit arithmetic on BigInt, for the few steps of a hash that are not in its inner loop. */

export const MASK_64 = 0xffff_ffff_ffff_ffffn;

export function readUint64(bytes: Buffer, position: number): bigint {
  return bytes.readBigUInt64LE(position);
}

export function rotateLeft64(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK_64;
}

/** The eight bytes in the opposite order. */
export function swapBytes64(value: bigint): bigint {
  let swapped = 0n;
  for (let shift = 0n; shift < 64n; shift += 8n) swapped = (swapped << 8n) | ((value >> shift) & 0xffn);
  return swapped;
}

export function swapBytes32(value: bigint): bigint {
  return swapBytes64(value) >> 32n;
}

/** The halves of the product of 128 bits, one xor the other. */
export function multiplyFold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return (product & MASK_64) ^ (product >> 64n);
}
