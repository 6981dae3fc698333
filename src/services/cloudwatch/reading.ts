/** Data points as they are asked for: by period, as long as they are kept. */

import type { ReadContext } from "../../kernel/context.ts";
import {
  millisecondsPerDay, millisecondsPerHour, millisecondsPerMinute, points, type PointRow, type UnitSet,
} from "./metric-rows.ts";
import { Accumulator } from "./statistic-sets.ts";

/**
 * From which age on data points are kept only by the minute, by five minutes, by the hour, and no more.
 *
 * @evidence CloudWatch User Guide, "Metrics retention"
 */
export const retention = {
  seconds: 3 * millisecondsPerHour,
  minutes: 15 * millisecondsPerDay,
  fiveMinutes: 63 * millisecondsPerDay,
  hours: 455 * millisecondsPerDay,
};

export interface Window {
  /** Epoch milliseconds; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly periodMilliseconds: number;
  readonly unit?: string | undefined;
}

/** The oldest data point that a period shows. */
function oldest(periodMilliseconds: number, now: number): number {
  if (periodMilliseconds < millisecondsPerMinute) return now - retention.seconds;
  if (periodMilliseconds % (5 * millisecondsPerMinute) !== 0) return now - retention.minutes;
  if (periodMilliseconds % millisecondsPerHour !== 0) return now - retention.fiveMinutes;
  return now - retention.hours;
}

/** By unit, and the start of the period. */
export type ByUnit = Map<string, Map<number, Accumulator>>;

/** @param window periods begin at its start */
export function readPoints(ctx: ReadContext, series: string, window: Window): ByUnit {
  const { start, end, periodMilliseconds: period, unit } = window;
  const units: ByUnit = new Map();
  const isFine = period % millisecondsPerMinute !== 0 || start % millisecondsPerMinute !== 0;
  const from = Math.max(start, oldest(period, ctx.clock.now()));
  const firstRow = from - (from % millisecondsPerMinute);
  const add = (set: UnitSet, at: number): void => {
    if (at < from || at >= end || (unit !== undefined && set.unit !== unit)) return;
    let byTime = units.get(set.unit);
    if (!byTime) units.set(set.unit, (byTime = new Map()));
    const bucket = start + Math.floor((at - start) / period) * period;
    let total = byTime.get(bucket);
    if (!total) byTime.set(bucket, (total = new Accumulator()));
    total.add(set);
  };
  for (
    const row of ctx.db(points).list({ prefix: [series], from: [series, firstRow], before: [series, end] })
  ) {
    if (!isFine || !row.seconds) for (const set of row.sets) add(set, row.at);
    else addSeconds(row, add);
  }
  return units;
}

/** Data points of high resolution where they are; what came by the minute beside them is at its start. */
function addSeconds(row: PointRow, add: (set: UnitSet, at: number) => void): void {
  for (const set of row.seconds ?? []) add(set, row.at + set.second * 1_000);
  const fine = new Set(row.seconds?.map(({ unit }) => unit));
  for (const set of row.sets) if (!fine.has(set.unit)) add(set, row.at);
}
