/**
 * One LMDB file as an ordered map from text keys (one character a byte) to bytes. Knows nothing of rows.
 *
 * LMDB's keys end at 1,978 bytes with its 4 KiB pages. A longer key is stored as its first bytes and a hash,
 * with the whole key before the value; keys that share those first bytes are put in order when they are read.
 * So the limit costs nothing to the keys below it, and a DynamoDB index entry of two 3 KiB keys is still in
 * its place.
 */

import { createHash } from "node:crypto";
import { open } from "lmdb";
import type { RootDatabase } from "lmdb";
import { mapSizeBytes } from "./address-space.ts";
import { AFTER_PREFIX } from "./keys.ts";
import { requireWhole } from "./lmdb-header.ts";
import { SharedRuns, type SharedRun } from "./shared-runs.ts";
import { byteOrder } from "./sorted-keys.ts";
import type { Durability } from "./types.ts";

/** The same on every machine, so that a snapshot taken on one opens on another. */
const PAGE_SIZE_BYTES = 4_096;
const HEAD_BYTES = 1_900;
const HASH_BYTES = 24;
const AFTER_HEAD = AFTER_PREFIX.repeat(HASH_BYTES + 1);

const CHUNK_ENTRIES_MIN = 16;
const CHUNK_ENTRIES_MAX = 256;
const CHUNK_BYTES_MAX = 262_144;

/** LMDB's flag for a transaction that is committed when it ends; without "abortable as a child". */
const SYNCHRONOUS_COMMIT = 2;

export interface Write {
  readonly key: string;
  /** Undefined deletes. */
  readonly bytes: Buffer | undefined;
}

export interface Entry {
  readonly key: string;
  /** Undefined where only keys were asked for. */
  readonly bytes: Buffer | undefined;
}

export interface ScanOptions {
  /** First key, inclusive. */
  readonly lower: string;
  /** First key no longer in the range. */
  readonly upper: string;
  readonly reverse?: boolean;
  readonly keysOnly?: boolean;
  /** How many entries will probably be read; a hint for the first chunk. */
  readonly limit?: number | undefined;
}

/** Of LMDB's database what is read here, in a type of our own: lmdb's do not hold up in strict projects. */
interface Ranges {
  getRange(options: object): Iterable<RawEntry>;
  getKeys(options: object): Iterable<string>;
}

interface RawBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, position: number): number;
}

interface RawEntry {
  readonly key: string;
  readonly value: Buffer;
}

const keyEncoder = {
  writeKey(key: string, target: RawBuffer, position: number): number {
    const end = position + key.length;
    // lmdb-js takes a RangeError as "get a new buffer and call again"; writing would just cut the key.
    if (end > target.length) throw new RangeError("The key does not fit into the rest of this buffer.");
    target.latin1Write(key, position);
    return end;
  },
  readKey(source: RawBuffer, start: number, end: number): string {
    return source.latin1Slice(start, end);
  },
};

export class LmdbFile {
  readonly path: string;
  readonly #database: RootDatabase<Buffer, string>;
  readonly #runs = new SharedRuns(HEAD_BYTES);

  /**
   * `relaxed` never syncs: what LMDB wrote is the kernel's, and outlives the process. `fsync` syncs in each
   * commit. Not lmdb-js's overlapping sync: for one process it has no advantage, and it makes the file's
   * newest state depend on the boot id, so that a copied file could open at an older one.
   */
  constructor(path: string, mode: Durability | "readOnly") {
    this.path = path;
    requireWhole(path, PAGE_SIZE_BYTES);
    const mapSize = mapSizeBytes();
    this.#database = open<Buffer, string>(path, {
      pageSize: PAGE_SIZE_BYTES,
      ...(mapSize !== undefined && { mapSize }),
      encoding: "binary",
      keyEncoder,
      overlappingSync: false,
      noSync: mode === "relaxed",
      readOnly: mode === "readOnly",
      // Batching by event turn is done above; lmdb-js's own leaves a rejection that nobody can handle.
      eventTurnBatching: false,
    });
  }

  /** `decode` must be done with the bytes when it returns: LMDB's next read uses the same memory. */
  read<T>(key: string, decode: (bytes: Buffer, sizeBytes: number) => T): T | undefined {
    const stored = this.#database.getBinaryFast(storedKey(key));
    if (stored === undefined) return undefined;
    const bytes = Buffer.isBuffer(stored) ? stored : viewOf(stored);
    if (key.length <= HEAD_BYTES) return decode(bytes, stored.length);
    const own = bytes.subarray(0, stored.length);
    const entry = unwrap(Buffer.from(own));
    return entry.key === key && entry.bytes ? decode(entry.bytes, entry.bytes.length) : undefined;
  }

  has(key: string): boolean {
    return this.#database.doesExist(storedKey(key));
  }

  scan(options: ScanOptions): Scan {
    return new Scan(this.#database, options, this.#runs);
  }

  count(lower: string, upper: string): number {
    if (lower >= upper) return 0;
    if (lower.length <= HEAD_BYTES && upper.length <= HEAD_BYTES) {
      return this.#database.getKeysCount({ start: lower, end: upper });
    }
    let count = 0;
    const scan = this.scan({ lower, upper, keysOnly: true });
    while (scan.next()) count++;
    return count;
  }

  /** All or, when it throws, nothing. */
  commitNow(writes: Iterable<Write>): void {
    this.#runs.forget();
    this.#database.transactionSync(() => this.#apply(writes), SYNCHRONOUS_COMMIT);
  }

  /** As `commitNow`, by LMDB's own thread. The bytes must not change before it is done. */
  async commitInBackground(writes: Iterable<Write>): Promise<void> {
    try {
      await this.#database.batch(() => this.#apply(writes));
    } catch (error) {
      throw await reasonOf(error);
    } finally {
      this.#runs.forget();
    }
  }

  /** Reads inside see the writes inside. */
  transaction<T>(work: () => T): T {
    this.#runs.forget();
    return this.#database.transactionSync(work, SYNCHRONOUS_COMMIT);
  }

  put(key: string, bytes: Buffer): void {
    this.#runs.forget();
    this.#database.putSync(storedKey(key), key.length > HEAD_BYTES ? wrap(key, bytes) : bytes);
  }

  remove(key: string): void {
    this.#runs.forget();
    this.#database.removeSync(storedKey(key));
  }

  clear(): void {
    this.#runs.forget();
    this.#database.clearSync();
  }

  /** Open read transactions, this process's included; for tests and `doctor`. */
  readers(): string {
    return this.#database.readerList();
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  #apply(writes: Iterable<Write>): void {
    for (const { key, bytes } of writes) {
      const stored = storedKey(key);
      if (bytes === undefined) void this.#database.remove(stored);
      else void this.#database.put(stored, key.length > HEAD_BYTES ? wrap(key, bytes) : bytes);
    }
  }
}

/**
 * Reads in chunks, each with a cursor of its own, so that a consumer may stop at any time and leave nothing
 * open.
 */
export class Scan {
  readonly #database: Ranges;
  readonly #lower: string;
  readonly #upper: string;
  readonly #reverse: boolean;
  readonly #keysOnly: boolean;
  /** What is left to read, in stored keys: from here (reverse: up to here, exclusive). */
  #from: string;
  #fromExclusive = false;
  #to: string;
  #chunk: Entry[] = [];
  #position = 0;
  #chunkEntries: number;
  #exhausted: boolean;
  /** The beginning of the range, as long as it is read from what all readers share. */
  #run: SharedRun | undefined;

  constructor(database: Ranges, options: ScanOptions, runs: SharedRuns) {
    this.#database = database;
    this.#lower = options.lower;
    this.#upper = options.upper;
    this.#reverse = options.reverse ?? false;
    this.#keysOnly = options.keysOnly ?? false;
    this.#chunkEntries = Math.min(Math.max(options.limit ?? CHUNK_ENTRIES_MIN, 1), CHUNK_ENTRIES_MAX);
    // Stored keys that share the first bytes of a long bound lie on both sides of it: read them all, keep the
    // right.
    this.#from = options.lower.slice(0, HEAD_BYTES);
    const upperHead = options.upper.slice(0, HEAD_BYTES);
    this.#to = options.upper.length > HEAD_BYTES ? upperHead + AFTER_HEAD : options.upper;
    this.#exhausted = options.lower >= options.upper;
    const isShort = options.lower.length <= HEAD_BYTES && options.upper.length <= HEAD_BYTES;
    if (isShort && !this.#reverse && !this.#keysOnly && !this.#exhausted) {
      this.#run = runs.get(options.lower, options.upper, (from, fromExclusive, upper, limit) =>
        this.#rangeOf(from, upper, fromExclusive, limit),
      );
    }
  }

  next(): Entry | undefined {
    while (this.#run) {
      const entry = this.#run.entries[this.#position];
      if (entry) {
        this.#position++;
        return entry.key < this.#upper ? entry : undefined;
      }
      if (this.#run.extend(this.#chunkEntries)) continue;
      if (this.#run.endsBefore(this.#upper)) return undefined;
      this.#leaveRun(this.#run);
    }
    for (;;) {
      const entry = this.#chunk[this.#position];
      if (entry) {
        this.#position++;
        if (entry.key >= this.#lower && entry.key < this.#upper) return entry;
      } else if (this.#exhausted) {
        return undefined;
      } else {
        this.#fill();
      }
    }
  }

  /** Reads on alone, behind what the run had. */
  #leaveRun(run: SharedRun): void {
    const last = run.entries[run.entries.length - 1];
    if (last) this.#continueBehind(last.key);
    this.#run = undefined;
    this.#position = 0;
  }

  #fill(): void {
    this.#chunk = [];
    this.#position = 0;
    let sizeBytes = 0;
    let count = 0;
    for (const entry of this.#rangeOf(this.#from, this.#to, this.#fromExclusive, this.#chunkEntries)) {
      if (entry.key.length > HEAD_BYTES) {
        this.#fillRun(entry.key.slice(0, HEAD_BYTES));
        return;
      }
      this.#chunk.push(entry);
      this.#continueBehind(entry.key);
      count++;
      sizeBytes += entry.bytes?.length ?? 0;
      if (sizeBytes > CHUNK_BYTES_MAX) return;
    }
    this.#exhausted = count < this.#chunkEntries;
    this.#chunkEntries = Math.min(this.#chunkEntries * 2, CHUNK_ENTRIES_MAX);
  }

  /** All long keys with the same first bytes, in the order of the whole keys. */
  #fillRun(head: string): void {
    const run: Entry[] = [];
    const range = { start: head, end: head + AFTER_HEAD, exclusiveStart: true };
    for (const { value } of this.#database.getRange(range)) {
      run.push(unwrap(value));
    }
    run.sort((left, right) => byteOrder(left.key, right.key));
    if (this.#reverse) run.reverse();
    this.#chunk.push(...run);
    // Forward goes on behind the run; backward goes on with the key that is the head itself.
    if (this.#reverse) this.#to = head + "\x00";
    else this.#continueBehind(head + AFTER_HEAD);
  }

  #continueBehind(key: string): void {
    if (this.#reverse) {
      this.#to = key;
    } else {
      this.#from = key;
      this.#fromExclusive = true;
    }
  }

  *#rangeOf(from: string, to: string, fromExclusive: boolean, limit: number): Iterable<Entry> {
    const options = this.#reverse
      ? { start: to, end: from, reverse: true, exclusiveStart: true, inclusiveEnd: true, limit }
      : { start: from, end: to, exclusiveStart: fromExclusive, limit };
    if (this.#keysOnly) {
      for (const key of this.#database.getKeys(options)) yield { key, bytes: undefined };
    } else {
      for (const { key, value } of this.#database.getRange(options)) {
        yield { key, bytes: value };
      }
    }
  }
}

function storedKey(key: string): string {
  if (key.length <= HEAD_BYTES) return key;
  const hash = createHash("sha256").update(key, "latin1").digest().toString("latin1");
  return key.slice(0, HEAD_BYTES) + hash.slice(0, HASH_BYTES);
}

function wrap(key: string, bytes: Buffer): Buffer {
  const wrapped = Buffer.allocUnsafeSlow(4 + key.length + bytes.length);
  wrapped.writeUInt32LE(key.length, 0);
  wrapped.write(key, 4, "latin1");
  wrapped.set(bytes, 4 + key.length);
  return wrapped;
}

function unwrap(wrapped: Buffer): Entry {
  const valueStart = 4 + wrapped.readUInt32LE(0);
  return { key: wrapped.toString("latin1", 4, valueStart), bytes: wrapped.subarray(valueStart) };
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** lmdb-js says only that the commit failed, and why in a second promise. */
async function reasonOf(error: unknown): Promise<unknown> {
  const reason = (error as { commitError?: Promise<unknown> }).commitError;
  if (reason === undefined) return error;
  try {
    await reason;
    return error;
  } catch (cause) {
    return cause;
  }
}
