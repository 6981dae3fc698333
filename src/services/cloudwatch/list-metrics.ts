/** ListMetrics. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { DimensionFilter, ListMetricsInput, Metric } from "../../generated/cloudwatch.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidParameterValue } from "./errors.ts";
import { metrics, millisecondsPerDay, millisecondsPerHour, type MetricRow } from "./metric-rows.ts";

/** @evidence CloudWatch API Reference, ListMetrics */
const pageSize = 500;
const visibleMilliseconds = 14 * millisecondsPerDay;
const recentMilliseconds = 3 * millisecondsPerHour;

export function isVisible(row: MetricRow, now: number): boolean {
  return row.lastAt >= now - visibleMilliseconds;
}

function matches(row: MetricRow, filters: readonly DimensionFilter[]): boolean {
  return filters.every(({ Name, Value }) =>
    row.dimensions.some((dimension) => {
      return dimension.Name === Name && (Value === undefined || Value === dimension.Value);
    }),
  );
}

export function shownMetric({ namespace, name, dimensions }: MetricRow): Metric {
  return {
    Namespace: namespace, MetricName: name, Dimensions: dimensions.map((dimension) => ({ ...dimension })),
  };
}

function listed(ctx: ReadContext, input: ListMetricsInput) {
  const now = ctx.clock.now();
  const since = now - (input.RecentlyActive ? recentMilliseconds : visibleMilliseconds);
  const { Namespace: namespace, MetricName: name, Dimensions: filters = [] } = input;
  const prefix = namespace === undefined ? undefined : name === undefined ? [namespace] : [namespace, name];
  return page({
    rows: ctx.db(metrics).by("name"),
    ...(prefix && { range: { prefix } }),
    key: (row) => [row.namespace, row.name, row.series],
    keep: (row) => row.lastAt >= since && (name === undefined || row.name === name) && matches(row, filters),
    limit: pageSize,
    token: input.NextToken,
    scope: "cloudwatch:ListMetrics",
    invalid: () => invalidParameterValue("Invalid nextToken"),
  });
}

export const ListMetrics = operation(cloudwatch.ListMetrics, {
  async body(input, ctx) {
    ctx.kernel.metrics.flushCell(ctx);
    const isElsewhere = input.OwningAccount !== undefined && input.OwningAccount !== ctx.account;
    const { items, next } = isElsewhere
      ? { items: [], next: undefined }
      : ctx.reading(() => listed(ctx, input));
    return {
      Metrics: items.map(shownMetric),
      NextToken: next,
      ...(input.IncludeLinkedAccounts && { OwningAccounts: items.map(() => ctx.account) }),
    };
  },
});
