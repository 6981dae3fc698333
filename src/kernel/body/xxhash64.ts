/** XXH64 with seed 0. The state is in halves of 32 bits, for BigInt would cost a hundred times as much. */

import { MASK_64, readUint64, rotateLeft64 } from "./uint64.ts";

/** @evidence xxHash fast digest algorithm, XXH64, constants and steps (doc/xxhash_spec.md) */
const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const PRIME_4 = 0x85ebca77c2b2ae63n;
const PRIME_5 = 0x27d4eb2f165667c5n;
const PRIME_1_HIGH = 0x9e3779b1;
const PRIME_1_LOW = 0x85ebca87;
const PRIME_2_HIGH = 0xc2b2ae3d;
const PRIME_2_LOW = 0x27d4eb4f;

const STRIPE_BYTES = 32;
const STARTS = [PRIME_1 + PRIME_2, PRIME_2, 0n, -PRIME_1];

export class XxHash64 {
  readonly #high = Uint32Array.from(STARTS, (start) => Number(BigInt.asUintN(64, start) >> 32n));
  readonly #low = Uint32Array.from(STARTS, (start) => Number(BigInt.asUintN(32, start)));
  readonly #pending = Buffer.alloc(STRIPE_BYTES);
  #pendingBytes = 0;
  #totalBytes = 0;

  update(data: Uint8Array): void {
    this.#totalBytes += data.length;
    let position = 0;
    if (this.#pendingBytes > 0) {
      position = Math.min(STRIPE_BYTES - this.#pendingBytes, data.length);
      this.#pending.set(data.subarray(0, position), this.#pendingBytes);
      this.#pendingBytes += position;
      if (this.#pendingBytes < STRIPE_BYTES) return;
      this.#stripes(this.#pending, 0, STRIPE_BYTES);
    }
    const end = data.length - ((data.length - position) % STRIPE_BYTES);
    this.#stripes(data, position, end);
    this.#pending.set(data.subarray(end));
    this.#pendingBytes = data.length - end;
  }

  digest(): Buffer {
    let hash = this.#totalBytes >= STRIPE_BYTES ? this.#merged() : PRIME_5;
    hash = this.#withPending((hash + BigInt(this.#totalBytes)) & MASK_64);
    hash = ((hash ^ (hash >> 33n)) * PRIME_2) & MASK_64;
    hash = ((hash ^ (hash >> 29n)) * PRIME_3) & MASK_64;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(hash ^ (hash >> 32n));
    return bytes;
  }

  #stripes(data: Uint8Array, start: number, end: number): void {
    const words = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (let position = start; position < end; position += 8) {
      this.#round(
        ((position - start) / 8) & 3,
        words.readUInt32LE(position + 4),
        words.readUInt32LE(position),
      );
    }
  }

  /** accumulator = rotate(accumulator + input * PRIME_2, 31) * PRIME_1 */
  #round(lane: number, inputHigh: number, inputLow: number): void {
    const productLow = Math.imul(inputLow, PRIME_2_LOW) >>> 0;
    const productHigh =
      multiplyHigh(inputLow, PRIME_2_LOW) +
      Math.imul(inputLow, PRIME_2_HIGH) +
      Math.imul(inputHigh, PRIME_2_LOW);
    // Lanes are 0 to 3, so that the arrays always have them.
    const sumLow = (this.#low[lane] as number) + productLow;
    const high = ((this.#high[lane] as number) + productHigh + (sumLow > 0xffffffff ? 1 : 0)) >>> 0;
    const low = sumLow >>> 0;
    const rotatedHigh = ((high << 31) | (low >>> 1)) >>> 0;
    const rotatedLow = ((low << 31) | (high >>> 1)) >>> 0;
    this.#low[lane] = Math.imul(rotatedLow, PRIME_1_LOW);
    this.#high[lane] =
      multiplyHigh(rotatedLow, PRIME_1_LOW) +
      Math.imul(rotatedLow, PRIME_1_HIGH) +
      Math.imul(rotatedHigh, PRIME_1_LOW);
  }

  #merged(): bigint {
    const lanes = Array.from(this.#low, (low, lane) => (BigInt(this.#high[lane] ?? 0) << 32n) | BigInt(low));
    let hash = 0n;
    for (const [lane, value] of lanes.entries()) hash += rotateLeft64(value, [1n, 7n, 12n, 18n][lane] ?? 0n);
    for (const value of lanes) hash = ((hash ^ round(0n, value)) * PRIME_1 + PRIME_4) & MASK_64;
    return hash & MASK_64;
  }

  #withPending(start: bigint): bigint {
    const tail = this.#pending.subarray(0, this.#pendingBytes);
    let hash = start;
    let position = 0;
    for (; position + 8 <= tail.length; position += 8) {
      hash = (rotateLeft64(hash ^ round(0n, readUint64(tail, position)), 27n) * PRIME_1 + PRIME_4) & MASK_64;
    }
    if (position + 4 <= tail.length) {
      const word = BigInt(tail.readUInt32LE(position));
      hash = (rotateLeft64(hash ^ ((word * PRIME_1) & MASK_64), 23n) * PRIME_2 + PRIME_3) & MASK_64;
      position += 4;
    }
    for (const byte of tail.subarray(position)) {
      hash = (rotateLeft64(hash ^ ((BigInt(byte) * PRIME_5) & MASK_64), 11n) * PRIME_1) & MASK_64;
    }
    return hash;
  }
}

function round(accumulator: bigint, input: bigint): bigint {
  return (rotateLeft64((accumulator + input * PRIME_2) & MASK_64, 31n) * PRIME_1) & MASK_64;
}

/** The upper 32 bits of the product of two unsigned numbers of 32 bits. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (carry >>> 16);
}
