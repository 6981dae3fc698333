/** An event on its way to one target: tried, tried again, given up. */

import { asynchronousJob, type Job } from "../../jobs/job.ts";
import type * as events from "../../generated/eventbridge.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { sendDeadLetter } from "../../delivery/dead-letter.ts";
import { deliver } from "../../delivery/deliver.ts";
import type { Failure } from "../../delivery/failure.ts";
import { invokeApiDestination } from "./api-invocation.ts";
import { busOfRule, logStep, type Step } from "./bus-logging.ts";
import { findBus } from "./bus-table.ts";
import { openEvent } from "./encryption.ts";
import { eventText, type Event, type RestingEvent } from "./event.ts";
import { forwardEvent } from "./forwarding.ts";
import { inputFor } from "./input.ts";
import { valueAt } from "./json-path.ts";
import {
  failedInvocations, invocationAttempts, invocations, lostDeadLetters, retryAttempts, sentToDeadLetters,
  successfulAttempts,
} from "./metrics.ts";

export interface Dispatch {
  readonly rule: { readonly arn: string; readonly name: string; readonly roleArn?: string | undefined };
  readonly target: events.Target;
  readonly event: RestingEvent;
  /** How often it has been tried again. */
  readonly retries: number;
  /** When it was first to be delivered: epoch milliseconds. */
  readonly since: number;
  /** Why it did not arrive the last time. */
  readonly failure?: Failure;
}

/** A dispatch whose event can be read. */
export interface OpenDispatch extends Dispatch {
  readonly event: Event;
}

export const principal = "events.amazonaws.com";

/** @evidence EventBridge API Reference, RetryPolicy: 24 hours and up to 185 times */
const retriesDefault = 185;
const ageSecondsDefault = 86_400;
/** Exponential, as AWS says without numbers: so, 185 retries take about a day. */
const delayMilliseconds = 1_000;
const delayMillisecondsMax = 480_000;

/**
 * @evidence EventBridge User Guide, "Using dead-letter queues to capture encrypted event errors": what can't
 *   be decrypted for a target is not tried again, and goes to the target's queue
 */
export const deliverEvent = asynchronousJob<Dispatch>("eventbridge.deliverEvent", async (dispatch, ctx) => {
  const opened = await openEvent(ctx, busOfRule(dispatch.rule.arn), dispatch.event);
  if ("failure" in opened) await giveUp(ctx, dispatch, opened.failure);
  else await deliverOpened(ctx, dispatch, { ...dispatch, event: opened });
});

/** @param resting as it waits for its next try */
async function deliverOpened(ctx: BodyContext, resting: Dispatch, dispatch: OpenDispatch): Promise<void> {
  const { target, retries, since } = dispatch;
  const {
    MaximumRetryAttempts = retriesDefault, MaximumEventAgeInSeconds = ageSecondsDefault,
  } = target.RetryPolicy ?? {};
  const deadline = since + MaximumEventAgeInSeconds * 1_000;
  if (dispatch.failure && ctx.clock.now() >= deadline) {
    await giveUp(ctx, dispatch, dispatch.failure, "MaximumEventAgeInSeconds");
    return;
  }
  const log = logOf(ctx, dispatch);
  if (retries === 0) log("INVOCATION_START");
  log("INVOCATION_ATTEMPT_START");
  const names = [dispatch.rule.name];
  ctx.metric(invocationAttempts, names, 1);
  ctx.metric(retries === 0 ? invocations : retryAttempts, names, 1);
  const failure = await attempt(ctx, dispatch);
  if (!failure) {
    ctx.metric(successfulAttempts, names, 1);
    log("INVOCATION_ATTEMPT_SUCCESS");
    log("INVOCATION_SUCCESS");
    return;
  }
  log(`INVOCATION_ATTEMPT_${failure.isRetryable ? "RETRYABLE" : "PERMANENT"}_FAILURE`, failure);
  if (!failure.isRetryable) {
    await giveUp(ctx, dispatch, failure);
    return;
  }
  if (retries >= MaximumRetryAttempts) {
    await giveUp(ctx, dispatch, failure, "MaximumRetryAttempts");
    return;
  }
  const ownDelay = Math.min(delayMilliseconds * 2 ** retries, delayMillisecondsMax);
  const delay = Math.max(ownDelay, failure.waitMilliseconds ?? 0);
  ctx.transaction((within) => {
    within.schedule(deliverEvent, {
      at: Math.min(ctx.clock.now() + delay, deadline),
      input: { ...resting, retries: retries + 1, failure },
    });
  });
}

/** Notes the steps of an invocation in the log of its bus. */
function logOf(ctx: BodyContext, { rule, target, event, retries }: Dispatch) {
  const bus = busOfRule(rule.arn);
  if (!ctx.reading(() => findBus(ctx, bus))?.logConfig) return () => undefined;
  const details = {
    rule_arn: rule.arn, target_arn: target.Arn, attempt_count: retries + 1,
    ...(target.RoleArn !== undefined && { role_arn: target.RoleArn }),
  };
  const full = "sealed" in event ? {} : { target_input: inputFor(target, event, rule) };
  const invocationId = `${event.id}-${target.Id}`;
  return (step: Step, failure?: Failure): void => {
    ctx.transaction((within) => logStep(within, bus, event, step, { invocationId, details, full, failure }));
  };
}

/** Undefined when it has arrived. */
async function attempt(ctx: BodyContext, dispatch: OpenDispatch): Promise<Failure | undefined> {
  const { rule, target, event } = dispatch;
  const arn = parseArn(target.Arn);
  const kind = arn?.resource.split("/", 1)[0] ?? "";
  const payload = inputFor(target, event, rule);
  if (arn?.service === "events" && kind === "event-bus") return forwardEvent(ctx, dispatch);
  if (arn?.service === "events" && kind === "api-destination") {
    return invokeApiDestination(ctx, { target, payload, document: JSON.parse(eventText(event)) });
  }
  if (arn?.service === "schemas") {
    ctx.transaction((within) => {
      const input = { discoverer: target.Arn, event: payload };
      within.schedule(discoverEvent, { at: ctx.clock.now(), input });
    });
    return undefined;
  }
  const result = await deliver(ctx, {
    target: target.Arn,
    payload,
    actor: { principal, sourceArn: rule.arn, roleArn: target.RoleArn },
    settings: {
      messageGroupId: target.SqsParameters?.MessageGroupId,
      partitionKey: partitionKeyOf(target, event),
    },
  });
  return "failure" in result ? result.failure : undefined;
}

/** The schema registry's job, which looks at what an event is made of. */
const discoverEvent: Job<{ readonly discoverer: string; readonly event: string }> = {
  kind: "job", name: "schemas.discoverEvent",
};

/** @evidence EventBridge API Reference, KinesisParameters: by default the event's id */
function partitionKeyOf({ KinesisParameters }: events.Target, event: Event): string {
  const path = KinesisParameters?.PartitionKeyPath;
  const value = path === undefined ? undefined : valueAt(JSON.parse(eventText(event)), path);
  if (value === undefined || value === null) return event.id;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** @evidence EventBridge User Guide, "Using dead-letter queues": the attributes of a dead letter */
async function giveUp(
  ctx: BodyContext,
  dispatch: Dispatch,
  failure: Failure,
  condition?: "MaximumRetryAttempts" | "MaximumEventAgeInSeconds",
): Promise<void> {
  const { rule, target, event, retries } = dispatch;
  const log = logOf(ctx, dispatch);
  log("INVOCATION_FAILURE", failure);
  ctx.metric(failedInvocations, [rule.name], 1);
  const queue = target.DeadLetterConfig?.Arn;
  if (queue === undefined) return;
  const isSent = await sendDeadLetter(ctx, {
    queue,
    body: eventText(event),
    attributes: {
      RULE_ARN: rule.arn,
      TARGET_ARN: target.Arn,
      ERROR_CODE: failure.code,
      ERROR_MESSAGE: failure.message,
      EXHAUSTED_RETRY_CONDITION: condition,
      RETRY_ATTEMPTS: String(retries),
    },
    actor: { principal, sourceArn: rule.arn },
  });
  if (isSent) log("INVOCATION_DLQ", failure);
  ctx.metric(isSent ? sentToDeadLetters : lostDeadLetters, [rule.name], 1);
}

