/**
 * ML-DSA, which the OpenSSL that this runs on does not have: key pairs from seeds, signatures over a
 * message's representative, and their verification. Pure.
 *
 * @evidence FIPS 204, sections 5 to 7.2; RFC 9881, object identifiers and the form of public keys
 */

import {
  bounded, challenge, decomposed, degree, difference, droppedBits, hinted, modulus, norm, packed,
  powerRounded, product, reduced, restored, shake256, sum, transformed, uniform, unpacked, type Polynomial,
} from "./ml-dsa-ring.ts";

export type MlDsaSet = 44 | 65 | 87;

interface Parameters {
  readonly rows: number;
  readonly columns: number;
  readonly eta: 2 | 4;
  /** How many coefficients of the challenge are not zero. */
  readonly weight: number;
  readonly challengeBytes: number;
  /** Bits of a coefficient of `z`; masks are below 2 to the power of one less. */
  readonly maskBits: 18 | 20;
  readonly gamma: number;
  /** Bits of a high part. */
  readonly highBits: 4 | 6;
  readonly hintsMax: number;
  /** The last number of the object identifier. */
  readonly identifier: number;
}

const coarse = (modulus - 1) / 32;

const parameterSets: Readonly<Record<MlDsaSet, Parameters>> = {
  44: {
    rows: 4, columns: 4, eta: 2, weight: 39, challengeBytes: 32, maskBits: 18, gamma: (modulus - 1) / 88,
    highBits: 6, hintsMax: 80, identifier: 0x11,
  },
  65: {
    rows: 6, columns: 5, eta: 4, weight: 49, challengeBytes: 48, maskBits: 20, gamma: coarse, highBits: 4,
    hintsMax: 55, identifier: 0x12,
  },
  87: {
    rows: 8, columns: 7, eta: 2, weight: 60, challengeBytes: 64, maskBits: 20, gamma: coarse, highBits: 4,
    hintsMax: 75, identifier: 0x13,
  },
};

export const seedBytes = 32;
export const representativeBytes = 64;
const highBitsOfKey = 10;
const bytesOfHighKey = (degree * highBitsOfKey) / 8;

type Vector = readonly Polynomial[];
type Matrix = readonly Vector[];

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function twoBytes(value: number): Buffer {
  return Buffer.from([value & 255, value >> 8]);
}

/** Algorithm 32, transformed. */
function matrixOf(seed: Uint8Array, { rows, columns }: Parameters): Matrix {
  return indexes(rows).map((row) =>
    indexes(columns).map((column) => uniform(Buffer.concat([seed, Buffer.from([column, row])]))));
}

/** Of a transformed matrix and vector, not transformed. */
function applied(matrix: Matrix, vector: Vector): Polynomial[] {
  const zero = new Int32Array(degree);
  return matrix.map((row) => restored(row.reduce<Polynomial>(
    (total, polynomial, column) => sum(total, product(polynomial, vector[column] ?? zero)), zero)));
}

/** Of a transformed polynomial and vector, not transformed. */
function scaled(polynomial: Polynomial, vector: Vector): Polynomial[] {
  return vector.map((each) => restored(product(polynomial, each)));
}

function combined(
  one: Vector, other: Vector, combine: (left: Polynomial, right: Polynomial) => Polynomial,
): Polynomial[] {
  const zero = new Int32Array(degree);
  return one.map((polynomial, index) => combine(polynomial, other[index] ?? zero));
}

const isWithin = (vector: Vector, limit: number): boolean => vector.every((each) => norm(each) < limit);

interface KeyPair {
  readonly matrix: Matrix;
  /** All three transformed. */
  readonly secret: Vector;
  readonly error: Vector;
  readonly low: Vector;
  readonly signingSeed: Buffer;
  readonly publicKey: Buffer;
}

/** Algorithm 6. */
function keyPairOf(set: MlDsaSet, seed: Uint8Array): KeyPair {
  const parameters = parameterSets[set];
  const { rows, columns, eta } = parameters;
  const expanded = shake256(128, seed, Buffer.from([rows, columns]));
  const [publicSeed, secretSeed] = [expanded.subarray(0, 32), expanded.subarray(32, 96)];
  const matrix = matrixOf(publicSeed, parameters);
  const drawn = indexes(columns + rows).map((index) =>
    bounded(Buffer.concat([secretSeed, twoBytes(index)]), eta));
  const secret = drawn.slice(0, columns).map(transformed);
  const error = drawn.slice(columns);
  const rounded = combined(applied(matrix, secret), error, sum)
    .map((polynomial) => Array.from(polynomial, powerRounded));
  return {
    matrix, secret, error: error.map(transformed),
    low: rounded.map((pairs) => transformed(Int32Array.from(pairs, ([, low]) => reduced(low)))),
    signingSeed: expanded.subarray(96),
    publicKey: Buffer.concat(
      [publicSeed, ...rounded.map((pairs) => packed(pairs.map(([high]) => high), highBitsOfKey))]),
  };
}

/** SubjectPublicKeyInfo: an object identifier without parameters, and the key as a bit string. */
function subjectPublicKeyInfo(set: MlDsaSet, publicKey: Uint8Array): Buffer {
  const identifier =
    Buffer.from([0x30, 0x0b, 0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, parameterSets[set].identifier]);
  const long = (tag: number, length: number): Buffer => Buffer.from([tag, 0x82, length >> 8, length & 255]);
  const bits = Buffer.concat([long(3, publicKey.length + 1), Buffer.from([0]), publicKey]);
  return Buffer.concat([long(0x30, identifier.length + bits.length), identifier, bits]);
}

export function mlDsaPublicKey(set: MlDsaSet, seed: Uint8Array): Buffer {
  return subjectPublicKeyInfo(set, keyPairOf(set, seed).publicKey);
}

function rawPublicKey(set: MlDsaSet, info: Uint8Array): Uint8Array {
  return info.subarray(info.length - 32 - bytesOfHighKey * parameterSets[set].rows);
}

/** What is signed in a message's place, which others may work out, too. Its context is empty. */
export function mlDsaRepresentative(set: MlDsaSet, info: Uint8Array, message: Uint8Array): Buffer {
  const keyHash = shake256(64, rawPublicKey(set, info));
  return shake256(representativeBytes, keyHash, Buffer.from([0, 0]), message);
}

/** Algorithm 28. */
function packedHighs(highs: readonly (readonly number[])[], { highBits }: Parameters): Buffer {
  return Buffer.concat(highs.map((values) => packed(values, highBits)));
}

/** Algorithm 20. */
function packedHints(hints: readonly (readonly number[])[], { hintsMax, rows }: Parameters): Buffer {
  const bytes = Buffer.alloc(hintsMax + rows);
  let count = 0;
  for (const [row, values] of hints.entries()) {
    for (const [index, value] of values.entries()) if (value === 1) bytes[count++] = index;
    bytes[hintsMax + row] = count;
  }
  return bytes;
}

/** Algorithm 21. @returns undefined where the hints could have been written otherwise */
function unpackedHints(bytes: Uint8Array, { hintsMax, rows }: Parameters): number[][] | undefined {
  const hints: number[][] = [];
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const values = Array<number>(degree).fill(0);
    const end = bytes[hintsMax + row] ?? 0;
    if (end < count || end > hintsMax) return undefined;
    const places = bytes.subarray(count, end);
    if (places.some((place, at) => at > 0 && place <= (places[at - 1] ?? 0))) return undefined;
    for (const place of places) values[place] = 1;
    hints.push(values);
    count = end;
  }
  return bytes.subarray(count, hintsMax).every((byte) => byte === 0) ? hints : undefined;
}

/** One attempt of Algorithm 7. @returns undefined where it would tell of the secret */
function attempt(
  pair: KeyPair, parameters: Parameters, representative: Uint8Array, masks: Vector,
): Buffer | undefined {
  const { gamma, weight, eta, challengeBytes, maskBits, hintsMax } = parameters;
  const slack = weight * eta;
  const commitment = applied(pair.matrix, masks.map(transformed));
  const highs = commitment.map((each) => Array.from(each, (value) => decomposed(value, gamma)[0]));
  const hash = shake256(challengeBytes, representative, packedHighs(highs, parameters));
  const asked = transformed(challenge(hash, weight));
  const answer = combined(masks, scaled(asked, pair.secret), sum);
  const rest = combined(commitment, scaled(asked, pair.error), difference);
  const lows = rest.map((each) => each.map((value) => reduced(decomposed(value, gamma)[1])));
  const maskMax = 2 ** (maskBits - 1);
  if (!isWithin(answer, maskMax - slack) || !isWithin(lows, gamma - slack)) return undefined;
  const dropped = scaled(asked, pair.low);
  const shifted = combined(rest, dropped, sum);
  const hints = rest.map((each, row) => Array.from(each, (value, index) =>
    Number(decomposed(shifted[row]?.[index] ?? 0, gamma)[0] !== decomposed(value, gamma)[0])));
  const count = hints.flat().filter((hint) => hint === 1).length;
  if (!isWithin(dropped, gamma) || count > hintsMax) return undefined;
  const packedAnswer = answer.map((each) => packed(each.map((value) => reduced(maskMax - value)), maskBits));
  return Buffer.concat([hash, ...packedAnswer, packedHints(hints, parameters)]);
}

/**
 * Algorithm 7. @param chance 32 bytes, so that no two signatures are alike: "hedged"
 */
export function signMlDsa(
  set: MlDsaSet, seed: Uint8Array, representative: Uint8Array, chance: Uint8Array,
): Buffer {
  const parameters = parameterSets[set];
  const { columns, maskBits } = parameters;
  const pair = keyPairOf(set, seed);
  const maskSeed = shake256(64, pair.signingSeed, chance, representative);
  for (let counter = 0; ; counter += columns) {
    const masks = indexes(columns).map((index) => {
      const bytes = shake256((degree * maskBits) / 8, maskSeed, twoBytes(counter + index));
      return unpacked(bytes, maskBits).map((value) => reduced(2 ** (maskBits - 1) - value));
    });
    const signature = attempt(pair, parameters, representative, masks);
    if (signature) return signature;
  }
}

/** Algorithm 8. @param info the public key */
export function verifyMlDsa(
  set: MlDsaSet, info: Uint8Array, representative: Uint8Array, signature: Uint8Array,
): boolean {
  const parameters = parameterSets[set];
  const { rows, columns, challengeBytes, maskBits, gamma, weight, eta, hintsMax } = parameters;
  const answerBytes = (degree * maskBits) / 8;
  if (signature.length !== challengeBytes + columns * answerBytes + hintsMax + rows) return false;
  const hash = signature.subarray(0, challengeBytes);
  const maskMax = 2 ** (maskBits - 1);
  const answer = indexes(columns).map((column) => {
    const at = challengeBytes + column * answerBytes;
    return unpacked(signature.subarray(at, at + answerBytes), maskBits)
      .map((value) => reduced(maskMax - value));
  });
  const hints = unpackedHints(signature.subarray(challengeBytes + columns * answerBytes), parameters);
  if (!hints || !isWithin(answer, maskMax - weight * eta)) return false;
  const publicKey = rawPublicKey(set, info);
  const known = indexes(rows).map((row) => {
    const at = 32 + row * bytesOfHighKey;
    return transformed(unpacked(publicKey.subarray(at, at + bytesOfHighKey), highBitsOfKey)
      .map((value) => value * 2 ** droppedBits));
  });
  const asked = transformed(challenge(hash, weight));
  const near = combined(
    applied(matrixOf(publicKey.subarray(0, 32), parameters), answer.map(transformed)),
    scaled(asked, known), difference,
  );
  const highs = near.map((each, row) =>
    Array.from(each, (value, index) => hinted(hints[row]?.[index] ?? 0, value, gamma)));
  return shake256(challengeBytes, representative, packedHighs(highs, parameters)).equals(hash);
}
