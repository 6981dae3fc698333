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
  periodSeconds = series.periodSeconds,
): TimeSeries {
  const points = new Map<number, number>();
  for (const [at, value] of series.points) {
    const changed = change(value, at);
    if (changed !== undefined && Number.isFinite(changed)) points.set(at, changed);
  }
  return { kind: "series", periodSeconds, points, label: series.label };
}

/** Every time that any of them has, in order. */
export function timesOf(all: readonly TimeSeries[]): number[] {
  const times = new Set<number>();
  for (const { points } of all) for (const at of points.keys()) times.add(at);
  return [...times].sort((left, right) => left - right);
}
