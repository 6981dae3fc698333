/**
 * What a metric is expected to be: the mean of its values at that hour of the day in the two weeks before,
 * and as wide as they were apart. AWS's models learn more; see NOTES.md.
 *
 * @evidence CloudWatch User Guide, "Using CloudWatch anomaly detection": up to two weeks of data
 */

import type { ReadContext } from "../../kernel/context.ts";
import { exclusionOf } from "./anomaly-detector-rows.ts";
import { mapped, type TimeSeries } from "./math-values.ts";
import { millisecondsPerDay, millisecondsPerHour, seriesOf } from "./metric-rows.ts";
import { readPoints } from "./reading.ts";
import { parseStatistic, valueOf } from "./statistics.ts";

const trainingMilliseconds = 14 * millisecondsPerDay;
/** An hour of the day with fewer values goes by those of the whole day. */
const valuesMin = 3;

interface Expected {
  readonly mean: number;
  readonly deviation: number;
}

function expectedOf(values: readonly number[]): Expected {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

function hourOf(at: number): number {
  return Math.floor((at % millisecondsPerDay) / millisecondsPerHour);
}

/** Values of before the time that is asked for; of that time itself where there are none. */
function history(ctx: ReadContext, series: TimeSeries, before: number): [number, number][] {
  const { metric, periodSeconds } = series;
  const statistic = metric && parseStatistic(metric.stat);
  if (!metric || !statistic) return [...series.points];
  const start = before - trainingMilliseconds;
  const window = { start: start - (start % 60_000), end: before, periodMilliseconds: periodSeconds * 1_000 };
  const isExcluded = exclusionOf(ctx, metric);
  const values: [number, number][] = [];
  for (const byTime of readPoints(ctx, seriesOf(metric), window).values()) {
    for (const [at, total] of byTime) {
      const value = valueOf(statistic, total);
      if (value !== undefined && !isExcluded(at)) values.push([at, value]);
    }
  }
  return values.length > 0 ? values : [...series.points];
}

/** The upper and the lower bound at each of the times. */
export function bandOf(
  ctx: ReadContext, series: TimeSeries, deviations: number, times: readonly number[],
): TimeSeries[] {
  const values = history(ctx, series, times[0] ?? ctx.clock.now());
  if (values.length === 0) return [];
  const byHour = new Map<number, number[]>();
  for (const [at, value] of values) {
    const known = byHour.get(hourOf(at));
    if (known) known.push(value);
    else byHour.set(hourOf(at), [value]);
  }
  const overall = expectedOf(values.map(([, value]) => value));
  const hours = new Map<number, Expected>();
  for (const [hour, ofHour] of byHour) if (ofHour.length >= valuesMin) hours.set(hour, expectedOf(ofHour));
  const bound = (sign: number, label: string): TimeSeries => {
    const points = new Map<number, number>();
    for (const at of times) {
      const { mean, deviation } = hours.get(hourOf(at)) ?? overall;
      points.set(at, mean + sign * deviations * deviation);
    }
    return { ...mapped(series, (value) => value), points, label: `${series.label} ${label}` };
  };
  return [bound(1, "High"), bound(-1, "Low")];
}
