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
  readonly #upper: string;
  readonly #readOn: ReadOn;
  #closed = false;
  #sizeBytes = 0;

  constructor(lower: string, upper: string, readOn: ReadOn) {
    this.#lower = lower;
    this.#upper = upper;
    this.#readOn = readOn;
  }

  /**
   * Reads some more; false when whoever wants more must read on for himself.
   *
   * @param wanted how many entries the reader will probably look at
   */
  extend(wanted: number): boolean {
    if (this.#closed) return false;
    const last = this.entries[this.entries.length - 1]?.key;
    const step = Math.max(wanted, this.entries.length);
    let read = 0;
    for (const entry of this.#readOn(last ?? this.#lower, last !== undefined, this.#upper, step)) {
      this.entries.push(entry);
      this.#sizeBytes += entry.bytes?.length ?? 0;
      read += 1;
      if (this.#sizeBytes >= bytesMax) break;
    }
    this.#closed = read < step || this.entries.length >= entriesMax;
    return read > 0;
  }
}

export class SharedRuns {
  readonly #runs = new Map<string, SharedRun>();

  get(lower: string, upper: string, readOn: ReadOn): SharedRun {
    let run = this.#runs.get(lower);
    if (!run) {
      if (this.#runs.size >= runsMax) this.#runs.clear();
      run = new SharedRun(lower, upper, readOn);
      this.#runs.set(lower, run);
    }
    return run;
  }

  /** To be called whenever the file changes. */
  forget(): void {
    if (this.#runs.size > 0) this.#runs.clear();
  }
}
