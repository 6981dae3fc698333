/**
 * Contributors: the time series of an alarm that goes by a Metrics Insights query with `GROUP BY`, each of
 * which is in ALARM or not. Those in ALARM are rows.
 *
 * @evidence CloudWatch User Guide, "Create a CloudWatch alarm based on a Metrics Insights query", "Alarm
 *   events and EventBridge", the examples of several time series, and "Limits": 100 contributors, the alarm's
 *   reason
 */

import { hash } from "node:crypto";
import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import { scheduleContributorActions } from "./alarm-actions.ts";
import { remember, type Contributor } from "./alarm-history.ts";
import { contributorChange } from "./alarm-messages.ts";
import { alarmArn, alarms, type AlarmRow, type AlarmState } from "./alarm-rows.ts";
import { invalidNextToken, resourceNotFound } from "./errors.ts";

interface ContributorRow extends Contributor {
  readonly alarm: string;
  readonly reason: string;
  readonly transitionedAt: number;
}

const contributors = table<ContributorRow>("cloudwatch.alarmContributors", {
  key: (row) => [row.alarm, row.id],
});

/** So many are in ALARM at most. */
export const contributorsMax = 100;
const describedMax = 100;

/** The same time series has the same one. */
function idOf(attributes: Readonly<Record<string, string>>): string {
  return hash("sha256", JSON.stringify(attributes), "hex").slice(0, 16);
}

/** What was found out of a time series. */
export interface Evaluated {
  readonly attributes: Readonly<Record<string, string>>;
  /** Undefined: it stays as it is. */
  readonly isAlarming: boolean | undefined;
  readonly reason: string;
}

export function knownContributors(ctx: Pick<Context, "db">, alarm: string): ContributorRow[] {
  return [...ctx.db(contributors).list({ prefix: [alarm] })];
}

/** Those that have changed are told of. @returns how many are in ALARM */
export function updateContributors(ctx: Context, alarm: AlarmRow, all: readonly Evaluated[]): number {
  let alarming = 0;
  for (const { attributes, isAlarming, reason } of all) {
    const id = idOf(attributes);
    const known = ctx.db(contributors).get([alarm.name, id]);
    const isNow = (isAlarming ?? known !== undefined) && alarming < contributorsMax;
    if (isNow) alarming++;
    if (isNow === (known !== undefined)) continue;
    const transitionedAt = ctx.clock.now();
    const row = { alarm: alarm.name, id, attributes, reason: reason.slice(0, 1023), transitionedAt };
    if (isNow) ctx.db(contributors).put(row);
    else ctx.db(contributors).delete([alarm.name, id]);
    tell(ctx, alarm, row, isNow);
  }
  return alarming;
}

function tell(ctx: Context, alarm: AlarmRow, { id, attributes, reason, transitionedAt }: ContributorRow,
  isAlarming: boolean): void {
  const contributor = { id, attributes };
  const value = isAlarming ? "ALARM" : "OK";
  const state: AlarmState = { value, reason, updatedAt: transitionedAt, transitionedAt };
  remember(ctx, alarm, "AlarmContributorStateUpdate", `Contributor state updated to ${value}`, {
    version: "1.0", newState: { stateValue: value, stateReason: reason },
  }, contributor);
  ctx.emit({
    source: "aws.cloudwatch", detailType: "CloudWatch Alarm Contributor State Change",
    resources: [alarmArn(ctx, alarm.name)],
    detail: contributorChange({ ...alarm, state }, contributor),
  });
  scheduleContributorActions(ctx, { ...alarm, state }, contributor);
}

/** With its alarm, or with the query that it was of, a contributor goes without a word. */
export function forgetContributors(ctx: Context, alarm: string): void {
  for (const { id } of knownContributors(ctx, alarm)) ctx.db(contributors).delete([alarm, id]);
}

export const DescribeAlarmContributors = operation(cloudwatch.DescribeAlarmContributors, {
  resource: (input, ctx) => alarmArn(ctx, input.AlarmName),

  run(input, ctx) {
    if (!ctx.db(alarms).has(input.AlarmName)) throw resourceNotFound("Alarm", input.AlarmName);
    const { items, next } = page({
      rows: ctx.db(contributors),
      range: { prefix: [input.AlarmName] },
      key: (row) => [row.alarm, row.id],
      limit: describedMax,
      token: input.NextToken,
      scope: `cloudwatch:DescribeAlarmContributors ${input.AlarmName}`,
      invalid: invalidNextToken,
    });
    return {
      AlarmContributors: items.map(({ id, attributes, reason, transitionedAt }) => ({
        ContributorId: id, ContributorAttributes: { ...attributes }, StateReason: reason,
        StateTransitionedTimestamp: transitionedAt,
      })),
      NextToken: next,
    };
  },
});
