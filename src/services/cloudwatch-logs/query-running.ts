/** Queries at work: what stands within a query first, then the query itself. */

import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { TooCostly } from "../../patterns/expressions/expression.ts";
import { readCsv } from "./csv.ts";
import type { Range } from "./insights/patterns.ts";
import type { Pipeline, Query } from "./insights/query.ts";
import { parseQuery } from "./insights/query-reader.ts";
import { TooManyRows } from "./insights/stages.ts";
import type { Subquery } from "./insights/subqueries.ts";
import { lookupBodies } from "./lookup-table-rows.ts";
import { groupsOf } from "./query-groups.ts";
import { queries, resultsParts, type QueryRow, type QueryStatus } from "./query-table.ts";
import { Counts, walkGroups, type Progress, type Walker } from "./query-walking.ts";
import { nextTurn, pieceOfWork } from "./turns.ts";

const rowsAPart = 500;

function counted(query: QueryRow, counts: Counts): QueryRow {
  return {
    ...query, recordsMatched: counts.matched, recordsScanned: counts.scanned, bytesScanned: counts.bytes,
    ...(counts.skipped > 0 && { recordsSkipped: counts.skipped, bytesSkipped: counts.skippedBytes }),
  };
}

/** Everything that the query needs of other groups and of lookup tables. */
async function prepare(
  ctx: BodyContext, row: QueryRow, query: Query, progress: Progress,
): Promise<boolean> {
  for (const lookup of [query, ...query.subqueries.map((each) => each.query)].flatMap((each) =>
    each.lookups)) {
    const body = ctx.reading(() => ctx.db(lookupBodies).get(lookup.table)?.body ?? "");
    const [header = [], ...records] = readCsv(body);
    lookup.give(header, records);
  }
  for (const subquery of query.subqueries) {
    if (!(await runWithin(ctx, row, subquery, progress))) return false;
  }
  return true;
}

async function runWithin(
  ctx: BodyContext, row: QueryRow, subquery: Subquery, progress: Progress,
): Promise<boolean> {
  const { query, selection } = subquery;
  const now = row.createdAt;
  const range = { from: selection.from?.(now) ?? row.from, before: selection.before?.(now) ?? row.before };
  const names = ctx.reading(() => groupsOf(ctx, selection));
  const stage = query.gather({ limit: undefined, matched: () => undefined, now, range });
  const walker = { stage, counts: new Counts(), progress };
  if (!(await walkGroups(ctx, query, names, range, walker))) return false;
  if (!(await endOf(ctx, walker))) return false;
  subquery.give(stage.rows);
  return true;
}

/** What is left to do once all events have been looked at. @returns false when it was stopped meanwhile */
async function endOf(ctx: BodyContext, { stage, progress }: Walker): Promise<boolean> {
  const steps = stage.end()[Symbol.iterator]();
  for (let isTimeOver = pieceOfWork(); !steps.next().done;) {
    if (!isTimeOver()) continue;
    await nextTurn(ctx.kernel);
    if (!progress.goesOn() || ctx.signal.aborted) return false;
    isTimeOver = pieceOfWork();
  }
  return true;
}

async function run(ctx: BodyContext, row: QueryRow, query: Query, walker: Walker): Promise<boolean> {
  const range: Range = { from: row.from, before: row.before };
  if (!(await prepare(ctx, row, query, walker.progress))) return false;
  if (query.baseline) {
    const earlier = query.baseline(range);
    if (!(await walkGroups(ctx, query, row.groups, earlier, walker, true))) return false;
  }
  return walkGroups(ctx, query, row.groups, range, walker);
}

async function statusOf(
  ctx: BodyContext, row: QueryRow, query: Query, walker: Walker
): Promise<QueryStatus> {
  try {
    if (!(await run(ctx, row, query, walker))) return "Cancelled";
    return (await endOf(ctx, walker)) ? "Complete" : "Cancelled";
  } catch (error) {
    if (error instanceof TooCostly) return "Timeout";
    // A key that is disabled, more different rows than there is room for.
    if (error instanceof TooManyRows || (error instanceof AwsError && error.status < 500)) return "Failed";
    throw error;
  }
}

export const runQuery = asynchronousJob<{
  readonly id: string,
}>("cloudwatch-logs.runQuery", async ({ id }, ctx) => {
  const row = ctx.transaction((within) => begin(within, id));
  if (!row) return;
  const counts = new Counts();
  const query = parseQuery(row.text);
  const pipeline = query.start({
    limit: row.limit, matched: () => counts.matched++, now: row.createdAt,
    range: { from: row.from, before: row.before },
  });
  const progress: Progress = {
    goesOn: () => ctx.reading(() => ctx.db(queries).get(id)?.status === "Running"),
    note: () => ctx.transaction((within) => {
      const known = within.db(queries).get(id);
      if (known?.status === "Running") within.db(queries).put(counted(known, counts));
    }),
  };
  const status = await statusOf(ctx, row, query, { stage: pipeline, counts, progress });
  if (status === "Cancelled" && ctx.signal.aborted) {
    // The region stops: it begins anew when it is started again.
    ctx.transaction((within) => within.schedule(runQuery, { id, at: ctx.clock.now(), input: { id } }));
    return;
  }
  if (!query.filters) counts.matched = counts.scanned;
  ctx.transaction((within) => finish(within, id, status, counts, pipeline));
});

function begin(ctx: Context, id: string): QueryRow | undefined {
  const query = ctx.db(queries).get(id);
  if (query?.status !== "Scheduled" && query?.status !== "Running") return undefined;
  return ctx.db(queries).put({ ...query, status: "Running" });
}

function finish(ctx: Context, id: string, status: QueryStatus, counts: Counts, { rows }: Pipeline): void {
  const query = ctx.db(queries).get(id);
  if (query?.status !== "Running") return;
  const durationMilliseconds = ctx.clock.now() - query.createdAt;
  ctx.db(queries).put({ ...counted(query, counts), status, durationMilliseconds, resultsCount: rows.length });
  if (status !== "Complete") return;
  for (let at = 0; at < rows.length; at += rowsAPart) {
    ctx.db(resultsParts).put({ query: id, part: at / rowsAPart, rows: rows.slice(at, at + rowsAPart) });
  }
}
