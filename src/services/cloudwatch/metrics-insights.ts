/** Metrics Insights at work: the metrics that a query is about, added up by period and by group. */

import type { ReadContext } from "../../kernel/context.ts";
import { isVisible } from "./list-metrics.ts";
import type { TimeSeries } from "./math-values.ts";
import { metrics, type MetricRow } from "./metric-rows.ts";
import type { InsightsFunction, InsightsQuery } from "./metrics-insights-parse.ts";
import { readPoints, type Window } from "./reading.ts";
import { Accumulator } from "./statistic-sets.ts";
import { valueOf, type Statistic } from "./statistics.ts";

/** @evidence CloudWatch User Guide, "Metrics Insights quotas": a query processes up to 10,000 metrics */
const metricsMax = 10_000;

const statistics: Readonly<Record<InsightsFunction, Statistic & { readonly kind: "plain" }>> = {
  AVG: { kind: "plain", name: "Average" },
  COUNT: { kind: "plain", name: "SampleCount" },
  MAX: { kind: "plain", name: "Maximum" },
  MIN: { kind: "plain", name: "Minimum" },
  SUM: { kind: "plain", name: "Sum" },
};

function labelOf(row: MetricRow, label: string, account: string): string | undefined {
  if (label === "AWS.AccountId") return account;
  return row.dimensions.find(({ Name }) => Name === label)?.Value;
}

function hasSchema({ dimensions }: MetricRow, schema: readonly string[] | undefined): boolean {
  return schema === undefined ||
    (dimensions.length === schema.length && schema.every((name) =>
      dimensions.some(({ Name }) => Name === name)));
}

function isMeant(row: MetricRow, query: InsightsQuery, account: string): boolean {
  if (!hasSchema(row, query.schema)) return false;
  if (query.groupBy.some((label) => labelOf(row, label, account) === undefined)) return false;
  return query.where.every(({ label, isEqual, value }) => {
    const own = labelOf(row, label, account);
    return own !== undefined && (own === value) === isEqual;
  });
}

interface Group {
  readonly values: readonly string[];
  readonly totals: Map<number, Accumulator>;
}

/** Units are added up together, as AWS's one time series of a group says of none. */
function gather(ctx: ReadContext, query: InsightsQuery, window: Window): Group[] {
  const groups = new Map<string, Group>();
  const now = ctx.clock.now();
  let count = 0;
  for (const row of ctx.db(metrics).by("name").list({ prefix: [query.namespace, query.metric] })) {
    if (!isVisible(row, now) || !isMeant(row, query, ctx.account)) continue;
    if (++count > metricsMax) break;
    const values = query.groupBy.map((label) => labelOf(row, label, ctx.account) ?? "");
    const key = JSON.stringify(values);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { values, totals: new Map() }));
    for (const byTime of readPoints(ctx, row.series, window).values()) {
      for (const [at, total] of byTime) addTo(group.totals, at, total);
    }
  }
  return [...groups.values()].filter(({ totals }) => totals.size > 0);
}

function addTo(totals: Map<number, Accumulator>, at: number, more: Accumulator): void {
  let total = totals.get(at);
  if (!total) totals.set(at, (total = new Accumulator()));
  total.add(more);
}

function overall({ totals }: Group, aggregate: InsightsFunction): number {
  const all = new Accumulator();
  for (const total of totals.values()) all.add(total);
  return valueOf(statistics[aggregate], all) ?? 0;
}

/** @returns a time series a group; without groups at most one */
export function runInsights(ctx: ReadContext, query: InsightsQuery, window: Window): TimeSeries[] {
  const statistic = statistics[query.function];
  const groups = gather(ctx, query, window);
  const { order } = query;
  if (order) {
    const sign = order.isDescending ? -1 : 1;
    const ranked = groups.map((group) => ({ group, rank: overall(group, order.function) * sign }));
    ranked.sort((left, right) => left.rank - right.rank);
    groups.splice(0, groups.length, ...ranked.map(({ group }) => group));
  }
  return groups.slice(0, query.limit).map(({ values, totals }): TimeSeries => {
    const points = new Map<number, number>();
    for (const [at, total] of [...totals].sort(([left], [right]) => left - right)) {
      const value = valueOf(statistic, total);
      if (value !== undefined) points.set(at, value);
    }
    const dimensions = query.groupBy.map((Name, index) => ({ Name, Value: values[index] ?? "" }));
    return {
      kind: "series", periodSeconds: window.periodMilliseconds / 1_000, points,
      label: values.length === 0 ? query.metric : values.join(" "),
      metric: { namespace: query.namespace, name: query.metric, dimensions, stat: statistic.name },
    };
  });
}
