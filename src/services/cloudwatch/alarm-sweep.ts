/**
 * Evaluates metric alarms: every minute, and every 10 seconds those of a shorter period. While none of them
 * has a data point to go by, it waits for the next data point (and at most an hour) instead of the next
 * minute.
 *
 * @evidence CloudWatch User Guide, "Alarm evaluation"
 */

import { asynchronousJob } from "../../jobs/job.ts";
import { jobs } from "../../jobs/rows.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { contributorsMax, knownContributors, updateContributors } from "./alarm-contributors.ts";
import { isGrouped, periodOf, readAllSlots, readSlots, windowOf } from "./alarm-datapoints.ts";
import { extraPeriods, outcomeOf, type Outcome, type Slot, type Treatment } from "./alarm-outcome.ts";
import { contributorReason, groupedReason, reasonData, reasonOf } from "./alarm-reasons.ts";
import { alarms, type AlarmRow, type MetricRule } from "./alarm-rows.ts";
import { changeState } from "./alarm-transitions.ts";
import { gatherInsights, noInsights, wantsInsights, type InsightMetrics } from "./insight-rule-metrics.ts";

const jobId = "sweep";
const minuteMilliseconds = 60_000;
const shortMilliseconds = 10_000;
/** Data points may be dated ahead. */
const quietMilliseconds = 60 * minuteMilliseconds;

/**
 * @evidence CloudWatch API Reference, TreatMissingData: alarms on AWS/DynamoDB always ignore what is missing
 */
function treatmentOf(rule: MetricRule): Treatment {
  if (rule.Namespace === "AWS/DynamoDB") return "ignore";
  return (rule.TreatMissingData ?? "missing") as Treatment;
}

/**
 * An alarm on several time series is in ALARM while one of them is. A time series that no longer has data
 * points is as its missing ones are treated, or not in ALARM.
 *
 * @returns whether there was a data point
 */
function evaluateGroups(ctx: Context, alarm: AlarmRow, rule: MetricRule, end: number): boolean {
  const periods = rule.EvaluationPeriods ?? 1;
  const treatment = treatmentOf(rule);
  const outcomeFor = (slots: readonly Slot[]): Outcome =>
    outcomeOf(slots, periods, rule.DatapointsToAlarm ?? periods, treatment);
  const found = readAllSlots(ctx, rule, end);
  const keys = new Set(found.map(({ attributes }) => JSON.stringify(attributes)));
  const gone = knownContributors(ctx, alarm.name).filter(({ attributes }) =>
    !keys.has(JSON.stringify(attributes)));
  const nothing = Array.from({ length: periods + extraPeriods }, (_, index): Slot =>
    ({ at: end - (index + 1) * periodOf(rule) * 1_000, value: undefined, isBreaching: false }));
  const all = [...found, ...gone.map(({ attributes }) => ({ attributes, slots: nothing }))];
  const alarming = updateContributors(ctx, alarm, all.map(({ attributes, slots }) => {
    const { state, evaluated } = outcomeFor(slots);
    const isAlarming = state === undefined ? undefined : state === "ALARM";
    return { attributes, isAlarming, reason: contributorReason(rule, isAlarming === true, evaluated) };
  }));
  const isQuiet = found.length === 0 && alarming === 0;
  const outcome = outcomeFor(nothing);
  const value = alarming > 0 ? "ALARM" : isQuiet ? outcome.state : "OK";
  if (value === undefined) return false;
  const reason = isQuiet ? reasonOf(rule, value, outcome, treatment, { lower: 0, upper: 0 })
    : groupedReason(alarming, all.length, contributorsMax);
  const isSame = value === alarm.state.value && reason === alarm.state.reason;
  if (!isSame) changeState(ctx, alarm, { value, reason });
  return found.length > 0;
}

/** @returns whether there was a data point */
function evaluateOne(
  ctx: Context, alarm: AlarmRow, rule: MetricRule, end: number, insights: InsightMetrics | undefined,
): boolean {
  if (isGrouped(rule)) return evaluateGroups(ctx, alarm, rule, end);
  const { slots, isLowSample, bounds } = readSlots(ctx, rule, end, insights);
  const hasData = slots.some(({ value }) => value !== undefined);
  if (isLowSample) return hasData;
  const periods = rule.EvaluationPeriods ?? 1;
  const treatment = treatmentOf(rule);
  const outcome = outcomeOf(slots, periods, rule.DatapointsToAlarm ?? periods, treatment);
  const { state } = outcome;
  if (
    state === undefined || (state === alarm.state.value && alarm.state.reasonData !== undefined)
  ) return hasData;
  changeState(ctx, alarm, {
    value: state,
    reason: reasonOf(rule, state, outcome, treatment, bounds),
    reasonData: reasonData(rule, outcome, ctx.clock.now(), bounds),
  });
  return hasData;
}

function isShort(rule: MetricRule): boolean {
  return periodOf(rule) < 60;
}

/** The end of the newest period that an alarm goes by now; undefined where it is not evaluated now. */
function endFor(rule: MetricRule, now: number): number | undefined {
  const step = isShort(rule) ? shortMilliseconds : minuteMilliseconds;
  if (step === minuteMilliseconds && now % minuteMilliseconds >= shortMilliseconds) return undefined;
  return now - (now % step);
}

/** By the name of the alarm: of those that go by insight rules. */
type InsightsByAlarm = ReadonlyMap<string, InsightMetrics>;

async function insightsOfAlarms(ctx: BodyContext, now: number): Promise<InsightsByAlarm> {
  const found = new Map<string, InsightMetrics>();
  for (const { name, metric: rule } of ctx.reading(() => [...ctx.db(alarms).by("metric").list()])) {
    const end = rule && endFor(rule, now);
    if (!rule?.Metrics || end === undefined || !wantsInsights(rule.Metrics)) continue;
    try {
      found.set(name, await gatherInsights(ctx, rule.Metrics, windowOf(rule, end)));
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      found.set(name, noInsights);
    }
  }
  return found;
}

/** @returns when to look again */
function evaluateAll(ctx: Context, now: number, insights: InsightsByAlarm): number {
  let hasShort = false;
  let hasData = false;
  for (const { name } of [...ctx.db(alarms).by("metric").list()]) {
    const alarm = ctx.db(alarms).get(name);
    const rule = alarm?.metric;
    if (!alarm || !rule) continue;
    hasShort ||= isShort(rule);
    const end = endFor(rule, now);
    // What an insight rule counts is not told by a data point.
    if (end === undefined || insights.has(name)) hasData = true;
    if (end === undefined) continue;
    try {
      hasData = evaluateOne(ctx, alarm, rule, end, insights.get(name)) || hasData;
    } catch (cause) {
      // An expression that can't be worked out leaves the alarm as it is.
      if (!(cause instanceof AwsError)) throw cause;
    }
  }
  return hasData ? nextAt(now, hasShort) : nextAt(now, hasShort) + quietMilliseconds;
}

function nextAt(now: number, hasShort: boolean): number {
  const step = hasShort ? shortMilliseconds : minuteMilliseconds;
  return now - (now % step) + step;
}

export const sweepAlarms = asynchronousJob<null>("cloudwatch.sweepAlarms", async (_input, ctx) => {
  ctx.kernel.metrics.flushCell(ctx, { gauges: true });
  const now = ctx.clock.now();
  const insights = await insightsOfAlarms(ctx, now);
  ctx.transaction((within) => {
    const at = evaluateAll(within, now, insights);
    if (!within.db(alarms).by("metric").first()) within.unschedule(sweepAlarms, jobId);
    else within.schedule(sweepAlarms, { at, id: jobId, input: null });
  });
});

function sweepAt(ctx: Context, at: number): void {
  const known = ctx.db(jobs).get([sweepAlarms.name, jobId]);
  if (!known || known.at > at) ctx.schedule(sweepAlarms, { at, id: jobId, input: null });
}

/** An alarm is new or changed: it is evaluated as soon as its period allows. */
export function expectSweep(ctx: Context, rule: MetricRule): void {
  sweepAt(ctx, nextAt(ctx.clock.now(), isShort(rule)));
}

/** There is a data point. */
export function sweepForData(ctx: Context): void {
  const known = ctx.db(jobs).get([sweepAlarms.name, jobId]);
  // Nothing to do where there is no alarm, or where it is evaluated before long anyway.
  if (known && known.at - ctx.clock.now() > minuteMilliseconds) sweepAt(ctx, nextAt(ctx.clock.now(), true));
}
