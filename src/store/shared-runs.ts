/**
 * The beginnings of ranges as they stand in the file, read once for all who read them between two commits. A
 * queue's
 * receives all look at the front of one index: without this each of them would walk over what the others have
 * taken.
 */

import type { Entry } from "./lmdb-file.ts";

/** Reads on from a key. */
export type ReadOn = (from: string, fromExclusive: boolean, upper: string, limit: number) => Iterable<Entry>;

const runsMax = 64;
const entriesMax = 256;
const bytesMax = 65_536;

export class SharedRun {
  /** In order, from the range's beginning, without a gap. */
  readonly entries: Entry[] = [];
  readonly #lower: string;
  readonly #readOn: ReadOn;
  readonly #keyLengthMax: number;
  #upper: string;
  /** Everything below `#upper` has been read. */
  #ended = false;
  /** What is shared has its limits; beyond them everybody reads for himself. */
  #full = false;
  #sizeBytes = 0;

  /** @param keyLengthMax a longer key has no place in the order before its whole run of keys is read */
  constructor(lower: string, upper: string, keyLengthMax: number, readOn: ReadOn) {
    this.#lower = lower;
    this.#upper = upper;
    this.#keyLengthMax = keyLengthMax;
    this.#readOn = readOn;
  }

  /** Somebody wants to read up to here. */
  widen(upper: string): void {
    if (upper <= this.#upper) return;
    this.#upper = upper;
    this.#ended = false;
  }

  /** Whether nothing follows the entries below this key. */
  endsBefore(upper: string): boolean {
    return this.#ended && upper <= this.#upper;
  }

  /**
   * Reads some more; false when there is no more, or when whoever wants more must read on for himself.
   *
   * @param wanted how many entries the reader will probably look at
   */
  extend(wanted: number): boolean {
    if (this.#ended || this.#full) return false;
    const last = this.entries[this.entries.length - 1]?.key;
    const step = Math.max(wanted, this.entries.length);
    let read = 0;
    for (const entry of this.#readOn(last ?? this.#lower, last !== undefined, this.#upper, step)) {
      this.#full = entry.key.length > this.#keyLengthMax;
      if (this.#full) return read > 0;
      this.entries.push(entry);
      this.#sizeBytes += entry.bytes?.length ?? 0;
      read += 1;
      this.#full = this.#sizeBytes >= bytesMax || this.entries.length >= entriesMax;
      if (this.#full) return true;
    }
    this.#ended = read < step;
    return read > 0;
  }
}

export class SharedRuns {
  #runs = new Map<string, SharedRun>();
  readonly #keyLengthMax: number;

  constructor(keyLengthMax: number) {
    this.#keyLengthMax = keyLengthMax;
  }

  get(lower: string, upper: string, readOn: ReadOn): SharedRun {
    let run = this.#runs.get(lower);
    if (run) {
      run.widen(upper);
      return run;
    }
    if (this.#runs.size >= runsMax) this.#runs = new Map();
    run = new SharedRun(lower, upper, this.#keyLengthMax, readOn);
    this.#runs.set(lower, run);
    return run;
  }

  /** To be called whenever the file changes. */
  forget(): void {
    // A map that is cleared keeps hold of what was in it until V8's next collection of what is old.
    if (this.#runs.size > 0) this.#runs = new Map();
  }
}
