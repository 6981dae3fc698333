/** What metric math works with: numbers, time series and lists of them. */

import type { MetricId } from "./metric-rows.ts";

export interface TimeSeries {
  readonly kind: "series";
  readonly periodSeconds: number;
  /** Values by time (epoch milliseconds), in ascending order. */
  readonly points: ReadonlyMap<number, number>;
  readonly label: string;
  /** Where it is a metric as it stands. */
  readonly metric?: MetricId & { readonly stat: string };
  /** A search found it: it is called by what tells it from the others. */
  readonly isFound?: true;
}

export type MathValue =
  | TimeSeries
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "list"; readonly items: readonly TimeSeries[] };

export function number(value: number): MathValue {
  return { kind: "number", value };
}

/** A list of one is used as what is in it only where AWS does: everywhere a list is wanted. */
export function listOf(value: MathValue): readonly TimeSeries[] | undefined {
  if (value.kind === "list") return value.items;
  return value.kind === "series" ? [value] : undefined;
}

export function mapped(
  series: TimeSeries, change: (value: number, at: number) => number | undefined,
): TimeSeries {
  const points = new Map<number, number>();
  for (const [at, value] of series.points) {
    const changed = change(value, at);
    if (changed !== undefined) points.set(at, changed);
  }
  return { kind: "series", periodSeconds: series.periodSeconds, points, label: series.label };
}

/** The time series without what is no number, as after a division by zero. */
function finite(series: TimeSeries, note: () => void): TimeSeries {
  for (const value of series.points.values()) {
    if (Number.isFinite(value)) continue;
    note();
    return mapped(series, (each) => (Number.isFinite(each) ? each : undefined));
  }
  return series;
}

/**
 * What an operation comes to, without the data points that it has no number for.
 *
 * @evidence CloudWatch User Guide, "Basic arithmetic functions": "if the value of a data point causes a
 *   function to attempt to divide by zero, the data point is dropped"
 * @param note is called where there were any
 */
export function withoutUndefined(value: MathValue, note: () => void): MathValue {
  if (value.kind === "series") return finite(value, note);
  if (value.kind !== "list") return value;
  return { kind: "list", items: value.items.map((series) => finite(series, note)) };
}

/** Every time that any of them has, in order. */
export function timesOf(all: readonly TimeSeries[]): number[] {
  const times = new Set<number>();
  for (const { points } of all) for (const at of points.keys()) times.add(at);
  return [...times].sort((left, right) => left - right);
}
