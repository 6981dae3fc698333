/**
 * Names and chance. The same seed and the same calls give the same ids; without a seed a region draws its own
 * from
 * the operating system, so ids and the secrets made from them are unpredictable. The stream is AES-256-CTR.
 */

import { createCipheriv, createHash, randomBytes, type Cipher } from "node:crypto";

const blockBytes = 4096;
/** What one opening of the store may number: with two million openings it stays a safe integer. */
const sequenceStep = 2 ** 32;
const zeros = Buffer.alloc(blockBytes);
const hexDigits = "0123456789abcdef";

/** Node's buffers have it; its types do not say so. */
interface LatinBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
}

const lowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
const upperAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export class Ids {
  readonly #cipher: Cipher;
  #sequence: number;
  #block: Buffer = Buffer.alloc(0);
  #used = 0;
  /** A UUID's text in the making; the hyphens stay. */
  readonly #uuid = Buffer.from("00000000-0000-0000-0000-000000000000", "latin1") as LatinBuffer;

  /**
   * @param seed any text; two regions with one seed draw the same ids
   * @param incarnation how often the region's store has been opened, so that a restart does not repeat ids
   */
  constructor(seed: string | undefined, incarnation = 0) {
    const key =
      seed === undefined ? randomBytes(32) : createHash("sha256").update(`${seed}\n${incarnation}`).digest();
    this.#cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
    this.#sequence = incarnation * sequenceStep;
  }

  /**
   * A whole number larger than all before it, also than those before a restart: for what must keep its order.
   */
  sequence(): number {
    return ++this.#sequence;
  }

  bytes(count: number): Buffer {
    if (count > blockBytes) return this.#cipher.update(Buffer.alloc(count));
    const start = this.#take(count);
    return Buffer.from(this.#block.subarray(start, start + count));
  }

  /** Where in the block the next `count` bytes are. */
  #take(count: number): number {
    if (this.#used + count > this.#block.length) {
      this.#block = this.#cipher.update(zeros);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += count;
    return start;
  }

  /** Version 4, lower case. */
  uuid(): string {
    const start = this.#take(16);
    let position = 0;
    for (let index = 0; index < 16; index += 1) {
      let byte = this.#block[start + index] ?? 0;
      if (index === 6) byte = (byte & 0x0f) | 0x40;
      if (index === 8) byte = (byte & 0x3f) | 0x80;
      if (index === 4 || index === 6 || index === 8 || index === 10) position += 1;
      this.#uuid[position++] = hexDigits.charCodeAt(byte >>> 4);
      this.#uuid[position++] = hexDigits.charCodeAt(byte & 15);
    }
    return this.#uuid.latin1Slice(0, 36);
  }

  /** `length` hexadecimal digits. */
  hex(length: number): string {
    const count = Math.ceil(length / 2);
    if (count > blockBytes) return this.bytes(count).toString("hex").slice(0, length);
    const start = this.#take(count);
    return this.#block.toString("hex", start, start + count).slice(0, length);
  }

  /** IAM's unique ids, `AIDA` and 17 more: upper-case letters and the digits 2 to 7. */
  unique(prefix: string, length: number): string {
    return prefix + this.#draw(upperAndDigits, length);
  }

  /** Lower-case letters and digits. */
  text(length: number): string {
    return this.#draw(lowerAndDigits, length);
  }

  /** `length` characters of `alphabet`, each equally likely. */
  from(alphabet: string, length: number): string {
    return this.#draw(alphabet, length);
  }

  /** An integer from 0 up to, and without, `limit`. */
  below(limit: number): number {
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`below(${limit})`);
    const span = 2 ** 48;
    const fair = span - (span % limit);
    for (;;) {
      const drawn = this.bytes(6).readUIntBE(0, 6);
      if (drawn < fair) return drawn % limit;
    }
  }

  #draw(alphabet: string, length: number): string {
    const fair = 256 - (256 % alphabet.length);
    let text = "";
    while (text.length < length) {
      for (const byte of this.bytes(length - text.length)) {
        if (byte < fair) text += alphabet[byte % alphabet.length];
      }
    }
    return text;
  }
}
