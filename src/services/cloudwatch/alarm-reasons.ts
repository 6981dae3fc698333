/**
 * Why an alarm is in its state, in CloudWatch's words.
 *
 * @evidence recorded answers of DescribeAlarms and messages to topics
 */

import type { ComparisonOperator, StateValue } from "../../generated/cloudwatch.ts";
import { periodOf, type Bounds } from "./alarm-datapoints.ts";
import type { Outcome, Slot, Treatment } from "./alarm-outcome.ts";
import { alarmTime, type MetricRule } from "./alarm-rows.ts";

/** As Java writes doubles: `2.0`. */
export function shownDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [digits = "", exponent = ""] = value.toExponential().split("e");
    return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const comparisons: Readonly<Record<ComparisonOperator, string>> = {
  GreaterThanThreshold: "greater than the threshold",
  GreaterThanOrEqualToThreshold: "greater than or equal to the threshold",
  LessThanThreshold: "less than the threshold",
  LessThanOrEqualToThreshold: "less than or equal to the threshold",
  GreaterThanUpperThreshold: "greater than the upper thresholds",
  LessThanLowerThreshold: "less than the lower thresholds",
  LessThanLowerOrGreaterThanUpperThreshold:
    "less than the lower thresholds or greater than the upper thresholds",
};

/** `26/10/23 16:42:00` */
function shownTime(at: number): string {
  const text = new Date(at).toISOString();
  return `${text.slice(8, 10)}/${text.slice(5, 7)}/${text.slice(2, 4)} ${text.slice(11, 19)}`;
}

function shownBounds(operator: ComparisonOperator, { lower, upper }: Bounds): string {
  switch (operator) {
    case "LessThanLowerThreshold": return `[${shownDouble(lower)}]`;
    case "GreaterThanUpperThreshold": return `[${shownDouble(upper)}]`;
    case "LessThanLowerOrGreaterThanUpperThreshold": return `[${shownDouble(lower)}, ${shownDouble(upper)}]`;
    default: return `(${shownDouble(upper)})`;
  }
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
const was = (count: number): string => (count === 1 ? "was" : "were");
const filledWith = {
  breaching: "Breaching", notBreaching: "NonBreaching", missing: "Missing", ignore: "Ignored",
};

export function reasonOf(
  rule: MetricRule, state: StateValue, outcome: Outcome, treatment: Treatment, bounds: Bounds,
): string {
  const { evaluated, filled } = outcome;
  if (state === "INSUFFICIENT_DATA") {
    return `Insufficient Data: ${plural(evaluated.length, "datapoint")} ${was(evaluated.length)} unknown.`;
  }
  const real = evaluated.filter(({ value }) => value !== undefined);
  const isFilled = treatment === "breaching" || treatment === "notBreaching";
  const missing = plural(filled, "missing datapoint");
  const taken = `${missing} ${was(filled)} treated as [${filledWith[treatment]}]`;
  if (real.length === 0) {
    const periods = plural(evaluated.length, "period");
    return `Threshold Crossed: no datapoints were received for ${periods} and ${taken}.`;
  }
  const rest = filled > 0 && isFilled ? ` and ${taken}` : "";
  return `${comparison(rule, state, real, bounds)}${rest}${ending(rule, state)}.`;
}

/** @evidence CloudWatch User Guide, "Alarm events and EventBridge": the reason of a contributor */
export function contributorReason(rule: MetricRule, isAlarming: boolean, evaluated: readonly Slot[]): string {
  const operator = rule.ComparisonOperator ?? "GreaterThanThreshold";
  const bounds = { lower: rule.Threshold ?? 0, upper: rule.Threshold ?? 0 };
  const told = evaluated.filter(({ value, isBreaching }) =>
    value !== undefined && isBreaching === isAlarming);
  const latest = told[0];
  if (latest?.value === undefined) return "Threshold Crossed: no datapoints were received.";
  const verb = `${was(told.length)}${isAlarming ? "" : " not"}`;
  const which = isAlarming ? "crossed" : "did not cross";
  return `Threshold Crossed: ${plural(told.length, "datapoint")} ${verb} ${comparisons[operator]} ` +
    `${shownBounds(operator, bounds)}. The most recent datapoint which ${which} the threshold: ` +
    `[${shownDouble(latest.value)} (${shownTime(latest.at)})].`;
}

/** @evidence CloudWatch User Guide, "Limits" of alarms on Metrics Insights queries */
export function groupedReason(alarming: number, all: number, most: number): string {
  const count = alarming >= most && all > most ? `${most}+` : `${alarming} out of ${all}`;
  return `${count} time series evaluated to ALARM`;
}

function comparison(rule: MetricRule, state: StateValue, real: readonly Slot[], bounds: Bounds): string {
  const operator = rule.ComparisonOperator ?? "GreaterThanThreshold";
  const isAlarm = state === "ALARM";
  const told = rule.DatapointsToAlarm === undefined || !isAlarm ? real : real.filter(
    (slot) => slot.isBreaching,
  );
  const values = told.map(({ at, value = 0 }) => `${shownDouble(value)} (${shownTime(at)})`).join(", ");
  const count = rule.DatapointsToAlarm !== undefined && isAlarm
    ? `${told.length} out of the last ${rule.EvaluationPeriods} datapoints`
    : plural(told.length, "datapoint");
  const verb = `${told.length === 1 ? "was" : "were"}${isAlarm ? "" : " not"}`;
  const than = `${comparisons[operator]} ${shownBounds(operator, bounds)}`;
  return `Threshold Crossed: ${count} [${values}] ${verb} ${than}`;
}

function ending(rule: MetricRule, state: StateValue): string {
  if (rule.DatapointsToAlarm === undefined || state !== "ALARM") return "";
  return ` (minimum ${plural(rule.DatapointsToAlarm, "datapoint")} for OK -> ALARM transition)`;
}

/** JSON text. */
export function reasonData(rule: MetricRule, outcome: Outcome, now: number, bounds: Bounds): string {
  const real = outcome.evaluated.filter(({ value }) => value !== undefined);
  const oldest = real.at(-1);
  return JSON.stringify({
    version: "1.0",
    queryDate: alarmTime(now),
    ...(oldest && { startDate: alarmTime(oldest.at) }),
    ...(rule.Unit && { unit: rule.Unit }),
    ...(!rule.Metrics && { statistic: rule.Statistic ?? rule.ExtendedStatistic }),
    period: periodOf(rule),
    recentDatapoints: real.map(({ value }) => value).reverse(),
    ...(rule.Threshold !== undefined ? { threshold: rule.Threshold } : {
      recentLowerThresholds: [bounds.lower], recentUpperThresholds: [bounds.upper],
    }),
    evaluatedDatapoints: outcome.evaluated.map(({ at, value, sampleCount }) => {
      return {
        timestamp: alarmTime(at), ...(sampleCount !== undefined && { sampleCount }),
        ...(value !== undefined && { value }),
      };
    }),
  });
}
