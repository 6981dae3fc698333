/** Works the queries of GetMetricData out, and those of alarms. */

import type { MetricDataQuery, MetricStat } from "../../generated/cloudwatch.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { bandOf } from "./anomaly-bands.ts";
import { validationError } from "./errors.ts";
import type { InsightMetrics } from "./insight-rule-metrics.ts";
import { isDynamicLabel } from "./labels.ts";
import { evaluate, type Scope } from "./math-evaluate.ts";
import { parseExpression } from "./math-parse.ts";
import { listOf, type MathValue, type TimeSeries } from "./math-values.ts";
import { seriesOf, sortedDimensions, type MetricId } from "./metric-rows.ts";
import { runInsights } from "./metrics-insights.ts";
import { isInsightsQuery, parseInsights } from "./metrics-insights-parse.ts";
import { expressionPeriod, searchPeriodSeconds } from "./periods.ts";
import { readPoints, type Window } from "./reading.ts";
import { search } from "./search.ts";
import type { Accumulator } from "./statistic-sets.ts";
import { parseStatistic, valueOf } from "./statistics.ts";

export interface Message {
  readonly Code: string;
  readonly Value: string;
}

export interface RunWindow {
  readonly end: number;
  /** Where the first period begins, for periods of this length. */
  startFor(periodSeconds: number): number;
}

/** @evidence https://github.com/grafana/grafana/issues/78608: an answer of GetMetricData */
const dropped: Message = {
  Code: "ArithmeticError",
  Value: "One or more data-points have been dropped due to non-numeric values (NaN, -Infinite, +Infinite)",
};

export function idOf({ Metric }: MetricStat): MetricId {
  const { Namespace = "", MetricName = "", Dimensions } = Metric;
  return { namespace: Namespace, name: MetricName, dimensions: sortedDimensions(Dimensions) };
}

/** The totals of a metric by period: of the unit that is first by name, where there are several. */
export function totalsOf(
  ctx: ReadContext, id: MetricId, window: Window,
): { readonly totals: ReadonlyMap<number, Accumulator>; readonly units: readonly string[] } {
  const byUnit = readPoints(ctx, seriesOf(id), window);
  const units = [...byUnit.keys()].sort();
  return { totals: byUnit.get(units[0] ?? "") ?? new Map<number, Accumulator>(), units };
}

export class QueryRun {
  readonly messages = new Map<string, Message[]>();
  readonly #ctx: ReadContext;
  readonly #queries: ReadonlyMap<string, MetricDataQuery>;
  readonly #window: RunWindow;
  readonly #insights: InsightMetrics;
  readonly #values = new Map<string, MathValue>();
  readonly #underWay = new Set<string>();

  /** @param insights what insight rules counted, which was gathered before */
  constructor(
    ctx: ReadContext, queries: readonly MetricDataQuery[], window: RunWindow, insights: InsightMetrics,
  ) {
    this.#insights = insights;
    this.#ctx = ctx;
    this.#queries = new Map(queries.map((query) => [query.Id, query]));
    this.#window = window;
  }

  valueOf(id: string): MathValue | undefined {
    const query = this.#queries.get(id);
    if (!query) return undefined;
    const known = this.#values.get(id);
    if (known) return known;
    if (this.#underWay.has(id)) throw validationError(`Circular dependency found in expression '${id}'`);
    this.#underWay.add(id);
    const value = query.MetricStat ? this.#metric(query, query.MetricStat) : this.#expression(query);
    this.#underWay.delete(id);
    this.#values.set(id, value);
    return value;
  }

  /** Time series that a query is answered with. */
  resultsOf(query: MetricDataQuery): readonly TimeSeries[] {
    const value = this.valueOf(query.Id);
    const list = value && listOf(value);
    if (!list) throw inExpression(
      query, "The expression must return a time series or an array of time series"
    );
    return list;
  }

  #metric(query: MetricDataQuery, stat: MetricStat): TimeSeries {
    const { Period, Stat, Unit } = stat;
    const { Label } = query;
    const isElsewhere = query.AccountId !== undefined && query.AccountId !== this.#ctx.account;
    const read = this.#read(idOf(stat), Stat, Period, isElsewhere ? "another account's" : Unit);
    if (read.units.length > 1 && Unit === undefined) {
      const Value = `Multiple units returned: '[${read.units.join(", ")}]'`;
      this.messages.set(query.Id, [{ Code: "MultipleUnits", Value }]);
    }
    const label = Label === undefined || isDynamicLabel(Label) ? read.series.label : Label;
    return { ...read.series, label };
  }

  #read(
    id: MetricId, stat: string, period: number, unit?: string,
  ): { series: TimeSeries; units: readonly string[] } {
    const statistic = parseStatistic(stat);
    if (!statistic) throw validationError(`The value ${stat} for parameter Stat is invalid.`);
    const { end } = this.#window;
    const window = { start: this.#window.startFor(period), end, periodMilliseconds: period * 1_000, unit };
    const { totals, units } = totalsOf(this.#ctx, id, window);
    const points = new Map<number, number>();
    for (const [at, total] of totals) {
      const value = valueOf(statistic, total);
      if (value !== undefined) points.set(at, value);
    }
    const metric = { ...id, stat };
    return { series: { kind: "series", periodSeconds: period, points, label: id.name, metric }, units };
  }

  #expression(query: MetricDataQuery): MathValue {
    const text = query.Expression ?? "";
    if (isInsightsQuery(text)) return this.#selected(text, query.Period ?? searchPeriodSeconds);
    try {
      return evaluate(parseExpression(text), this.#scope(query));
    } catch (cause) {
      const isRefusal = cause instanceof AwsError && cause.queryCode === "ValidationError";
      if (!isRefusal || cause.message.startsWith("Error in ")) throw cause;
      throw inExpression(query, cause.message);
    }
  }

  #selected(text: string, period: number): MathValue {
    const { end } = this.#window;
    const window = { start: this.#window.startFor(period), end, periodMilliseconds: period * 1_000 };
    return { kind: "list", items: runInsights(this.#ctx, parseInsights(text), window) };
  }

  #scope(query: MetricDataQuery): Scope {
    const metrics = [...this.#queries.values()].filter(({ MetricStat }) => MetricStat !== undefined);
    const periodSeconds = expressionPeriod(query, metrics);
    return {
      periodSeconds,
      find: (id) => this.valueOf(id),
      metrics: (holding) =>
        metrics.flatMap(({ Id }) => {
          const value = holding === undefined || Id.includes(holding) ? this.valueOf(Id) : undefined;
          return (value && listOf(value)) ?? [];
        }),
      search: (text, stat, period = periodSeconds) =>
        search(this.#ctx, text).map((row) => ({ ...this.#read(row, stat, period).series, isFound: true })),
      insightRule: (rule, metric) => this.#insights.seriesOf(rule, metric, periodSeconds),
      band: (series, deviations) => bandOf(this.#ctx, series, deviations, this.#times(series.periodSeconds)),
      times: (period) => this.#times(period),
      noteDropped: () => this.messages.set(query.Id, [dropped]),
    };
  }

  #times(periodSeconds: number): number[] {
    const times: number[] = [];
    const step = periodSeconds * 1_000;
    for (let at = this.#window.startFor(periodSeconds); at < this.#window.end; at += step) times.push(at);
    return times;
  }
}

function inExpression(query: MetricDataQuery, message: string): Error {
  return validationError(`Error in expression '${query.Id}': ${message}`);
}
