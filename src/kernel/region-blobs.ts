/**
 * Large bodies of a region: files that rows refer to by their ids. Which file belongs to no row is itself in
 * rows, written with what makes it so, and therefore known after a crash without looking through anything:
 * a body is loose from before it has a name until a transaction keeps it, and again once one drops it.
 */

import type { Readable } from "node:stream";
import { Blobs, type BlobRange } from "../store/blobs.ts";
import { table, type CellName, type Durability, type Store, type Transaction } from "../store/types.ts";
import type { Ids } from "./ids.ts";

export interface StoredBlob {
  readonly id: string;
  readonly sizeBytes: number;
}

interface LooseBlob {
  readonly id: string;
}

const looseBlobs = table<LooseBlob>("kernel.looseBlobs", { key: (row) => row.id });

export interface BlobHost {
  readonly store: Store;
  readonly ids: Ids;
  failed(what: string, cause: unknown): void;
  track<T>(work: Promise<T>): Promise<T>;
}

export class RegionBlobs {
  readonly #host: BlobHost;
  readonly #files: Blobs;
  /** How many are reading, and who is to go when they have done. */
  readonly #readers = new Map<string, number>();
  readonly #leaving = new Set<string>();

  constructor(host: BlobHost, durability: Durability) {
    this.#host = host;
    this.#files = new Blobs(host.store.folder, durability);
  }

  /** Reads the body to its end; when it throws, nothing is left. The blob is loose until it is kept. */
  write(cell: CellName, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<StoredBlob> {
    return this.#arrive(cell, async (id, announced) => {
      return { id, sizeBytes: await this.#files.write(id, body, announced) };
    });
  }

  /** Another blob with the same bytes, loose until it is kept. Whoever asks holds the one that is there. */
  copy(cell: CellName, from: string): Promise<string> {
    return this.#arrive(cell, async (id, announced) => {
      await this.#files.copy(from, id, announced);
      return id;
    });
  }

  async #arrive<T>(
    cell: CellName,
    work: (id: string, announced: Promise<void> | undefined) => Promise<T>,
  ): Promise<T> {
    const { store, ids } = this.#host;
    const id = ids.text(32);
    store.transact(cell, (transaction) => transaction.rows(looseBlobs).put({ id }));
    try {
      return await work(id, store.committed());
    } catch (error) {
      store.transact(cell, (transaction) => transaction.rows(looseBlobs).delete(id));
      throw error;
    }
  }

  /** Part of a transaction that refers to the blob. */
  keep(transaction: Transaction, id: string): void {
    transaction.rows(looseBlobs).delete(id);
  }

  /** Part of a transaction that refers to it no more; `collect` follows when it has succeeded. */
  drop(transaction: Transaction, id: string): void {
    transaction.rows(looseBlobs).put({ id });
  }

  /** Deletes loose blobs once the journal knows that they are, and once nobody reads them. */
  collect(cell: CellName, ids: readonly string[]): void {
    this.#doing("collecting blobs", this.#collect(cell, ids));
  }

  /** What is done beside requests: the region stops only once it is over. */
  #doing(what: string, work: Promise<void>): void {
    void this.#host.track(work.catch((cause: unknown) => this.#host.failed(what, cause)));
  }

  /** A blob that a transaction kept is no longer arriving. */
  settle(id: string): void {
    this.#files.settle(id);
  }

  read(id: string, range?: BlobRange): Readable {
    const release = this.hold([id]);
    // Whoever reads hears of an error himself. Where nobody does, it must not end the process.
    return this.#files.read(id, range).once("close", release).on("error", () => undefined);
  }

  /** Keeps blobs from being deleted until the returned function is called. */
  hold(ids: readonly string[]): () => void {
    for (const id of ids) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    let held = true;
    return () => {
      if (held) for (const id of ids) this.#release(id);
      held = false;
    };
  }

  /** Deletes what an earlier process left loose, or half written. */
  recover(): void {
    this.#doing("recovering blobs", this.#files.recover());
    for (const cell of this.#host.store.cells()) {
      const ids = this.#host.store.read(cell, (transaction) =>
        [...transaction.rows(looseBlobs).list()].map(({ id }) => id),
      );
      if (ids.length > 0) this.collect(cell, ids);
    }
  }

  /** To be called in the turn in which the store's content is replaced. */
  replaced(): void {
    this.#files.replaced();
  }

  /** After a reset, or with the folder of a snapshot's blobs after its restoration. */
  deleteExceptThoseOf(folder?: string): Promise<void> {
    return this.#files.deleteExceptThoseOf(folder);
  }

  async #collect(cell: CellName, ids: readonly string[]): Promise<void> {
    await this.#host.store.committed();
    for (const id of ids) if (this.#readers.has(id)) this.#leaving.add(id);
    const gone = ids.filter((id) => !this.#readers.has(id));
    for (const id of gone) await this.#files.delete(id);
    if (gone.length === 0) return;
    this.#host.store.transact(cell, (transaction) => {
      const rows = transaction.rows(looseBlobs);
      for (const id of gone) rows.delete(id);
    });
  }

  #release(id: string): void {
    const readers = (this.#readers.get(id) ?? 1) - 1;
    if (readers > 0) {
      this.#readers.set(id, readers);
      return;
    }
    this.#readers.delete(id);
    // Its row stays until the next start, which finds no file and is content with that.
    if (this.#leaving.delete(id)) this.#doing("deleting a blob", this.#files.delete(id));
  }
}
