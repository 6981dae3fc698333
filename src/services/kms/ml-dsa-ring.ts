/**
 * Polynomials of 256 coefficients modulo 8380417, as ML-DSA reckons with them: their transform, their
 * roundings, and how they are drawn from SHAKE. Pure.
 *
 * @evidence FIPS 204, "Module-Lattice-Based Digital Signature Standard", sections 7.1 to 7.5
 */

import { createHash } from "node:crypto";

/** Coefficients, from 0 to `modulus` - 1 unless something else is said. */
export type Polynomial = Int32Array;

export const modulus = 8_380_417;
export const degree = 256;
/** How many low bits of `t` are kept from the public key. */
export const droppedBits = 13;

const root = 1_753;
/** The inverse of 256. */
const scale = 8_347_681;

/** Products of coefficients fit exactly into a number. */
function multiplied(one: number, other: number): number {
  return (one * other) % modulus;
}

function reversedByte(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) reversed |= ((value >> bit) & 1) << (7 - bit);
  return reversed;
}

function powerOfRoot(exponent: number): number {
  let power = 1;
  for (let count = 0; count < exponent; count++) power = multiplied(power, root);
  return power;
}

const zetas = Int32Array.from({ length: degree }, (_, index) => powerOfRoot(reversedByte(index)));

export function reduced(value: number): number {
  const rest = value % modulus;
  return rest < 0 ? rest + modulus : rest;
}

/** As a number around zero. */
export function centered(value: number): number {
  return value > modulus / 2 ? value - modulus : value;
}

export function mapped(
  one: Polynomial, other: Polynomial, combine: (left: number, right: number) => number,
): Polynomial {
  return one.map((value, index) => combine(value, other[index] ?? 0));
}

export const sum = (one: Polynomial, other: Polynomial): Polynomial =>
  mapped(one, other, (left, right) => reduced(left + right));

export const difference = (one: Polynomial, other: Polynomial): Polynomial =>
  mapped(one, other, (left, right) => reduced(left - right));

export const product = (one: Polynomial, other: Polynomial): Polynomial => mapped(one, other, multiplied);

/** Algorithm 41, on a copy. */
export function transformed(polynomial: Polynomial): Polynomial {
  const values = Int32Array.from(polynomial);
  let next = 1;
  for (let length = degree / 2; length >= 1; length /= 2) {
    for (let start = 0; start < degree; start += 2 * length) {
      const zeta = zetas[next++] ?? 0;
      for (let index = start; index < start + length; index++) {
        const far = multiplied(zeta, values[index + length] ?? 0);
        const near = values[index] ?? 0;
        values[index + length] = reduced(near - far);
        values[index] = reduced(near + far);
      }
    }
  }
  return values;
}

/** Algorithm 42, on a copy. */
export function restored(polynomial: Polynomial): Polynomial {
  const values = Int32Array.from(polynomial);
  let next = degree;
  for (let length = 1; length < degree; length *= 2) {
    for (let start = 0; start < degree; start += 2 * length) {
      const zeta = modulus - (zetas[--next] ?? 0);
      for (let index = start; index < start + length; index++) {
        const near = values[index] ?? 0;
        const far = values[index + length] ?? 0;
        values[index] = reduced(near + far);
        values[index + length] = multiplied(zeta, reduced(near - far));
      }
    }
  }
  return values.map((value) => multiplied(value, scale));
}

/** The largest coefficient, without its sign. */
export function norm(polynomial: Polynomial): number {
  return polynomial.reduce((most, value) => Math.max(most, Math.abs(centered(value))), 0);
}

/** The rest around zero, from above -`divisor`/2 to `divisor`/2. */
function centeredRest(value: number, divisor: number): number {
  const rest = value % divisor;
  return rest > divisor / 2 ? rest - divisor : rest;
}

/** Algorithm 35. @returns the high part, and the low one around zero */
export function powerRounded(value: number): readonly [number, number] {
  const low = centeredRest(value, 2 ** droppedBits);
  return [(value - low) / 2 ** droppedBits, low];
}

/** Algorithm 36. @param gamma half of what is rounded to. @returns as `powerRounded` */
export function decomposed(value: number, gamma: number): readonly [number, number] {
  const low = centeredRest(value, 2 * gamma);
  return value - low === modulus - 1 ? [0, low - 1] : [(value - low) / (2 * gamma), low];
}

/** Algorithm 40: the high part of what is near `value`, as the hint says. */
export function hinted(hint: number, value: number, gamma: number): number {
  const count = (modulus - 1) / (2 * gamma);
  const [high, low] = decomposed(value, gamma);
  if (hint === 0) return high;
  return low > 0 ? (high + 1) % count : (high - 1 + count) % count;
}

export function shake256(outputLength: number, ...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("shake256", { outputLength });
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/**
 * Coefficients are taken from a stream of bytes until there are enough; node:crypto must be told how much of
 * the stream is wanted, so that a longer one is asked for when the first did not do.
 */
function drawn(
  shake: "shake128" | "shake256", seed: Uint8Array, bytesFirst: number,
  take: (bytes: Buffer) => number[],
): Polynomial {
  for (let outputLength = bytesFirst; ; outputLength *= 2) {
    const taken = take(createHash(shake, { outputLength }).update(seed).digest());
    if (taken.length >= degree) return Int32Array.from(taken.slice(0, degree));
  }
}

/** Algorithm 30. */
export function uniform(seed: Uint8Array): Polynomial {
  return drawn("shake128", seed, 1_008, (bytes) => {
    const taken: number[] = [];
    for (let at = 0; at + 2 < bytes.length; at += 3) {
      const value = bytes.readUIntLE(at, 3) & 0x7f_ff_ff;
      if (value < modulus) taken.push(value);
    }
    return taken;
  });
}

/** Algorithm 31: coefficients from -`eta` to `eta`. */
export function bounded(seed: Uint8Array, eta: 2 | 4): Polynomial {
  return drawn("shake256", seed, 544, (bytes) => {
    const taken: number[] = [];
    for (const byte of bytes) {
      for (const half of [byte & 15, byte >> 4]) {
        if (eta === 2 && half < 15) taken.push(reduced(2 - (half % 5)));
        else if (eta === 4 && half < 9) taken.push(reduced(4 - half));
      }
    }
    return taken;
  });
}

/** Algorithm 29: `weight` coefficients of 1 or -1, the others 0. */
export function challenge(seed: Uint8Array, weight: number): Polynomial {
  for (let outputLength = 272; ; outputLength *= 2) {
    const bytes = shake256(outputLength, seed);
    const signs = bytes.readBigUInt64LE();
    const values = new Int32Array(degree);
    let at = 8;
    let index = degree - weight;
    for (; index < degree && at < bytes.length; at++) {
      const place = bytes[at] ?? 0;
      if (place > index) continue;
      values[index] = values[place] ?? 0;
      values[place] = (signs >> BigInt(index + weight - degree)) & 1n ? modulus - 1 : 1;
      index++;
    }
    if (index === degree) return values;
  }
}

/** Algorithms 16 and 17: each value in so many bits, the lowest first. */
export function packed(values: ArrayLike<number>, bits: number): Buffer {
  const bytes = Buffer.alloc((values.length * bits) / 8);
  let held = 0;
  let heldBits = 0;
  let at = 0;
  for (const value of Array.from(values)) {
    held += value * 2 ** heldBits;
    heldBits += bits;
    for (; heldBits >= 8; heldBits -= 8) {
      bytes[at++] = held % 256;
      held = Math.floor(held / 256);
    }
  }
  return bytes;
}

/** Algorithms 18 and 19: the 256 values of one polynomial. */
export function unpacked(bytes: Uint8Array, bits: number): Int32Array {
  const values = new Int32Array(degree);
  let held = 0;
  let heldBits = 0;
  let at = 0;
  for (const byte of bytes) {
    held += byte * 2 ** heldBits;
    heldBits += 8;
    if (heldBits < bits) continue;
    values[at++] = held % 2 ** bits;
    held = Math.floor(held / 2 ** bits);
    heldBits -= bits;
  }
  return values;
}
