/** The rows of what watches a group's events: metric filters and subscription filters. */

import type * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";

export interface MetricFilter {
  readonly group: string;
  readonly name: string;
  readonly pattern: string;
  readonly transformations: readonly logs.MetricTransformation[];
  readonly createdAt: number;
  readonly applyOnTransformedLogs: boolean;
  readonly fieldSelectionCriteria?: string;
  readonly emitSystemFieldDimensions?: readonly string[];
}

export const metricFilters = table<MetricFilter>("logs.metricFilters", {
  key: (filter) => [filter.group, filter.name],
});

export interface SubscriptionFilter {
  readonly group: string;
  readonly name: string;
  readonly pattern: string;
  readonly destinationArn: string;
  readonly roleArn?: string;
  readonly distribution: "Random" | "ByLogStream";
  readonly createdAt: number;
  readonly applyOnTransformedLogs: boolean;
  readonly fieldSelectionCriteria?: string;
  readonly emitSystemFields?: readonly string[];
}

export const subscriptionFilters = table<SubscriptionFilter>("logs.subscriptionFilters", {
  key: (filter) => [filter.group, filter.name],
});

export function metricFiltersOf(ctx: Pick<ReadContext, "db">, group: string): MetricFilter[] {
  return [...ctx.db(metricFilters).list({ prefix: [group] })];
}

export function countMetricFilters(ctx: Pick<ReadContext, "db">, group: string): number {
  return ctx.db(metricFilters).count({ prefix: [group] });
}

export function subscriptionFiltersOf(ctx: Pick<ReadContext, "db">, group: string): SubscriptionFilter[] {
  return [...ctx.db(subscriptionFilters).list({ prefix: [group] })];
}

/** With a group its filters go. */
export function forgetFilters(ctx: Context, group: string): void {
  for (const { name } of metricFiltersOf(ctx, group)) ctx.db(metricFilters).delete([group, name]);
  for (const { name } of subscriptionFiltersOf(ctx, group)) ctx.db(subscriptionFilters).delete([group, name]);
}
