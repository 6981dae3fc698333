/**
 * Many events as one piece of bytes: their times and numbers as small differences, then their texts. What
 * pays is compressed, what belongs to a group with a key is encrypted.
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { promisify } from "node:util";
import { deflateRawSync, inflateRaw, inflateRawSync } from "node:zlib";

export interface StoredEvent {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** The event's number in its group: with the timestamp its place, whatever block it lies in. */
  readonly sequence: number;
  readonly ingestedAt: number;
  readonly message: string;
}

/** Smaller bodies are kept as they are: unpacking would cost more than it saves. */
const compressedBytesMin = 512;
/** Speed counts: log text shrinks to a tenth either way. */
const compressionLevel = 1;

/** Node's own fast paths beneath `toString` and `write`, which its type declarations leave out. */
interface RawBuffer extends Buffer {
  utf8Write(text: string, position: number): number;
  utf8Slice(start: number, end: number): string;
}

class Writer {
  readonly #bytes: RawBuffer;
  #at = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size) as RawBuffer;
  }

  /** Any whole number: zigzag, then seven bits a byte, the lowest first. */
  number(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  text(text: string): void {
    this.#at += this.#bytes.utf8Write(text, this.#at);
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }
}

/** A number takes at most this many bytes: 2^53, doubled, seven bits a byte. */
const numberBytesMax = 8;

function lengthsOf(events: readonly StoredEvent[]): { lengths: number[]; total: number } {
  let total = 0;
  const lengths = events.map(({ message }) => {
    const length = Buffer.byteLength(message);
    total += length;
    return length;
  });
  return { lengths, total };
}

/** @param events in the order of their timestamps, then of their numbers */
export function packEvents(events: readonly StoredEvent[]): Buffer {
  const { lengths, total } = lengthsOf(events);
  const writer = new Writer(numberBytesMax * (4 * events.length + 1) + total);
  writer.number(events.length);
  let timestamp = 0;
  let sequence = 0;
  let ingestedAt = 0;
  events.forEach((event, index) => {
    writer.number(event.timestamp - timestamp);
    writer.number(event.sequence - sequence);
    writer.number(event.ingestedAt - ingestedAt);
    writer.number(lengths[index] ?? 0);
    ({ timestamp, sequence, ingestedAt } = event);
  });
  for (const event of events) writer.text(event.message);
  return writer.done();
}

export function unpackEvents(bytes: Buffer): StoredEvent[] {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  };
  const count = number();
  const facts: { timestamp: number; sequence: number; ingestedAt: number; length: number }[] = [];
  let timestamp = 0;
  let sequence = 0;
  let ingestedAt = 0;
  for (let index = 0; index < count; index++) {
    timestamp += number();
    sequence += number();
    ingestedAt += number();
    facts.push({ timestamp, sequence, ingestedAt, length: number() });
  }
  return facts.map((fact) => {
    const message = (bytes as RawBuffer).utf8Slice(at, (at += fact.length));
    return { timestamp: fact.timestamp, sequence: fact.sequence, ingestedAt: fact.ingestedAt, message };
  });
}

export type Packing = "plain" | "deflate";

export function compress(bytes: Buffer): { packing: Packing; bytes: Buffer } {
  if (bytes.length < compressedBytesMin) return { packing: "plain", bytes };
  const packed = deflateRawSync(bytes, { level: compressionLevel });
  return packed.length < bytes.length ? { packing: "deflate", bytes: packed } : { packing: "plain", bytes };
}

export function decompress(packing: Packing, bytes: Buffer): Buffer {
  return packing === "deflate" ? inflateRawSync(bytes) : bytes;
}

const inflateElsewhere = promisify(inflateRaw);
/** What is smaller is unpacked in less time than it takes to hand it to another thread. */
const elsewhereBytesMin = 8_192;

/** Whether it is worth while to have another thread unpack it. */
export function isLarge({ packing, bytes }: { packing: Packing; bytes: Buffer }): boolean {
  return packing !== "plain" && bytes.length >= elsewhereBytesMin;
}

/** As `decompress`, for those who can wait: in another thread where it takes long. */
export async function inflated(packed: { packing: Packing; bytes: Buffer }): Promise<Buffer> {
  return isLarge(packed) ? inflateElsewhere(packed.bytes) : decompress(packed.packing, packed.bytes);
}

const nonceBytes = 12;
const tagBytes = 16;

/** Nonce, text, tag. */
export function encrypt(key: Buffer, nonce: Buffer, bytes: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonce.subarray(0, nonceBytes));
  return Buffer.concat(
    [nonce.subarray(0, nonceBytes), cipher.update(bytes), cipher.final(), cipher.getAuthTag()]
  );
}

export function decrypt(key: Buffer, bytes: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}
