/**
 * Mute rules: times in which the actions of alarms do not run. Alarms change their states all the same; what
 * still holds when the time is over happens then.
 *
 * @evidence CloudWatch User Guide, "Alarm mute rules"
 */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { parseSchedule } from "../../kernel/schedule-expression.ts";
import { isTimeZone } from "../../kernel/time-zones.ts";
import { alarmArn } from "./alarm-rows.ts";
import { addTags } from "./alarm-tags.ts";
import { invalidNextToken, resourceNotFound, validationError } from "./errors.ts";
import { muteRules, statusOf, type MuteRule } from "./mute-rule-rows.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** @evidence CloudWatch API Reference, Schedule, Duration: from a minute to 15 days */
const durationMax = 15 * day;

export function muteRuleArn(ctx: Pick<ReadContext, "arn">, name: string): string {
  return ctx.arn(`alarm-mute-rule:${name}`);
}

const onRule = {
  resource: (input: { readonly AlarmMuteRuleName: string }, ctx: ReadContext) =>
    muteRuleArn(ctx, input.AlarmMuteRuleName),
};

function durationOf(text: string): number {
  const [, days = "0", time, hours = "0", minutes = "0"] =
    /^P(?:(\d{1,3})D)?(T(?=\d)(?:(\d{1,3})H)?(?:(\d{1,5})M)?)?$/.exec(text) ?? [];
  const milliseconds = Number(days) * day + Number(hours) * hour + Number(minutes) * minute;
  const isWritten = time !== undefined || days !== "0";
  if (!isWritten || milliseconds < minute || milliseconds > durationMax) {
    throw validationError(`The value ${text} for parameter Rule.Schedule.Duration is invalid.`);
  }
  return milliseconds;
}

/** Cron expressions of five fields have no years. */
function expressionOf(text: string): string {
  const [, fields] = /^cron\(([^)]*)\)$/.exec(text) ?? [];
  const expression = fields?.trim().split(/\s+/).length === 5 ? `cron(${withYear(fields)})` : text;
  const schedule = parseSchedule(expression);
  if (!schedule || schedule.kind === "rate") {
    throw validationError(`The value ${text} for parameter Rule.Schedule.Expression is invalid.`);
  }
  return expression;
}

/** One of the two kinds of days must be left open where years are named. */
function withYear(fields: string): string {
  const [minutes = "", hours = "", date = "", month = "", weekday = ""] = fields.trim().split(/\s+/);
  const days = weekday === "*" ? [date, month, "?"] : date === "*" ? ["?", month, weekday]
    : [date, month, weekday];
  return [minutes, hours, ...days, "*"].join(" ");
}

/** @evidence CloudWatch API Reference, PutAlarmMuteRule, "Permissions": on the rule and on its alarms */
export const PutAlarmMuteRule = operation(cloudwatch.PutAlarmMuteRule, {
  resource: ({ Name, MuteTargets }, ctx) =>
    [muteRuleArn(ctx, Name), ...(MuteTargets?.AlarmNames ?? []).map((alarm) => alarmArn(ctx, alarm))],
  run(input, ctx) {
    const { Expression, Duration, Timezone = "UTC" } = input.Rule.Schedule;
    if (!isTimeZone(Timezone)) {
      throw validationError(`The value ${Timezone} for parameter Rule.Schedule.Timezone is invalid.`);
    }
    if (input.StartDate !== undefined && input.ExpireDate !== undefined &&
      input.StartDate >= input.ExpireDate) {
      throw validationError("The parameter StartDate must be less than the parameter ExpireDate.");
    }
    const isNew = !ctx.db(muteRules).has(input.Name);
    ctx.db(muteRules).put({
      name: input.Name, expression: expressionOf(Expression), shownExpression: Expression, duration: Duration,
      durationMilliseconds: durationOf(Duration), timeZone: Timezone,
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.MuteTargets && { targets: input.MuteTargets.AlarmNames }),
      ...(input.StartDate !== undefined && { from: input.StartDate }),
      ...(input.ExpireDate !== undefined && { until: input.ExpireDate }),
      updatedAt: ctx.clock.now(),
    });
    if (isNew) addTags(ctx, muteRuleArn(ctx, input.Name), input.Tags);
  },
});

function requireRule(ctx: Context, name: string): MuteRule {
  const found = ctx.db(muteRules).get(name);
  if (!found) throw resourceNotFound("AlarmMuteRule", name);
  return found;
}

function summary(ctx: ReadContext, rule: MuteRule): cloudwatch.AlarmMuteRuleSummary {
  return {
    AlarmMuteRuleArn: muteRuleArn(ctx, rule.name),
    ...(rule.until !== undefined && { ExpireDate: rule.until }),
    Status: statusOf(rule, ctx.clock.now()),
    MuteType: rule.expression.startsWith("at(") ? "ONE_TIME" : "RECURRING",
    LastUpdatedTimestamp: rule.updatedAt,
  };
}

export const GetAlarmMuteRule = operation(cloudwatch.GetAlarmMuteRule, {
  ...onRule,
  run(input, ctx) {
    const rule = requireRule(ctx, input.AlarmMuteRuleName);
    return {
      ...summary(ctx, rule),
      Name: rule.name,
      ...(rule.description !== undefined && { Description: rule.description }),
      Rule: {
        Schedule: { Expression: rule.shownExpression, Duration: rule.duration, Timezone: rule.timeZone },
      },
      ...(rule.targets && { MuteTargets: { AlarmNames: [...rule.targets] } }),
      ...(rule.from !== undefined && { StartDate: rule.from }),
    };
  },
});

export const ListAlarmMuteRules = operation(cloudwatch.ListAlarmMuteRules, {
  run(input, ctx) {
    const { AlarmName: alarm, Statuses: statuses } = input;
    const { items, next } = page<MuteRule>({
      rows: ctx.db(muteRules),
      key: ({ name }) => name,
      keep: (rule) => (alarm === undefined || (rule.targets?.includes(alarm) ?? false)) &&
        (statuses?.includes(statusOf(rule, ctx.clock.now())) ?? true),
      limit: input.MaxRecords ?? 50,
      token: input.NextToken,
      scope: `cloudwatch.ListAlarmMuteRules ${JSON.stringify([alarm, statuses])}`,
      invalid: invalidNextToken,
    });
    return { AlarmMuteRuleSummaries: items.map((rule) => summary(ctx, rule)), NextToken: next };
  },
});

/** What is not there is gone already. */
export const DeleteAlarmMuteRule = operation(cloudwatch.DeleteAlarmMuteRule, {
  ...onRule,
  run(input, ctx) {
    ctx.db(muteRules).delete(input.AlarmMuteRuleName);
    ctx.tags(muteRuleArn(ctx, input.AlarmMuteRuleName)).clear();
  },
});
