/** The data points that an alarm is evaluated by. */

import type { ComparisonOperator, MetricDataQuery } from "../../generated/cloudwatch.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { extraPeriods, type Slot } from "./alarm-outcome.ts";
import type { MetricRule } from "./alarm-rows.ts";
import { noInsights, type InsightMetrics } from "./insight-rule-metrics.ts";
import type { TimeSeries } from "./math-values.ts";
import { sortedDimensions } from "./metric-rows.ts";
import { isInsightsQuery, parseInsights } from "./metrics-insights-parse.ts";
import { QueryRun, totalsOf, type RunWindow } from "./query-run.ts";
import { parseStatistic, valueOf, type Statistic } from "./statistics.ts";

/** What a data point is compared with: a number, or a band around what is expected. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

export function breaches(value: number, operator: ComparisonOperator, { lower, upper }: Bounds): boolean {
  switch (operator) {
    case "GreaterThanThreshold": return value > upper;
    case "GreaterThanOrEqualToThreshold": return value >= upper;
    case "LessThanThreshold": return value < lower;
    case "LessThanOrEqualToThreshold": return value <= lower;
    case "GreaterThanUpperThreshold": return value > upper;
    case "LessThanLowerThreshold": return value < lower;
    case "LessThanLowerOrGreaterThanUpperThreshold": return value < lower || value > upper;
  }
}

/** In seconds; of several metrics the longest. */
export function periodOf(rule: MetricRule): number {
  if (rule.Period !== undefined) return rule.Period;
  const periods = (rule.Metrics ?? []).map(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? 0);
  return Math.max(0, ...periods) || 60;
}

interface Found {
  readonly value: number;
  readonly sampleCount?: number;
  readonly bounds: Bounds;
}

/**
 * Too few values to say anything of a percentile.
 *
 * @evidence CloudWatch User Guide, "Percentile-based CloudWatch alarms and low data samples"
 */
function isLowSample(statistic: Statistic | undefined, count: number): boolean {
  if (statistic?.kind !== "percentile") return false;
  const part = statistic.percent / 100;
  return count < 10 / (part >= 0.5 ? 1 - part : part);
}

export interface Read {
  /** The newest first. */
  readonly slots: readonly Slot[];
  /** The state stays as it is, since there are too few values. */
  readonly isLowSample: boolean;
  readonly bounds: Bounds;
}

/** Where the oldest period begins that is looked at. */
function startOf(rule: MetricRule, end: number): number {
  return end - ((rule.EvaluationPeriods ?? 1) + extraPeriods) * periodOf(rule) * 1_000;
}

/** @param end the end of the newest period */
export function windowOf(rule: MetricRule, end: number): RunWindow {
  const start = startOf(rule, end);
  return { end, startFor: () => start };
}

/**
 * @param end the end of the newest period
 * @param insights what insight rules counted until then
 */
export function readSlots(
  ctx: ReadContext, rule: MetricRule, end: number, insights: InsightMetrics = noInsights,
): Read {
  const period = periodOf(rule) * 1_000;
  const start = startOf(rule, end);
  const fixed = { lower: rule.Threshold ?? 0, upper: rule.Threshold ?? 0 };
  const { found, lowAt } = rule.Metrics ? ofQueries(
    new QueryRun(ctx, rule.Metrics, windowOf(rule, end), insights), rule, fixed,
  ) : ofMetric(ctx, rule, start, end, fixed);
  const slots: Slot[] = [];
  const operator = rule.ComparisonOperator ?? "GreaterThanThreshold";
  for (let at = end - period; at >= start; at -= period) {
    const point = found.get(at);
    slots.push({
      at, value: point?.value,
      isBreaching: point !== undefined && breaches(point.value, operator, point.bounds),
      ...(point?.sampleCount !== undefined && { sampleCount: point.sampleCount }),
    });
  }
  const bounds = [...found.values()].at(-1)?.bounds ?? fixed;
  const ignoresLow = rule.EvaluateLowSampleCountPercentile === "ignore";
  return {
    slots, isLowSample: ignoresLow && slots.slice(0, rule.EvaluationPeriods).some(({ at }) => lowAt.has(at)),
    bounds,
  };
}

/** A time series of a query with groups, and what tells it from the others. */
export interface ReadSeries {
  readonly attributes: Readonly<Record<string, string>>;
  readonly slots: readonly Slot[];
}

/** The query that an alarm goes by, where each of its time series is one of its own. */
function groupedQuery(rule: MetricRule): MetricDataQuery | undefined {
  const shown = rule.Metrics?.find(({ Id, ReturnData }) =>
    ReturnData !== false && Id !== rule.ThresholdMetricId);
  const text = shown?.Expression ?? "";
  return isInsightsQuery(text) && parseInsights(text).groupBy.length > 0 ? shown : undefined;
}

export function isGrouped(rule: MetricRule): boolean {
  return groupedQuery(rule) !== undefined;
}

/** @param end the end of the newest period */
export function readAllSlots(ctx: ReadContext, rule: MetricRule, end: number): ReadSeries[] {
  const query = groupedQuery(rule);
  if (!query) return [];
  const period = periodOf(rule) * 1_000;
  const start = startOf(rule, end);
  const run = new QueryRun(ctx, rule.Metrics ?? [], windowOf(rule, end), noInsights);
  const bounds = { lower: rule.Threshold ?? 0, upper: rule.Threshold ?? 0 };
  const operator = rule.ComparisonOperator ?? "GreaterThanThreshold";
  return run.resultsOf(query).map(({ metric, points }) => {
    const slots: Slot[] = [];
    for (let at = end - period; at >= start; at -= period) {
      const value = points.get(at);
      slots.push({ at, value, isBreaching: value !== undefined && breaches(value, operator, bounds) });
    }
    const pairs = (metric?.dimensions ?? []).map(({ Name = "", Value = "" }) => [Name, Value]);
    return { attributes: Object.fromEntries(pairs) as Record<string, string>, slots };
  });
}

interface FoundAll {
  readonly found: ReadonlyMap<number, Found>;
  readonly lowAt: ReadonlySet<number>;
}

function ofMetric(ctx: ReadContext, rule: MetricRule, start: number, end: number, bounds: Bounds): FoundAll {
  const statistic = parseStatistic(rule.Statistic ?? rule.ExtendedStatistic ?? "");
  const { Namespace: namespace = "", MetricName: name = "" } = rule;
  const id = { namespace, name, dimensions: sortedDimensions(rule.Dimensions) };
  const { totals } = totalsOf(
    ctx, id, { start, end, periodMilliseconds: periodOf(rule) * 1_000, unit: rule.Unit },
  );
  const found = new Map<number, Found>();
  const lowAt = new Set<number>();
  for (const [at, total] of [...totals].sort(([left], [right]) => left - right)) {
    const value = statistic && valueOf(statistic, total);
    if (value === undefined) continue;
    found.set(at, { value, sampleCount: total.count, bounds });
    if (isLowSample(statistic, total.count)) lowAt.add(at);
  }
  return { found, lowAt };
}

function ofQueries(run: QueryRun, rule: MetricRule, fixed: Bounds): FoundAll {
  const queries = rule.Metrics ?? [];
  const shown = queries.find(({ Id, ReturnData }) => ReturnData !== false && Id !== rule.ThresholdMetricId);
  const [series] = shown ? run.resultsOf(shown) : [];
  const band = queries.find(({ Id }) => Id === rule.ThresholdMetricId);
  const [upper, lower] = band ? run.resultsOf(band) : [];
  const found = new Map<number, Found>();
  for (const [at, value] of series?.points ?? []) {
    const bounds = band ? boundsAt(at, lower, upper) : fixed;
    if (bounds) found.set(at, { value, bounds });
  }
  return { found, lowAt: new Set() };
}

function boundsAt(
  at: number, lower: TimeSeries | undefined, upper: TimeSeries | undefined,
): Bounds | undefined {
  const low = lower?.points.get(at);
  const high = upper?.points.get(at);
  return low === undefined || high === undefined ? undefined : { lower: low, upper: high };
}
