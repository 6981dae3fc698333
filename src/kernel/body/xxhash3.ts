/**
 * XXH3, in 64 and in 128 bits, with seed 0 and the default secret. Inputs of up to 240 bytes have formulas
 * of their own; longer ones run through eight accumulators, kept in halves of 32 bits.
 *
 * @evidence xxHash fast digest algorithm, XXH3 (doc/xxhash_spec.md)
 */

import { MASK_64, multiplyFold, readUint64 } from "./uint64.ts";
import { avalanche, PRIME64_1, PRIME64_2, SECRET, short128, short64 } from "./xxhash3-short.ts";

const STRIPE_BYTES = 64;
const SHORT_BYTES_MAX = 240;
/** A block is what the secret lasts for: it moves on by eight bytes a stripe. */
const STRIPES_PER_BLOCK = (SECRET.length - STRIPE_BYTES) / 8;

const SECRET_WORDS = Uint32Array.from({ length: SECRET.length / 4 }, (_, word) =>
  SECRET.readUInt32LE(word * 4),
);
/** The last stripe takes its secret from an odd place. */
const LAST_WORDS = Uint32Array.from({ length: 16 }, (_, word) =>
  SECRET.readUInt32LE(SECRET.length - 71 + word * 4),
);

const STARTS = [
  0xc2b2ae3dn,
  PRIME64_1,
  PRIME64_2,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x85ebca77n,
  0x27d4eb2f165667c5n,
  0x9e3779b1n,
];
const PRIME32_1 = 0x9e3779b1;

export class XxHash3 {
  readonly #bits: 64 | 128;
  /** Eight accumulators as low and high words, in turn. */
  #accumulators = Uint32Array.from(
    STARTS.flatMap((start) => [Number(start & 0xffffffffn), Number(start >> 32n)]),
  );
  /** The first bytes, for as long as the input may turn out to be short. */
  readonly #head = Buffer.alloc(SHORT_BYTES_MAX);
  /** The stripe consumed last, and after it what has not been consumed: one to 64 bytes. */
  readonly #tail = Buffer.alloc(2 * STRIPE_BYTES);
  #tailBytes = 0;
  #totalBytes = 0;
  #stripeInBlock = 0;

  constructor(bits: 64 | 128) {
    this.#bits = bits;
  }

  update(data: Uint8Array): void {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (this.#totalBytes < SHORT_BYTES_MAX) {
      this.#head.set(bytes.subarray(0, SHORT_BYTES_MAX - this.#totalBytes), this.#totalBytes);
    }
    this.#totalBytes += bytes.length;

    // A stripe is consumed once a byte follows it, for the last stripe of the input is treated apart.
    let position = 0;
    while (this.#tailBytes > 0 && bytes.length - position > STRIPE_BYTES - this.#tailBytes) {
      const taken = bytes.copy(
        this.#tail,
        STRIPE_BYTES + this.#tailBytes,
        position,
        position + STRIPE_BYTES - this.#tailBytes,
      );
      position += taken;
      this.#tail.copyWithin(0, STRIPE_BYTES);
      this.#tailBytes = 0;
      this.#consume(this.#tail, 0);
    }
    for (; bytes.length - position > STRIPE_BYTES; position += STRIPE_BYTES) {
      this.#consume(bytes, position);
      if (bytes.length - position <= 2 * STRIPE_BYTES)
        bytes.copy(this.#tail, 0, position, position + STRIPE_BYTES);
    }
    bytes.copy(this.#tail, STRIPE_BYTES + this.#tailBytes, position);
    this.#tailBytes += bytes.length - position;
  }

  digest(): Buffer {
    const short = this.#totalBytes <= SHORT_BYTES_MAX;
    const input = this.#head.subarray(0, Math.min(this.#totalBytes, SHORT_BYTES_MAX));
    const halves =
      this.#bits === 64
        ? [short ? short64(input) : this.#long()[0]]
        : short
          ? short128(input)
          : this.#long().reverse();
    const digest = Buffer.alloc(this.#bits / 8);
    for (const [index, half] of halves.entries()) digest.writeBigUInt64BE(half, index * 8);
    return digest;
  }

  #consume(bytes: Buffer, position: number): void {
    accumulate(this.#accumulators, bytes, position, SECRET_WORDS, this.#stripeInBlock * 2);
    this.#stripeInBlock += 1;
    if (this.#stripeInBlock < STRIPES_PER_BLOCK) return;
    scramble(this.#accumulators);
    this.#stripeInBlock = 0;
  }

  /** The lower and the upper half. */
  #long(): [bigint, bigint] {
    const accumulators = this.#accumulators.slice();
    accumulate(accumulators, this.#tail, this.#tailBytes, LAST_WORDS, 0);
    const length = BigInt(this.#totalBytes);
    return [
      merge(accumulators, 11, (length * PRIME64_1) & MASK_64),
      merge(accumulators, SECRET.length - STRIPE_BYTES - 11, ((length * PRIME64_2) & MASK_64) ^ MASK_64),
    ];
  }
}

/** Adds a stripe: each word to its neighbour, and the product of its keyed halves to itself. */
function accumulate(
  accumulators: Uint32Array,
  bytes: Buffer,
  position: number,
  secret: Uint32Array,
  secretWord: number,
): void {
  for (let word = 0; word < 16; word += 2) {
    const dataLow = readWord(bytes, position + word * 4);
    const dataHigh = readWord(bytes, position + word * 4 + 4);
    // Words are 0 to 15, and the secret has a word for every stripe of a block.
    const keyLow = (dataLow ^ (secret[secretWord + word] as number)) >>> 0;
    const keyHigh = (dataHigh ^ (secret[secretWord + word + 1] as number)) >>> 0;
    add(accumulators, word ^ 2, dataLow >>> 0, dataHigh);

    const aLow = keyLow & 0xffff;
    const aHigh = keyLow >>> 16;
    const bLow = keyHigh & 0xffff;
    const bHigh = keyHigh >>> 16;
    const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
    const carry = aLow * bHigh + (middle & 0xffff);
    const high = aHigh * bHigh + (middle >>> 16) + (carry >>> 16);
    add(accumulators, word, Math.imul(keyLow, keyHigh) >>> 0, high);
  }
}

function readWord(bytes: Buffer, position: number): number {
  // Positions are inside the stripe, which is inside the buffer.
  return (
    (bytes[position] as number) |
    ((bytes[position + 1] as number) << 8) |
    ((bytes[position + 2] as number) << 16) |
    ((bytes[position + 3] as number) << 24)
  );
}

function add(accumulators: Uint32Array, word: number, low: number, high: number): void {
  const sum = (accumulators[word] as number) + low;
  accumulators[word] = sum;
  accumulators[word + 1] = (accumulators[word + 1] as number) + high + (sum > 0xffffffff ? 1 : 0);
}

function scramble(accumulators: Uint32Array): void {
  const secretWord = SECRET_WORDS.length - 16;
  for (let word = 0; word < 16; word += 2) {
    const low = BigInt(accumulators[word] ?? 0);
    const value = (BigInt(accumulators[word + 1] ?? 0) << 32n) | low;
    const key =
      (BigInt(SECRET_WORDS[secretWord + word + 1] ?? 0) << 32n) |
      BigInt(SECRET_WORDS[secretWord + word] ?? 0);
    const scrambled = ((value ^ (value >> 47n) ^ key) * BigInt(PRIME32_1)) & MASK_64;
    accumulators[word] = Number(scrambled & 0xffffffffn);
    accumulators[word + 1] = Number(scrambled >> 32n);
  }
}

function merge(accumulators: Uint32Array, secretPosition: number, start: bigint): bigint {
  let result = start;
  const value = (index: number): bigint =>
    (BigInt(accumulators[index * 2 + 1] ?? 0) << 32n) | BigInt(accumulators[index * 2] ?? 0);
  for (let index = 0; index < 8; index += 2) {
    result += multiplyFold(
      value(index) ^ readUint64(SECRET, secretPosition + index * 8),
      value(index + 1) ^ readUint64(SECRET, secretPosition + index * 8 + 8),
    );
  }
  return avalanche(result & MASK_64);
}
