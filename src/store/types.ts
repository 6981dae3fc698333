/** The contract between state and everything that keeps state. Engines behind it pass `suites/store.ts`. */

/** Keys order by part: numbers before strings before bytes; numbers by value, strings by UTF-8 bytes. */
export type KeyPart = number | string | Uint8Array;
export type Key = KeyPart | readonly KeyPart[];

/** A cell is one (account, region): the unit of isolation, of ownership and of transactions. */
export interface CellName {
  readonly account: string;
  readonly region: string;
}

/**
 * Rows are plain data (no classes, no functions) and never change once put: make a new object and put that.
 */
export interface Table<Row, Index extends string = never> {
  /** `service.noun`, unique in the region: `sqs.queues`. */
  readonly name: string;
  readonly key: (row: Row) => Key;
  /** A row for which an index gives undefined is not in that index. Index keys need not be unique. */
  readonly indexes: Readonly<Record<Index, (row: Row) => Key | undefined>>;
  /** Rows that are written and seldom read, such as logs: they are not kept decoded in memory. */
  readonly seldomRead: boolean;
}

export interface Range {
  /**
   * Only keys that begin with these parts (and, where the last is a string with `prefixOfLastPart`, that
   * text).
   */
  readonly prefix?: Key;
  /** The last part of `prefix` is the beginning of a string, not a whole part. */
  readonly prefixOfLastPart?: boolean;
  /** First key, inclusive. */
  readonly from?: Key;
  /** Only keys greater than this one. */
  readonly after?: Key;
  /** Only keys less than this one. */
  readonly before?: Key;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Ordered<Row> {
  /** Rows in key order, lazily. Putting and deleting rows of the same table while iterating is allowed. */
  list(range?: Range): Iterable<Row>;
  first(range?: Range): Row | undefined;
  /** How many rows the range holds, without decoding them. */
  count(range?: Range): number;
}

export interface Rows<Row, Index extends string = never> extends Ordered<Row> {
  get(key: Key): Row | undefined;
  has(key: Key): boolean;
  /** Inserts or replaces; returns the row. */
  put(row: Row): Row;
  /** Inserts a row whose key is certainly not there yet: saves looking for the row to replace. */
  add(row: Row): Row;
  /** True when there was such a row. */
  delete(key: Key): boolean;
  /** Rows in the order of an index; within one index key in the order of the table's key. */
  by(index: Index): Ordered<Row>;
}

export interface Transaction {
  readonly cell: CellName;
  rows<Row, Index extends string>(table: Table<Row, Index>): Rows<Row, Index>;
}

export type Durability = "relaxed" | "fsync";

export interface StoreOptions {
  readonly folder: string;
  /** `relaxed`: an acknowledged write survives the process; `fsync`: it survives the machine too. */
  readonly durability: Durability;
  /**
   * Freeze every row on its way in and out, so that a handler which changes one in place fails. For tests.
   */
  readonly freezeRows?: boolean;
}

export interface Store {
  readonly folder: string;
  /** Every cell that holds a row. */
  cells(): CellName[];
  /** Runs `work` as one transaction: reads see its own writes, a throw discards them all. Not reentrant. */
  transact<T>(cell: CellName, work: (transaction: Transaction) => T): T;
  /** Reads outside a transaction: sees every finished transaction, committed or not. Writing throws. */
  read<T>(cell: CellName, work: (transaction: Transaction) => T): T;
  /**
   * Undefined when every finished transaction is in the journal already; else when it will be. The output
   * gate.
   */
  committed(): Promise<void> | undefined;
  /**
   * Runs `work` once, just before the next commit, which there will be: what it writes is part of it. For
   * what many transactions can write together.
   * @param late nobody waits for it: without another reason for a commit, there is one only after
   * `lateMilliseconds`
   */
  beforeCommit(work: () => void, late?: boolean): void;
  /**
   * Told that a commit has failed: finished transactions are gone again, and what was remembered of them is
   * not true.
   */
  onDropped: (() => void) | undefined;
  /** Writes everything pending now. */
  flush(): Promise<void>;
  /** Removes all rows of all cells. @param clearing called in the turn in which they go */
  clear(clearing?: () => void): Promise<void>;
  close(): Promise<void>;
}

export function table<Row>(
  name: string,
  definition: { key: (row: Row) => Key; seldomRead?: boolean },
): Table<Row>;
export function table<Row, Index extends string>(
  name: string,
  definition: { key: (row: Row) => Key; indexes: Record<Index, (row: Row) => Key | undefined> },
): Table<Row, Index>;
export function table<Row, Index extends string>(
  name: string,
  definition: {
    key: (row: Row) => Key;
    indexes?: Record<Index, (row: Row) => Key | undefined>;
    seldomRead?: boolean;
  },
): Table<Row, Index> {
  const { key, indexes, seldomRead } = definition;
  return {
    name,
    key,
    indexes: indexes ?? ({} as Table<Row, Index>["indexes"]),
    seldomRead: seldomRead ?? false,
  };
}
