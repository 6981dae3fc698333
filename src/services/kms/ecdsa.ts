/**
 * ECDSA over digests that are made already, which node:crypto does not offer: it always hashes. Signing
 * leaves the point arithmetic to OpenSSL's ECDH; verifying needs a sum of points and does it here. Pure.
 *
 * @evidence FIPS 186-5, 6.4; SEC 1, 4.1
 */

import { createECDH, hkdfSync, type KeyObject } from "node:crypto";

interface Curve {
  readonly prime: bigint;
  readonly order: bigint;
  /** The coefficient a; what is said here does not need b. */
  readonly a: bigint;
  readonly base: Point;
}

/** Affine; undefined is the point at infinity. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** x = X/Z², y = Y/Z³. Z is 0 at infinity. */
type Jacobian = readonly [x: bigint, y: bigint, z: bigint];

function curve(prime: string, order: string, a: bigint, x: string, y: string): Curve {
  const p = BigInt(prime);
  return { prime: p, order: BigInt(order), a: modulo(a, p), base: { x: BigInt(x), y: BigInt(y) } };
}

/** @evidence SP 800-186, 3.2.1, and SEC 2, 2.4.1 */
const curves: Readonly<Record<string, Curve>> = {
  prime256v1: curve(
    "0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    "0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", -3n,
    "0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    "0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
  ),
  secp384r1: curve(
    "0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    "0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", -3n,
    "0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    "0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
  ),
  secp521r1: curve(
    `0x1ff${"ff".repeat(64)}`,
    "0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
      + "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", -3n,
    "0xc6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3d"
      + "baa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
    "0x11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e6"
      + "62c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
  ),
  secp256k1: curve(
    "0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
    "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 0n,
    "0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
  ),
};

function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** By the extended Euclidean algorithm. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulo(value, modulus), modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b] = [b - quotient * a, a];
    [x, y] = [y - quotient * x, x];
    if (a === 0n) throw new RangeError("no inverse");
  }
  return modulo(x, modulus);
}

function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function toBytes(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex");
}

/** The leftmost bits of a digest, as many as the order has. */
function truncated(digest: Uint8Array, order: bigint): bigint {
  const excessBits = digest.length * 8 - order.toString(2).length;
  return excessBits > 0 ? toBigInt(digest) >> BigInt(excessBits) : toBigInt(digest);
}

function requireCurve(name: string): Curve {
  const found = curves[name];
  if (!found) throw new RangeError(`no curve ${name}`);
  return found;
}

export function signEcdsa(privateKey: KeyObject, curveName: string, digest: Uint8Array): Buffer {
  const { order } = requireCurve(curveName);
  const secretBytes = Buffer.from(String(privateKey.export({ format: "jwk" }).d), "base64url");
  const secret = toBigInt(secretBytes);
  const coordinateBytes = toBytes(requireCurve(curveName).prime).length;
  for (let attempt = 0; ; attempt++) {
    // A nonce that follows from the key and the digest cannot come twice for two digests, which would give
    // the key away. Eight bytes more than the order has make the remainder as good as uniform.
    const bytes = hkdfSync("sha512", secretBytes, Buffer.from([attempt]), digest, coordinateBytes + 8);
    const nonce = (toBigInt(Buffer.from(bytes)) % (order - 1n)) + 1n;
    const ecdh = createECDH(curveName);
    ecdh.setPrivateKey(toBytes(nonce));
    const r = modulo(toBigInt(ecdh.getPublicKey().subarray(1, 1 + coordinateBytes)), order);
    const s = modulo(inverse(nonce, order) * (truncated(digest, order) + r * secret), order);
    if (r !== 0n && s !== 0n) return encodeSignature(r, s);
  }
}

export function verifyEcdsa(
  publicKey: KeyObject, curveName: string, digest: Uint8Array, signature: Uint8Array,
): boolean {
  const group = requireCurve(curveName);
  const { order } = group;
  const parts = decodeSignature(signature);
  if (!parts) return false;
  const { r, s } = parts;
  if (r < 1n || r >= order || s < 1n || s >= order) return false;
  const { x, y } = publicKey.export({ format: "jwk" });
  const point = {
    x: toBigInt(Buffer.from(String(x), "base64url")), y: toBigInt(Buffer.from(String(y), "base64url")),
  };
  const inverted = inverse(s, order);
  const u1 = modulo(truncated(digest, order) * inverted, order);
  const u2 = modulo(r * inverted, order);
  const sum = sumOfMultiples(group, u1, group.base, u2, point);
  return sum !== undefined && modulo(sum.x, order) === r;
}

function double([x, y, z]: Jacobian, { prime, a }: Curve): Jacobian {
  if (z === 0n || y === 0n) return [0n, 1n, 0n];
  const yy = (y * y) % prime;
  const s = (4n * x * yy) % prime;
  const zz = (z * z) % prime;
  const m = (3n * x * x + a * zz * zz) % prime;
  const x3 = modulo(m * m - 2n * s, prime);
  return [x3, modulo(m * (s - x3) - 8n * yy * yy, prime), (2n * y * z) % prime];
}

function add(one: Jacobian, other: Jacobian, group: Curve): Jacobian {
  const { prime } = group;
  if (one[2] === 0n) return other;
  if (other[2] === 0n) return one;
  const zz1 = (one[2] * one[2]) % prime;
  const zz2 = (other[2] * other[2]) % prime;
  const u1 = (one[0] * zz2) % prime;
  const s1 = (one[1] * zz2 * other[2]) % prime;
  const h = modulo(other[0] * zz1 - u1, prime);
  const r = modulo(other[1] * zz1 * one[2] - s1, prime);
  if (h === 0n) return r === 0n ? double(one, group) : [0n, 1n, 0n];
  const hh = (h * h) % prime;
  const hhh = (h * hh) % prime;
  const v = (u1 * hh) % prime;
  const x3 = modulo(r * r - hhh - 2n * v, prime);
  return [x3, modulo(r * (v - x3) - s1 * hhh, prime), (one[2] * other[2] * h) % prime];
}

/** Both multiplications at once: a doubling a bit, and one addition where either factor has the bit. */
function sumOfMultiples(group: Curve, u1: bigint, one: Point, u2: bigint, other: Point): Point | undefined {
  const first: Jacobian = [one.x, one.y, 1n];
  const second: Jacobian = [other.x, other.y, 1n];
  const both = add(first, second, group);
  const bits = Math.max(u1.toString(2).length, u2.toString(2).length);
  let sum: Jacobian = [0n, 1n, 0n];
  for (let bit = BigInt(bits) - 1n; bit >= 0n; bit--) {
    sum = double(sum, group);
    const inFirst = (u1 >> bit) & 1n;
    const inSecond = (u2 >> bit) & 1n;
    if (inFirst && inSecond) sum = add(sum, both, group);
    else if (inFirst) sum = add(sum, first, group);
    else if (inSecond) sum = add(sum, second, group);
  }
  if (sum[2] === 0n) return undefined;
  const inverted = inverse(sum[2], group.prime);
  const square = (inverted * inverted) % group.prime;
  return { x: (sum[0] * square) % group.prime, y: (sum[1] * square * inverted) % group.prime };
}

function derInteger(value: bigint): Buffer {
  const bytes = toBytes(value);
  const content = (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, content.length]), content]);
}

function encodeSignature(r: bigint, s: bigint): Buffer {
  const content = Buffer.concat([derInteger(r), derInteger(s)]);
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.from([0x30, ...length]), content]);
}

/** Undefined when it is anything but two positive integers in a sequence, as short as can be. */
function decodeSignature(signature: Uint8Array): { r: bigint; s: bigint } | undefined {
  const bytes = Buffer.from(signature);
  const start = bytes[1] === 0x81 ? 3 : 2;
  const rLength = bytes[start + 1] ?? 0;
  const sLength = bytes[start + rLength + 3] ?? 0;
  const r = toBigInt(bytes.subarray(start + 2, start + 2 + rLength));
  const s = toBigInt(bytes.subarray(start + rLength + 4, start + rLength + 4 + sLength));
  return encodeSignature(r, s).equals(bytes) ? { r, s } : undefined;
}
