/**
 * CBOR (RFC 8949), as far as Smithy RPC v2 uses it: definite and indefinite lengths, half to double floats,
 * timestamps (tag 1), big numbers (tags 2 and 3) and decimal fractions (tag 4).
 */

import type { AwsError } from "../errors.ts";
import { depthMax, emptyMap } from "./compile.ts";
import { serializationException, tooDeep } from "./refusals.ts";

/** An instant, kept apart from a plain number until a shape asks for it. */
export class CborTimestamp {
  /** Of what, the protocol says: seconds since the epoch, or milliseconds. */
  readonly count: number;

  constructor(count: number) {
    this.count = count;
  }
}

const indefinite = -1;
const breakCode = 0xff;

/**
 * Maps become objects without a prototype, byte strings buffers, whole numbers beyond 2^53 the nearest
 * double.
 *
 * @throws AwsError `SerializationException` when the bytes are not one well-formed item
 */
export function decodeCbor(bytes: Buffer): unknown {
  const decoder = new CborDecoder(bytes);
  const value = decoder.item(0);
  if (!decoder.atEnd) throw malformedCbor();
  return value;
}

class CborDecoder {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  item(depth: number): unknown {
    if (depth > depthMax) throw tooDeep();
    const initial = this.#byte();
    const major = initial >> 5;
    const info = initial & 0x1f;
    switch (major) {
      case 0: return this.#length(info);
      case 1: return -1 - this.#length(info);
      case 2: return this.#string(info, 2);
      case 3: return (this.#string(info, 3)).toString("utf8");
      case 4: return this.#list(info, depth);
      case 5: return this.#map(info, depth);
      case 6: return this.#tagged(this.#length(info), depth);
      default: return this.#simple(info);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw malformedCbor();
    this.#at += 1;
    return byte;
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw malformedCbor();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #length(info: number): number {
    if (info < 24) return info;
    if (info === 24) return this.#byte();
    if (info === 25) return this.#take(2).readUInt16BE(0);
    if (info === 26) return this.#take(4).readUInt32BE(0);
    if (info === 27) return Number(this.#take(8).readBigUInt64BE(0));
    throw malformedCbor();
  }

  #lengthOrIndefinite(info: number): number {
    return info === 31 ? indefinite : this.#length(info);
  }

  #string(info: number, major: number): Buffer {
    const length = this.#lengthOrIndefinite(info);
    if (length !== indefinite) return this.#take(length);
    const chunks: Buffer[] = [];
    for (let initial = this.#byte(); initial !== breakCode; initial = this.#byte()) {
      if (initial >> 5 !== major) throw malformedCbor();
      chunks.push(this.#take(this.#length(initial & 0x1f)));
    }
    return Buffer.concat(chunks);
  }

  /** Whether a container of so many items, of which `count` were read, has another one. */
  #hasNext(length: number, count: number): boolean {
    if (length !== indefinite) return count < length;
    if (this.#bytes[this.#at] !== breakCode) return true;
    this.#at += 1;
    return false;
  }

  #list(info: number, depth: number): unknown[] {
    const length = this.#lengthOrIndefinite(info);
    if (length > this.#bytes.length - this.#at) throw malformedCbor();
    const items: unknown[] = [];
    while (this.#hasNext(length, items.length)) items.push(this.item(depth + 1));
    return items;
  }

  #map(info: number, depth: number): Record<string, unknown> {
    const length = this.#lengthOrIndefinite(info);
    if (length > this.#bytes.length - this.#at) throw malformedCbor();
    const map = emptyMap<unknown>();
    for (let count = 0; this.#hasNext(length, count); count += 1) {
      const initial = this.#byte();
      if (initial >> 5 !== 3) throw malformedCbor();
      const key = this.#string(initial & 0x1f, 3).toString("utf8");
      map[key] = this.item(depth + 1);
    }
    return map;
  }

  #tagged(tag: number, depth: number): unknown {
    const value = this.item(depth + 1);
    if (tag === 1) {
      if (typeof value !== "number" || !Number.isFinite(value)) throw malformedCbor();
      return new CborTimestamp(value);
    }
    if (tag === 2 || tag === 3) {
      if (!Buffer.isBuffer(value) || value.length > 128) throw malformedCbor();
      const magnitude = value.length === 0 ? 0n : BigInt(`0x${value.toString("hex")}`);
      return Number(tag === 2 ? magnitude : -1n - magnitude);
    }
    if (tag === 4) {
      const [exponent, mantissa] = Array.isArray(value) ? (value as unknown[]) : [];
      if (typeof exponent !== "number" || typeof mantissa !== "number") throw malformedCbor();
      return Number(`${mantissa}e${exponent}`);
    }
    return value;
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20: return false;
      case 21: return true;
      case 22: case 23: return null;
      case 25: return readHalf(this.#take(2).readUInt16BE(0));
      case 26: return this.#take(4).readFloatBE(0);
      case 27: return this.#take(8).readDoubleBE(0);
      default: throw malformedCbor();
    }
  }
}

function readHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function malformedCbor(): AwsError {
  return serializationException("The request body is not well-formed CBOR.");
}

/** Writes items one after another into bytes that grow as needed. */
export class CborEncoder {
  #bytes = Buffer.allocUnsafe(512);
  #at = 0;

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  startMap(): void {
    this.#put(0xbf);
  }

  startList(): void {
    this.#put(0x9f);
  }

  end(): void {
    this.#put(breakCode);
  }

  null(): void {
    this.#put(0xf6);
  }

  boolean(value: boolean): void {
    this.#put(value ? 0xf5 : 0xf4);
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#head(3, length);
    this.#reserve(length);
    this.#at += this.#bytes.write(value, this.#at, "utf8");
  }

  blob(value: Buffer): void {
    this.#head(2, value.length);
    this.#reserve(value.length);
    this.#at += value.copy(this.#bytes, this.#at);
  }

  integer(value: number | bigint): void {
    if (typeof value === "bigint") this.#bigInteger(value);
    else if (!Number.isSafeInteger(value)) this.double(value);
    else if (value >= 0) this.#head(0, value);
    else this.#head(1, -1 - value);
  }

  /** The shortest of the single and double floats that is exact. */
  double(value: number): void {
    const single = Number.isNaN(value) || Math.fround(value) === value;
    this.#reserve(9);
    this.#bytes[this.#at] = single ? 0xfa : 0xfb;
    this.#at = single
      ? this.#bytes.writeFloatBE(value, this.#at + 1)
      : this.#bytes.writeDoubleBE(value, this.#at + 1);
  }

  instant(count: number): void {
    this.#put(0xc1);
    if (Number.isSafeInteger(count)) this.integer(count);
    else {
      this.#reserve(9);
      this.#bytes[this.#at] = 0xfb;
      this.#at = this.#bytes.writeDoubleBE(count, this.#at + 1);
    }
  }

  #bigInteger(value: bigint): void {
    const magnitude = value < 0n ? -1n - value : value;
    if (magnitude < 2n ** 53n) {
      this.integer(Number(value));
      return;
    }
    const hex = magnitude.toString(16);
    this.#put(value < 0n ? 0xc3 : 0xc2);
    this.blob(Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex"));
  }

  #head(major: number, length: number): void {
    this.#reserve(9);
    const type = major << 5;
    if (length < 24) {
      this.#bytes[this.#at++] = type | length;
    } else if (length < 0x100) {
      this.#bytes[this.#at++] = type | 24;
      this.#bytes[this.#at++] = length;
    } else if (length < 0x10000) {
      this.#bytes[this.#at] = type | 25;
      this.#at = this.#bytes.writeUInt16BE(length, this.#at + 1);
    } else if (length < 0x100000000) {
      this.#bytes[this.#at] = type | 26;
      this.#at = this.#bytes.writeUInt32BE(length, this.#at + 1);
    } else {
      this.#bytes[this.#at] = type | 27;
      this.#at = this.#bytes.writeBigUInt64BE(BigInt(length), this.#at + 1);
    }
  }

  #put(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + length));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
