/**
 * What happens when a schedule is due: its target is called under its role, again for as long as its retry
 * policy says, and what is given up goes to its dead-letter queue.
 */

import { sessionOf } from "../../delivery/role-session.ts";
import type * as scheduler from "../../generated/scheduler.ts";
import { asynchronousJob, job } from "../../jobs/job.ts";
import type { BodyContext, CallOptions, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { sendDeadLetter } from "./dead-letters.ts";
import { attempted, counted, dropped, refused, throttled } from "./metrics.ts";
import {
  dueAfter, groupArn, scheduleArn, schedules, type Schedule, type SealedInput,
} from "./schedule-rows.ts";
import { openInput } from "./sealed-input.ts";
import { callTarget, isUniversal } from "./targets.ts";

interface Due {
  readonly group: string;
  readonly name: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Invocation extends Due {
  readonly target: scheduler.Target;
  readonly sealedInput?: SealedInput | undefined;
  readonly executionId: string;
  /** How often it has been tried. */
  readonly attempts: number;
  /** The schedule is over then: nothing was due after this. Epoch milliseconds. */
  readonly lastAfter?: number;
}

/** A region that was not running makes up for no more than this. */
const lateMillisecondsMax = 5 * 60_000;

/** @evidence Scheduler API Reference, RetryPolicy: defaults */
export const ageSecondsDefault = 86_400;
export const retriesDefault = 185;

export const sessionName = "EventBridgeScheduler";
const retryMilliseconds = 1_000;
/** So that 185 retries fill the 24 hours that an event may be old. */
const retryMillisecondsMax = 512_000;

/** To be called whenever a schedule is new or has changed. */
export function expectSchedule(ctx: Context, schedule: Schedule, after: number): void {
  const { group, name } = schedule;
  const id = `${group} ${name}`;
  const at = schedule.state === "ENABLED" ? dueAfter(schedule, after) : undefined;
  if (at === undefined) ctx.unschedule(due, id);
  else ctx.schedule(due, { at, id, input: { group, name, at } });
}

export const due = job("scheduler.due", ({ group, name, at }: Due, ctx: Context) => {
  const schedule = ctx.db(schedules).get([group, name]);
  if (schedule?.state !== "ENABLED") return;
  const isLate = at < ctx.clock.now() - lateMillisecondsMax;
  const after = isLate ? ctx.clock.now() : at;
  const next = dueAfter(schedule, after);
  const { target, sealedInput, window } = schedule;
  const minutes = window.Mode === "FLEXIBLE" ? (window.MaximumWindowInMinutes ?? 0) : 0;
  ctx.schedule(invoke, {
    at: at + (minutes > 0 ? ctx.ids.below(minutes * 60) * 1_000 : 0),
    input: {
      group, name, at, target, sealedInput, executionId: ctx.ids.hex(16), attempts: 0,
      ...(next === undefined && { lastAfter: after }),
    },
  });
  if (next === undefined) return;
  ctx.schedule(due, { at: next, id: `${group} ${name}`, input: { group, name, at: next } });
});

export const invoke = asynchronousJob("scheduler.invoke", async (invocation: Invocation, ctx) => {
  if (invocation.attempts === 0 && isCalledOff(ctx, invocation)) return;
  let role: CallOptions | undefined;
  let text: string | undefined;
  counted(ctx, attempted, invocation.group);
  try {
    role = await assume(ctx, invocation);
    text = await payload(ctx, invocation, role);
    await callTarget(ctx, invocation.target, text, role);
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    await failed(ctx, invocation, cause, role, text);
  }
  const { lastAfter } = invocation;
  if (lastAfter === undefined || invocation.attempts > 0) return;
  ctx.transaction((within) => complete(within, invocation, lastAfter));
});

/** Between being due and being called, within its window, a schedule may be deleted or disabled. */
function isCalledOff(ctx: BodyContext, { group, name }: Invocation): boolean {
  return ctx.reading(() => ctx.db(schedules).get([group, name]))?.state !== "ENABLED";
}

/** What is never due again is over, unless it has been changed meanwhile. */
function complete(ctx: Context, { group, name }: Invocation, lastAfter: number): void {
  const schedule = ctx.db(schedules).get([group, name]);
  if (schedule?.afterCompletion !== "DELETE" || dueAfter(schedule, lastAfter) !== undefined) return;
  ctx.db(schedules).delete([group, name]);
}

/** @throws AwsError when the role does not let the service in */
async function assume(ctx: BodyContext, { group, target }: Invocation): Promise<CallOptions> {
  const session = await sessionOf(ctx, {
    roleArn: target.RoleArn, principal: "scheduler.amazonaws.com", sourceArn: groupArn(ctx, group),
    sessionName,
  });
  return { as: { session } };
}

async function payload(ctx: BodyContext, invocation: Invocation, role: CallOptions): Promise<string> {
  const { target, sealedInput } = invocation;
  const text = sealedInput
    ? await openInput(ctx, scheduleArn(ctx, invocation), sealedInput, role)
    : (target.Input ?? (isUniversal(target) ? "{}" : notification(ctx, invocation)));
  return withKeywords(ctx, text, invocation);
}

/** @evidence Scheduler User Guide, "Adding context attributes" */
function withKeywords(ctx: ReadContext, text: string, invocation: Invocation): string {
  const { at, executionId, attempts } = invocation;
  const values: Readonly<Record<string, string>> = {
    "schedule-arn": scheduleArn(ctx, invocation),
    "scheduled-time": timeText(at),
    "execution-id": executionId,
    "attempt-number": String(attempts + 1),
  };
  return text.replace(/<aws\.scheduler\.([a-z-]+)>/g, (keyword, name: string) => (
    Object.hasOwn(values, name) ? (values[name] ?? keyword) : keyword
  ));
}

export function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** What a templated target is given when the schedule names no input. */
function notification(ctx: ReadContext, invocation: Invocation): string {
  return JSON.stringify({
    version: "0",
    id: ctx.ids.uuid(),
    "detail-type": "Scheduled Event",
    source: "aws.scheduler",
    account: ctx.account,
    time: timeText(invocation.at),
    region: ctx.region,
    resources: [scheduleArn(ctx, invocation)],
    detail: "{}",
  });
}

/** What the target's service may answer differently another time. */
function isWorthRetrying(error: AwsError): boolean {
  return error.status >= 500 ? error.code !== "NotImplemented" : isThrottling(error);
}

function isThrottling({ status, code }: AwsError): boolean {
  return status === 429 || /throttl|toomanyrequests/i.test(code);
}

async function failed(
  ctx: BodyContext, invocation: Invocation, error: AwsError, role: CallOptions | undefined, text = "",
): Promise<void> {
  const { at, attempts, target, group } = invocation;
  counted(ctx, refused, group);
  if (isThrottling(error)) counted(ctx, throttled, group);
  const { MaximumEventAgeInSeconds: age, MaximumRetryAttempts: retries } = target.RetryPolicy ?? {};
  const next = ctx.clock.now() + Math.min(retryMilliseconds * 2 ** attempts, retryMillisecondsMax);
  let exhausted: string | undefined;
  if (attempts >= (retries ?? retriesDefault)) exhausted = "MaximumRetryAttempts";
  else if (next > at + (age ?? ageSecondsDefault) * 1_000) exhausted = "MaximumEventAgeInSeconds";
  if (exhausted === undefined && isWorthRetrying(error)) {
    const input = { ...invocation, attempts: attempts + 1 };
    ctx.transaction((within) => within.schedule(invoke, { at: next, input }));
    return;
  }
  counted(ctx, dropped, group);
  if (role) await sendDeadLetter(ctx, { invocation, error, exhausted, text }, role);
}
