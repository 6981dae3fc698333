/** Metrics and their data points: what is stored of them. */

import { createHash } from "node:crypto";
import type { Dimension } from "../../generated/cloudwatch.ts";
import { table } from "../../store/types.ts";
import type { StatisticSet } from "./statistic-sets.ts";

export const millisecondsPerMinute = 60_000;
export const millisecondsPerHour = 60 * millisecondsPerMinute;
export const millisecondsPerDay = 24 * millisecondsPerHour;

/** A metric: a namespace, a name and a set of dimensions. */
export interface MetricRow {
  /** Stands for all three: names of any length make a key of one length. */
  readonly series: string;
  readonly namespace: string;
  readonly name: string;
  /** By name. */
  readonly dimensions: readonly Dimension[];
  /** The time of its latest data point, roughly: it is written down once in a few minutes. */
  readonly lastAt: number;
}

export const metrics = table<MetricRow, "name">("cloudwatch.metrics", {
  key: (row) => row.series,
  indexes: { name: (row) => [row.namespace, row.name] },
});

export interface UnitSet extends StatisticSet {
  readonly unit: string;
}

/** The data points of a metric in one minute; later, of five minutes or an hour. */
export interface PointRow {
  readonly series: string;
  /** The start of the time: epoch milliseconds. */
  readonly at: number;
  /** One for each unit. */
  readonly sets: readonly UnitSet[];
  /** The same by the second, for data points of high resolution. `second` is within the minute. */
  readonly seconds?: readonly (UnitSet & { readonly second: number })[];
}

export const points = table<PointRow>("cloudwatch.points", { key: (row) => [row.series, row.at] });

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly Dimension[];
}

export function sortedDimensions(dimensions: readonly Dimension[] | undefined): Dimension[] {
  const pairs = (dimensions ?? []).map(({ Name, Value }) => ({ Name, Value }));
  return pairs.sort((left, right) => (left.Name < right.Name ? -1 : left.Name > right.Name ? 1 : 0));
}

/** @param dimensions in the order of their names */
export function seriesOf({ namespace, name, dimensions }: MetricId): string {
  const parts = [namespace, name];
  for (const { Name, Value } of dimensions) parts.push(Name, Value);
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
}
