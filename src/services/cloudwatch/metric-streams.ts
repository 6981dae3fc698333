/** Metric streams: what is configured. `metric-stream-delivery.ts` sends. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { MetricStreamEntry, PutMetricStreamInput } from "../../generated/cloudwatch.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { addTags } from "./alarm-tags.ts";
import {
  bothSpecified, invalidFor, invalidNextToken, invalidParameterValue, resourceNotFound,
} from "./errors.ts";
import { metricStreams, type MetricStreamRow } from "./metric-stream-rows.ts";
import { parseStatistic } from "./statistics.ts";

export function streamArn(ctx: ReadContext, name: string): string {
  return ctx.arn(`metric-stream/${name}`);
}

function requireStream(ctx: ReadContext, name: string): MetricStreamRow {
  const row = ctx.db(metricStreams).get(name);
  if (!row) throw resourceNotFound("MetricStream", name);
  return row;
}

/** @evidence CloudWatch API Reference, PutMetricStream */
function requireInput(input: PutMetricStreamInput): void {
  if (!/^[A-Za-z0-9_-]+$/.test(input.Name)) throw invalidFor(input.Name, "Name");
  if (!/^arn:[^:]+:firehose:[^:]+:\d{12}:deliverystream\/.+$/.test(input.FirehoseArn)) {
    throw invalidFor(input.FirehoseArn, "FirehoseArn");
  }
  if (!/^arn:[^:]+:iam::\d{12}:role\/.+$/.test(input.RoleArn)) throw invalidFor(input.RoleArn, "RoleArn");
  if (input.IncludeFilters && input.ExcludeFilters) throw bothSpecified("IncludeFilters", "ExcludeFilters");
  const isJson = input.OutputFormat === "json";
  for (const { AdditionalStatistics } of input.StatisticsConfigurations ?? []) {
    for (const statistic of AdditionalStatistics) {
      const kind = parseStatistic(statistic)?.kind;
      const isNamed = kind !== undefined && kind !== "plain";
      // @evidence CloudWatch API Reference, MetricStreamStatisticsConfiguration: OpenTelemetry's percentiles
      if (!isNamed || (!isJson && !/^p\d/.test(statistic))) throw invalidParameterValue(
        `Invalid statistic: ${statistic}`
      );
    }
  }
}

export const PutMetricStream = operation(cloudwatch.PutMetricStream, {
  resource: (input, ctx) => streamArn(ctx, input.Name),

  run(input, ctx) {
    requireInput(input);
    const conditions = { "iam:passedtoservice": "streams.metrics.cloudwatch.amazonaws.com" };
    ctx.authorize({ action: "iam:PassRole", resource: input.RoleArn, conditions });
    const now = ctx.clock.now();
    const existing = ctx.db(metricStreams).get(input.Name);
    ctx.db(metricStreams).put({
      name: input.Name, firehoseArn: input.FirehoseArn, roleArn: input.RoleArn,
      outputFormat: input.OutputFormat,
      ...(input.IncludeFilters && { include: input.IncludeFilters }),
      ...(input.ExcludeFilters && { exclude: input.ExcludeFilters }),
      ...(input.StatisticsConfigurations && { statistics: input.StatisticsConfigurations }),
      isRunning: existing?.isRunning ?? true, createdAt: existing?.createdAt ?? now, updatedAt: now,
    });
    const arn = streamArn(ctx, input.Name);
    if (!existing) addTags(ctx, arn, input.Tags);
    return { Arn: arn };
  },
});

function shownShared(ctx: ReadContext, row: MetricStreamRow): MetricStreamEntry {
  return {
    Arn: streamArn(ctx, row.name), Name: row.name, FirehoseArn: row.firehoseArn,
    OutputFormat: row.outputFormat,
    State: row.isRunning ? "running" : "stopped", CreationDate: row.createdAt, LastUpdateDate: row.updatedAt,
  };
}

export const GetMetricStream = operation(cloudwatch.GetMetricStream, {
  resource: (input, ctx) => streamArn(ctx, input.Name),

  run(input, ctx) {
    const row = requireStream(ctx, input.Name);
    return {
      ...shownShared(ctx, row), RoleArn: row.roleArn, IncludeLinkedAccountsMetrics: false,
      ...(row.include && { IncludeFilters: [...row.include] }),
      ...(row.exclude && { ExcludeFilters: [...row.exclude] }),
      ...(row.statistics && { StatisticsConfigurations: [...row.statistics] }),
    };
  },
});

export const ListMetricStreams = operation(cloudwatch.ListMetricStreams, {
  run(input, ctx) {
    const { items, next } = page({
      rows: ctx.db(metricStreams),
      key: (row) => row.name,
      limit: input.MaxResults ?? 500,
      token: input.NextToken,
      scope: "cloudwatch:ListMetricStreams",
      invalid: invalidNextToken,
    });
    return { Entries: items.map((row) => shownShared(ctx, row)), NextToken: next };
  },
});

/** Deleting one that is not there succeeds. @evidence CloudWatch API Reference, DeleteMetricStream */
export const DeleteMetricStream = operation(cloudwatch.DeleteMetricStream, {
  resource: (input, ctx) => streamArn(ctx, input.Name),

  run(input, ctx) {
    ctx.db(metricStreams).delete(input.Name);
    ctx.tags(streamArn(ctx, input.Name)).clear();
    return {};
  },
});

function setRunning(ctx: Context, names: readonly string[], isRunning: boolean): void {
  for (const name of names) {
    const row = ctx.db(metricStreams).get(name);
    if (!row) throw invalidParameterValue(`The metric stream ${name} does not exist.`);
    if (row.isRunning !== isRunning) ctx.db(metricStreams).put(
      { ...row, isRunning, updatedAt: ctx.clock.now() }
    );
  }
}

export const StartMetricStreams = operation(cloudwatch.StartMetricStreams, {
  resource: (input, ctx) => input.Names.map((name) => streamArn(ctx, name)),
  run(input, ctx) {
    setRunning(ctx, input.Names, true);
    return {};
  },
});

export const StopMetricStreams = operation(cloudwatch.StopMetricStreams, {
  resource: (input, ctx) => input.Names.map((name) => streamArn(ctx, name)),
  run(input, ctx) {
    setRunning(ctx, input.Names, false);
    return {};
  },
});
