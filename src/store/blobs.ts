/**
 * Large bodies as files. Their names are ours: an id from `ctx.ids`, never anything a user chose. A blob is
 * whole or not there, and never changes once it is, so that snapshots can share it.
 */

import { createReadStream } from "node:fs";
import type { ReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { entriesOf, linkOrCopy, syncFolder } from "./files.ts";
import type { Durability } from "./types.ts";

export interface BlobRange {
  /** First byte, counted from 0. */
  readonly startByte?: number;
  /** Last byte, inclusive. */
  readonly endByte?: number;
}

/** Lower case only: there are file systems on which `A` and `a` are one file. */
const BLOB_ID = /^[a-z0-9][a-z0-9-]{0,99}$/;
const ARRIVING = "arriving";
/** Pieces of a body come small; the file system is asked for as much as this at once. */
const WRITE_BYTES = 1_048_576;
const READ_BYTES = 1_048_576;

export class Blobs {
  readonly #folder: string;
  readonly #durability: Durability;
  readonly #arriving = new Set<string>();
  /** What has arrived since the store's content was replaced, while what was before it is being deleted. */
  #arrived: Set<string> | undefined;
  #arrivals = 0;
  #opened: Promise<unknown> | undefined;

  /** Beside the store's own file: `<store>/blobs`. */
  constructor(storeFolder: string, durability: Durability) {
    this.#folder = join(storeFolder, "blobs");
    this.#durability = durability;
  }

  /**
   * Reads the body to its end; when the body throws, nothing is left. Returns the size in bytes.
   *
   * @param announced the blob gets its name only after this: what has to be in the journal before
   */
  write(
    id: string,
    body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    announced?: Promise<void>,
  ): Promise<number> {
    return this.#arrive(id, announced, (draft) => this.#writeDraft(draft, body));
  }

  /** Another name for the same bytes, which never change. @param announced as for `write` */
  copy(from: string, id: string, announced?: Promise<void>): Promise<void> {
    return this.#arrive(id, announced, (draft) => linkOrCopy(this.#pathOf(from), draft));
  }

  async #arrive<T>(
    id: string, announced: Promise<void> | undefined, fill: (draft: string) => Promise<T>,
  ): Promise<T> {
    const path = this.#pathOf(id);
    await this.#ready();
    const draft = join(this.#folder, ARRIVING, `${id}.${this.#arrivals++}`);
    this.#arriving.add(id);
    try {
      const filled = await fill(draft);
      await announced;
      await mkdir(dirname(path), { recursive: true });
      await rename(draft, path);
      if (this.#durability === "fsync") await syncFolder(dirname(path));
      return filled;
    } catch (error) {
      this.#arriving.delete(id);
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** Whoever wrote it has said what becomes of it. */
  settle(id: string): void {
    if (this.#arriving.delete(id)) this.#arrived?.add(id);
  }

  read(id: string, range: BlobRange = {}): ReadStream {
    const { startByte, endByte } = range;
    return createReadStream(this.#pathOf(id), {
      highWaterMark: READ_BYTES,
      ...(startByte === undefined ? {} : { start: startByte }),
      ...(endByte === undefined ? {} : { end: endByte }),
    });
  }

  /** Undefined when there is none. */
  async sizeBytes(id: string): Promise<number | undefined> {
    try {
      return (await stat(this.#pathOf(id))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async delete(id: string): Promise<void> {
    this.#arriving.delete(id);
    await rm(this.#pathOf(id), { force: true });
  }

  /** Deletes what an earlier process was still writing, where there has been one. */
  async recover(): Promise<void> {
    if ((await entriesOf(this.#folder)).includes(ARRIVING)) await this.#ready();
  }

  /** To be called in the turn in which the store's content is replaced: from here on what arrives stays. */
  replaced(): void {
    this.#arrived = new Set();
  }

  /**
   * Everything goes but what is arriving, what has arrived since `replaced`, and what is in another folder of
   * blobs: a snapshot's.
   */
  async deleteExceptThoseOf(otherFolder?: string): Promise<void> {
    const arrived = (this.#arrived ??= new Set());
    for (const shard of await shardsOf(this.#folder)) {
      const kept = new Set(otherFolder === undefined ? [] : await entriesOf(join(otherFolder, shard)));
      for (const id of await entriesOf(join(this.#folder, shard))) {
        if (kept.has(id) || this.#arriving.has(id) || arrived.has(id)) continue;
        await rm(join(this.#folder, shard, id), { force: true });
      }
    }
    if (this.#arrived === arrived) this.#arrived = undefined;
  }

  /** On a full disk it may fail, and succeed later. */
  #ready(): Promise<unknown> {
    return (this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    }));
  }

  /** What an earlier process was still writing when it ended is nothing's. */
  async #open(): Promise<void> {
    await rm(join(this.#folder, ARRIVING), { recursive: true, force: true });
    await mkdir(join(this.#folder, ARRIVING), { recursive: true });
  }

  async #writeDraft(path: string, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const file = await open(path, "wx");
    try {
      const sizeBytes = await writeAll(file, body);
      if (this.#durability === "fsync") await file.datasync();
      return sizeBytes;
    } finally {
      await file.close();
    }
  }

  #pathOf(id: string): string {
    if (!BLOB_ID.test(id)) throw new TypeError(`Not the id of a blob: ${JSON.stringify(id)}.`);
    // The end of an id varies more than its beginning.
    return join(this.#folder, id.slice(-2).padStart(2, "0"), id);
  }
}

/** One write is under way while the next is collected. */
async function writeAll(
  file: FileHandle,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<number> {
  let pieces: Uint8Array[] = [];
  let collectedBytes = 0;
  let sizeBytes = 0;
  let writing: Promise<unknown> | undefined;
  const write = async (): Promise<void> => {
    const written = pieces;
    pieces = [];
    sizeBytes += collectedBytes;
    collectedBytes = 0;
    await writing;
    writing = writeWhole(file, written);
    // Awaited before the next write; until then its failure must not count as unhandled.
    writing.catch(() => undefined);
  };
  for await (const piece of body) {
    pieces.push(piece);
    collectedBytes += piece.length;
    if (collectedBytes >= WRITE_BYTES) await write();
  }
  await write();
  await writing;
  return sizeBytes;
}

/** The system may write less than it was given. */
async function writeWhole(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  let rest = pieces.filter((piece) => piece.length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest);
    rest = after(rest, bytesWritten);
  }
}

function after(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let skipped = count;
  return pieces.flatMap((piece) => {
    const start = Math.min(skipped, piece.length);
    skipped -= start;
    return start < piece.length ? [piece.subarray(start)] : [];
  });
}

/** The folders of blobs: two characters each. */
async function shardsOf(folder: string): Promise<string[]> {
  return (await entriesOf(folder)).filter((name) => name.length === 2);
}
