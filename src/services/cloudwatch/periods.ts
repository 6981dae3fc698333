/** Periods that can be asked for. */

import type { MetricDataQuery } from "../../generated/cloudwatch.ts";

/** @evidence CloudWatch API Reference, GetMetricStatistics and MetricStat, Period */
const secondsBelowMinute = [1, 5, 10, 20, 30];

export function isPeriod(seconds: number): boolean {
  return secondsBelowMinute.includes(seconds) || (seconds > 0 && seconds % 60 === 0);
}

/** @evidence CloudWatch API Reference, PutMetricAlarm, Period */
export function isAlarmPeriod(seconds: number): boolean {
  return [10, 20, 30].includes(seconds) || (seconds > 0 && seconds % 60 === 0);
}

/** @evidence CloudWatch User Guide, "Using search expressions": the default of the period */
export const searchPeriodSeconds = 300;

/** Of an expression, where it has none of its own: the longest of the metrics that it is asked for with. */
export function expressionPeriod(query: MetricDataQuery, queries: Iterable<MetricDataQuery>): number {
  if (query.Period !== undefined) return query.Period;
  const periods = [...queries].flatMap(({ MetricStat }) => MetricStat?.Period ?? []);
  return periods.length > 0 ? Math.max(...periods) : searchPeriodSeconds;
}

const hourSeconds = 3_600;
const daySeconds = 24 * hourSeconds;

/**
 * Where the first period begins: at a whole minute, five minutes or hour, the further back the coarser, and
 * at a whole period where that is shorter than an hour.
 *
 * @evidence CloudWatch API Reference, GetMetricStatistics, StartTime
 */
export function alignedStart(start: number, periodSeconds: number, now: number): number {
  const age = (now - start) / 1_000;
  const clock = age >= 63 * daySeconds ? hourSeconds : age >= 15 * daySeconds ? 300 : 60;
  const step = periodSeconds < 60 ? periodSeconds : Math.max(clock, Math.min(periodSeconds, hourSeconds));
  const isWhole = hourSeconds % step === 0;
  const unit = (isWhole ? step : clock) * 1_000;
  return start - (start % unit);
}
