/** What alarms do when their state changes. */

import * as lambda from "../../generated/lambda.ts";
import * as sns from "../../generated/sns.ts";
import { asynchronousJob, job } from "../../jobs/job.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { remember, type Contributor } from "./alarm-history.ts";
import {
  contributorChange, stateChange, topicMessage, type Child, type TopicMessage,
} from "./alarm-messages.ts";
import { actionsFor, alarmArn, alarms, alarmTime, type AlarmRow, type AlarmState } from "./alarm-rows.ts";
import { alarmMutedUntil } from "./mute-rule-rows.ts";

interface Action {
  readonly alarm: string;
  readonly contributor?: Contributor;
  readonly isComposite: boolean;
  readonly action: string;
  readonly topic: TopicMessage;
  /** What functions are invoked with: JSON text. */
  readonly event: string;
}

/**
 * Functions let this principal in. @evidence CloudWatch User Guide, "Invoke a Lambda function from an alarm"
 */
const lambdaPrincipal = "lambda.alarms.cloudwatch.amazonaws.com";

async function run(ctx: BodyContext, { alarm, action, topic, event }: Action): Promise<void> {
  const sourceArn = alarmArn(ctx, alarm);
  const { service, region, account } = parseArn(action) ?? {};
  const there = { ...(account && { account }), ...(region && { region }) };
  if (service === "sns") {
    const options = { as: "service", principal: "cloudwatch.amazonaws.com", sourceArn, ...there } as const;
    await ctx.call(sns.Publish, { TopicArn: action, ...topic }, options);
  } else if (service === "lambda") {
    const input = { FunctionName: action, InvocationType: "Event", Payload: Buffer.from(event) } as const;
    await ctx.call(lambda.Invoke, input, { as: "service", principal: lambdaPrincipal, sourceArn, ...there });
  } else {
    throw new AwsError({
      code: "NotImplemented", status: 501,
      message: `Actions of ${service ?? action} are not implemented by us-local-1 yet.`,
    });
  }
}

/** What fails is in the alarm's history, and not tried again. */
export const runAction = asynchronousJob<Action>("cloudwatch.runAction", async (input, ctx) => {
  let failure: AwsError | undefined;
  try {
    await run(ctx, input);
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    failure = cause;
  }
  const { action } = input;
  const alarm = { name: input.alarm, ...(input.isComposite && { composite: {} }) };
  ctx.transaction((within) => {
    const summary = failure
      ? `Failed to execute action ${action}. Received error: "${failure.message}"`
      : `Successfully executed action ${action}`;
    const type = input.contributor ? "AlarmContributorAction" : "Action";
    remember(within, alarm, type, summary, {
      actionState: failure ? "Failed" : "Succeeded", notificationResource: action,
      stateUpdateTimestamp: within.clock.now(), ...(failure && { error: failure.message }),
    }, input.contributor);
  });
});

interface Muted {
  readonly alarm: string;
  readonly previous: AlarmState;
  readonly children: readonly Child[];
  /** When the alarm came into the state that the actions are of. */
  readonly transitionedAt: number;
}

/** The mute is over: what the alarm's state asks for happens, if it is still in it. */
export const runMuted = job<Muted>("cloudwatch.runMuted", (muted, ctx) => {
  const alarm = ctx.db(alarms).get(muted.alarm);
  if (alarm?.state.transitionedAt !== muted.transitionedAt) return;
  scheduleActions(ctx, alarm, muted.previous, muted.children);
});

/** Whether a mute rule holds the actions back; they are looked at again once it is over. */
function isMuted(ctx: Context, alarm: AlarmRow, previous: AlarmState, children: readonly Child[]): boolean {
  const until = alarmMutedUntil(ctx, alarm.name);
  if (until === undefined || actionsFor(alarm, alarm.state.value).length === 0) return false;
  const { transitionedAt } = alarm.state;
  remember(ctx, alarm, "Action", "Actions muted by alarm mute rule",
    { actionState: "Muted", mutedUntil: until });
  ctx.schedule(runMuted, {
    id: alarm.name, at: until, input: { alarm: alarm.name, previous, children, transitionedAt },
  });
  return true;
}

/** What functions are invoked with. */
function functionEvent(ctx: Context, alarm: AlarmRow, alarmData: object): string {
  return JSON.stringify({
    source: "aws.cloudwatch", alarmArn: alarmArn(ctx, alarm.name), accountId: ctx.account,
    time: alarmTime(ctx.clock.now()), region: ctx.region, alarmData,
  });
}

/**
 * Topics and functions hear of every contributor, too. What mute rules hold back of these is not made up for.
 *
 * @evidence CloudWatch User Guide, "Alarm actions", the table of alarm level and contributor level
 * @param alarm with the state of the contributor
 */
export function scheduleContributorActions(ctx: Context, alarm: AlarmRow, contributor: Contributor): void {
  if (!alarm.actionsEnabled || alarmMutedUntil(ctx, alarm.name) !== undefined) return;
  const event = functionEvent(ctx, alarm, contributorChange(alarm, contributor));
  const previous = { value: alarm.state.value === "ALARM" ? "OK" : "ALARM" } as const;
  const topic = topicMessage(ctx, alarm, previous, [], contributor);
  for (const action of actionsFor(alarm, alarm.state.value)) {
    if (!["sns", "lambda"].includes(parseArn(action)?.service ?? "")) continue;
    const input = { alarm: alarm.name, contributor, isComposite: false, action, topic, event };
    ctx.schedule(runAction, { at: ctx.clock.now(), input });
  }
}

/** Those of the state that the alarm is in now. */
export function scheduleActions(
  ctx: Context, alarm: AlarmRow, previous: AlarmState, children: readonly Child[],
): void {
  if (!alarm.actionsEnabled || isMuted(ctx, alarm, previous, children)) return;
  const detail = stateChange(alarm, previous, ctx.ids.uuid());
  const { alarmName, state, previousState, configuration } = detail;
  const event = functionEvent(ctx, alarm, { alarmName, state, previousState, configuration });
  const topic = topicMessage(ctx, alarm, previous, children);
  for (const action of actionsFor(alarm, alarm.state.value)) {
    const input = { alarm: alarm.name, isComposite: alarm.composite !== undefined, action, topic, event };
    ctx.schedule(runAction, { at: ctx.clock.now(), input });
  }
}
