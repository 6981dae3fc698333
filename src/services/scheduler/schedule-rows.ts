/** Schedules as rows, and when each is due. */

import type * as scheduler from "../../generated/scheduler.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { nextAfter, parseSchedule } from "../../kernel/schedule-expression.ts";
import { table } from "../../store/types.ts";

/** A target's input under a data key of KMS. */
export interface SealedInput {
  readonly keyBlob: Uint8Array;
  readonly message: Uint8Array;
}

export interface Schedule {
  readonly group: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly expression: string;
  readonly timeZone: string;
  readonly window: scheduler.FlexibleTimeWindow;
  /** Without its input where that is sealed. */
  readonly target: scheduler.Target;
  readonly sealedInput?: SealedInput | undefined;
  readonly state: scheduler.ScheduleState;
  readonly kmsKeyArn?: string | undefined;
  readonly startDate?: number | undefined;
  readonly endDate?: number | undefined;
  readonly afterCompletion: scheduler.ActionAfterCompletion;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** What rates without a start date are counted from. */
  readonly countedFrom: number;
}

export const schedules = table<Schedule>("scheduler.schedules", { key: ({ group, name }) => [group, name] });

export const defaultGroup = "default";

export function scheduleArn(ctx: ReadContext, { group, name }: Pick<Schedule, "group" | "name">): string {
  return ctx.arn(`schedule/${group}/${name}`);
}

export function groupArn(ctx: ReadContext, name: string): string {
  return ctx.arn(`schedule-group/${name}`);
}

/**
 * When a schedule is next due after a moment. Start and end do not concern those that are due once.
 *
 * @evidence Scheduler API Reference, CreateSchedule, StartDate and EndDate
 */
export function dueAfter(schedule: Schedule, after: number): number | undefined {
  const expression = parseSchedule(schedule.expression);
  if (!expression) return undefined;
  const { startDate, endDate, timeZone, countedFrom } = schedule;
  if (expression.kind === "at") return nextAfter(expression, after, { timeZone, from: countedFrom });
  const earliest = startDate === undefined ? after : Math.max(after, startDate - 1);
  const due = nextAfter(expression, earliest, { timeZone, from: startDate ?? countedFrom });
  return due !== undefined && endDate !== undefined && due > endDate ? undefined : due;
}
