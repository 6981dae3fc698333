/** What one transaction sees and writes: its own writings over the finished ones over the file. */

import { RowsOfTable, type Layouts } from "./rows.ts";
import { Layer, Merge } from "./overlay.ts";
import type { Found, PendingSpace } from "./overlay.ts";
import type { Catalog } from "./catalog.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import type { RowCache } from "./row-cache.ts";
import type { ValueCodec } from "./values.ts";
import type { CellName, Rows, Table, Transaction } from "./types.ts";

/** What index entries hold; LMDB wants something. */
export const INDEX_ENTRY = Buffer.from([0]);

export interface ViewParts {
  readonly cell: CellName;
  readonly file: LmdbFile;
  readonly catalog: Catalog;
  readonly cache: RowCache;
  readonly codec: ValueCodec;
  readonly layouts: Layouts;
  readonly freezeRows: boolean;
  /** Finished transactions that are not in the file yet, newest first. */
  readonly finished: readonly Layer[];
  /** Where to write; undefined when only reading. */
  readonly own: Layer | undefined;
}

export interface Bounds {
  readonly lower: string;
  readonly upper: string;
  readonly reverse: boolean;
  readonly limit: number | undefined;
}

export class View implements Transaction {
  readonly cell: CellName;
  /** Tables and indexes that were written to. */
  written: Set<string> | undefined;
  readonly #parts: ViewParts;
  readonly #cellPrefix: string;
  #ended = false;

  constructor(parts: ViewParts) {
    this.#parts = parts;
    this.cell = parts.cell;
    const { catalog, cell, own } = parts;
    this.#cellPrefix = own ? catalog.cellForWriting(cell) : catalog.findCell(cell);
  }

  rows<Row, Index extends string>(table: Table<Row, Index>): Rows<Row, Index> {
    const layout = this.#parts.layouts.get(this.#cellPrefix, table as Table<Row, string>, this);
    return new RowsOfTable<Row, Index>(this, layout);
  }

  /**
   * From here on, whoever kept the transaction gets an error instead of another state than he thinks he sees.
   */
  end(): void {
    this.#ended = true;
  }

  spaceOf(name: string): string {
    return this.#cellPrefix + this.#parts.catalog.table(name);
  }

  get(space: string, key: string): unknown {
    this.#requireRunning();
    const pending = this.#pendingOf(space, key);
    if (pending) return pending.deleted ? undefined : pending.row;
    return this.#parts.cache.get(key) ?? this.#readFile(key);
  }

  has(space: string, key: string): boolean {
    this.#requireRunning();
    const pending = this.#pendingOf(space, key);
    if (pending) return !pending.deleted;
    return this.#parts.cache.peek(key) !== undefined || this.#parts.file.has(key);
  }

  /** `row` is undefined for an index entry. */
  put(
    table: { readonly name: string; readonly seldomRead?: boolean }, space: string, key: string, row: unknown,
  ): unknown {
    const own = this.#requireWritable();
    const kept = this.#parts.freezeRows ? deepFreeze(row) : row;
    const entries = own.openSpace(space);
    const replaced = entries.get(key);
    const bornAt = replaced && !replaced.deleted ? replaced.bornAt : ++own.sequence;
    const bytes = row === undefined ? INDEX_ENTRY : undefined;
    entries.set(key, { deleted: false, row: kept, bornAt, bytes, seldomRead: table.seldomRead ?? false });
    (this.written ??= new Set()).add(table.name);
    return kept;
  }

  delete(name: string, space: string, key: string): void {
    const own = this.#requireWritable();
    const deletion = { deleted: true, row: undefined, bornAt: 0, bytes: undefined, seldomRead: false };
    own.openSpace(space).set(key, deletion);
    (this.written ??= new Set()).add(name);
  }

  range(space: string, bounds: Bounds, keysOnly: boolean): Merge {
    this.#requireRunning();
    const { own, file } = this.#parts;
    const { lower, upper, reverse, limit } = bounds;
    return new Merge({
      lower,
      upper,
      reverse,
      // Opened although it may be empty: what is deleted while iterating must be seen to be deleted.
      own: own?.openSpace(space),
      ownSequence: own?.sequence ?? 0,
      finished: this.#finishedSpaces(space),
      scan: file.scan({ lower, upper, reverse, limit, keysOnly }),
    });
  }

  next(merge: Merge): Found | undefined {
    this.#requireRunning();
    return merge.next();
  }

  rowOf(found: Found): unknown {
    if (found.pending) return found.pending.row;
    const cached = this.#parts.cache.peek(found.key);
    if (cached !== undefined) return cached;
    return found.bytes && this.#keep(this.#parts.codec.decode(found.bytes));
  }

  /** What the file holds, and what is pending: nothing that lies in the file is read. */
  count(space: string, { lower, upper }: Bounds): number {
    this.#requireRunning();
    const { file, own } = this.#parts;
    const ownSpace = own?.space(space);
    let count = file.count(lower, upper);
    const counted = new Set<string>();
    for (const pending of [...(ownSpace ? [ownSpace] : []), ...this.#finishedSpaces(space)]) {
      for (const [key, { deleted }] of pending.entries()) {
        if (key < lower || key >= upper || counted.has(key)) continue;
        counted.add(key);
        count += (deleted ? 0 : 1) - (file.has(key) ? 1 : 0);
      }
    }
    return count;
  }

  #finishedSpaces(space: string): PendingSpace[] {
    const spaces: PendingSpace[] = [];
    for (const layer of this.#parts.finished) {
      const pending = layer.space(space);
      if (pending) spaces.push(pending);
    }
    return spaces;
  }

  #pendingOf(space: string, key: string): ReturnType<PendingSpace["get"]> {
    const own = this.#parts.own?.space(space)?.get(key);
    if (own) return own;
    for (const layer of this.#parts.finished) {
      const pending = layer.space(space)?.get(key);
      if (pending) return pending;
    }
    return undefined;
  }

  #readFile(key: string): unknown {
    const { file, codec, cache } = this.#parts;
    return file.read(key, (bytes, sizeBytes) => {
      const row = this.#keep(codec.decode(bytes, sizeBytes));
      cache.set(key, row, sizeBytes);
      return row;
    });
  }

  #keep(row: unknown): unknown {
    return this.#parts.freezeRows ? deepFreeze(row) : row;
  }

  #requireRunning(): void {
    if (this.#ended) {
      throw new Error("This transaction has ended: read and write within the function it was given to.");
    }
  }

  #requireWritable(): Layer {
    this.#requireRunning();
    if (!this.#parts.own) throw new Error("Reading only: writes belong into `transact`.");
    return this.#parts.own;
  }
}

/** Bytes cannot be frozen; everything else in a row can. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
