/** Alarms as rows. */

import type { ActionsSuppressedBy, PutMetricAlarmInput, StateValue } from "../../generated/cloudwatch.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { alarmNotFound } from "./errors.ts";

export interface AlarmState {
  readonly value: StateValue;
  readonly reason: string;
  /** JSON text. */
  readonly reasonData?: string;
  /** When state or reason last changed: epoch milliseconds. */
  readonly updatedAt: number;
  /** When the value last changed. */
  readonly transitionedAt: number;
}

/** As PutMetricAlarm was given it, without what all alarms have. */
export type MetricRule = Omit<
  PutMetricAlarmInput,
  | "AlarmName" | "AlarmDescription" | "ActionsEnabled" | "OKActions" | "AlarmActions"
  | "InsufficientDataActions" | "Tags"
>;

export interface CompositeRule {
  readonly rule: string;
  readonly suppressor?: string;
  readonly waitSeconds?: number;
  readonly extensionSeconds?: number;
  /** Actions that have not run, and why. */
  readonly suppressed?: { readonly by: ActionsSuppressedBy; readonly reason: string };
}

export interface AlarmRow {
  readonly name: string;
  readonly description?: string;
  readonly actionsEnabled: boolean;
  readonly okActions: readonly string[];
  readonly alarmActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
  readonly configuredAt: number;
  readonly state: AlarmState;
  /** One of the two. */
  readonly metric?: MetricRule;
  readonly composite?: CompositeRule;
}

export const alarms = table<AlarmRow, "metric" | "composite">("cloudwatch.alarms", {
  key: (row) => row.name,
  indexes: {
    metric: (row) => (row.metric ? row.name : undefined),
    composite: (row) => (row.composite ? row.name : undefined),
  },
});

export function alarmArn(ctx: ReadContext, name: string): string {
  return ctx.arn(`alarm:${name}`);
}

export function requireAlarm(ctx: ReadContext, name: string): AlarmRow {
  const row = ctx.db(alarms).get(name);
  if (!row) throw alarmNotFound();
  return row;
}

/** @evidence recorded: DescribeAlarms of an alarm that was never evaluated */
export const initialReason = "Unchecked: Initial alarm creation";

export function actionsFor(alarm: AlarmRow, value: StateValue): readonly string[] {
  if (value === "ALARM") return alarm.alarmActions;
  return value === "OK" ? alarm.okActions : alarm.insufficientDataActions;
}

/** `2026-01-01T00:00:00.000+0000`: how alarms write times in their messages. */
export function alarmTime(at: number): string {
  return new Date(at).toISOString().replace("Z", "+0000");
}
