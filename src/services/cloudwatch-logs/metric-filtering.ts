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
import { readSelector, type Selector } from "./patterns/selectors.ts";
import { readCriteria, systemFieldsOf, type SystemField } from "./selection-criteria.ts";
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

/** Where in an event a value is; a text where it is the same for all. */
type Place = Selector | string | undefined;

/** A transformation whose selectors have been read. */
interface Prepared {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly value: Place;
  readonly dimensions: readonly (readonly [name: string, place: Place])[];
}

/** @param emitted of the system, beside what it takes from the event */
function preparedOf(
  transformation: MetricFilter["transformations"][number], emitted: readonly (readonly [string, string])[],
): Prepared {
  const { metricNamespace: namespace, metricName: name, unit = "None", metricValue } = transformation;
  return {
    namespace, name, unit,
    value: metricValue.startsWith("$") ? readSelector(metricValue) : metricValue,
    dimensions: [
      ...Object.entries(transformation.dimensions ?? {})
        .map(([dimension, selector]) => [dimension, readSelector(selector)] as const),
      ...emitted,
    ],
  };
}

function extracted(match: Match, place: Place): string | undefined {
  if (typeof place === "string" || place === undefined) return place;
  const value = match.valueOf(place);
  return value === undefined || value === null ? undefined : shownValue(value);
}

function numberOf(match: Match, place: Place): number | undefined {
  const text = extracted(match, place);
  const number = text === undefined || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** An event that lacks the value or a dimension gives no value. */
function valueOf(transformation: Prepared, match: Match, timestamp: number): MetricValue | undefined {
  const value = numberOf(match, transformation.value);
  if (value === undefined) return undefined;
  const dimensions: Record<string, string> = {};
  for (const [name, place] of transformation.dimensions) {
    const text = extracted(match, place);
    if (text === undefined || text === "") return undefined;
    dimensions[name] = text;
  }
  const { namespace, name, unit } = transformation;
  return { namespace, name, unit, dimensions, timestamp, value };
}

export function filterMetrics(ctx: Context, group: LogGroup, events: readonly WatchedEvent[]): MetricValue[] {
  const fields = systemFieldsOf(ctx);
  return metricFiltersOf(ctx, group.name).flatMap((filter) => {
    if (!readCriteria(filter.fieldSelectionCriteria)(fields)) return [];
    const pattern = patternOf(ctx, filter.pattern);
    const emitted = (filter.emitSystemFieldDimensions ?? []).map((name) =>
      [name, fields[name as SystemField]] as const);
    const transformations = filter.transformations.map((each) => preparedOf(each, emitted));
    const values: MetricValue[] = [];
    for (const original of events) {
      const event = filter.applyOnTransformedLogs ? original.transformed() : original;
      const match = pattern.match(event.message, pattern.kind === "json" ? event.json() : undefined);
      if (!match) continue;
      for (const transformation of transformations) {
        const value = valueOf(transformation, match, event.timestamp);
        if (value) values.push(value);
      }
    }
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
