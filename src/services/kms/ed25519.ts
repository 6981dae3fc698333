/**
 * Ed25519ph: Ed25519 over digests that are made already, which the OpenSSL that this runs on does not have.
 * Pure.
 *
 * @evidence RFC 8032, sections 5.1 and 7.3
 */

import { createHash, type KeyObject } from "node:crypto";

const prime = 2n ** 255n - 19n;
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const keyBytes = 32;
/** The prefix of all that is hashed: a name, the flag of digests, and no context. */
const domain = Buffer.concat([Buffer.from("SigEd25519 no Ed25519 collisions"), Buffer.from([1, 0])]);

/** In extended homogeneous coordinates: x = X/Z, y = Y/Z, x y = T/Z. */
interface Point {
  readonly X: bigint;
  readonly Y: bigint;
  readonly Z: bigint;
  readonly T: bigint;
}

function reduced(value: bigint, divisor = prime): bigint {
  const rest = value % divisor;
  return rest < 0n ? rest + divisor : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = reduced(base);
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = reduced(result * square);
    square = reduced(square * square);
  }
  return result;
}

const inverse = (value: bigint): bigint => power(value, prime - 2n);
const d = reduced(-121665n * inverse(121666n));
const rootOfMinusOne = power(2n, (prime - 1n) / 4n);

function added(one: Point, other: Point): Point {
  const a = reduced((one.Y - one.X) * (other.Y - other.X));
  const b = reduced((one.Y + one.X) * (other.Y + other.X));
  const c = reduced(one.T * 2n * d * other.T);
  const e = reduced(one.Z * 2n * other.Z);
  const [f, g, h, i] = [b - a, e - c, e + c, b + a];
  return { X: reduced(f * g), Y: reduced(h * i), T: reduced(f * i), Z: reduced(g * h) };
}

function multiplied(scalar: bigint, point: Point): Point {
  let result: Point = { X: 0n, Y: 1n, Z: 1n, T: 0n };
  let doubled = point;
  for (let left = scalar; left > 0n; left >>= 1n) {
    if (left & 1n) result = added(result, doubled);
    doubled = added(doubled, doubled);
  }
  return result;
}

function isSame(one: Point, other: Point): boolean {
  return reduced(one.X * other.Z - other.X * one.Z) === 0n
    && reduced(one.Y * other.Z - other.Y * one.Z) === 0n;
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * keyBytes, "0"), "hex").reverse();
}

function encoded({ X, Y, Z }: Point): Buffer {
  const scale = inverse(Z);
  const sign = reduced(X * scale) & 1n;
  return toBytes(reduced(Y * scale) | (sign << 255n));
}

/** @returns undefined for what is no point */
function decoded(bytes: Uint8Array): Point | undefined {
  const value = toNumber(bytes);
  const sign = value >> 255n;
  const y = value & (2n ** 255n - 1n);
  if (y >= prime) return undefined;
  const squared = reduced((y * y - 1n) * inverse(d * y * y + 1n));
  let x = power(squared, (prime + 3n) / 8n);
  if (reduced(x * x - squared) !== 0n) x = reduced(x * rootOfMinusOne);
  if (reduced(x * x - squared) !== 0n || (x === 0n && sign === 1n)) return undefined;
  if ((x & 1n) !== sign) x = prime - x;
  return { X: x, Y: y, Z: 1n, T: reduced(x * y) };
}

/** Its y is 4/5, and its x is even. */
const base = decoded(toBytes(reduced(4n * inverse(5n))));
if (!base) throw new Error("the base point of Ed25519 is none");
const basePoint = base;

function hash(...parts: readonly Uint8Array[]): Buffer {
  const all = createHash("sha512");
  for (const part of parts) all.update(part);
  return all.digest();
}

const hashNumber = (...parts: readonly Uint8Array[]): bigint =>
  reduced(toNumber(hash(domain, ...parts)), order);

function coordinate(key: KeyObject, name: "d" | "x"): Buffer {
  return Buffer.from(key.export({ format: "jwk" })[name] ?? "", "base64url");
}

/** @param digest SHA-512 of the message */
export function signEd25519Digest(privateKey: KeyObject, digest: Uint8Array): Buffer {
  const publicBytes = coordinate(privateKey, "x");
  const expanded = hash(coordinate(privateKey, "d"));
  const clamped = (toNumber(expanded.subarray(0, keyBytes)) & (2n ** 254n - 8n)) | (2n ** 254n);
  const nonce = hashNumber(expanded.subarray(keyBytes), digest);
  const commitment = encoded(multiplied(nonce, basePoint));
  const challenge = hashNumber(commitment, publicBytes, digest);
  return Buffer.concat([commitment, toBytes(reduced(nonce + challenge * clamped, order))]);
}

export function verifyEd25519Digest(
  publicKey: KeyObject, digest: Uint8Array, signature: Uint8Array,
): boolean {
  if (signature.length !== 2 * keyBytes) return false;
  const publicBytes = coordinate(publicKey, "x");
  const commitmentBytes = signature.subarray(0, keyBytes);
  const answer = toNumber(signature.subarray(keyBytes));
  const [commitment, point] = [decoded(commitmentBytes), decoded(publicBytes)];
  if (!commitment || !point || answer >= order) return false;
  const challenge = hashNumber(commitmentBytes, publicBytes, digest);
  return isSame(multiplied(answer, basePoint), added(commitment, multiplied(challenge, point)));
}
