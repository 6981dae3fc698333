/**
 * The functions of metric math that need nothing but their arguments.
 *
 * @evidence CloudWatch User Guide, "Functions supported for metric math"
 */

import { validationError } from "./errors.ts";
import { listOf, mapped, number, timesOf, type MathValue, type TimeSeries } from "./math-values.ts";

/** The starts of all periods of the time that is asked for. */
export type Times = (periodSeconds: number) => readonly number[];

type MathFunction = (items: readonly MathValue[], name: string, times: Times) => MathValue;

function wrongArguments(name: string): Error {
  return validationError(`Unsupported arguments for function ${name}`);
}

function requireSeries(value: MathValue | undefined, name: string): TimeSeries {
  if (value?.kind !== "series") throw wrongArguments(name);
  return value;
}

function requireNumber(value: MathValue | undefined, name: string): number {
  if (value?.kind !== "number") throw wrongArguments(name);
  return value.value;
}

function requireList(value: MathValue | undefined, name: string): readonly TimeSeries[] {
  const list = value && listOf(value);
  if (!list) throw wrongArguments(name);
  return list;
}

/** For each point: of a number, of a time series, of each in a list. */
function pointwise(change: (value: number) => number): MathFunction {
  return ([value, ...others], name) => {
    if (!value || others.length > 0) throw wrongArguments(name);
    if (value.kind === "number") return number(change(value.value));
    if (value.kind === "series") return mapped(value, change);
    if (value.kind === "list") return {
      kind: "list", items: value.items.map((series) => mapped(series, change))
    };
    throw wrongArguments(name);
  };
}

/**
 * Of one time series, a number; of several, a time series of what is there at each time.
 *
 * @param across what of several is worked out in another way, which is told how many they are
 */
function reducing(
  reduce: (values: readonly number[]) => number,
  across: (values: readonly number[], count: number) => number = reduce,
): MathFunction {
  return ([value, ...others], name) => {
    if (!value || others.length > 0) throw wrongArguments(name);
    if (value.kind === "series") return number(
      value.points.size > 0 ? reduce([...value.points.values()]) : Number.NaN
    );
    const all = requireList(value, name);
    return acrossSeries(all, (values) => across(values, all.length));
  };
}

function acrossSeries(
  all: readonly TimeSeries[], reduce: (values: readonly number[]) => number,
): TimeSeries {
  const points = new Map<number, number>();
  for (const at of timesOf(all)) {
    const values = all.flatMap((series) => series.points.get(at) ?? []);
    points.set(at, reduce(values));
  }
  const periodSeconds = Math.max(0, ...all.map((series) => series.periodSeconds));
  return { kind: "series", periodSeconds, points, label: "" };
}

export const reductions = {
  AVG: (values: readonly number[]) => sum(values) / values.length,
  MAX: (values: readonly number[]) => values.reduce(
    (most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY,
  ),
  MIN: (values: readonly number[]) => values.reduce(
    (least, value) => Math.min(least, value), Number.POSITIVE_INFINITY,
  ),
  SUM: sum,
  STDDEV: (values: readonly number[]) => {
    const mean = sum(values) / values.length;
    return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length);
  },
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of each point and the one before it. */
function stepwise(step: (value: number, before: number, seconds: number) => number): MathFunction {
  return pointwiseSeries((series) => {
    let before: [number, number] | undefined;
    return mapped(series, (value, at) => {
      const known = before;
      before = [value, at];
      return known && step(value, known[0], (at - known[1]) / 1_000);
    });
  });
}

function pointwiseSeries(change: (series: TimeSeries, times: Times) => TimeSeries): MathFunction {
  return ([value, ...others], name, times) => {
    if (!value || others.length > 0) throw wrongArguments(name);
    if (value.kind === "series") return change(value, times);
    return { kind: "list", items: requireList(value, name).map((series) => change(series, times)) };
  };
}

function runningSum(series: TimeSeries): TimeSeries {
  let total = 0;
  return mapped(series, (value) => (total += value));
}

/** What is missing in the time that is asked for. */
function fill([value, by]: readonly MathValue[], name: string, times: Times): MathValue {
  if (!value || !by) throw wrongArguments(name);
  if (value.kind === "list") {
    const items = value.items.map((series) => fill([series, by], name, times) as TimeSeries);
    return { kind: "list", items };
  }
  const series = requireSeries(value, name);
  const points = new Map<number, number>();
  const known = [...series.points];
  let next = 0;
  let last: [number, number] | undefined;
  for (const at of times(series.periodSeconds)) {
    while ((known[next]?.[0] ?? Number.POSITIVE_INFINITY) < at) next += 1;
    const own = series.points.get(at);
    const filled = own ?? filler(by, at, last, known[next], name);
    if (filled !== undefined) points.set(at, filled);
    if (own !== undefined) last = [at, own];
  }
  return { ...mapped(series, (point) => point), points };
}

function filler(
  by: MathValue, at: number, last: [number, number] | undefined, next: [number, number] | undefined,
  name: string,
): number | undefined {
  if (by.kind === "number") return by.value;
  if (by.kind === "series") return by.points.get(at);
  if (by.kind !== "text") throw wrongArguments(name);
  if (by.value === "REPEAT") return last?.[1];
  if (by.value !== "LINEAR") throw wrongArguments(name);
  if (!last || !next) return undefined;
  return last[1] + ((next[1] - last[1]) * (at - last[0])) / (next[0] - last[0]);
}

function slice([value, from, to]: readonly MathValue[], name: string): MathValue {
  const list = requireList(value, name);
  const start = requireNumber(from, name);
  return { kind: "list", items: to ? list.slice(start, requireNumber(to, name)) : list.slice(start) };
}

function sort([value, by, order, count]: readonly MathValue[], name: string): MathValue {
  const list = requireList(value, name);
  const reduce = by?.kind === "text" ? reductions[by.value as keyof typeof reductions] : undefined;
  if (!reduce || order?.kind !== "text" || !["ASC", "DESC"].includes(order.value)) throw wrongArguments(name);
  const sign = order.value === "ASC" ? 1 : -1;
  const known = list.filter(({ points }) => points.size > 0);
  const ranked = known.map((series) => ({ series, rank: reduce([...series.points.values()]) }));
  ranked.sort((left, right) => sign * (left.rank - right.rank));
  // What has no data points has no place among the others.
  const items = [...ranked.map(({ series }) => series), ...list.filter(({ points }) => points.size === 0)];
  return { kind: "list", items: count ? items.slice(0, requireNumber(count, name)) : items };
}

/** For each period of the time that is asked for, whether the time series has a data point there or not. */
function inTime(part: (date: Date) => number): MathFunction {
  return pointwiseSeries((series, times) => {
    const points = new Map(times(series.periodSeconds).map((at) => [at, part(new Date(at))]));
    return { kind: "series", periodSeconds: series.periodSeconds, points, label: series.label };
  });
}

export const functions: Readonly<Record<string, MathFunction>> = {
  ABS: pointwise(Math.abs),
  // "Missing values are treated as 0", which is said of this one alone.
  AVG: reducing(reductions.AVG, (values, count) => sum(values) / count),
  CEIL: pointwise(Math.ceil),
  DATAPOINT_COUNT: ([value], name) => {
    if (value?.kind === "series") return number(value.points.size);
    return acrossSeries(requireList(value, name), (values) => values.length);
  },
  DATE: inTime((date) => date.getUTCDate()),
  DAY: inTime((date) => date.getUTCDay() || 7),
  DIFF: stepwise((value, before) => value - before),
  DIFF_TIME: stepwise((_value, _before, seconds) => seconds),
  EPOCH: inTime((date) => date.getTime() / 1_000),
  FILL: fill,
  FIRST: ([value], name) => requireList(value, name)[0] ?? { kind: "list", items: [] },
  FLOOR: pointwise(Math.floor),
  HOUR: inTime((date) => date.getUTCHours()),
  LAST: ([value], name) => requireList(value, name).at(-1) ?? { kind: "list", items: [] },
  LOG: pointwise(Math.log),
  LOG10: pointwise(Math.log10),
  MAX: reducing(reductions.MAX),
  METRIC_COUNT: ([value], name) => number(requireList(value, name).length),
  MIN: reducing(reductions.MIN),
  MINUTE: inTime((date) => date.getUTCMinutes()),
  MONTH: inTime((date) => date.getUTCMonth() + 1),
  PERIOD: ([value], name) => number(requireSeries(value, name).periodSeconds),
  RATE: stepwise((value, before, seconds) => (value - before) / seconds),
  REMOVE_EMPTY: ([value], name) => {
    return { kind: "list", items: requireList(value, name).filter(({ points }) => points.size > 0) };
  },
  RUNNING_SUM: pointwiseSeries(runningSum),
  SLICE: slice,
  SORT: sort,
  STDDEV: reducing(reductions.STDDEV),
  SUM: reducing(reductions.SUM),
  YEAR: inTime((date) => date.getUTCFullYear()),
};
