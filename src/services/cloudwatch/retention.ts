/**
 * Old data points are kept by the minute, then by five minutes, then by the hour. What readers see does not
 * depend on it: it only saves room.
 */

import { asynchronousJob } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { jobs } from "../../jobs/rows.ts";
import {
  metrics, millisecondsPerDay, millisecondsPerHour, millisecondsPerMinute, points, type PointRow,
  type UnitSet,
} from "./metric-rows.ts";
import { retention } from "./reading.ts";
import { merged } from "./statistic-sets.ts";

const jobId = "points";
/** Metrics that one transaction looks at. */
const metricsAtOnce = 10;

function withSums(row: PointRow | undefined, at: number, added: PointRow): PointRow {
  const sets: UnitSet[] = [...(row?.sets ?? [])];
  for (const set of added.sets) {
    const index = sets.findIndex(({ unit }) => unit === set.unit);
    if (index < 0) sets.push(set);
    else sets[index] = { unit: set.unit, ...merged(sets[index], set) };
  }
  return { series: added.series, at, sets };
}

/** The period by which data points of an age are kept. */
function keptPeriod(age: number): number {
  if (age >= retention.fiveMinutes) return millisecondsPerHour;
  return age >= retention.minutes ? 5 * millisecondsPerMinute : millisecondsPerMinute;
}

/** Each row once, as it passes from one age to the next: those of between the last time and this one. */
function thin(ctx: Context, series: string, last: number): void {
  const now = ctx.clock.now();
  const rows = ctx.db(points);
  for (const age of [retention.seconds, retention.minutes, retention.fiveMinutes]) {
    const range = { from: [series, last - age - millisecondsPerHour], before: [series, now - age] };
    for (const row of rows.list({ prefix: [series], ...range })) thinRow(ctx, row, keptPeriod(now - row.at));
  }
  for (const row of rows.list({ prefix: [series], before: [series, now - retention.hours] })) {
    rows.delete([series, row.at]);
  }
}

function thinRow(ctx: Context, row: PointRow, period: number): void {
  const rows = ctx.db(points);
  const at = row.at - (row.at % period);
  if (at !== row.at) {
    rows.delete([row.series, row.at]);
    rows.put(withSums(rows.get([row.series, at]), at, row));
  } else if (row.seconds) {
    rows.put({ series: row.series, at, sets: row.sets });
  }
}

function thinSome(ctx: Context, last: number, after: string | undefined): string | undefined {
  const some = [...ctx.db(metrics).list({ ...(after !== undefined && { after }), limit: metricsAtOnce })];
  for (const metric of some) {
    thin(ctx, metric.series, last);
    if (metric.lastAt < ctx.clock.now() - retention.hours) ctx.db(metrics).delete(metric.series);
  }
  return some.length < metricsAtOnce ? undefined : some[some.length - 1]?.series;
}

/** The input is when it was done before. */
export const thinPoints = asynchronousJob<number>("cloudwatch.thinPoints", async (last, ctx) => {
  const now = ctx.clock.now();
  let after: string | undefined;
  do {
    after = ctx.transaction((within) => thinSome(within, last, after));
    await new Promise<void>((resolve) => setImmediate(resolve));
  } while (after !== undefined);
  ctx.transaction((within) => {
    if (within.db(metrics).first()) scheduleThinning(within, now);
  });
});

function scheduleThinning(ctx: Context, last: number): void {
  ctx.schedule(thinPoints, { at: ctx.clock.now() + millisecondsPerDay, id: jobId, input: last });
}

/** Called where a metric is new. */
export function expectThinning(ctx: Context): void {
  if (!ctx.db(jobs).has([thinPoints.name, jobId])) scheduleThinning(
    ctx, ctx.clock.now() - 14 * millisecondsPerDay
  );
}
