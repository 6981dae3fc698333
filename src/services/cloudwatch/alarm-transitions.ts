/** From one state to another: history, events, actions, and the composite alarms above. */

import type { StateValue } from "../../generated/cloudwatch.ts";
import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { scheduleActions } from "./alarm-actions.ts";
import { remember } from "./alarm-history.ts";
import { stateChange, type Child } from "./alarm-messages.ts";
import {
  alarmArn, alarms, alarmTime, type AlarmRow, type AlarmState, type CompositeRule,
} from "./alarm-rows.ts";
import { alarmsIn, holds, parseRule } from "./alarm-rule.ts";

export interface NewState {
  readonly value: StateValue;
  readonly reason: string;
  readonly reasonData?: string | undefined;
}

function historyState({ value, reason, reasonData }: AlarmState): object {
  return {
    stateValue: value, stateReason: reason,
    ...(reasonData !== undefined && { stateReasonData: JSON.parse(reasonData) as unknown }),
  };
}

/** Composite alarms above composite alarms are deep at most. */
const depthMax = 50;

/** @param below the alarms whose changes have led here, none of which changes again */
export function changeState(
  ctx: Context, alarm: AlarmRow, to: NewState, below: readonly string[] = [],
): void {
  const previous = alarm.state;
  const now = ctx.clock.now();
  const isTransition = to.value !== previous.value;
  const { value, reason, reasonData } = to;
  const state: AlarmState = {
    value, reason, ...(reasonData !== undefined && { reasonData }), updatedAt: now,
    transitionedAt: isTransition ? now : previous.transitionedAt,
  };
  const changed = ctx.db(alarms).put({ ...alarm, state });
  if (!isTransition) return;
  remember(ctx, changed, "StateUpdate", `Alarm updated from ${previous.value} to ${value}`, {
    version: "1.0", oldState: historyState(previous), newState: historyState(state),
  });
  ctx.emit({
    source: "aws.cloudwatch", detailType: "CloudWatch Alarm State Change",
    resources: [alarmArn(ctx, alarm.name)],
    detail: stateChange(changed, previous, ctx.ids.uuid()),
  });
  act(ctx, changed, previous);
  if (below.length < depthMax) evaluateAbove(ctx, changed, [...below, alarm.name]);
}

function childrenOf(ctx: Context, alarm: AlarmRow): Child[] {
  if (!alarm.composite) return [];
  return alarmsIn(parseRule(alarm.composite.rule)).flatMap((name) => {
    const child = ctx.db(alarms).get(name);
    return child?.state.value === "ALARM" ? [{ arn: alarmArn(ctx, name), state: child.state }] : [];
  });
}

/** Actions run at once, unless the suppressor of a composite alarm says otherwise. */
function act(ctx: Context, alarm: AlarmRow, previous: AlarmState): void {
  const { composite } = alarm;
  if (composite?.suppressor === undefined) {
    scheduleActions(ctx, alarm, previous, childrenOf(ctx, alarm));
    return;
  }
  const isSuppressing = ctx.db(alarms).get(composite.suppressor)?.state.value === "ALARM";
  if (isSuppressing) suppress(ctx, alarm, composite, "Alarm");
  else if (alarm.state.value === "ALARM") {
    suppress(ctx, alarm, composite, "WaitPeriod");
    resumeAfter(ctx, alarm, composite.waitSeconds ?? 0);
  } else if (composite.suppressed) release(ctx, alarm);
  else scheduleActions(ctx, alarm, previous, childrenOf(ctx, alarm));
}

function suppress(
  ctx: Context, alarm: AlarmRow, composite: CompositeRule, by: "Alarm" | "WaitPeriod" | "ExtensionPeriod",
): void {
  const reasons = {
    Alarm: `Actions suppressed by ${composite.suppressor} because it is in ALARM`,
    WaitPeriod: `Actions suppressed by WaitPeriod for ${composite.suppressor}`,
    ExtensionPeriod: `Actions suppressed by ExtensionPeriod after ${composite.suppressor} left ALARM`,
  };
  ctx.db(alarms).put({ ...alarm, composite: { ...composite, suppressed: { by, reason: reasons[by] } } });
}

function release(ctx: Context, alarm: AlarmRow): AlarmRow {
  ctx.unschedule(resumeActions, alarm.name);
  const { suppressed: _, ...composite } = alarm.composite ?? { rule: "FALSE" };
  return ctx.db(alarms).put({ ...alarm, composite });
}

function resumeAfter(ctx: Context, alarm: AlarmRow, seconds: number): void {
  const input = { name: alarm.name };
  ctx.schedule(resumeActions, { at: ctx.clock.now() + seconds * 1_000, id: alarm.name, input });
}

/**
 * The wait for the suppressor, or the time after it, is over: what was held back happens, if it still holds.
 */
export const resumeActions = job<{ readonly name: string }>("cloudwatch.resumeActions", ({ name }, ctx) => {
  const alarm = ctx.db(alarms).get(name);
  if (!alarm?.composite?.suppressed) return;
  const released = release(ctx, alarm);
  if (released.state.value !== "ALARM") return;
  const previous: AlarmState = { ...released.state, value: "OK" };
  scheduleActions(ctx, released, previous, childrenOf(ctx, released));
});

/** @evidence CloudWatch API Reference, PutCompositeAlarm: "evaluation stops if CloudWatch detects a cycle" */
function evaluateAbove(ctx: Context, child: AlarmRow, below: readonly string[]): void {
  for (const alarm of [...ctx.db(alarms).by("composite").list()]) {
    const { composite } = alarm;
    if (!composite) continue;
    if (composite.suppressor === child.name) followSuppressor(ctx, alarm, composite, child.state.value);
    const current = ctx.db(alarms).get(alarm.name);
    if (!current || below.includes(alarm.name)) continue;
    if (alarmsIn(parseRule(composite.rule)).includes(child.name)) {
      evaluateComposite(ctx, current, () => transitionReason(ctx, child), below);
    }
  }
}

function followSuppressor(ctx: Context, alarm: AlarmRow, composite: CompositeRule, value: StateValue): void {
  if (!composite.suppressed) return;
  if (value === "ALARM") {
    ctx.unschedule(resumeActions, alarm.name);
    suppress(ctx, alarm, composite, "Alarm");
  } else if (composite.suppressed.by === "Alarm") {
    suppress(ctx, alarm, composite, "ExtensionPeriod");
    resumeAfter(ctx, alarm, composite.extensionSeconds ?? 0);
  }
}

/** `Thursday 01 January, 2026 00:01:00 UTC` */
function longTime(at: number): string {
  const parts = new Intl.DateTimeFormat("en-US", {
    weekday: "long", day: "2-digit", month: "long", year: "numeric", timeZone: "UTC",
  }).formatToParts(at);
  const part = (type: string): string => parts.find((candidate) => candidate.type === type)?.value ?? "";
  const time = new Date(at).toISOString().slice(11, 19);
  return `${part("weekday")} ${part("day")} ${part("month")}, ${part("year")} ${time} UTC`;
}

function transitionReason(ctx: Context, { name, state }: AlarmRow): string {
  return `${alarmArn(ctx, name)} transitioned to ${state.value} at ${longTime(state.transitionedAt)}`;
}

/** @param reasonFor worded by the state that it goes to */
export function evaluateComposite(
  ctx: Context, alarm: AlarmRow, reasonFor: (to: StateValue) => string, below: readonly string[] = [],
): void {
  if (!alarm.composite) return;
  const rule = parseRule(alarm.composite.rule);
  const value = holds(rule, (name) => ctx.db(alarms).get(name)?.state.value) ? "ALARM" : "OK";
  if (value === alarm.state.value) return;
  const triggeringAlarms = childrenOf(ctx, alarm).map(({ arn, state }) => {
    return { arn, state: { value: state.value, timestamp: alarmTime(state.transitionedAt) } };
  });
  const reasonData = JSON.stringify({ triggeringAlarms });
  changeState(ctx, alarm, { value, reason: reasonFor(value), reasonData }, below);
}
