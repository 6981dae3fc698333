/**
 * Decoded rows of the file, so that a hot row is decoded once. Two generations stand for the order of last
 * use: whatever was not read while the younger one filled up is forgotten with the older one.
 */

interface CachedRow {
  readonly row: unknown;
  readonly sizeBytes: number;
}

/** What a decoded row takes beyond its encoded size: objects, slots, the entry itself. */
const OVERHEAD_BYTES = 200;

export class RowCache {
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

  get(key: string): unknown {
    const young = this.#young.get(key);
    if (young) return young.row;
    const old = this.#old.get(key);
    if (!old) return undefined;
    this.#keep(key, old);
    return old.row;
  }

  /** As `get`, without making it stay: for scans, which must not push the hot rows out. */
  peek(key: string): unknown {
    return (this.#young.get(key) ?? this.#old.get(key))?.row;
  }

  set(key: string, row: unknown, sizeBytes: number): void {
    this.delete(key);
    if (sizeBytes > this.#sizeBytesMax / 8) return;
    this.#keep(key, { row, sizeBytes: sizeBytes + OVERHEAD_BYTES + key.length });
  }

  delete(key: string): void {
    const young = this.#young.get(key);
    if (young) {
      this.#youngSizeBytes -= young.sizeBytes;
      this.#young.delete(key);
    }
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngSizeBytes = 0;
  }

  #keep(key: string, cached: CachedRow): void {
    this.#old.delete(key);
    this.#young.set(key, cached);
    this.#youngSizeBytes += cached.sizeBytes;
    if (this.#young.size > this.#rowsMax / 2 || this.#youngSizeBytes > this.#sizeBytesMax / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngSizeBytes = 0;
    }
  }
}
