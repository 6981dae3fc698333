/** GetMetricStatistics. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { Datapoint, GetMetricStatisticsInput, StandardUnit } from "../../generated/cloudwatch.ts";
import { operation } from "../../kernel/operation.ts";
import {
  bothSpecified, invalidFor, invalidParameterCombination, invalidParameterValue, startAfterEnd,
  tooManyDatapoints,
} from "./errors.ts";
import { seriesOf, sortedDimensions } from "./metric-rows.ts";
import { alignedStart, isPeriod } from "./periods.ts";
import { readPoints } from "./reading.ts";
import type { Accumulator } from "./statistic-sets.ts";
import { parseStatistic, valueOf, type Statistic } from "./statistics.ts";

/** @evidence CloudWatch API Reference, GetMetricStatistics */
const datapointsMax = 1_440;

function requireWindow(input: GetMetricStatisticsInput): void {
  const { StartTime: start, EndTime: end, Period: period } = input;
  if (start >= end) throw startAfterEnd();
  if (!isPeriod(period)) {
    throw invalidParameterValue("The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60.");
  }
  const requested = Math.ceil((end - start) / (period * 1_000));
  if (requested > datapointsMax) throw tooManyDatapoints(requested);
}

interface Wanted {
  readonly name: string;
  readonly statistic: Statistic;
  readonly isExtended: boolean;
}

function requireStatistics(input: GetMetricStatisticsInput): Wanted[] {
  const { Statistics: plain, ExtendedStatistics: extended } = input;
  if (plain && extended) throw bothSpecified("Statistics", "ExtendedStatistics");
  if (!plain && !extended) throw invalidParameterCombination(
    "Must specify either Statistics or ExtendedStatistics"
  );
  return (plain ?? extended ?? []).map((name, index) => {
    const statistic = parseStatistic(name);
    if (!statistic) throw invalidFor(name, `ExtendedStatistics.member.${index + 1}`);
    return { name, statistic, isExtended: plain === undefined };
  });
}

function datapoint(
  at: number, unit: string, total: Accumulator, wanted: readonly Wanted[],
): Datapoint | undefined {
  const point: Record<string, unknown> = { Timestamp: at, Unit: unit as StandardUnit };
  const extended: Record<string, number> = {};
  let isEmpty = true;
  for (const { name, statistic, isExtended } of wanted) {
    const value = valueOf(statistic, total);
    if (value === undefined) continue;
    isEmpty = false;
    if (isExtended) extended[name] = value;
    else point[name] = value;
  }
  if (isEmpty) return undefined;
  return { ...point, ...(wanted[0]?.isExtended && { ExtendedStatistics: extended }) };
}

export const GetMetricStatistics = operation(cloudwatch.GetMetricStatistics, {
  async body(input, ctx) {
    requireWindow(input);
    const wanted = requireStatistics(input);
    ctx.kernel.metrics.flushCell(ctx);
    const { Namespace: namespace, MetricName: name } = input;
    const series = seriesOf({ namespace, name, dimensions: sortedDimensions(input.Dimensions) });
    const start = alignedStart(input.StartTime, input.Period, ctx.clock.now());
    const window = { start, end: input.EndTime, periodMilliseconds: input.Period * 1_000, unit: input.Unit };
    const units = ctx.reading(() => readPoints(ctx, series, window));
    const Datapoints: Datapoint[] = [];
    for (const [unit, byTime] of units) {
      for (const [at, total] of byTime) {
        const point = datapoint(at, unit, total, wanted);
        if (point) Datapoints.push(point);
      }
    }
    return { Label: name, Datapoints };
  },
});
