/** Pages of items: what Query and Scan have in common once they know where to read. */

import type { ReturnConsumedCapacity, Select } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import type { Range } from "../../../store/types.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { readUnits, shownUsage, Usage } from "../capacity/usage.ts";
import { validation } from "../errors.ts";
import { matches, type Condition } from "../expressions/conditions.ts";
import { pageKeyOf, storeKeyOf } from "../items/item-keys.ts";
import { readRows, type ReadRows } from "../items/lagging.ts";
import { itemOf, shown, shownItem, type ItemRow } from "../items/item-rows.ts";
import { findIndex, type Index, type Table } from "../tables/table-rows.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";

/** @evidence Developer Guide, Quotas: a page ends with the item that makes it 1 MB */
export const pageBytesMax = 1_048_576;

export interface PageRequest {
  readonly table: Table;
  readonly index: Index | undefined;
  readonly range: Range;
  readonly limit: number | undefined;
  readonly filter: Condition | undefined;
  /** What is given out of an item; undefined for all of it. */
  readonly part: ((item: Item) => Item) | undefined;
  readonly isCount: boolean;
  readonly isConsistent: boolean;
  /** The items of the table are given out, and looked at, instead of the entries of the index. */
  readonly readsTable: boolean;
  /** How much there still may be in the answer. */
  readonly bytesMax?: number;
}

type Shown = Record<string, AttributeValue>;

export interface Page {
  readonly items: Shown[] | undefined;
  readonly count: number;
  readonly scannedCount: number;
  readonly last: Shown | undefined;
  readonly sizeBytes: number;
  readonly usage: Usage;
}

/** The index that a request names. */
export function requireIndex(table: Table, name: string | undefined): Index | undefined {
  if (name === undefined) return undefined;
  const index = findIndex(table, name);
  if (!index) throw validation(`The table does not have the specified index: ${name}`);
  return index;
}

/** @evidence recorded; an index that is being made cannot be read yet */
export function requireReadable(index: Index | undefined, isConsistent: boolean): void {
  if (!index?.isGlobal) return;
  if (isConsistent) throw validation("Consistent reads are not supported on global secondary indexes");
  if (index.status === "CREATING") {
    throw validation(`Cannot read from backfilling global secondary index: ${index.name}`);
  }
}

class PageReader {
  readonly #ctx: Context;
  readonly #request: PageRequest;
  readonly #items: Shown[] = [];
  #count = 0;
  #entriesBytes = 0;
  #tableUnits = 0;

  constructor(ctx: Context, request: PageRequest) {
    this.#ctx = ctx;
    this.#request = request;
  }

  read(): Page {
    const { range, limit, table, index, bytesMax = pageBytesMax } = this.#request;
    const limitOrNone = limit ?? Infinity;
    let scannedCount = 0;
    let sizeBytes = 0;
    let last: ItemRow | undefined;
    let isWhole = true;
    const rows = this.#rowsOf(index).list(limit === undefined ? range : { ...range, limit });
    for (const row of rows) {
      if (sizeBytes >= bytesMax) {
        isWhole = false;
        break;
      }
      scannedCount += 1;
      this.#entriesBytes += row.sizeBytes;
      const source = this.#sourceOf(row);
      sizeBytes += source.sizeBytes;
      this.#take(source);
      last = row;
    }
    if (scannedCount >= limitOrNone || sizeBytes >= bytesMax) isWhole = false;
    return {
      items: this.#request.isCount ? undefined : this.#items,
      count: this.#count,
      scannedCount,
      sizeBytes,
      last: isWhole || !last ? undefined : pageKeyOf(table, index, itemOf(last)),
      usage: this.#usage(),
    };
  }

  #rowsOf(index: Index | undefined): ReadRows {
    if (this.#request.isConsistent) return readRows(this.#ctx, undefined);
    return readRows(this.#ctx, index?.isGlobal ? "dynamodb.indexes" : "dynamodb.reads");
  }

  /** Each item that is read from the table beside its entry is paid for by itself. */
  #sourceOf(row: ItemRow): ItemRow {
    const { readsTable, table, isConsistent } = this.#request;
    if (!readsTable) return row;
    const source = this.#rowsOf(undefined).get(storeKeyOf(table.number, table.key, itemOf(row)));
    if (!source) return row;
    this.#tableUnits += readUnits(source.sizeBytes, isConsistent);
    return source;
  }

  #take(row: ItemRow): void {
    const { filter, part, isCount } = this.#request;
    let item: Item | undefined;
    if (filter && !matches(filter, (item = itemOf(row)))) return;
    this.#count += 1;
    if (isCount) return;
    if (part) this.#items.push(shown(part(item ?? itemOf(row))));
    else this.#items.push(shownItem(row));
  }

  #usage(): Usage {
    const { table, index, isConsistent } = this.#request;
    const { prefix } = this.#request.range;
    const place = Array.isArray(prefix) ? prefix : undefined;
    const usage = new Usage(table);
    usage.add(readUnits(this.#entriesBytes, isConsistent), index, place);
    // Only local indexes lead into the table: to the same partition key.
    usage.add(this.#tableUnits, undefined, place);
    return usage;
  }
}

export function readPage(ctx: Context, request: PageRequest): Page {
  const page = new PageReader(ctx, request).read();
  requireUnits(ctx, page.usage, "read");
  return page;
}

export interface ShownPage {
  readonly Items: Shown[] | undefined;
  readonly Count: number;
  readonly ScannedCount: number;
  readonly LastEvaluatedKey: Shown | undefined;
  readonly ConsumedCapacity: ReturnType<typeof shownUsage>;
}

export function shownPage(page: Page, asked: ReturnConsumedCapacity | undefined): ShownPage {
  return {
    Items: page.items,
    Count: page.count,
    ScannedCount: page.scannedCount,
    LastEvaluatedKey: page.last,
    ConsumedCapacity: shownUsage(page.usage, asked),
  };
}

export function isCount(select: Select | undefined): boolean {
  return select === "COUNT";
}
