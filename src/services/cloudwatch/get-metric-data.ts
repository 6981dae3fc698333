/** GetMetricData. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { GetMetricDataInput, MetricDataResult, StatusCode } from "../../generated/cloudwatch.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../kernel/page.ts";
import { invalidNextToken, validationError } from "./errors.ts";
import { askedInsights } from "./insight-rule-metrics.ts";
import { defaultLabels, shownLabel, type Labelled } from "./labels.ts";
import { alignedStart } from "./periods.ts";
import { requireQueries } from "./query-checks.ts";
import { QueryRun, type RunWindow } from "./query-run.ts";

/** @evidence CloudWatch API Reference, GetMetricData */
const queriesMax = 500;
const datapointsMax = 100_800;
const scope = "cloudwatch:GetMetricData";

function requireInput(input: GetMetricDataInput): void {
  const { MetricDataQueries: queries, StartTime: start, EndTime: end, MaxDatapoints: max } = input;
  if (queries.length === 0) throw validationError("The parameter MetricDataQueries is required.");
  if (queries.length > queriesMax) {
    throw validationError(
      `The collection MetricDataQueries must not have a size greater than ${queriesMax}.`,
    );
  }
  if (start >= end) throw validationError("The parameter StartTime must be less than the parameter EndTime.");
  if (max !== undefined && (max < 1 || max > datapointsMax)) {
    throw validationError(`The parameter MaxDatapoints must be between 1 and ${datapointsMax}.`);
  }
  requireQueries(queries, "MetricDataQueries");
  if (queries.every(({ ReturnData }) => ReturnData === false)) {
    throw validationError("At least one of the MetricDataQueries must have ReturnData true.");
  }
}

interface Result extends MetricDataResult {
  readonly Timestamps: number[];
  readonly Values: number[];
}

function result(
  input: GetMetricDataInput, { query, series }: Labelled, label: string,
): Result {
  const points = [...series.points].sort(([left], [right]) => left - right);
  if (input.ScanBy !== "TimestampAscending") points.reverse();
  return {
    Id: query.Id, Label: label,
    Timestamps: points.map(([at]) => at), Values: points.map(([, value]) => value), StatusCode: "Complete",
  };
}

function windowOf(ctx: BodyContext, { StartTime: start, EndTime: end }: GetMetricDataInput): RunWindow {
  const now = ctx.clock.now();
  return { end, startFor: (period) => alignedStart(start, period, now) };
}

function allResults(ctx: BodyContext, input: GetMetricDataInput, run: QueryRun): Result[] {
  const { MetricDataQueries: queries } = input;
  const labels = defaultLabels(queries);
  const facts = {
    account: ctx.account, region: ctx.region, timezone: input.LabelOptions?.Timezone ?? "+0000",
    now: ctx.clock.now(),
  };
  // All are worked out, also those that are not shown: a wrong one is refused.
  const worked = queries.map((query) => [query, run.resultsOf(query)] as const);
  return worked.flatMap(([query, all]) => {
    if (query.ReturnData === false) return [];
    return all.map((series) => {
      const one = { query, series, all };
      const Messages = run.messages.get(query.Id);
      return { ...result(input, one, shownLabel(one, labels, facts)), ...(Messages && { Messages }) };
    });
  });
}

/** Those data points that are left after the first `skip`, at most `max`. */
function pageOf(all: readonly Result[], skip: number, max: number): { page: Result[]; more: boolean } {
  const page: Result[] = [];
  let before = 0;
  for (const one of all) {
    const from = Math.max(0, skip - before);
    const to = Math.min(one.Values.length, skip + max - before);
    before += one.Values.length;
    const isOver = skip > 0 && from >= one.Values.length;
    if (isOver || (to < 0 && one.Values.length > 0)) continue;
    const StatusCode: StatusCode = to < one.Values.length ? "PartialData" : "Complete";
    page.push(
      { ...one, Timestamps: one.Timestamps.slice(from, to), Values: one.Values.slice(from, to), StatusCode },
    );
  }
  return { page, more: before > skip + max };
}

export const GetMetricData = operation(cloudwatch.GetMetricData, {
  async body(input, ctx) {
    requireInput(input);
    let skip = 0;
    if (input.NextToken !== undefined) {
      const state = openPageToken(scope, input.NextToken);
      if (typeof state !== "number") throw invalidNextToken();
      skip = state;
    }
    ctx.kernel.metrics.flushCell(ctx);
    const max = input.MaxDatapoints ?? datapointsMax;
    const queries = input.MetricDataQueries;
    const window = windowOf(ctx, input);
    const insights = await askedInsights(ctx, queries, window);
    const run = new QueryRun(ctx, queries, window, insights);
    const { page, more } = pageOf(ctx.reading(() => allResults(ctx, input, run)), skip, max);
    return {
      MetricDataResults: page, NextToken: more ? pageToken(scope, skip + max) : undefined, Messages: [],
    };
  },
});
