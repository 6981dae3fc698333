/** XXH3 of inputs of up to 240 bytes, one formula a range of lengths. */

import { MASK_64, multiplyFold, readUint64, rotateLeft64, swapBytes32, swapBytes64 } from "./uint64.ts";

export const PRIME64_1 = 0x9e3779b185ebca87n;
export const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME64_3 = 0x165667b19e3779f9n;
const PRIME64_4 = 0x85ebca77c2b2ae63n;
const PRIME32_2 = 0x85ebca77n;
const PRIME_MX1 = 0x165667919e3779f9n;
const PRIME_MX2 = 0x9fb21c651e98df25n;

export const SECRET = Buffer.from(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f" +
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c" +
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8" +
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364" +
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e" +
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
  "hex",
);

type Halves = [high: bigint, low: bigint];

export function short64(input: Buffer): bigint {
  const length = BigInt(input.length);
  if (input.length === 0) return oldAvalanche(secret(56) ^ secret(64));
  if (input.length <= 3) return oldAvalanche(tinyWord(input) ^ secret32(0) ^ secret32(4));
  if (input.length <= 8) {
    const word = read32(input, input.length - 4) + (read32(input, 0) << 32n);
    const keyed = word ^ secret(8) ^ secret(16);
    let hash = keyed ^ rotateLeft64(keyed, 49n) ^ rotateLeft64(keyed, 24n);
    hash = (hash * PRIME_MX2) & MASK_64;
    hash = ((hash ^ ((hash >> 35n) + length)) * PRIME_MX2) & MASK_64;
    return hash ^ (hash >> 28n);
  }
  if (input.length <= 16) {
    const low = readUint64(input, 0) ^ secret(24) ^ secret(32);
    const high = readUint64(input, input.length - 8) ^ secret(40) ^ secret(48);
    return avalanche((length + swapBytes64(low) + high + multiplyFold(low, high)) & MASK_64);
  }
  if (input.length <= 128)
    return avalanche(
      pairs(
        input,
        (accumulator, near, far, at) => accumulator + mix(input, near, at) + mix(input, far, at + 16),
      ),
    );
  return medium64(input);
}

export function short128(input: Buffer): Halves {
  if (input.length === 0) {
    return [oldAvalanche(secret(80) ^ secret(88)), oldAvalanche(secret(64) ^ secret(72))];
  }
  if (input.length <= 3) {
    const low = tinyWord(input);
    const swapped = swapBytes32(low);
    const high = ((swapped << 13n) | (swapped >> 19n)) & 0xffffffffn;
    return [oldAvalanche(high ^ secret32(8) ^ secret32(12)), oldAvalanche(low ^ secret32(0) ^ secret32(4))];
  }
  if (input.length <= 8) return word128(input);
  if (input.length <= 16) return twoWords128(input);
  return input.length <= 128 ? upTo128Bytes128(input) : medium128(input);
}

export function avalanche(hash: bigint): bigint {
  const mixed = ((hash ^ (hash >> 37n)) * PRIME_MX1) & MASK_64;
  return mixed ^ (mixed >> 32n);
}

/** The last steps of XXH64, which XXH3 keeps for the shortest inputs. */
function oldAvalanche(hash: bigint): bigint {
  let mixed = ((hash ^ (hash >> 33n)) * PRIME64_2) & MASK_64;
  mixed = ((mixed ^ (mixed >> 29n)) * PRIME64_3) & MASK_64;
  return mixed ^ (mixed >> 32n);
}

/** One to three bytes and the length, in one word. */
function tinyWord(input: Buffer): bigint {
  const first = BigInt(input[0] ?? 0);
  const middle = BigInt(input[input.length >> 1] ?? 0);
  const last = BigInt(input[input.length - 1] ?? 0);
  return (first << 16n) | (middle << 24n) | last | (BigInt(input.length) << 8n);
}

function word128(input: Buffer): Halves {
  const length = BigInt(input.length);
  const word = read32(input, 0) + (read32(input, input.length - 4) << 32n);
  const keyed = word ^ secret(16) ^ secret(24);
  const product = keyed * ((PRIME64_1 + (length << 2n)) & MASK_64);
  let low = product & MASK_64;
  const high = ((product >> 64n) + (low << 1n)) & MASK_64;
  low ^= high >> 3n;
  low = ((low ^ (low >> 35n)) * PRIME_MX2) & MASK_64;
  return [avalanche(high), low ^ (low >> 28n)];
}

function twoWords128(input: Buffer): Halves {
  const length = BigInt(input.length);
  const first = readUint64(input, 0);
  const last = readUint64(input, input.length - 8);
  let product = (first ^ last ^ secret(32) ^ secret(40)) * PRIME64_1;
  const keyed = last ^ secret(48) ^ secret(56);
  const high = ((product >> 64n) + keyed + (keyed & 0xffffffffn) * (PRIME32_2 - 1n)) & MASK_64;
  const low = ((product & MASK_64) + ((length - 1n) << 54n)) & MASK_64;
  product = (low ^ swapBytes64(high)) * PRIME64_2;
  return [avalanche(((product >> 64n) + high * PRIME64_2) & MASK_64), avalanche(product & MASK_64)];
}

function upTo128Bytes128(input: Buffer): Halves {
  let accumulators: Halves = [0n, (BigInt(input.length) * PRIME64_1) & MASK_64];
  pairs(input, (accumulator, near, far, at) => {
    accumulators = mixPair(accumulators, input, near, far, at);
    return accumulator;
  });
  return finish128(accumulators, input.length);
}

function medium64(input: Buffer): bigint {
  let accumulator = BigInt(input.length) * PRIME64_1;
  const rounds = Math.floor(input.length / 16);
  for (let round = 0; round < 8; round += 1) accumulator += mix(input, round * 16, round * 16);
  accumulator = avalanche(accumulator & MASK_64);
  for (let round = 8; round < rounds; round += 1) accumulator += mix(input, round * 16, (round - 8) * 16 + 3);
  accumulator += mix(input, input.length - 16, 136 - 17);
  return avalanche(accumulator & MASK_64);
}

function medium128(input: Buffer): Halves {
  let accumulators: Halves = [0n, (BigInt(input.length) * PRIME64_1) & MASK_64];
  for (let end = 32; end < 160; end += 32) {
    accumulators = mixPair(accumulators, input, end - 32, end - 16, end - 32);
  }
  accumulators = [avalanche(accumulators[0]), avalanche(accumulators[1])];
  for (let end = 160; end <= input.length; end += 32) {
    accumulators = mixPair(accumulators, input, end - 32, end - 16, 3 + end - 160);
  }
  accumulators = mixPair(accumulators, input, input.length - 16, input.length - 32, 136 - 17 - 16);
  return finish128(accumulators, input.length);
}

function finish128([high, low]: Halves, length: number): Halves {
  const upper = (low * PRIME64_1 + high * PRIME64_4 + BigInt(length) * PRIME64_2) & MASK_64;
  return [-avalanche(upper) & MASK_64, avalanche((low + high) & MASK_64)];
}

/** Walks pairs of sixteen bytes from both ends towards the middle, the innermost first. */
function pairs(
  input: Buffer,
  step: (accumulator: bigint, near: number, far: number, secretPosition: number) => bigint,
): bigint {
  let accumulator = BigInt(input.length) * PRIME64_1;
  for (let pair = Math.floor((input.length - 1) / 32); pair >= 0; pair -= 1) {
    accumulator = step(accumulator, pair * 16, input.length - (pair + 1) * 16, pair * 32);
  }
  return accumulator & MASK_64;
}

function mixPair([high, low]: Halves, input: Buffer, first: number, second: number, at: number): Halves {
  const lower = (low + mix(input, first, at)) & MASK_64;
  const upper = (high + mix(input, second, at + 16)) & MASK_64;
  return [
    upper ^ ((readUint64(input, first) + readUint64(input, first + 8)) & MASK_64),
    lower ^ ((readUint64(input, second) + readUint64(input, second + 8)) & MASK_64),
  ];
}

function mix(input: Buffer, position: number, secretPosition: number): bigint {
  return multiplyFold(
    readUint64(input, position) ^ secret(secretPosition),
    readUint64(input, position + 8) ^ secret(secretPosition + 8),
  );
}

function read32(bytes: Buffer, position: number): bigint {
  return BigInt(bytes.readUInt32LE(position));
}

function secret(position: number): bigint {
  return readUint64(SECRET, position);
}

function secret32(position: number): bigint {
  return read32(SECRET, position);
}
