/** What differs between two snapshots, or a snapshot and now: row by row, by cell and table. */

import { Catalog, isIndexName } from "./catalog.ts";
import { AFTER_PREFIX, decodeKey } from "./keys.ts";
import { withRowsOf } from "./snapshots.ts";
import { byteOrder } from "./sorted-keys.ts";
import { ValueCodec } from "./values.ts";
import type { Entry, LmdbFile, Scan } from "./lmdb-file.ts";
import type { LmdbStore } from "./lmdb-store.ts";
import type { CellName, KeyPart } from "./types.ts";

export interface RowChange {
  readonly cell: CellName;
  readonly table: string;
  readonly key: readonly KeyPart[];
  readonly change: "added" | "changed" | "removed";
  /** The row as it was; undefined when it was added. */
  readonly before: unknown;
  /** The row as it is; undefined when it was removed. */
  readonly after: unknown;
}

interface Side {
  readonly file: LmdbFile;
  readonly codec: ValueCodec;
  readonly cells: ReadonlyMap<string, { name: CellName; prefix: string }>;
  readonly tables: ReadonlyMap<string, string>;
}

/** How many rows are compared before the event loop gets its turn. */
const ROWS_A_TURN = 5_000;

/** In the order of cells, tables and keys. Without `after`, compares with the store as it is now. */
export function diffSnapshots(store: LmdbStore, before: string, after?: string): Promise<RowChange[]> {
  if (before === after) return Promise.resolve([]);
  return withRowsOf(store, before, (older) =>
    withRowsOf(store, after, (newer) => differences(sideOf(older), sideOf(newer))),
  );
}

async function differences(older: Side, newer: Side): Promise<RowChange[]> {
  const changes: RowChange[] = [];
  let compared = 0;
  for (const cellText of inOrder(older.cells.keys(), newer.cells.keys())) {
    const cell = (newer.cells.get(cellText) ?? older.cells.get(cellText))?.name;
    if (!cell) continue;
    for (const table of inOrder(older.tables.keys(), newer.tables.keys())) {
      for (const change of differencesOfTable(older, newer, cellText, table)) {
        if (change) changes.push({ cell, table, ...change });
        if (++compared % ROWS_A_TURN === 0) await new Promise((resume) => setImmediate(resume));
      }
    }
  }
  return changes;
}

/** Undefined for each row that is the same. */
function* differencesOfTable(
  older: Side,
  newer: Side,
  cellText: string,
  table: string,
): Iterable<Omit<RowChange, "cell" | "table"> | undefined> {
  const olderRows = new TableRows(older, cellText, table);
  const newerRows = new TableRows(newer, cellText, table);
  for (;;) {
    const was = olderRows.entry;
    const is = newerRows.entry;
    if (!was && !is) return;
    if (was && (!is || olderRows.key < newerRows.key)) {
      yield { key: decodeKey(olderRows.key), change: "removed", before: olderRows.row(), after: undefined };
      olderRows.advance();
    } else if (!was || newerRows.key < olderRows.key) {
      yield { key: decodeKey(newerRows.key), change: "added", before: undefined, after: newerRows.row() };
      newerRows.advance();
    } else {
      const same = was.bytes && is?.bytes && was.bytes.equals(is.bytes);
      const key = same ? [] : decodeKey(newerRows.key);
      yield same ? undefined : { key, change: "changed", before: olderRows.row(), after: newerRows.row() };
      olderRows.advance();
      newerRows.advance();
    }
  }
}

/** The rows of one table of one cell; none, where the side does not know them. */
class TableRows {
  readonly #side: Side;
  readonly #scan: Scan | undefined;
  readonly #prefixLength: number;
  entry: Entry | undefined;

  constructor(side: Side, cellText: string, table: string) {
    const cell = side.cells.get(cellText)?.prefix;
    const number = side.tables.get(table);
    const prefix = cell !== undefined && number !== undefined ? cell + number : undefined;
    this.#side = side;
    this.#prefixLength = prefix?.length ?? 0;
    if (prefix !== undefined) this.#scan = side.file.scan({ lower: prefix, upper: prefix + AFTER_PREFIX });
    this.advance();
  }

  /** The key within the table: the same on both sides, whatever numbers the tables have there. */
  get key(): string {
    return this.entry?.key.slice(this.#prefixLength) ?? "";
  }

  advance(): void {
    this.entry = this.#scan?.next();
  }

  row(): unknown {
    return this.entry?.bytes && this.#side.codec.decode(this.entry.bytes);
  }
}

function sideOf(file: LmdbFile): Side {
  const codec = new ValueCodec();
  const catalog = new Catalog(codec);
  catalog.load(file);
  const tables = catalog.tables().filter(({ name }) => !isIndexName(name));
  return {
    file,
    codec,
    cells: new Map(catalog.cells().map((cell) => [`${cell.name.account}/${cell.name.region}`, cell])),
    tables: new Map(tables.map(({ name, prefix }) => [name, prefix])),
  };
}

function inOrder(left: Iterable<string>, right: Iterable<string>): string[] {
  return [...new Set([...left, ...right])].sort(byteOrder);
}
