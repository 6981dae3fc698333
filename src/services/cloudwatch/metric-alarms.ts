/** PutMetricAlarm. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { MetricDataQuery, PutMetricAlarmInput } from "../../generated/cloudwatch.ts";
import type { Context } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { forgetContributors } from "./alarm-contributors.ts";
import { isGrouped, periodOf } from "./alarm-datapoints.ts";
import type { MetricRule } from "./alarm-rows.ts";
import { expectSweep } from "./alarm-sweep.ts";
import { writeAlarm } from "./alarm-writing.ts";
import { collectionTooLarge, validationError } from "./errors.ts";
import { unreadInsights } from "./insight-rule-metrics.ts";
import { callsIn, parseExpression } from "./math-parse.ts";
import { isInsightsQuery, parseInsights } from "./metrics-insights-parse.ts";
import { isAlarmPeriod } from "./periods.ts";
import { requireQueries } from "./query-checks.ts";
import { QueryRun } from "./query-run.ts";
import { parseStatistic } from "./statistics.ts";

const treatments = ["breaching", "notBreaching", "ignore", "missing"];
const bandOperators = [
  "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold",
];
/** @evidence CloudWatch API Reference, Metric: 30 dimensions */
const dimensionsMax = 30;
/** @evidence CloudWatch API Reference, MetricDataQuery: of each kind ten in an alarm */
const queriesMax = 20;
const queriesOfKindMax = 10;
/** @evidence CloudWatch API Reference, PutMetricAlarm, EvaluationPeriods */
const daySeconds = 86_400;
const weekSeconds = 7 * daySeconds;
const hourSeconds = 3_600;

/** @evidence CloudWatch API Reference, PutMetricAlarm: what goes with `Metrics`, and what does not */
function requireSource(input: PutMetricAlarmInput): void {
  if (input.EvaluationCriteria || input.EvaluationInterval) {
    throw notImplemented("Alarms of CloudWatch on PromQL queries");
  }
  const { Metrics: metrics, Dimensions: dimensions = [] } = input;
  if (dimensions.length > dimensionsMax) throw collectionTooLarge("Dimensions", dimensionsMax);
  if (metrics) {
    for (
      const name of ["MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit"] as const
    ) {
      if (input[name] !== undefined) {
        throw validationError(
          `${name} must not be set when Metrics is set. Metrics is mutually exclusive with it.`,
        );
      }
    }
    if (!metrics.some(({ MetricStat, Period }) => MetricStat || Period !== undefined)) {
      throw validationError("Period must not be null");
    }
    requireFew(metrics);
    requireQueries(metrics, "Metrics");
    for (const { Expression } of metrics) if (Expression !== undefined) requireExpression(Expression);
    const shown = metrics.filter(
      ({ ReturnData, Id }) => ReturnData !== false && Id !== input.ThresholdMetricId,
    );
    if (shown.length !== 1) throw validationError(
      "Exactly one element of the metrics list should return data."
    );
    return;
  }
  if (input.MetricName === undefined || input.Namespace === undefined) {
    throw validationError("MetricName and Namespace, or Metrics, must be specified.");
  }
  if (input.Period === undefined) throw validationError("Period must be specified.");
  if ((input.Statistic === undefined) === (input.ExtendedStatistic === undefined)) {
    throw validationError("Exactly one of Statistic or ExtendedStatistic must be specified.");
  }
  const { ExtendedStatistic: extended } = input;
  if (extended !== undefined && (!parseStatistic(extended) || extended in { Sum: 1, Average: 1 })) {
    throw validationError(`The value ${extended} for parameter ExtendedStatistic is invalid.`);
  }
}

function requireFew(metrics: readonly MetricDataQuery[]): void {
  if (metrics.length > queriesMax) throw collectionTooLarge("Metrics", queriesMax);
  const plain = metrics.filter(({ MetricStat }) => MetricStat !== undefined).length;
  if (Math.max(plain, metrics.length - plain) > queriesOfKindMax) {
    throw validationError(`An alarm can have ${queriesOfKindMax} metrics and ${queriesOfKindMax} ` +
      "expressions at most.");
  }
}

/** @evidence answers of PutMetricAlarm quoted in its users' reports: of SEARCH, and of the period */
function requireExpression(text: string): void {
  if (isInsightsQuery(text)) parseInsights(text);
  else if (callsIn(parseExpression(text)).some(({ name }) => name === "SEARCH")) {
    throw validationError("SEARCH is not supported on Metric Alarms");
  }
}

/**
 * The queries can be worked out, and give the one time series that an alarm watches, or a group's.
 *
 * @evidence CloudWatch User Guide, "Use search expressions in graphs": "an alarm based on a math
 * expression can watch only one time series"
 */
function requireOneSeries(ctx: Context, rule: MetricRule): void {
  if (!rule.Metrics) return;
  const end = ctx.clock.now();
  const startFor = (periodSeconds: number): number => end - periodSeconds * 1_000;
  const run = new QueryRun(ctx, rule.Metrics, { end, startFor }, unreadInsights);
  for (const query of rule.Metrics) {
    const isWatched = query.ReturnData !== false && query.Id !== rule.ThresholdMetricId;
    if (run.resultsOf(query).length > 1 && isWatched && !isGrouped(rule)) {
      throw validationError("The expression of an alarm must return one time series.");
    }
  }
}

function requirePeriods(input: PutMetricAlarmInput): void {
  const { EvaluationPeriods: periods, DatapointsToAlarm: datapoints } = input;
  if (periods === undefined) throw validationError("EvaluationPeriods must be specified.");
  if (input.Period !== undefined && !isAlarmPeriod(input.Period)) {
    throw validationError("Period must be 10, 20, 30 or a multiple of 60");
  }
  if (datapoints !== undefined && datapoints > periods) {
    throw validationError("DatapointsToAlarm must be less than or equal to EvaluationPeriods");
  }
  const seconds = periodOf(input) * periods;
  const max = periodOf(input) >= hourSeconds ? weekSeconds : daySeconds;
  if (seconds > max) {
    const span = max === weekSeconds ? "7 days" : "a day";
    throw validationError(
      `Metrics cannot be checked across more than ${span} (EvaluationPeriods * Period must be <= ${max}).`,
    );
  }
}

function requireComparison(input: PutMetricAlarmInput): void {
  const { ComparisonOperator: operator, ThresholdMetricId: band, Threshold: threshold } = input;
  if (operator === undefined) throw validationError("ComparisonOperator must be specified.");
  if (bandOperators.includes(operator) !== (band !== undefined)) {
    const goes = band === undefined ? "needs a" : "does not go with a";
    throw validationError(`ComparisonOperator ${operator} ${goes} ThresholdMetricId.`);
  }
  if (band !== undefined && !input.Metrics?.some(({ Id }) => Id === band)) {
    throw validationError(`ThresholdMetricId ${band} is not an element of Metrics.`);
  }
  if (band === undefined && threshold === undefined) throw validationError("Threshold must be specified.");
  if (threshold !== undefined && !Number.isFinite(threshold)) {
    throw validationError(`The value ${threshold} for parameter Threshold is invalid.`);
  }
}

function requireOptions(input: PutMetricAlarmInput): void {
  const { TreatMissingData: treatment, EvaluateLowSampleCountPercentile: low } = input;
  if (treatment !== undefined && !treatments.includes(treatment)) {
    throw validationError(
      `Option ${treatment} for TreatMissingData is not one of [${treatments.join(", ")}]`,
    );
  }
  if (low !== undefined && low !== "evaluate" && low !== "ignore") {
    throw validationError(
      `Option ${low} for EvaluateLowSampleCountPercentile is not one of [evaluate, ignore]`,
    );
  }
  if (low !== undefined && input.ExtendedStatistic === undefined) {
    throw validationError(
      "EvaluateLowSampleCountPercentile goes with an ExtendedStatistic that is a percentile.",
    );
  }
}

function ruleOf(input: PutMetricAlarmInput): MetricRule {
  const {
    AlarmName: _name, AlarmDescription: _description, ActionsEnabled: _enabled, OKActions: _ok,
    AlarmActions: _alarm, InsufficientDataActions: _insufficient, Tags: _tags, ...rule
  } = input;
  return rule;
}

export const PutMetricAlarm = operation(cloudwatch.PutMetricAlarm, {
  resource: (input, ctx) => ctx.arn(`alarm:${input.AlarmName}`),
  conditions: ({ AlarmActions = [], OKActions = [], InsufficientDataActions = [] }) => {
    return { "cloudwatch:alarmactions": [...AlarmActions, ...OKActions, ...InsufficientDataActions] };
  },

  run(input, ctx) {
    requireSource(input);
    requirePeriods(input);
    requireComparison(input);
    requireOptions(input);
    const rule = ruleOf(input);
    requireOneSeries(ctx, rule);
    writeAlarm(ctx, input, { metric: rule });
    if (!isGrouped(rule)) forgetContributors(ctx, input.AlarmName);
    expectSweep(ctx, rule);
  },
});
