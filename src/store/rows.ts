/** The rows of one table in one cell, and the indexes over them. */

import { AFTER_KEY, AFTER_PREFIX, INDEX_SEPARATOR } from "./keys.ts";
import { encodeKey, encodeOpenPrefix, encodeSoughtKey, primaryKeyOf } from "./keys.ts";
import { indexName } from "./catalog.ts";
import type { Found } from "./overlay.ts";
import type { Key, Ordered, Range, Rows, Table } from "./types.ts";
import type { Bounds, View } from "./view.ts";

interface IndexSpace<Row> {
  readonly name: string;
  readonly space: string;
  readonly keyOf: (row: Row) => Key | undefined;
}

/** Where a table and its indexes lie in one cell: worked out once, for all transactions. */
export interface Layout<Row> {
  readonly table: Table<Row, string>;
  readonly space: string;
  readonly indexes: readonly IndexSpace<Row>[];
  readonly indexByName: ReadonlyMap<string, IndexSpace<Row>>;
}

function layoutOf<Row>(table: Table<Row, string>, view: View): Layout<Row> {
  const indexByName = new Map<string, IndexSpace<Row>>();
  for (const [index, keyOf] of Object.entries<(row: Row) => Key | undefined>(table.indexes)) {
    const name = indexName(table.name, index);
    indexByName.set(index, { name, space: view.spaceOf(name), keyOf });
  }
  return { table, space: view.spaceOf(table.name), indexes: [...indexByName.values()], indexByName };
}

const tablesMax = 1_000;

/** What has been worked out of tables' places, by cell and table. */
export class Layouts {
  readonly #byCell = new Map<string, Map<unknown, Layout<unknown>>>();

  get<Row>(cellPrefix: string, table: Table<Row, string>, view: View): Layout<Row> {
    let layouts = this.#byCell.get(cellPrefix);
    if (!layouts) this.#byCell.set(cellPrefix, (layouts = new Map()));
    let layout = layouts.get(table) as Layout<Row> | undefined;
    if (!layout) {
      // Tables are as many as the program declares; some are made for one look only.
      if (layouts.size >= tablesMax) layouts.clear();
      layout = layoutOf(table, view);
      layouts.set(table, layout as Layout<unknown>);
    }
    return layout;
  }

  clear(): void {
    this.#byCell.clear();
  }
}

export class RowsOfTable<Row, Index extends string> implements Rows<Row, Index> {
  readonly table: Table<Row, string>;
  readonly #view: View;
  readonly #layout: Layout<Row>;
  readonly #space: string;
  readonly #indexes: readonly IndexSpace<Row>[];

  constructor(view: View, layout: Layout<Row>) {
    this.table = layout.table;
    this.#view = view;
    this.#layout = layout;
    this.#space = layout.space;
    this.#indexes = layout.indexes;
  }

  get(key: Key): Row | undefined {
    return this.#view.get(this.#space, this.#space + encodeSoughtKey(key)) as Row | undefined;
  }

  has(key: Key): boolean {
    return this.#view.has(this.#space, this.#space + encodeSoughtKey(key));
  }

  put(row: Row): Row {
    if (typeof row !== "object" || row === null) throw new TypeError("A row is an object.");
    const primaryKey = encodeKey(this.table.key(row));
    const key = this.#space + primaryKey;
    if (this.#indexes.length > 0) {
      const replaced = this.#view.get(this.#space, key) as Row | undefined;
      for (const index of this.#indexes) this.#reindex(index, primaryKey, replaced, row);
    }
    return this.#view.put(this.table, this.#space, key, row) as Row;
  }

  add(row: Row): Row {
    const primaryKey = encodeKey(this.table.key(row));
    for (const index of this.#indexes) this.#reindex(index, primaryKey, undefined, row);
    return this.#view.put(this.table, this.#space, this.#space + primaryKey, row) as Row;
  }

  delete(key: Key): boolean {
    const primaryKey = encodeSoughtKey(key);
    const fullKey = this.#space + primaryKey;
    if (this.#indexes.length === 0) {
      if (!this.#view.has(this.#space, fullKey)) return false;
    } else {
      const row = this.#view.get(this.#space, fullKey) as Row | undefined;
      if (row === undefined) return false;
      for (const index of this.#indexes) this.#reindex(index, primaryKey, row, undefined);
    }
    this.#view.delete(this.table.name, this.#space, fullKey);
    return true;
  }

  by(index: Index): Ordered<Row> {
    const { space } = this.#layout.indexByName.get(index) ?? this.#noIndex(index);
    return new OrderedSpace(this.#view, space, (found) => {
      const key = this.#space + primaryKeyOf(found.key, space.length);
      return this.#view.get(this.#space, key) as Row | undefined;
    });
  }

  list(range?: Range): Iterable<Row> {
    return this.#order().list(range);
  }

  first(range?: Range): Row | undefined {
    return this.#order().first(range);
  }

  count(range?: Range): number {
    return this.#order().count(range);
  }

  #order(): OrderedSpace<Row> {
    return new OrderedSpace(this.#view, this.#space, (found) => this.#view.rowOf(found) as Row);
  }

  #noIndex(index: string): never {
    throw new Error(`Table ${this.table.name} has no index ${index}.`);
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
    return new Listing(this, range);
  }

  first(range: Range = {}): Row | undefined {
    for (const row of this.list({ limit: 1, ...range })) return row;
    return undefined;
  }

  count(range: Range = {}): number {
    const bounds = boundsOf(this.#space, range);
    const limit = range.limit ?? Infinity;
    if (limit === Infinity) return this.#view.count(this.#space, bounds);
    const merge = this.#view.range(this.#space, bounds, true);
    let count = 0;
    while (count < limit && this.#view.next(merge)) count++;
    return count;
  }

  *iterate(range: Range): Generator<Row, undefined, undefined> {
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

class Listing<Row> implements Iterable<Row> {
  readonly #space: OrderedSpace<Row>;
  readonly #range: Range;

  constructor(space: OrderedSpace<Row>, range: Range) {
    this.#space = space;
    this.#range = range;
  }

  [Symbol.iterator](): Iterator<Row> {
    return this.#space.iterate(this.#range);
  }
}

function entryKey<Row>(index: IndexSpace<Row>, row: Row, primaryKey: string): string | undefined {
  const key = index.keyOf(row);
  return key === undefined ? undefined : index.space + encodeKey(key) + INDEX_SEPARATOR + primaryKey;
}

function boundsOf(space: string, range: Range): Bounds {
  const { prefix, prefixOfLastPart, from, after, before } = range;
  let start = space;
  if (prefix !== undefined) start += prefixOfLastPart ? encodeOpenPrefix(prefix) : encodeSoughtKey(prefix);
  let lower = start;
  let upper = start + AFTER_PREFIX;
  if (from !== undefined) lower = later(lower, space + encodeSoughtKey(from));
  if (after !== undefined) lower = later(lower, space + encodeSoughtKey(after) + AFTER_KEY);
  if (before !== undefined) {
    const end = space + encodeSoughtKey(before);
    if (end < upper) upper = end;
  }
  return { lower, upper, reverse: range.reverse ?? false, limit: range.limit };
}

function later(left: string, right: string): string {
  return left > right ? left : right;
}
