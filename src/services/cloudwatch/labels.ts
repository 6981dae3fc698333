/**
 * Labels of results, and what is dynamic in them.
 *
 * @evidence CloudWatch User Guide, "Using dynamic labels"
 */

import type { MetricDataQuery } from "../../generated/cloudwatch.ts";
import { reductions } from "./math-functions.ts";
import type { TimeSeries } from "./math-values.ts";
import { isInsightsQuery } from "./metrics-insights-parse.ts";

/**
 * A metric's own label is its name, with its statistic and period where those of the request differ.
 *
 * @evidence recorded answers of GetMetricData: `metric1 Sum 60`
 */
export function defaultLabels(queries: readonly MetricDataQuery[]): Map<string, string> {
  const stats = queries.flatMap(({ Id, MetricStat }) => (MetricStat ? [{ id: Id, ...MetricStat }] : []));
  const statsDiffer = new Set(stats.map(({ Stat }) => Stat)).size > 1;
  const periodsDiffer = new Set(stats.map(({ Period }) => Period)).size > 1;
  return new Map(
    stats.map(({ id, Metric, Stat, Period }) => {
      const parts = [Metric.MetricName, statsDiffer && Stat, periodsDiffer && String(Period)];
      return [id, parts.filter(Boolean).join(" ")];
    }),
  );
}

/** What tells the found series apart. */
function foundLabel(series: TimeSeries, all: readonly TimeSeries[]): string {
  const { metric, isFound } = series;
  if (!metric || !isFound) return series.label;
  const namesDiffer = new Set(all.map((other) => other.metric?.name)).size > 1;
  const values = metric.dimensions.map(({ Value }) => Value);
  return [...values, ...(namesDiffer || values.length === 0 ? [metric.name] : [])].join(" ");
}

/** What is found by an expression is called by what tells it apart, and by its id where there is but one. */
function expressionLabel(query: MetricDataQuery, series: TimeSeries, all: readonly TimeSeries[]): string {
  if (isInsightsQuery(query.Expression ?? "")) return series.label;
  return all.length > 1 ? foundLabel(series, all) : query.Id;
}

/** One of the time series that a query is answered with, and all of them. */
export interface Labelled {
  readonly query: MetricDataQuery;
  readonly series: TimeSeries;
  readonly all: readonly TimeSeries[];
}

export function isDynamicLabel(label: string): boolean {
  return label.includes("${");
}

/**
 * Of several time series each has its own label behind that of the expression, unless that is dynamic.
 *
 * @evidence CloudWatch User Guide, "Add a math expression to a CloudWatch graph": "in the format
 *   Expression-Label Metric-Label"; "Using dynamic labels"
 * @param labels what metrics are called where nothing is said
 */
export function shownLabel(
  { query, series, all }: Labelled, labels: ReadonlyMap<string, string>, facts: Omit<LabelFacts, "own">,
): string {
  const own = labels.get(query.Id) ?? expressionLabel(query, series, all);
  if (query.Label === undefined) return own;
  if (!isDynamicLabel(query.Label) && all.length > 1) return [query.Label, own].filter(Boolean).join(" ");
  const points = [...series.points].sort(([left], [right]) => left - right);
  return dynamicLabel(query.Label, { ...series, points: new Map(points) }, { ...facts, own });
}

type Value = (points: readonly (readonly [number, number])[]) => number | undefined;

function extreme(best: (values: readonly number[]) => number): (
  points: readonly (readonly [number, number])[]
) => number | undefined {
  return (points) => {
    const wanted = best(points.map(([, value]) => value));
    return points.find(([, value]) => value === wanted)?.[0];
  };
}

const values: Readonly<Record<string, Value>> = {
  AVG: (points) => reductions.AVG(points.map(([, value]) => value)),
  DATAPOINT_COUNT: (points) => points.length,
  FIRST: (points) => points[0]?.[1],
  FIRST_LAST_RANGE: (points) => Math.abs((points.at(-1)?.[1] ?? 0) - (points[0]?.[1] ?? 0)),
  LAST: (points) => points.at(-1)?.[1],
  MAX: (points) => reductions.MAX(points.map(([, value]) => value)),
  MIN: (points) => reductions.MIN(points.map(([, value]) => value)),
  MIN_MAX_RANGE: (points) => {
    const all = points.map(([, value]) => value);
    return reductions.MAX(all) - reductions.MIN(all);
  },
  SUM: (points) => reductions.SUM(points.map(([, value]) => value)),
};

const times: Readonly<Record<string, Value>> = {
  FIRST_TIME: (points) => points[0]?.[0],
  LAST_TIME: (points) => points.at(-1)?.[0],
  MAX_TIME: extreme(reductions.MAX),
  MIN_TIME: extreme(reductions.MIN),
};

/** How far it is from one time to another: milliseconds. */
const spans: Readonly<Record<string, readonly [from: string, to: string | undefined]>> = {
  FIRST_LAST_TIME_RANGE: ["FIRST_TIME", "LAST_TIME"],
  FIRST_TIME_RELATIVE: ["FIRST_TIME", undefined],
  LAST_TIME_RELATIVE: ["LAST_TIME", undefined],
  MAX_TIME_RELATIVE: ["MAX_TIME", undefined],
  MIN_MAX_TIME_RANGE: ["MIN_TIME", "MAX_TIME"],
  MIN_TIME_RELATIVE: ["MIN_TIME", undefined],
};

/** A label may say `${constructor}`, which these objects answer to as well. */
const timeAndValueNames = new Set([values, times, spans].flatMap((known) => Object.keys(known)));

/** `1d 2h 30m`. How AWS writes it is not documented. */
function shownSpan(milliseconds: number): string {
  let seconds = Math.floor(Math.abs(milliseconds) / 1_000);
  const parts = ([[86_400, "d"], [3_600, "h"], [60, "m"], [1, "s"]] as const).flatMap(([size, unit]) => {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return parts.length > 0 ? parts.join(" ") : "0s";
}

/** `+0130` in milliseconds. */
export function zoneOffsetOf(timezone: string): number {
  const match = /^([+-])(\d{2})(\d{2})$/.exec(timezone);
  return match ? Number(`${match[1]}1`) * (Number(match[2]) * 60 + Number(match[3])) * 60_000 : 0;
}

function shownTime(at: number, timezone: string): string {
  return new Date(at + zoneOffsetOf(timezone)).toISOString().slice(0, 19).replace("T", " ");
}

function property(name: string, series: TimeSeries, facts: LabelFacts): string | undefined {
  const { metric } = series;
  if (name.startsWith("Dim.")) return metric?.dimensions.find(({ Name }) => Name === name.slice(4))?.Value;
  switch (name) {
    case "AccountId": return facts.account;
    case "MetricName": return metric?.name;
    case "Namespace": return metric?.namespace;
    case "Period": return String(series.periodSeconds);
    case "Region": return facts.region;
    case "Stat": return metric?.stat;
    default: return undefined;
  }
}

export interface LabelFacts {
  /** What the label would be without one. */
  readonly own: string;
  readonly account: string;
  readonly region: string;
  /** `+0130`. */
  readonly timezone: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

function dynamicLabel(label: string, series: TimeSeries, facts: LabelFacts): string {
  const points = [...series.points];
  return label.replaceAll(/\$\{([^}]*)\}/g, (whole, inner: string) => {
    if (inner === "LABEL") return facts.own;
    const named = /^PROP\('([^']+)'\)$/.exec(inner)?.[1];
    if (named !== undefined) return property(named, series, facts) ?? whole;
    if (!timeAndValueNames.has(inner)) return whole;
    const value = values[inner];
    if (value) return points.length > 0 ? String(value(points)) : "--";
    const time = times[inner]?.(points);
    if (times[inner]) return time === undefined ? "--" : shownTime(time, facts.timezone);
    const [from, to] = spans[inner] ?? [];
    if (from === undefined) return whole;
    const begin = times[from]?.(points);
    const end = to === undefined ? facts.now : times[to]?.(points);
    return begin === undefined || end === undefined ? "--" : shownSpan(end - begin);
  });
}
