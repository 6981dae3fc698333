/** Metric filters at work. */

import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { metricFilters, metricFiltersOf, type MetricFilter } from "./filter-tables.ts";
import type { LogGroup } from "./group-table.ts";
import { patternOf } from "./known-patterns.ts";
import { publish, type MetricValue } from "./metric-values.ts";
import type { Match } from "./patterns/filter-pattern.ts";
import { shownValue } from "./patterns/json.ts";
import { readSelector } from "./patterns/selectors.ts";
import type { WatchedEvent } from "./watched-events.ts";

/** A minute in which events came, and whether one of them matched. */
interface FilterMinute {
  readonly group: string;
  readonly filter: string;
  readonly at: number;
  readonly matched: boolean;
}

const filterMinutes = table<FilterMinute>("logs.filterMinutes", {
  key: (row) => [row.group, row.filter, row.at],
});

const minuteMilliseconds = 60_000;

function extracted(match: Match, selector: string): string | undefined {
  const parsed = readSelector(selector);
  const value = parsed && match.valueOf(parsed);
  return value === undefined || value === null ? undefined : shownValue(value);
}

function numberOf(match: Match, metricValue: string): number | undefined {
  const text = metricValue.startsWith("$") ? extracted(match, metricValue) : metricValue;
  const number = text === undefined || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** An event that lacks the value or a dimension gives no value. */
function valuesOf(filter: MetricFilter, match: Match, timestamp: number): MetricValue[] {
  return filter.transformations.flatMap((transformation) => {
    const value = numberOf(match, transformation.metricValue);
    if (value === undefined) return [];
    const dimensions: Record<string, string> = {};
    for (const [name, selector] of Object.entries(transformation.dimensions ?? {})) {
      const text = extracted(match, selector);
      if (text === undefined || text === "") return [];
      dimensions[name] = text;
    }
    const { metricNamespace: namespace, metricName: name, unit = "None" } = transformation;
    return [{ namespace, name, unit, dimensions, timestamp, value }];
  });
}

export function filterMetrics(ctx: Context, group: LogGroup, events: readonly WatchedEvent[]): MetricValue[] {
  return metricFiltersOf(ctx, group.name).flatMap((filter) => {
    const pattern = patternOf(ctx, filter.pattern);
    const values = events.flatMap((original) => {
      const event = filter.applyOnTransformedLogs ? original.transformed() : original;
      const match = pattern.match(event.message, pattern.kind === "json" ? event.json() : undefined);
      return match ? valuesOf(filter, match, event.timestamp) : [];
    });
    if (filter.transformations.some(({ defaultValue }) => defaultValue !== undefined)) {
      noteMinute(ctx, filter, values.length > 0);
    }
    return values;
  });
}

/**
 * @evidence CloudWatch Logs API Reference, MetricTransformation, defaultValue: for minutes in which events
 *   come and none matches
 */
function noteMinute(ctx: Context, filter: MetricFilter, matched: boolean): void {
  const now = ctx.clock.now();
  const key = { group: filter.group, filter: filter.name, at: now - (now % minuteMilliseconds) };
  const known = ctx.db(filterMinutes).get([key.group, key.filter, key.at]);
  if (known && (known.matched || !matched)) return;
  ctx.db(filterMinutes).put({ ...key, matched });
  if (known) return;
  ctx.schedule(publishDefault, { at: key.at + minuteMilliseconds, input: key });
}

export const publishDefault = job<Omit<FilterMinute, "matched">>(
  "cloudwatch-logs.publishDefault",
  ({ group, filter: name, at }, ctx) => {
    const minute = ctx.db(filterMinutes).get([group, name, at]);
    ctx.db(filterMinutes).delete([group, name, at]);
    const filter = ctx.db(metricFilters).get([group, name]);
    if (!minute || minute.matched || !filter) return;
    publish(ctx, filter.transformations.flatMap((each) => (each.defaultValue === undefined ? [] : [{
      namespace: each.metricNamespace, name: each.metricName, unit: each.unit ?? "None",
      dimensions: {}, timestamp: at, value: each.defaultValue,
    }])));
  },
);
