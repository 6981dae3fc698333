/**
 * What alarms tell topics, functions and event buses.
 *
 * @evidence recorded messages; CloudWatch User Guide, "Sample events from CloudWatch"
 */

import type { Dimension, MetricDataQuery } from "../../generated/cloudwatch.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { Contributor } from "./alarm-history.ts";
import { alarmArn, alarmTime, type AlarmRow, type AlarmState, type MetricRule } from "./alarm-rows.ts";

/** Of a composite alarm: the alarms in whose states its own lies. */
export interface Child {
  readonly arn: string;
  readonly state: AlarmState;
}

/** @evidence AWS General Reference, "Regional endpoints" */
const regionNames: Readonly<Record<string, string>> = {
  "us-east-1": "US East (N. Virginia)", "us-east-2": "US East (Ohio)",
  "us-west-1": "US West (N. California)", "us-west-2": "US West (Oregon)",
  "ap-south-1": "Asia Pacific (Mumbai)", "ap-northeast-1": "Asia Pacific (Tokyo)",
  "ap-northeast-2": "Asia Pacific (Seoul)", "ap-northeast-3": "Asia Pacific (Osaka)",
  "ap-southeast-1": "Asia Pacific (Singapore)", "ap-southeast-2": "Asia Pacific (Sydney)",
  "ca-central-1": "Canada (Central)", "eu-central-1": "EU (Frankfurt)", "eu-west-1": "EU (Ireland)",
  "eu-west-2": "EU (London)", "eu-west-3": "EU (Paris)", "eu-north-1": "EU (Stockholm)",
  "eu-south-1": "EU (Milan)", "sa-east-1": "South America (Sao Paulo)",
};

function regionName(region: string): string {
  return regionNames[region] ?? region;
}

function lowerDimensions(dimensions: readonly Dimension[] | undefined): object[] {
  return (dimensions ?? []).map(({ Name, Value }) => ({ value: Value, name: Name }));
}

function triggerQuery({ MetricStat: stat, ...query }: MetricDataQuery): object {
  if (!stat) return { ...query, ReturnData: query.ReturnData ?? true };
  const { Metric, ...rest } = stat;
  return {
    ...query,
    MetricStat: { Metric: { ...Metric, Dimensions: lowerDimensions(Metric.Dimensions) }, ...rest },
    ReturnData: query.ReturnData ?? true,
  };
}

function trigger(rule: MetricRule): object {
  const shared = {
    Period: rule.Period, EvaluationPeriods: rule.EvaluationPeriods, DatapointsToAlarm: rule.DatapointsToAlarm,
    ComparisonOperator: rule.ComparisonOperator, Threshold: rule.Threshold,
    TreatMissingData: rule.TreatMissingData ?? "missing",
    EvaluateLowSampleCountPercentile: rule.EvaluateLowSampleCountPercentile ?? "",
  };
  if (rule.Metrics) {
    return { ...shared, Metrics: rule.Metrics.map(triggerQuery), ThresholdMetricId: rule.ThresholdMetricId };
  }
  const statistic = rule.Statistic
    ? { StatisticType: "Statistic", Statistic: rule.Statistic.toUpperCase() }
    : { StatisticType: "ExtendedStatistic", ExtendedStatistic: rule.ExtendedStatistic };
  return {
    MetricName: rule.MetricName, Namespace: rule.Namespace, ...statistic, Unit: rule.Unit ?? null,
    Dimensions: lowerDimensions(rule.Dimensions), ...shared,
  };
}

export interface TopicMessage {
  readonly Subject: string;
  readonly Message: string;
}

export function topicMessage(
  ctx: ReadContext, alarm: AlarmRow, previous: Pick<AlarmState, "value">, children: readonly Child[],
  contributor?: Contributor,
): TopicMessage {
  const { name, state } = alarm;
  const message = {
    AlarmName: name,
    AlarmDescription: alarm.description ?? null,
    AWSAccountId: ctx.account,
    AlarmConfigurationUpdatedTimestamp: alarmTime(alarm.configuredAt),
    NewStateValue: state.value,
    NewStateReason: state.reason,
    StateChangeTime: alarmTime(state.transitionedAt),
    Region: regionName(ctx.region),
    AlarmArn: alarmArn(ctx, name),
    OldStateValue: previous.value,
    OKActions: alarm.okActions,
    AlarmActions: alarm.alarmActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    ...(contributor && {
      AlarmContributorId: contributor.id, AlarmContributorAttributes: contributor.attributes,
    }),
    ...(alarm.metric && { Trigger: trigger(alarm.metric) }),
    ...(alarm.composite && {
      AlarmRule: alarm.composite.rule,
      TriggeringChildren: children.map(({ arn, state: { value, transitionedAt } }) => {
        return { Arn: arn, State: { Value: value, Timestamp: alarmTime(transitionedAt) } };
      }),
    }),
  };
  // Subjects of topics have at most 100 characters.
  const subject = `${state.value}: "${name}" in ${regionName(ctx.region)}`;
  return {
    Subject: subject.length > 100 ? `${subject.slice(0, 97)}...` : subject, Message: JSON.stringify(message),
  };
}

function eventState({ value, reason, reasonData, updatedAt }: AlarmState): object {
  return { value, reason, ...(reasonData !== undefined && { reasonData }), timestamp: alarmTime(updatedAt) };
}

function eventQuery(query: MetricDataQuery): object {
  const { Id, MetricStat: stat, Expression, Label, Period, ReturnData } = query;
  return {
    id: Id,
    ...(stat && {
      metricStat: {
        metric: {
          namespace: stat.Metric.Namespace, name: stat.Metric.MetricName,
          dimensions: Object.fromEntries(
            (stat.Metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]),
          ),
        },
        period: stat.Period, stat: stat.Stat, ...(stat.Unit && { unit: stat.Unit }),
      },
    }),
    ...(Expression !== undefined && { expression: Expression }),
    ...(Label !== undefined && { label: Label }),
    ...(Period !== undefined && { period: Period }),
    returnData: ReturnData ?? true,
  };
}

/** @param id of the one query that an alarm on a metric stands for */
export function eventConfiguration(alarm: AlarmRow, id: string): object {
  const { metric: rule, composite } = alarm;
  const description = alarm.description !== undefined && { description: alarm.description };
  if (composite) {
    return {
      ...description, alarmRule: composite.rule,
      ...(composite.suppressor !== undefined && {
        actionsSuppressor: composite.suppressor, actionsSuppressorWaitPeriod: composite.waitSeconds,
        actionsSuppressorExtensionPeriod: composite.extensionSeconds,
      }),
    };
  }
  const { Namespace, MetricName, Dimensions, Period = 60, Statistic, ExtendedStatistic, Unit } = rule ?? {};
  const own: MetricDataQuery = {
    Id: id,
    MetricStat: {
      Metric: { Namespace, MetricName, Dimensions }, Period, Stat: Statistic ?? ExtendedStatistic ?? "", Unit,
    },
  };
  return { ...description, metrics: (rule?.Metrics ?? [own]).map(eventQuery) };
}

/** @evidence CloudWatch User Guide, "Alarm events and EventBridge": neither data nor the state before */
export function contributorChange(alarm: AlarmRow, contributor: Contributor): Record<string, unknown> {
  const { reasonData: _, ...state } = alarm.state;
  return {
    alarmName: alarm.name,
    alarmContributor: contributor,
    state: eventState(state),
    configuration: eventConfiguration(alarm, ""),
  };
}

export function stateChange(alarm: AlarmRow, previous: AlarmState, id: string): Record<string, unknown> {
  return {
    alarmName: alarm.name,
    state: eventState(alarm.state),
    previousState: eventState(previous),
    configuration: eventConfiguration(alarm, id),
  };
}
