/**
 * The names of cells and tables, and the short numbers that stand for them in keys. A name gets its number
 * when something is first written under it, and the number is written in the same commit.
 */

import { AFTER_PREFIX } from "./keys.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import type { CellName } from "./types.ts";
import type { ValueCodec } from "./values.ts";

/** The store's own rows lie under cell 0, which is no cell. */
export const STORE_PREFIX = "\x00\x00\x00";
const CELL_NAMES = `${STORE_PREFIX}c`;
const TABLE_NAMES = `${STORE_PREFIX}t`;
const NAME_END = "/";

const CELLS_MAX = 0xfffffe;
const TABLES_MAX = 0xfffe;
/** A cell that was never written to: nothing is under it. */
const NO_CELL = "\xff\xff\xff";

interface Named {
  readonly prefix: string;
  saved: boolean;
}

/** A row of the catalog to write, and what to do once it is sure to be written. */
export interface NewName {
  readonly key: string;
  readonly bytes: Buffer;
  readonly named: () => void;
}

export class Catalog {
  readonly #codec: ValueCodec;
  readonly #cells = new Map<string, Named>();
  readonly #tables = new Map<string, Named>();
  #nextCell = 1;
  #nextTable = 1;
  /** The cell last asked for: requests come in runs to one cell. */
  #last: { readonly account: string; readonly region: string; readonly named: Named } | undefined;

  constructor(codec: ValueCodec) {
    this.#codec = codec;
  }

  load(file: LmdbFile): void {
    this.clear();
    this.#nextCell = this.#loadNames(file, CELL_NAMES, this.#cells) + 1;
    this.#nextTable = this.#loadNames(file, TABLE_NAMES, this.#tables) + 1;
  }

  clear(): void {
    this.#last = undefined;
    this.#cells.clear();
    this.#tables.clear();
    this.#nextCell = 1;
    this.#nextTable = 1;
  }

  /** For reading: gives no number to a cell that has none, so that asking for cells costs nothing. */
  findCell(cell: CellName): string {
    return this.#find(cell)?.prefix ?? NO_CELL;
  }

  /** For writing: the number the cell will have. It is taken by `saveNames`. */
  cellForWriting(cell: CellName): string {
    return this.#find(cell)?.prefix ?? numberText(this.#nextCell, 3, CELLS_MAX, "cells");
  }

  #find(cell: CellName): Named | undefined {
    const last = this.#last;
    const { account, region } = cell;
    if (last && last.account === account && last.region === region) return last.named;
    const named = this.#cells.get(cellText(cell));
    if (named) this.#last = { account, region, named };
    return named;
  }

  table(name: string): string {
    let named = this.#tables.get(name);
    if (!named) {
      named = { prefix: numberText(this.#nextTable++, 2, TABLES_MAX, "tables"), saved: false };
      this.#tables.set(name, named);
    }
    return named.prefix;
  }

  /** What to write, together with the first rows of this cell and of these tables. */
  unsavedNames(cell: CellName, tables: Iterable<string>): readonly NewName[] {
    const names: NewName[] = [];
    if (!this.#find(cell)) {
      const text = cellText(cell);
      const prefix = this.cellForWriting(cell);
      const named = (): void => {
        this.#cells.set(text, { prefix, saved: true });
        this.#nextCell++;
      };
      names.push({ key: CELL_NAMES + prefix, bytes: this.#codec.encode(text), named });
    }
    for (const name of tables) {
      const table = this.#tables.get(name);
      if (!table || table.saved) continue;
      const named = (): void => void (table.saved = true);
      names.push({ key: TABLE_NAMES + table.prefix, bytes: this.#codec.encode(name), named });
    }
    return names;
  }

  cells(): { name: CellName; prefix: string }[] {
    return [...this.#cells].map(([text, { prefix }]) => ({ name: cellOf(text), prefix }));
  }

  tables(): { name: string; prefix: string }[] {
    return [...this.#tables].map(([name, { prefix }]) => ({ name, prefix }));
  }

  /** The highest number among the names. */
  #loadNames(file: LmdbFile, prefix: string, target: Map<string, Named>): number {
    let highest = 0;
    const scan = file.scan({ lower: prefix, upper: prefix + AFTER_PREFIX });
    for (let entry = scan.next(); entry; entry = scan.next()) {
      if (!entry.bytes) continue;
      const name = this.#codec.decode(entry.bytes) as string;
      const number = entry.key.slice(prefix.length);
      target.set(name, { prefix: number, saved: true });
      highest = Math.max(highest, Buffer.from(number, "latin1").readUIntBE(0, number.length));
    }
    return highest;
  }
}

/** The name under which the entries of an index are kept. Table names have no such sign in them. */
export function indexName(table: string, index: string): string {
  return `${table}#${index}`;
}

export function isIndexName(name: string): boolean {
  return name.includes("#");
}

function cellText(cell: CellName): string {
  return cell.account + NAME_END + cell.region;
}

function cellOf(text: string): CellName {
  const end = text.indexOf(NAME_END);
  return { account: text.slice(0, end), region: text.slice(end + 1) };
}

function numberText(value: number, sizeBytes: number, max: number, what: string): string {
  if (value > max) throw new Error(`A store holds at most ${max} ${what}.`);
  let text = "";
  for (let rest = value, index = 0; index < sizeBytes; index++, rest >>>= 8) {
    text = String.fromCharCode(rest & 255) + text;
  }
  return text;
}
