/**
 * Zstandard, unpacked block by block: in memory are a block, which unpacks to 128 KB at most, and the frame's
 * window. The library, which knows how to unpack a block, is loaded on first use.
 *
 * @evidence RFC 8878, 3.1 Frames
 */

import { BrokenFile } from "./records.ts";

/** What the reference implementation takes unless it is told otherwise. @evidence zstd(1), --long */
const windowBytesMax = 128 * 1_048_576;
const blockBytesMax = 131_072;
const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a5;
const checksumBytes = 4;
const repeatedByte = 1;

type Library = typeof import("fzstd");

/** @throws BrokenFile for what is no Zstandard, ends too soon, or asks for too large a window */
export async function* unpacked(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const library = await import("fzstd");
  const bytes = new Bytes(content);
  while (!(await bytes.isAtEnd())) {
    const start = await bytes.take(4);
    const kind = start.readUInt32LE(0);
    if (kind >>> 4 === skippableMagic) await bytes.skip((await bytes.take(4)).readUInt32LE(0));
    else if (kind === magic) yield* frame(library, bytes, start);
    else throw new BrokenFile("not in Zstandard format");
  }
}

async function* frame(library: Library, bytes: Bytes, start: Buffer): AsyncGenerator<Buffer> {
  const descriptor = await bytes.take(1);
  const flags = descriptor.readUInt8(0);
  const isSingle = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
  const rest = await bytes.take((isSingle ? 0 : 1) + dictionaryBytes + sizeBytes);
  // A frame of one segment has a window of its content's size.
  const window = isSingle ? sizeIn(rest.subarray(dictionaryBytes)) : windowOf(rest.readUInt8(0));
  if (window > windowBytesMax) throw new BrokenFile("the Zstandard window is too large");
  const blocks = new Blocks(library);
  blocks.push(Buffer.concat([start, descriptor, rest]), false);
  for (let isLast = false; !isLast;) {
    const header = await bytes.take(3);
    const word = header.readUIntLE(0, 3);
    isLast = (word & 1) === 1;
    const length = word >>> 3;
    if (length > blockBytesMax) throw new BrokenFile("a Zstandard block is too large");
    const body = await bytes.take(((word >>> 1) & 3) === repeatedByte ? 1 : length);
    const end = isLast && (flags & 4) !== 0 ? await bytes.take(checksumBytes) : Buffer.alloc(0);
    yield* blocks.push(Buffer.concat([header, body, end]), isLast);
  }
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function sizeIn(field: Buffer): number {
  if (field.length === 8) return Number(field.readBigUInt64LE(0));
  // Two bytes count from 256.
  return field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0);
}

/** The library on the blocks of one frame. */
class Blocks {
  readonly #reader: InstanceType<Library["Decompress"]>;
  #ready: Buffer[] = [];

  constructor({ Decompress }: Library) {
    this.#reader = new Decompress((data) => {
      if (data.length > 0) this.#ready.push(Buffer.from(data));
    });
  }

  push(part: Buffer, isLast: boolean): Buffer[] {
    this.#ready = [];
    try {
      this.#reader.push(part, isLast);
    } catch (cause) {
      throw new BrokenFile(cause instanceof Error ? cause.message : String(cause));
    }
    return this.#ready;
  }
}

/** Bytes of a stream, as many as are asked for. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(content: AsyncIterable<Buffer>) {
    this.#chunks = content[Symbol.asyncIterator]();
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) if (!(await this.#more())) return true;
    return false;
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done) return false;
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    return true;
  }

  async take(length: number): Promise<Buffer> {
    while (this.#rest.length < length) {
      if (!(await this.#more())) throw new BrokenFile("the file ends too soon");
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      if (await this.isAtEnd()) throw new BrokenFile("the file ends too soon");
      const part = Math.min(left, this.#rest.length);
      this.#rest = this.#rest.subarray(part);
      left -= part;
    }
  }
}
