/** DescribeAlarms, DeleteAlarms, SetAlarmState and what turns actions on and off. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type {
  AlarmType, CompositeAlarm, DescribeAlarmsForMetricInput, DescribeAlarmsInput, MetricAlarm,
} from "../../generated/cloudwatch.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { forgetContributors } from "./alarm-contributors.ts";
import { alarmArn, alarms, requireAlarm, type AlarmRow } from "./alarm-rows.ts";
import { alarmsIn, parseRule } from "./alarm-rule.ts";
import { expectSweep } from "./alarm-sweep.ts";
import { changeState, resumeActions } from "./alarm-transitions.ts";
import { noteConfiguration } from "./alarm-writing.ts";
import { invalidNextToken, validationError } from "./errors.ts";
import { sortedDimensions } from "./metric-rows.ts";

function shownShared(ctx: ReadContext, alarm: AlarmRow) {
  const { state } = alarm;
  return {
    AlarmName: alarm.name,
    AlarmArn: alarmArn(ctx, alarm.name),
    AlarmDescription: alarm.description,
    AlarmConfigurationUpdatedTimestamp: alarm.configuredAt,
    ActionsEnabled: alarm.actionsEnabled,
    OKActions: [...alarm.okActions],
    AlarmActions: [...alarm.alarmActions],
    InsufficientDataActions: [...alarm.insufficientDataActions],
    StateValue: state.value,
    StateReason: state.reason,
    StateReasonData: state.reasonData,
    StateUpdatedTimestamp: state.updatedAt,
    StateTransitionedTimestamp: state.transitionedAt,
  };
}

function shownMetric(ctx: ReadContext, alarm: AlarmRow): MetricAlarm {
  const { Dimensions, Metrics, ...rule } = alarm.metric ?? {};
  return {
    ...shownShared(ctx, alarm), ...rule, Dimensions: Dimensions ?? [],
    ...(Metrics && { Metrics: Metrics.map((query) => ({ ...query, ReturnData: query.ReturnData ?? true })) }),
  };
}

function shownComposite(ctx: ReadContext, alarm: AlarmRow): CompositeAlarm {
  const { rule, suppressor, waitSeconds, extensionSeconds, suppressed } = alarm.composite ?? { rule: "" };
  return {
    ...shownShared(ctx, alarm),
    AlarmRule: rule,
    ...(suppressor !== undefined && {
      ActionsSuppressor: suppressor, ActionsSuppressorWaitPeriod: waitSeconds,
      ActionsSuppressorExtensionPeriod: extensionSeconds,
    }),
    ...(suppressed && { ActionsSuppressedBy: suppressed.by, ActionsSuppressedReason: suppressed.reason }),
  };
}

function typeOf(alarm: AlarmRow): AlarmType {
  return alarm.composite ? "CompositeAlarm" : "MetricAlarm";
}

/** @evidence CloudWatch API Reference, DescribeAlarms: metric alarms alone unless asked otherwise */
function filterOf(ctx: Context, input: DescribeAlarmsInput): (alarm: AlarmRow) => boolean {
  const { AlarmNames: names, AlarmNamePrefix: prefix, StateValue: state, ActionPrefix: action } = input;
  const types = input.AlarmTypes ?? (isFamily(input) ? ["MetricAlarm", "CompositeAlarm"] : ["MetricAlarm"]);
  const children = childrenOf(ctx, input.ChildrenOfAlarmName);
  return (alarm) => {
    const all = [...alarm.alarmActions, ...alarm.okActions, ...alarm.insufficientDataActions];
    return (
      types.includes(typeOf(alarm)) && (!names || names.includes(alarm.name)) &&
      alarm.name.startsWith(prefix ?? "") && (state === undefined || alarm.state.value === state) &&
      (action === undefined || all.some((one) => one.startsWith(action))) &&
      (!children || children.includes(alarm.name)) && isParent(alarm, input.ParentsOfAlarmName)
    );
  };
}

function isFamily(input: DescribeAlarmsInput): boolean {
  return input.ChildrenOfAlarmName !== undefined || input.ParentsOfAlarmName !== undefined;
}

function childrenOf(ctx: Context, name: string | undefined): readonly string[] | undefined {
  if (name === undefined) return undefined;
  const rule = requireAlarm(ctx, name).composite?.rule;
  return rule === undefined ? [] : alarmsIn(parseRule(rule));
}

function isParent(alarm: AlarmRow, child: string | undefined): boolean {
  if (child === undefined) return true;
  return alarm.composite !== undefined && alarmsIn(parseRule(alarm.composite.rule)).includes(child);
}

export const DescribeAlarms = operation(cloudwatch.DescribeAlarms, {
  resource: (_input, ctx) => alarmArn(ctx, "*"),

  run(input, ctx) {
    if (input.AlarmNames && input.AlarmNamePrefix !== undefined) {
      throw validationError("AlarmNames and AlarmNamePrefix must not both be specified.");
    }
    const { items, next } = page({
      rows: ctx.db(alarms),
      key: (row) => row.name,
      keep: filterOf(ctx, input),
      limit: input.MaxRecords ?? 50,
      token: input.NextToken,
      scope: "cloudwatch:DescribeAlarms",
      invalid: invalidNextToken,
    });
    // Relatives are answered by name and state alone.
    const brief = <Alarm extends { AlarmName?: unknown }>(alarm: Alarm): Alarm => {
      if (!isFamily(input)) return alarm;
      const { AlarmName, AlarmArn, StateValue, StateUpdatedTimestamp } = alarm as MetricAlarm;
      return (input.ParentsOfAlarmName === undefined ? {
        AlarmName, AlarmArn, StateValue, StateUpdatedTimestamp,
      } : { AlarmName, AlarmArn }) as unknown as Alarm;
    };
    return {
      CompositeAlarms: items.filter(({ composite }) => composite).map(
        (row) => brief(shownComposite(ctx, row)),
      ),
      MetricAlarms: items.filter(({ metric }) => metric).map((row) => brief(shownMetric(ctx, row))),
      NextToken: next,
    };
  },
});

function isOnMetric(alarm: AlarmRow, input: DescribeAlarmsForMetricInput): boolean {
  const rule = alarm.metric;
  if (!rule) return false;
  const wanted = JSON.stringify(sortedDimensions(input.Dimensions));
  const isSame = (name: unknown, namespace: unknown, dimensions: typeof rule.Dimensions): boolean =>
    name === input.MetricName && namespace === input.Namespace && JSON.stringify(
      sortedDimensions(dimensions),
    ) === wanted;
  const own = isSame(rule.MetricName, rule.Namespace, rule.Dimensions) &&
    (input.Statistic === undefined || rule.Statistic === input.Statistic) &&
    (input.ExtendedStatistic === undefined || rule.ExtendedStatistic === input.ExtendedStatistic) &&
    (input.Period === undefined || rule.Period === input.Period) &&
    (input.Unit === undefined || rule.Unit === input.Unit);
  const queried = rule.Metrics?.some(({ MetricStat: stat }) => {
    return stat && isSame(stat.Metric.MetricName, stat.Metric.Namespace, stat.Metric.Dimensions);
  });
  return own || queried === true;
}

export const DescribeAlarmsForMetric = operation(cloudwatch.DescribeAlarmsForMetric, {
  run(input, ctx) {
    const all = [...ctx.db(alarms).by("metric").list()].filter((alarm) => isOnMetric(alarm, input));
    return { MetricAlarms: all.map((alarm) => shownMetric(ctx, alarm)) };
  },
});

/** @throws ValidationError where composite alarms that stay go by some of those which are to go */
function requireUnused(ctx: ReadContext, names: ReadonlySet<string>): void {
  const used = new Set<string>();
  for (const { name, composite } of ctx.db(alarms).by("composite").list()) {
    if (!composite || names.has(name)) continue;
    for (const child of alarmsIn(parseRule(composite.rule))) if (names.has(child)) used.add(child);
  }
  if (used.size === 0) return;
  const them = used.size === 1 ? "it" : "them";
  throw validationError(
    `Cannot delete ${[...used].join(",")} as there are composite alarm(s) depending on ${them}.`,
  );
}

/**
 * Names of alarms that are not there do not matter.
 *
 * @evidence CloudWatch API Reference, DeleteAlarms: no more than one composite alarm, and "if you specify any
 * incorrect alarm names, the alarms you specify with correct names are still deleted"
 */
export const DeleteAlarms = operation(cloudwatch.DeleteAlarms, {
  resource: (input, ctx) => input.AlarmNames.map((name) => alarmArn(ctx, name)),

  run(input, ctx) {
    const names = new Set(input.AlarmNames);
    const gone = [...names].flatMap((name) => ctx.db(alarms).get(name) ?? []);
    if (gone.filter(({ composite }) => composite !== undefined).length > 1) {
      throw validationError("No more than one composite alarm can be deleted at a time.");
    }
    requireUnused(ctx, names);
    for (const alarm of gone) {
      ctx.db(alarms).delete(alarm.name);
      ctx.tags(alarmArn(ctx, alarm.name)).clear();
      ctx.unschedule(resumeActions, alarm.name);
      forgetContributors(ctx, alarm.name);
      noteConfiguration(ctx, alarm, "delete");
    }
  },
});

function requireJson(text: string | undefined): void {
  if (text === undefined) return;
  try {
    JSON.parse(text);
  } catch {
    throw modelled(cloudwatch.InvalidFormatFault, "StateReasonData was not valid JSON");
  }
}

/** Until the next evaluation. */
export const SetAlarmState = operation(cloudwatch.SetAlarmState, {
  resource: (input, ctx) => alarmArn(ctx, input.AlarmName),

  run(input, ctx) {
    const alarm = requireAlarm(ctx, input.AlarmName);
    requireJson(input.StateReasonData);
    const { StateValue: value, StateReason: reason, StateReasonData: data } = input;
    changeState(ctx, alarm, { value, reason, reasonData: data });
    if (alarm.metric) expectSweep(ctx, alarm.metric);
  },
});

function setEnabled(ctx: Context, names: readonly string[], actionsEnabled: boolean): void {
  for (const name of names) {
    const alarm = ctx.db(alarms).get(name);
    if (alarm && alarm.actionsEnabled !== actionsEnabled) {
      noteConfiguration(ctx, ctx.db(alarms).put({ ...alarm, actionsEnabled }), "update");
    }
  }
}

export const EnableAlarmActions = operation(cloudwatch.EnableAlarmActions, {
  resource: (input, ctx) => input.AlarmNames.map((name) => alarmArn(ctx, name)),
  run: (input, ctx) => setEnabled(ctx, input.AlarmNames, true),
});

export const DisableAlarmActions = operation(cloudwatch.DisableAlarmActions, {
  resource: (input, ctx) => input.AlarmNames.map((name) => alarmArn(ctx, name)),
  run: (input, ctx) => setEnabled(ctx, input.AlarmNames, false),
});
