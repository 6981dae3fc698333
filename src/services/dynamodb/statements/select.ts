/** Reads of SELECT statements: by keys, one range after the other, or of everything there is. */

import type { Context } from "../../../kernel/context.ts";
import type { KeyPart, Range } from "../../../store/types.ts";
import { Usage } from "../capacity/usage.ts";
import { validation } from "../errors.ts";
import type { Condition } from "../expressions/conditions.ts";
import { consistentIndexRead, noSuchIndex } from "../partiql/operation-errors.ts";
import {
  readPlan, requireColumnsProjected, requireFiltersProjected, type ReadPlan,
} from "../partiql/read-plans.ts";
import { rowOf } from "../partiql/statement-paths.ts";
import type { SelectStatement } from "../partiql/statements.ts";
import { pageBytesMax, readPage } from "../queries/pages.ts";
import { partitionRange } from "../queries/ranges.ts";
import { placeOfStart } from "../queries/start-keys.ts";
import { findIndex, type Index, type Table } from "../tables/table-rows.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";

/** Where a page ended: at which of the statement's reads, and there behind which key. */
export interface Position {
  readonly read: number;
  readonly key: Item | undefined;
}

export interface Selection {
  readonly select: SelectStatement;
  readonly table: Table;
  readonly isConsistent: boolean;
  readonly limit: number | undefined;
  readonly start: Position | undefined;
}

export interface SelectedPage {
  readonly rows: Record<string, AttributeValue>[];
  readonly usage: Usage;
  readonly next: Position | undefined;
}

function requireSpace({ select, table, isConsistent }: Selection): Index | undefined {
  if (select.index === undefined) return undefined;
  const index = findIndex(table, select.index);
  if (!index) throw noSuchIndex();
  if (!index.isGlobal) return index;
  if (isConsistent) throw consistentIndexRead();
  if (index.status !== "CREATING") return index;
  throw validation(`Cannot read from backfilling global secondary index: ${index.name}`);
}

interface Read {
  readonly range: (start: readonly KeyPart[] | undefined) => Range;
  readonly filter: Condition | undefined;
}

function readsOf(plan: ReadPlan, space: Table | Index): Read[] {
  if (plan.kind === "scan") {
    const range = (start: readonly KeyPart[] | undefined): Range =>
      ({ prefix: [space.number], ...(start && { after: start }) });
    return [{ range, filter: plan.filter }];
  }
  return plan.reads.map(({ range, filter }) => ({
    range: (start) => partitionRange(space, range, start, plan.reverse), filter,
  }));
}

/** A local index gives out what it does not hold from the table; stars are content with the index. */
function reachesBack(select: SelectStatement, index: Index | undefined): boolean {
  if (!index?.projected) return false;
  const projected = new Set(index.projected);
  if (index.isGlobal) {
    requireColumnsProjected(select.columns, index.name, projected);
    return false;
  }
  return (select.columns ?? []).some(({ path }) => !projected.has(path[0]));
}

export function readSelection(ctx: Context, selection: Selection): SelectedPage {
  const { select, table, isConsistent, limit, start } = selection;
  const index = requireSpace(selection);
  const space = index ?? table;
  const plan = readPlan(select, space.key);
  if (index?.projected) requireFiltersProjected(plan, index.name, new Set(index.projected));
  const readsTable = reachesBack(select, index);
  const { columns } = select;
  const reads = readsOf(plan, space);
  const usage = new Usage(table);
  const rows: Record<string, AttributeValue>[] = [];
  let left = limit ?? Infinity;
  let bytesLeft = pageBytesMax;
  for (let at = start?.read ?? 0; at < reads.length; at += 1) {
    const read = reads[at];
    if (!read) break;
    if (left === 0 || bytesLeft <= 0) return { rows, usage, next: { read: at, key: undefined } };
    const key = at === start?.read ? start.key : undefined;
    const page = readPage(ctx, {
      table, index, isConsistent, readsTable,
      range: read.range(key && placeOfStart(table, index, key)),
      filter: read.filter,
      part: columns && ((item) => rowOf(columns, item)),
      limit: limit === undefined ? undefined : left,
      bytesMax: bytesLeft,
      isCount: false,
    });
    for (const row of page.items ?? []) rows.push(row);
    usage.addAll(page.usage);
    left -= page.scannedCount;
    bytesLeft -= page.sizeBytes;
    if (page.last) return { rows, usage, next: { read: at, key: page.last } };
  }
  return { rows, usage, next: undefined };
}
