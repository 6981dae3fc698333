/**
 * Large bodies as files. Their names are ours: an id from `ctx.ids`, never anything a user chose. A blob is
 * whole or not there, and never changes once it is, so that snapshots can share it.
 */

import { createReadStream } from "node:fs";
import type { ReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
const OPENED = "opened";

export class Blobs {
  readonly #folder: string;
  readonly #durability: Durability;
  #arrivals = 0;
  #opened: Promise<void> | undefined;

  /** Beside the store's own file: `<store>/blobs`. */
  constructor(storeFolder: string, durability: Durability) {
    this.#folder = join(storeFolder, "blobs");
    this.#durability = durability;
  }

  /** Reads the body to its end; when the body throws, nothing is left. Returns the size in bytes. */
  async write(id: string, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const path = this.#pathOf(id);
    await this.#open();
    const draft = join(this.#folder, ARRIVING, `${id}.${this.#arrivals++}`);
    try {
      const sizeBytes = await this.#writeDraft(draft, body);
      await mkdir(join(path, ".."), { recursive: true });
      await rename(draft, path);
      if (this.#durability === "fsync") await syncFolder(join(path, ".."));
      return sizeBytes;
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  read(id: string, range: BlobRange = {}): ReadStream {
    const { startByte, endByte } = range;
    return createReadStream(this.#pathOf(id), {
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
    await rm(this.#pathOf(id), { force: true });
  }

  /**
   * Deletes what no row refers to: bodies whose transaction never happened, and those whose deletion was cut
   * short. Only what an earlier process left: a body of this one may be waiting for its row. Returns how many
   * were deleted.
   */
  async sweep(isReferenced: (id: string) => boolean): Promise<number> {
    await this.#open();
    const openedAt = (await stat(join(this.#folder, OPENED))).mtimeMs;
    let deleted = 0;
    for (const shard of await readdir(this.#folder, { withFileTypes: true })) {
      if (!shard.isDirectory()) continue;
      const shardFolder = join(this.#folder, shard.name);
      for (const id of await readdir(shardFolder)) {
        const path = join(shardFolder, id);
        if (shard.name !== ARRIVING && isReferenced(id)) continue;
        if ((await stat(path)).mtimeMs >= openedAt) continue;
        await rm(path, { force: true });
        deleted++;
      }
    }
    return deleted;
  }

  async #open(): Promise<void> {
    this.#opened ??= this.#begin();
    await this.#opened;
  }

  /** The marker's time tells this process's files from those of earlier ones. */
  async #begin(): Promise<void> {
    await mkdir(join(this.#folder, ARRIVING), { recursive: true });
    await writeFile(join(this.#folder, OPENED), "");
  }

  async #writeDraft(path: string, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const file = await open(path, "wx");
    try {
      let sizeBytes = 0;
      for await (const chunk of body) {
        await file.writeFile(chunk);
        sizeBytes += chunk.length;
      }
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

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
