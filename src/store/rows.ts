/** The rows of one table in one cell, and the indexes over them. */

import { AFTER_KEY, AFTER_PREFIX, INDEX_SEPARATOR } from "./keys.ts";
import { encodeKey, encodeOpenPrefix, primaryKeyOf } from "./keys.ts";
import { indexName } from "./catalog.ts";
import type { Found } from "./overlay.ts";
import type { Key, Ordered, Range, Rows, Table } from "./types.ts";
import type { Bounds, View } from "./view.ts";

interface IndexSpace<Row> {
  readonly name: string;
  readonly space: string;
  readonly keyOf: (row: Row) => Key | undefined;
}

export class RowsOfTable<Row, Index extends string> implements Rows<Row, Index> {
  readonly table: Table<Row, Index>;
  readonly #view: View;
  readonly #space: string;
  readonly #order: OrderedSpace<Row>;
  readonly #indexes = new Map<string, IndexSpace<Row>>();

  constructor(view: View, table: Table<Row, Index>) {
    this.table = table;
    this.#view = view;
    this.#space = view.spaceOf(table.name);
    this.#order = new OrderedSpace(view, this.#space, (found) => view.rowOf(found) as Row);
    for (const [index, keyOf] of Object.entries<(row: Row) => Key | undefined>(table.indexes)) {
      const name = indexName(table.name, index);
      this.#indexes.set(index, { name, space: view.spaceOf(name), keyOf });
    }
  }

  get(key: Key): Row | undefined {
    return this.#view.get(this.#space, this.#space + encodeKey(key)) as Row | undefined;
  }

  has(key: Key): boolean {
    return this.#view.has(this.#space, this.#space + encodeKey(key));
  }

  put(row: Row): Row {
    if (typeof row !== "object" || row === null) throw new TypeError("A row is an object.");
    const primaryKey = encodeKey(this.table.key(row));
    const key = this.#space + primaryKey;
    if (this.#indexes.size > 0) {
      const replaced = this.#view.get(this.#space, key) as Row | undefined;
      for (const index of this.#indexes.values()) this.#reindex(index, primaryKey, replaced, row);
    }
    return this.#view.put(this.table, this.#space, key, row) as Row;
  }

  delete(key: Key): boolean {
    const primaryKey = encodeKey(key);
    const fullKey = this.#space + primaryKey;
    if (this.#indexes.size === 0) {
      if (!this.#view.has(this.#space, fullKey)) return false;
    } else {
      const row = this.#view.get(this.#space, fullKey) as Row | undefined;
      if (row === undefined) return false;
      for (const index of this.#indexes.values()) this.#reindex(index, primaryKey, row, undefined);
    }
    this.#view.delete(this.table.name, this.#space, fullKey);
    return true;
  }

  by(index: Index): Ordered<Row> {
    const { space } = this.#requireIndex(index);
    return new OrderedSpace(this.#view, space, (found) => {
      const key = this.#space + primaryKeyOf(found.key, space.length);
      return this.#view.get(this.#space, key) as Row | undefined;
    });
  }

  list(range?: Range): Iterable<Row> {
    return this.#order.list(range);
  }

  first(range?: Range): Row | undefined {
    return this.#order.first(range);
  }

  count(range?: Range): number {
    return this.#order.count(range);
  }

  #requireIndex(index: string): IndexSpace<Row> {
    const found = this.#indexes.get(index);
    if (!found) throw new Error(`Table ${this.table.name} has no index ${index}.`);
    return found;
  }

  #reindex(index: IndexSpace<Row>, primaryKey: string, old: Row | undefined, row: Row | undefined): void {
    const entryBefore = old && entryKey(index, old, primaryKey);
    const entryAfter = row && entryKey(index, row, primaryKey);
    if (entryBefore === entryAfter) return;
    if (entryBefore !== undefined) this.#view.delete(index.name, index.space, entryBefore);
    if (entryAfter !== undefined) this.#view.put(index, index.space, entryAfter, undefined);
  }
}

class OrderedSpace<Row> implements Ordered<Row> {
  readonly #view: View;
  readonly #space: string;
  readonly #rowOf: (found: Found) => Row | undefined;

  constructor(view: View, space: string, rowOf: (found: Found) => Row | undefined) {
    this.#view = view;
    this.#space = space;
    this.#rowOf = rowOf;
  }

  list(range: Range = {}): Iterable<Row> {
    return { [Symbol.iterator]: () => this.#iterate(range) };
  }

  first(range: Range = {}): Row | undefined {
    for (const row of this.list({ ...range, limit: Math.min(range.limit ?? 1, 1) })) return row;
    return undefined;
  }

  count(range: Range = {}): number {
    const bounds = boundsOf(this.#space, range);
    const limit = range.limit ?? Infinity;
    const inFile = limit === Infinity ? this.#view.countInFile(this.#space, bounds) : undefined;
    if (inFile !== undefined) return inFile;
    const merge = this.#view.range(this.#space, bounds, true);
    let count = 0;
    while (count < limit && this.#view.next(merge)) count++;
    return count;
  }

  *#iterate(range: Range): Generator<Row, undefined, undefined> {
    const limit = range.limit ?? Infinity;
    if (!(limit > 0)) return;
    const merge = this.#view.range(this.#space, boundsOf(this.#space, range), false);
    let count = 0;
    for (let found = this.#view.next(merge); found; found = this.#view.next(merge)) {
      const row = this.#rowOf(found);
      if (row === undefined) continue;
      yield row;
      if (++count >= limit) return;
    }
  }
}

function entryKey<Row>(index: IndexSpace<Row>, row: Row, primaryKey: string): string | undefined {
  const key = index.keyOf(row);
  return key === undefined ? undefined : index.space + encodeKey(key) + INDEX_SEPARATOR + primaryKey;
}

function boundsOf(space: string, range: Range): Bounds {
  const { prefix, prefixOfLastPart, from, after, before } = range;
  let start = space;
  if (prefix !== undefined) start += prefixOfLastPart ? encodeOpenPrefix(prefix) : encodeKey(prefix);
  let lower = start;
  let upper = start + AFTER_PREFIX;
  if (from !== undefined) lower = later(lower, space + encodeKey(from));
  if (after !== undefined) lower = later(lower, space + encodeKey(after) + AFTER_KEY);
  if (before !== undefined) {
    const end = space + encodeKey(before);
    if (end < upper) upper = end;
  }
  return { lower, upper, reverse: range.reverse ?? false, limit: range.limit };
}

function later(left: string, right: string): string {
  return left > right ? left : right;
}
