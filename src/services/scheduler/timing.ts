/** When a schedule may be due. */

import type * as scheduler from "../../generated/scheduler.ts";
import { parseSchedule } from "../../kernel/schedule-expression.ts";
import { isTimeZone } from "../../kernel/time-zones.ts";
import {
  endBeforeStart, endInThePast, invalidExpression, invalidTimeZone, startTooEarly, windowRequired,
  windowWithoutMode,
} from "./errors.ts";

const startedAgoMillisecondsMax = 5 * 60_000;

type Times = Pick<
  scheduler.CreateScheduleInput, "ScheduleExpression" | "ScheduleExpressionTimezone" | "StartDate" | "EndDate"
>;

/** Those that are due once have no start and no end: what is said of them is ignored. */
export function requireTimes(input: Times, now: number): void {
  const { ScheduleExpression, ScheduleExpressionTimezone: zone = "UTC", StartDate, EndDate } = input;
  const expression = parseSchedule(ScheduleExpression);
  if (!expression) throw invalidExpression(ScheduleExpression);
  if (!isTimeZone(zone)) throw invalidTimeZone(zone);
  if (expression.kind === "at") return;
  if (StartDate !== undefined && StartDate < now - startedAgoMillisecondsMax) throw startTooEarly();
  if (EndDate !== undefined && EndDate <= now) throw endInThePast();
  if (StartDate !== undefined && EndDate !== undefined && EndDate <= StartDate) throw endBeforeStart();
}

export function requireWindow({ Mode, MaximumWindowInMinutes: minutes }: scheduler.FlexibleTimeWindow): void {
  if (Mode === "FLEXIBLE" && minutes === undefined) throw windowRequired();
  if (Mode === "OFF" && minutes !== undefined) throw windowWithoutMode();
}
