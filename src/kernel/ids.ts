/**
 * Names and chance. The same seed and the same calls give the same ids; without a seed a region draws its own from
 * the operating system, so ids and the secrets made from them are unpredictable. The stream is AES-256-CTR.
 */

import { createCipheriv, createHash, randomBytes, type Cipher } from "node:crypto";

const blockBytes = 4096;
/** What one opening of the store may number: with two million openings it stays a safe integer. */
const sequenceStep = 2 ** 32;
const zeros = Buffer.alloc(blockBytes);
const lowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
const upperAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export class Ids {
  readonly #cipher: Cipher;
  #sequence: number;
  #block: Buffer = Buffer.alloc(0);
  #used = 0;

  /**
   * @param seed any text; two regions with one seed draw the same ids
   * @param incarnation how often the region's store has been opened, so that a restart does not repeat ids
   */
  constructor(seed: string | undefined, incarnation = 0) {
    const key = seed === undefined ? randomBytes(32) : createHash("sha256").update(`${seed}\n${incarnation}`).digest();
    this.#cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
    this.#sequence = incarnation * sequenceStep;
  }

  /** A whole number larger than all before it, also than those before a restart: for what must keep its order. */
  sequence(): number {
    return ++this.#sequence;
  }

  bytes(count: number): Buffer {
    if (count > blockBytes) return this.#cipher.update(Buffer.alloc(count));
    if (this.#used + count > this.#block.length) {
      this.#block = this.#cipher.update(zeros);
      this.#used = 0;
    }
    const bytes = Buffer.from(this.#block.subarray(this.#used, this.#used + count));
    this.#used += count;
    return bytes;
  }

  /** Version 4, lower case. */
  uuid(): string {
    const bytes = this.bytes(16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = bytes.toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** `length` hexadecimal digits. */
  hex(length: number): string {
    return this.bytes(Math.ceil(length / 2)).toString("hex").slice(0, length);
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
