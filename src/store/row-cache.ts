/**
 * Decoded rows of the file, so that a hot row is decoded once. What was written and not read since is kept
 * for a moment only: rows that nobody asks for would grow old in V8's heap one by one, and make the long
 * collections of its old generation frequent.
 */

interface CachedRow {
  readonly row: unknown;
  readonly sizeBytes: number;
}

/** What a decoded row takes beyond its encoded size: objects, slots, the entry itself. */
const OVERHEAD_BYTES = 200;

/** Fewer than what is written between two young collections, where they are frequent. */
const WRITTEN_ROWS_MAX = 256;

/**
 * Two generations stand for the order of last use: whatever was not used while the younger one filled up is
 * forgotten with the older one.
 */
class Generations {
  readonly #rowsMax: number;
  readonly #sizeBytesMax: number;
  #young = new Map<string, CachedRow>();
  #old = new Map<string, CachedRow>();
  #youngSizeBytes = 0;

  /** Each generation is at most half of the whole. */
  constructor(rowsMax: number, sizeBytesMax: number) {
    this.#rowsMax = rowsMax;
    this.#sizeBytesMax = sizeBytesMax;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Counts as a use. */
  use(key: string): CachedRow | undefined {
    const young = this.#young.get(key);
    if (young) return young;
    const old = this.#old.get(key);
    if (old) this.keep(key, old);
    return old;
  }

  peek(key: string): CachedRow | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  keep(key: string, cached: CachedRow): void {
    this.delete(key);
    this.#young.set(key, cached);
    this.#youngSizeBytes += cached.sizeBytes;
    if (this.#young.size > this.#rowsMax / 2 || this.#youngSizeBytes > this.#sizeBytesMax / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngSizeBytes = 0;
    }
  }

  /** Returns whether there was one. */
  delete(key: string): boolean {
    const young = this.#young.get(key);
    if (young) {
      this.#youngSizeBytes -= young.sizeBytes;
      this.#young.delete(key);
    }
    return this.#old.delete(key) || young !== undefined;
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngSizeBytes = 0;
  }
}

export class RowCache {
  readonly #sizeBytesMax: number;
  readonly #read: Generations;
  readonly #written: Generations;

  constructor(rowsMax: number, sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
    this.#read = new Generations(rowsMax, sizeBytesMax);
    this.#written = new Generations(Math.min(rowsMax, WRITTEN_ROWS_MAX), sizeBytesMax / 4);
  }

  get size(): number {
    return this.#read.size + this.#written.size;
  }

  get(key: string): unknown {
    const read = this.#read.use(key);
    if (read) return read.row;
    const written = this.#written.peek(key);
    if (!written) return undefined;
    this.#written.delete(key);
    this.#read.keep(key, written);
    return written.row;
  }

  /** As `get`, without making it stay: for scans, which must not push the hot rows out. */
  peek(key: string): unknown {
    return (this.#read.peek(key) ?? this.#written.peek(key))?.row;
  }

  /** What has been read in the file. */
  set(key: string, row: unknown, sizeBytes: number): void {
    this.delete(key);
    if (this.#fits(sizeBytes)) this.#read.keep(key, cachedRow(key, row, sizeBytes));
  }

  /** What has been written to the file. */
  setWritten(key: string, row: unknown, sizeBytes: number): void {
    this.#written.delete(key);
    const generations = this.#read.delete(key) ? this.#read : this.#written;
    if (this.#fits(sizeBytes)) generations.keep(key, cachedRow(key, row, sizeBytes));
  }

  delete(key: string): void {
    this.#read.delete(key);
    this.#written.delete(key);
  }

  clear(): void {
    this.#read.clear();
    this.#written.clear();
  }

  #fits(sizeBytes: number): boolean {
    return sizeBytes <= this.#sizeBytesMax / 8;
  }
}

function cachedRow(key: string, row: unknown, sizeBytes: number): CachedRow {
  return { row, sizeBytes: sizeBytes + OVERHEAD_BYTES + key.length };
}
