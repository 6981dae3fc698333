/**
 * Writes that are not in the file yet: of the running transaction, and of the batches waiting for their
 * commit.
 */

import type { Scan, Write } from "./lmdb-file.ts";
import { SortedKeys } from "./sorted-keys.ts";

export interface Pending {
  readonly deleted: boolean;
  /** Undefined for index entries, which have no row of their own. */
  readonly row: unknown;
  /** The writing (see `Layer.sequence`) that made the row be there, when a deleted or missing one was put. */
  readonly bornAt: number;
  /** The encoded row; there once the transaction is finished. */
  bytes: Buffer | undefined;
  readonly seldomRead: boolean;
}

/** The pending writes of one table or index of one cell, by whole key. */
export class PendingSpace {
  readonly #entries = new Map<string, Pending>();
  /** The keys that are not deleted. Made on the first range read: most batches see none. */
  #sorted: SortedKeys | undefined;

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Pending | undefined {
    return this.#entries.get(key);
  }

  set(key: string, pending: Pending): void {
    if (this.#sorted) {
      const before = this.#entries.get(key);
      const wasThere = before !== undefined && !before.deleted;
      if (pending.deleted && wasThere) this.#sorted.remove(key);
      if (!pending.deleted && !wasThere) this.#sorted.add(key);
    }
    this.#entries.set(key, pending);
  }

  entries(): Iterable<[string, Pending]> {
    return this.#entries;
  }

  sorted(): SortedKeys {
    if (!this.#sorted) {
      const there = [...this.#entries].filter(([, { deleted }]) => !deleted);
      this.#sorted = new SortedKeys(there.map(([key]) => key));
    }
    return this.#sorted;
  }
}

export class Layer {
  readonly #spaces = new Map<string, PendingSpace>();
  /** Counts writings, so that an iteration knows what came after its beginning. */
  sequence = 0;

  get empty(): boolean {
    return this.#spaces.size === 0;
  }

  /** How many keys are written. */
  get size(): number {
    let size = 0;
    for (const space of this.#spaces.values()) size += space.size;
    return size;
  }

  space(prefix: string): PendingSpace | undefined {
    return this.#spaces.get(prefix);
  }

  openSpace(prefix: string): PendingSpace {
    let space = this.#spaces.get(prefix);
    if (!space) this.#spaces.set(prefix, (space = new PendingSpace()));
    return space;
  }

  spaces(): Iterable<[string, PendingSpace]> {
    return this.#spaces;
  }

  absorb(newer: Layer): void {
    for (const [prefix, space] of newer.spaces()) {
      const target = this.openSpace(prefix);
      for (const [key, pending] of space.entries()) target.set(key, pending);
    }
  }

  *writes(): Iterable<Write> {
    for (const space of this.#spaces.values()) {
      for (const [key, pending] of space.entries()) {
        yield { key, bytes: pending.deleted ? undefined : pending.bytes };
      }
    }
  }
}

/** A row or index entry found by a range read; `pending` when it is not from the file. */
export interface Found {
  readonly key: string;
  readonly pending: Pending | undefined;
  readonly bytes: Buffer | undefined;
}

export interface MergeOptions {
  readonly lower: string;
  readonly upper: string;
  readonly reverse: boolean;
  /** The space in the running transaction; it may grow while it is read. */
  readonly own: PendingSpace | undefined;
  /** Rows born after this writing are not seen: an iteration that puts rows must not meet them. */
  readonly ownSequence: number;
  /** Finished transactions, newest first. */
  readonly finished: readonly PendingSpace[];
  readonly scan: Scan;
}

interface Source {
  readonly space: PendingSpace;
  next: string | undefined;
}

/** Several orders as one, the newest writing of a key hiding the older ones. */
export class Merge {
  readonly #options: MergeOptions;
  readonly #finished: Source[];
  #inFile: ReturnType<Scan["next"]>;
  #last: string | undefined;

  constructor(options: MergeOptions) {
    this.#options = options;
    this.#finished = options.finished.map((space) => ({ space, next: this.#following(space, undefined) }));
    this.#inFile = options.scan.next();
  }

  next(): Found | undefined {
    for (;;) {
      const found = this.#step();
      if (found === undefined || !found.pending?.deleted) return found;
    }
  }

  /** The next key of any source; its newest state, which may be that it is deleted. */
  #step(): Found | undefined {
    const { own, ownSequence } = this.#options;
    const ownKey = own && this.#following(own, this.#last);
    let key = this.#earlier(this.#inFile?.key, ownKey);
    for (const source of this.#finished) key = this.#earlier(key, source.next);
    if (key === undefined) return undefined;
    this.#last = key;

    const before = this.#takeFinished(key);
    const pending = own?.get(key);
    if (pending === undefined) return before ?? DELETED;
    const wasThere = before !== undefined && !before.pending?.deleted;
    if (pending.bornAt > ownSequence && !wasThere) return DELETED;
    return { key, pending, bytes: undefined };
  }

  /** The state of the key before the running transaction; moves the sources past it. */
  #takeFinished(key: string): Found | undefined {
    let found: Found | undefined;
    for (const source of this.#finished) {
      const pending = source.space.get(key);
      if (pending) found ??= { key, pending, bytes: undefined };
      if (source.next === key) source.next = this.#following(source.space, key);
    }
    const inFile = this.#inFile;
    if (inFile?.key === key) {
      found ??= { key, pending: undefined, bytes: inFile.bytes };
      this.#inFile = this.#options.scan.next();
    }
    return found;
  }

  #following(space: PendingSpace, last: string | undefined): string | undefined {
    if (space.size === 0) return undefined;
    const { lower, upper, reverse } = this.#options;
    if (reverse) {
      const key = space.sorted().below(last ?? upper);
      return key !== undefined && key >= lower ? key : undefined;
    }
    const key = space.sorted().ceiling(last ?? lower, last !== undefined);
    return key !== undefined && key < upper ? key : undefined;
  }

  #earlier(left: string | undefined, right: string | undefined): string | undefined {
    if (left === undefined || right === undefined) return left ?? right;
    return left < right !== this.#options.reverse ? left : right;
  }
}

const DELETED: Found = {
  key: "",
  pending: { deleted: true, row: undefined, bornAt: 0, bytes: undefined, seldomRead: false },
  bytes: undefined,
};
