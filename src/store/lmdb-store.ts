/**
 * The store on LMDB. A finished transaction is visible at once, from memory, and goes into the file with all
 * others of the same event-loop turn as one commit. Commits are LMDB's: whole or not at all, in order.
 */

import { renameSync, rmSync } from "node:fs";
import { Catalog, STORE_PREFIX, isIndexName } from "./catalog.ts";
import { StoreClosed, StoreWriteFailed } from "./errors.ts";
import { FolderLock } from "./folder-lock.ts";
import { LmdbFile } from "./lmdb-file.ts";
import { migrate } from "./migrations.ts";
import { Layer } from "./overlay.ts";
import { dataFile, draftsFolder, makeFolder } from "./region-folder.ts";
import { RowCache } from "./row-cache.ts";
import { Layouts } from "./rows.ts";
import { ValueCodec } from "./values.ts";
import { View } from "./view.ts";
import type { CellName, Durability, Store, StoreOptions, Table, Transaction } from "./types.ts";

const CACHED_ROWS_MAX = 20_000;
const CACHED_BYTES_MAX = 33_554_432;

/** A turn that writes more commits more often: range reads walk over what is pending, and memory holds it. */
const BATCH_WRITES_MAX = 1_024;

/** A batch for the disk ends after so many turns without a newcomer, or with so many who wait for it. */
const QUIET_TURNS = 4;
const WAITING_MAX = 64;

/** How long what nobody waits for may wait for a commit that others need. */
const lateMilliseconds = 10;

interface Batch {
  readonly layer: Layer;
  /** How often its gate was asked for. */
  waiting: number;
  /** Settles when the batch is in the file, or will never be. */
  readonly gate: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class LmdbStore implements Store {
  readonly folder: string;
  readonly durability: Durability;
  onDropped: (() => void) | undefined;
  readonly #freezeRows: boolean;
  readonly #lock: FolderLock;
  readonly #codec = new ValueCodec();
  readonly #catalog = new Catalog(this.#codec);
  readonly #layouts = new Layouts();
  readonly #cache = new RowCache(CACHED_ROWS_MAX, CACHED_BYTES_MAX);
  #file: LmdbFile;
  /** Finished transactions, waiting for their commit. */
  #collecting: Batch | undefined;
  #committing: Batch | undefined;
  #beforeCommit: (() => void)[] = [];
  #late: NodeJS.Timeout | undefined;
  #preparing = false;
  #scheduled = false;
  /** While somebody copies or replaces the file, nothing is written to it. */
  #held = 0;
  #inTransaction = false;
  #reading = 0;
  #closed = false;

  constructor(options: StoreOptions) {
    this.folder = options.folder;
    this.durability = options.durability;
    this.#freezeRows = options.freezeRows ?? false;
    makeFolder(options.folder);
    this.#lock = FolderLock.acquire(options.folder);
    try {
      rmSync(draftsFolder(options.folder), { recursive: true, force: true });
      this.#file = this.#openFile();
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  get dataPath(): string {
    return dataFile(this.folder);
  }

  cells(): CellName[] {
    const tables = this.#catalog.tables().filter(({ name }) => !isIndexName(name));
    const holdsRows = (cell: CellName): boolean =>
      this.read(cell, (view) => tables.some(({ name }) => !isEmpty(view, name)));
    return this.#catalog.cells().flatMap(({ name }) => (holdsRows(name) ? [name] : []));
  }

  transact<T>(cell: CellName, work: (transaction: Transaction) => T): T {
    this.#requireOpen();
    if (this.#inTransaction || this.#reading > 0) {
      throw new Error("A transaction cannot run inside another one, nor inside a read.");
    }
    const own = new Layer();
    const view = this.#view(cell, own);
    this.#inTransaction = true;
    let result: T;
    try {
      result = work(view);
      if (result instanceof Promise) {
        // Its writes are dropped, so its failure has nobody else to go to.
        result.catch(() => undefined);
        throw new TypeError("A transaction is synchronous: its function must not return a promise.");
      }
      this.#finish(cell, own, view.written);
    } finally {
      this.#inTransaction = false;
      view.end();
    }
    if (this.#collecting && this.#collecting.layer.size >= BATCH_WRITES_MAX) {
      // A failure here comes before the caller could ask for the gate.
      const error = this.#commit();
      if (error) throw error;
    }
    return result;
  }

  read<T>(cell: CellName, work: (transaction: Transaction) => T): T {
    this.#requireOpen();
    const view = this.#view(cell, undefined);
    this.#reading++;
    try {
      return work(view);
    } finally {
      this.#reading--;
      view.end();
    }
  }

  committed(): Promise<void> | undefined {
    if (this.#collecting) this.#collecting.waiting += 1;
    return (this.#collecting ?? this.#committing)?.gate;
  }

  beforeCommit(work: () => void, late = false): void {
    this.#requireOpen();
    this.#beforeCommit.push(work);
    if (late) this.#late ??= setTimeout(() => this.#openBatch(), lateMilliseconds);
    else this.#openBatch();
  }

  /** There will be a commit at the end of the turn. */
  #openBatch(): void {
    this.#collecting ??= newBatch();
    this.#schedule();
  }

  async flush(): Promise<void> {
    this.#requireOutside("flush");
    if (this.#beforeCommit.length > 0) this.#openBatch();
    for (let gate = this.committed(); gate; gate = this.committed()) {
      this.#commit();
      await gate;
    }
  }

  async clear(clearing?: () => void): Promise<void> {
    await this.exclusively(async () => {
      clearing?.();
      this.#file.clear();
      this.#forget();
      migrate(this.folder, this.#file, this.#codec);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      // Something may finish between the flush and this function's going on.
      do await this.flush();
      while (this.committed() || this.#beforeCommit.length > 0);
    } finally {
      this.#closed = true;
      await this.#file.close();
      this.#lock.release();
    }
  }

  /**
   * Runs `work` while the file holds every finished transaction and nothing writes to it; reading and writing
   * go on.
   */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#requireOpen();
    this.#requireOutside("exclusively");
    // Something may finish between the flush and this function's going on.
    do await this.flush();
    while (this.committed());
    this.#held++;
    try {
      return await work();
    } finally {
      this.#held--;
      if (this.#collecting) this.#schedule();
    }
  }

  /**
   * Puts a file in the place of the store's own, at once: what reads next sees it. Only within `exclusively`.
   * What finished meanwhile is replaced like everything before it, so its gate opens.
   */
  async replaceFile(path: string): Promise<void> {
    this.#requireOutside("replaceFile");
    const replaced = this.#file;
    // LMDB's lock file belongs to the old data; the new environment makes its own.
    rmSync(`${this.dataPath}-lock`, { force: true });
    renameSync(path, this.dataPath);
    this.#prepare();
    const overtaken = this.#collecting;
    this.#collecting = undefined;
    this.#file = this.#openFile();
    overtaken?.resolve();
    await replaced.close();
  }

  #openFile(): LmdbFile {
    const file = new LmdbFile(this.dataPath, this.durability);
    migrate(this.folder, file, this.#codec);
    this.#forget();
    this.#catalog.load(file);
    return file;
  }

  #forget(): void {
    this.#cache.clear();
    this.#catalog.clear();
    this.#layouts.clear();
  }

  #view(cell: CellName, own: Layer | undefined): View {
    const finished: Layer[] = [];
    if (this.#collecting) finished.push(this.#collecting.layer);
    if (this.#committing) finished.push(this.#committing.layer);
    return new View({
      cell,
      file: this.#file,
      catalog: this.#catalog,
      cache: this.#cache,
      codec: this.#codec,
      layouts: this.#layouts,
      freezeRows: this.#freezeRows,
      finished,
      own,
    });
  }

  /** Everything that can throw comes before anything that is seen outside the transaction. */
  #finish(cell: CellName, own: Layer, written: ReadonlySet<string> | undefined): void {
    if (!written) return;
    for (const [, space] of own.spaces()) {
      for (const [, pending] of space.entries()) {
        if (!pending.deleted) pending.bytes ??= this.#codec.encode(pending.row);
      }
    }
    const names = this.#catalog.unsavedNames(cell, written);
    for (const { key, bytes } of names) {
      const name = { deleted: false, row: undefined, bornAt: 0, bytes, seldomRead: true };
      own.openSpace(STORE_PREFIX).set(key, name);
    }
    this.#collecting ??= newBatch();
    this.#collecting.layer.absorb(own);
    for (const { named } of names) named();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing) return;
    this.#scheduled = true;
    setImmediate(() => this.#closeBatch(0, 0));
  }

  /**
   * A batch ends with the turn. Where a commit waits for the disk, it
   * ends after a few turns that brought nothing more: clients whose answers have just left come back within
   * that time, and share one wait for the disk with the others instead of taking turns at it.
   */
  #closeBatch(waitingBefore: number, quietTurnsBefore: number): void {
    const waiting = this.#collecting?.waiting ?? 0;
    const quietTurns = waiting > waitingBefore ? 0 : quietTurnsBefore + 1;
    if (this.durability === "fsync" && quietTurns < QUIET_TURNS && waiting < WAITING_MAX) {
      setImmediate(() => this.#closeBatch(waiting, quietTurns));
      return;
    }
    this.#scheduled = false;
    this.#commit();
  }

  /** Returns the failure, when the commit is over already and failed. */
  #commit(): StoreWriteFailed | undefined {
    if (!this.#collecting || this.#committing || this.#preparing || this.#held > 0) return undefined;
    const failure = this.#prepare();
    if (failure) return this.#fail(failure);
    const batch = this.#collecting;
    this.#collecting = undefined;
    this.#committing = batch;
    if (batch.layer.empty) {
      this.#succeed(batch);
      return undefined;
    }
    if (this.durability === "fsync") {
      // The disk takes its time; the event loop does not wait for it.
      const written = this.#file.commitInBackground(batch.layer.writes());
      written.then(
        () => this.#succeed(batch),
        (error: unknown) => void this.#fail(error),
      );
      return undefined;
    }
    // Without a sync a commit takes less time than handing it to another thread.
    try {
      this.#file.commitNow(batch.layer.writes());
    } catch (error) {
      return this.#fail(error);
    }
    this.#succeed(batch);
    return undefined;
  }

  /** Lets those who asked for it write into the batch that is about to go. Returns what one of them threw. */
  #prepare(): unknown {
    let failure: unknown;
    this.#preparing = true;
    clearTimeout(this.#late);
    this.#late = undefined;
    while (this.#beforeCommit.length > 0) {
      const works = this.#beforeCommit;
      this.#beforeCommit = [];
      for (const work of works) {
        try {
          work();
        } catch (error) {
          failure ??= error;
        }
      }
    }
    this.#preparing = false;
    return failure;
  }

  #succeed(batch: Batch): void {
    for (const [prefix, space] of batch.layer.spaces()) {
      if (prefix === STORE_PREFIX) continue;
      for (const [key, { deleted, row, bytes, seldomRead }] of space.entries()) {
        if (deleted || seldomRead) this.#cache.delete(key);
        else if (row !== undefined) this.#cache.setWritten(key, row, bytes?.length ?? 0);
      }
    }
    this.#committing = undefined;
    batch.resolve();
    if (this.#collecting) this.#schedule();
  }

  /** What came after the failed batch may rest on it, so it goes too. */
  #fail(cause: unknown): StoreWriteFailed {
    const error = new StoreWriteFailed(this.folder, cause);
    // Who waits for the next commit hears of it, and shares its fate.
    this.#prepare();
    const dropped = [this.#committing, this.#collecting];
    this.#committing = this.#collecting = undefined;
    this.#catalog.load(this.#file);
    this.#layouts.clear();
    for (const batch of dropped) batch?.reject(error);
    this.onDropped?.();
    return error;
  }

  #requireOpen(): void {
    if (this.#closed) throw new StoreClosed(this.folder);
  }

  #requireOutside(what: string): void {
    if (this.#inTransaction || this.#reading > 0) {
      throw new Error(`${what} cannot run inside a transaction, nor inside a read.`);
    }
  }
}

function newBatch(): Batch {
  let resolve = (): void => undefined;
  let reject = (_error: Error): void => undefined;
  const gate = new Promise<void>((succeed, fail) => {
    resolve = succeed;
    reject = fail;
  });
  // A batch that nobody waits for must not end the process when it fails.
  gate.catch(() => undefined);
  return { layer: new Layer(), waiting: 0, gate, resolve, reject };
}

function isEmpty(view: Transaction, name: string): boolean {
  const key = (): never => {
    throw new Error("This table is for counting.");
  };
  const table: Table<never> = { name, key, indexes: {}, seldomRead: false };
  return view.rows(table).count({ limit: 1 }) === 0;
}
