/** Schedules: made, changed, shown, listed, deleted. */

import * as scheduler from "../../generated/scheduler.ts";
import * as sts from "../../generated/sts.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { idempotent } from "../../kernel/idempotency.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidToken, roleNotAssumable, scheduleExists, scheduleNotFound, tokenMismatch } from "./errors.ts";
import { requireActiveGroup, requireGroup } from "./group-rows.ts";
import { tokenMilliseconds } from "./groups.ts";
import { ageSecondsDefault, due, expectSchedule, retriesDefault, sessionName } from "./runs.ts";
import { defaultGroup, groupArn, scheduleArn, schedules, type Schedule } from "./schedule-rows.ts";
import { openInput, sealInput } from "./sealed-input.ts";
import { requireTimes, requireWindow } from "./timing.ts";
import { requireTarget } from "./targets.ts";

const pageDefault = 100;

interface Named {
  readonly Name: string;
  readonly GroupName?: string | undefined;
}

const keyOf = ({ GroupName, Name }: Named): { group: string; name: string } =>
  ({ group: GroupName ?? defaultGroup, name: Name });
const resource = (input: Named, ctx: ReadContext): string => scheduleArn(ctx, keyOf(input));

function requireSchedule(ctx: Context, input: Named): Schedule {
  const { group, name } = keyOf(input);
  requireGroup(ctx, group);
  const schedule = ctx.db(schedules).get([group, name]);
  if (!schedule) throw scheduleNotFound(name);
  return schedule;
}

type Described = scheduler.CreateScheduleInput | scheduler.UpdateScheduleInput;
/** What an input says of a schedule, with AWS's defaults for what it leaves out. */
type Description = Omit<Schedule, "createdAt" | "modifiedAt" | "countedFrom">;

/** Checks the input, that its role lets the service in, and that its key serves. */
async function described(ctx: BodyContext, input: Described): Promise<Description> {
  requireTimes(input, ctx.clock.now());
  requireWindow(input.FlexibleTimeWindow);
  requireTarget(ctx, input.Target);
  const { group, name } = keyOf(input);
  await requireRole(ctx, group, input.Target);
  const { Input, ...target } = withDefaults(input.Target);
  const isSealed = input.KmsKeyArn !== undefined && Input !== undefined;
  const sealedInput = isSealed
    ? await sealInput(ctx, scheduleArn(ctx, { group, name }), input.KmsKeyArn ?? "", Input) : undefined;
  return {
    group, name,
    description: input.Description,
    expression: input.ScheduleExpression,
    timeZone: input.ScheduleExpressionTimezone ?? "UTC",
    window: input.FlexibleTimeWindow,
    target: isSealed ? target : { ...target, Input },
    sealedInput,
    state: input.State ?? "ENABLED",
    kmsKeyArn: input.KmsKeyArn,
    startDate: input.StartDate,
    endDate: input.EndDate,
    afterCompletion: input.ActionAfterCompletion ?? "NONE",
  };
}

function withDefaults(target: scheduler.Target): scheduler.Target {
  const { MaximumEventAgeInSeconds: age, MaximumRetryAttempts: retries } = target.RetryPolicy ?? {};
  return {
    ...target,
    RetryPolicy: {
      MaximumEventAgeInSeconds: age ?? ageSecondsDefault, MaximumRetryAttempts: retries ?? retriesDefault,
    },
  };
}

/** The caller may hand the role on, and the role trusts the service. It is one of the schedule's account. */
async function requireRole(ctx: BodyContext, group: string, target: scheduler.Target): Promise<void> {
  ctx.transaction((within) => within.authorize({
    action: "iam:PassRole",
    resource: target.RoleArn,
    conditions: { "iam:passedtoservice": "scheduler.amazonaws.com" },
  }));
  if (parseArn(target.RoleArn)?.account !== ctx.account) throw roleNotAssumable();
  try {
    await ctx.call(
      sts.AssumeRole,
      { RoleArn: target.RoleArn, RoleSessionName: sessionName },
      { as: "service", account: ctx.account, sourceArn: groupArn(ctx, group) },
    );
  } catch (cause) {
    throw cause instanceof AwsError && cause.status < 500 ? roleNotAssumable() : cause;
  }
}

export const CreateSchedule = operation(scheduler.CreateSchedule, {
  resource,
  async body(input, ctx) {
    const description = await described(ctx, input);
    const create = idempotent(
      scheduler.CreateSchedule, { keepMilliseconds: tokenMilliseconds, mismatch: tokenMismatch },
      (_, within) => created(within, description),
    );
    return ctx.transaction((within) => create(input, within));
  },
});

function created(ctx: Context, description: Description): scheduler.CreateScheduleOutput {
  const { group, name } = description;
  requireActiveGroup(ctx, group);
  if (ctx.db(schedules).has([group, name])) throw scheduleExists(name);
  const now = ctx.clock.now();
  const times = { createdAt: now, modifiedAt: now, countedFrom: now };
  const schedule = ctx.db(schedules).put({ ...description, ...times });
  // What is due at this very moment is not late yet.
  expectSchedule(ctx, schedule, now - 1);
  return { ScheduleArn: scheduleArn(ctx, schedule) };
}

/** Replaces all of it: what the input leaves out is as if it had never been said. */
export const UpdateSchedule = operation(scheduler.UpdateSchedule, {
  resource,
  async body(input, ctx) {
    const description = await described(ctx, input);
    const update = idempotent(
      scheduler.UpdateSchedule, { keepMilliseconds: tokenMilliseconds, mismatch: tokenMismatch },
      (_, within) => updated(within, input, description),
    );
    return ctx.transaction((within) => update(input, within));
  },
});

function updated(
  ctx: Context, input: Named, description: Description,
): scheduler.UpdateScheduleOutput {
  const before = requireSchedule(ctx, input);
  const now = ctx.clock.now();
  const { expression, startDate } = description;
  const isRetimed = before.expression !== expression || before.startDate !== startDate;
  const countedFrom = isRetimed ? now : before.countedFrom;
  const schedule = ctx.db(schedules).put({
    ...description, createdAt: before.createdAt, modifiedAt: now, countedFrom,
  });
  expectSchedule(ctx, schedule, isRetimed ? now - 1 : now);
  return { ScheduleArn: scheduleArn(ctx, schedule) };
}

export const GetSchedule = operation(scheduler.GetSchedule, {
  resource,
  async body(input, ctx) {
    const schedule = ctx.transaction((within) => requireSchedule(within, input));
    const arn = scheduleArn(ctx, schedule);
    const { sealedInput, target } = schedule;
    const Target = sealedInput ? { ...target, Input: await openInput(ctx, arn, sealedInput) } : target;
    return {
      Arn: arn,
      Name: schedule.name,
      GroupName: schedule.group,
      Description: schedule.description,
      ScheduleExpression: schedule.expression,
      ScheduleExpressionTimezone: schedule.timeZone,
      FlexibleTimeWindow: schedule.window,
      State: schedule.state,
      Target,
      KmsKeyArn: schedule.kmsKeyArn,
      StartDate: schedule.startDate,
      EndDate: schedule.endDate,
      ActionAfterCompletion: schedule.afterCompletion,
      CreationDate: schedule.createdAt,
      LastModificationDate: schedule.modifiedAt,
    };
  },
});

export const DeleteSchedule = operation(scheduler.DeleteSchedule, {
  resource,
  run: idempotent(
    scheduler.DeleteSchedule, { keepMilliseconds: tokenMilliseconds, mismatch: tokenMismatch },
    (input, ctx) => {
      const { group, name } = requireSchedule(ctx, input);
      ctx.db(schedules).delete([group, name]);
      ctx.unschedule(due, `${group} ${name}`);
      return {};
    },
  ),
});

export const ListSchedules = operation(scheduler.ListSchedules, {
  resource: (input, ctx) => ctx.arn(`schedule/${input.GroupName ?? "*"}/*`),
  run(input, ctx) {
    const { GroupName, NamePrefix = "", State } = input;
    if (GroupName !== undefined) requireGroup(ctx, GroupName);
    const { items, next } = page({
      rows: ctx.db(schedules),
      range: GroupName === undefined ? {} : { prefix: [GroupName, NamePrefix], prefixOfLastPart: true },
      key: ({ group, name }) => [group, name],
      keep: ({ name, state }) => name.startsWith(NamePrefix) && (State === undefined || state === State),
      limit: input.MaxResults ?? pageDefault,
      token: input.NextToken,
      scope: `scheduler:ListSchedules ${JSON.stringify([GroupName, NamePrefix, State])}`,
      invalid: invalidToken,
    });
    return { Schedules: items.map((schedule) => summary(ctx, schedule)), NextToken: next };
  },
});

function summary(ctx: ReadContext, schedule: Schedule): scheduler.ScheduleSummary {
  return {
    Arn: scheduleArn(ctx, schedule),
    Name: schedule.name,
    GroupName: schedule.group,
    State: schedule.state,
    Target: { Arn: schedule.target.Arn },
    CreationDate: schedule.createdAt,
    LastModificationDate: schedule.modifiedAt,
  };
}
