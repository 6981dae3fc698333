/**
 * Schedule expressions, as EventBridge, Scheduler, Secrets Manager and others take them: `rate(5 minutes)`,
 * `cron(0 9 ? * MON-FRI *)`, `at(2026-03-01T09:00:00)`; and when they are due.
 */

import { cronAtOrAfter, parseCron, type Cron } from "./cron.ts";
import { instantsOf, startOfMinute, wallTime } from "./time-zones.ts";

export interface Rate {
  readonly kind: "rate";
  readonly value: number;
  readonly unit: "minute" | "hour" | "day";
  /** The unit is spelled as the value asks: `1 minute`, `5 minutes`. */
  readonly isPluralRight: boolean;
  readonly milliseconds: number;
}

export interface At {
  readonly kind: "at";
  /** What a clock shows then: milliseconds as if in UTC. */
  readonly wall: number;
}

export type ScheduleExpression = Rate | Cron | At;

export interface ScheduleSetting {
  /** A name of the IANA database; `isTimeZone` tells. Default: UTC. */
  readonly timeZone?: string | undefined;
  /** When a rate is first due, or was first counted from: epoch milliseconds. */
  readonly from: number;
}

/** @evidence Scheduler API Reference, ScheduleExpression: at most 256 characters */
const lengthMax = 256;
const minute = 60_000;
const unitMilliseconds = { minute, hour: 60 * minute, day: 1_440 * minute };
/** The last moment that dates can name. */
const instantMax = 8.64e15;

function parseRate(text: string): Rate | undefined {
  const [, digits, unit, plural] = /^\s*(\d{1,9})\s+(minute|hour|day)(s?)\s*$/.exec(text) ?? [];
  const value = Number(digits);
  if (unit === undefined || value < 1) return undefined;
  const name = unit as Rate["unit"];
  const isPluralRight = (value === 1) === (plural === "");
  return { kind: "rate", value, unit: name, isPluralRight, milliseconds: value * unitMilliseconds[name] };
}

function parseAt(text: string): At | undefined {
  const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/;
  if (!form.test(text)) return undefined;
  const wall = Date.parse(`${text}Z`);
  // The 30th of February would be taken for a day in March.
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(text)) return undefined;
  return { kind: "at", wall };
}

/** Undefined when the text is no valid expression. */
export function parseSchedule(text: string): ScheduleExpression | undefined {
  if (text.length > lengthMax) return undefined;
  const [, kind, inner = ""] = /^(rate|cron|at)\(([^()]*)\)$/.exec(text) ?? [];
  if (kind === "rate") return parseRate(inner);
  if (kind === "cron") return parseCron(inner);
  return kind === "at" ? parseAt(inner) : undefined;
}

/**
 * When the expression is next due after a moment; undefined when it is not any more. Rates and days of rates
 * are lengths of time, whatever clocks do. A cron time that clocks are put forward over is left out; one that
 * they show twice counts once, the first time.
 *
 * @evidence Scheduler User Guide, "Daylight savings time"
 * @param after epoch milliseconds
 */
export function nextAfter(
  expression: ScheduleExpression,
  after: number,
  { timeZone = "UTC", from }: ScheduleSetting,
): number | undefined {
  switch (expression.kind) {
    case "rate": {
      const { milliseconds } = expression;
      const passed = after < from ? 0 : Math.floor((after - from) / milliseconds) + 1;
      const next = from + passed * milliseconds;
      return next <= instantMax ? next : undefined;
    }
    case "at": {
      const at = atInstant(expression, timeZone);
      return at > after ? at : undefined;
    }
    case "cron":
      return nextCron(expression, after, timeZone);
  }
}

/**
 * When a one-time schedule is due. A time that clocks are put forward over is as long after the change as it
 * is after the hour at which they are.
 */
export function atInstant({ wall }: At, timeZone = "UTC"): number {
  const [instant] = instantsOf(wall, timeZone);
  if (instant !== undefined) return instant;
  const dayBefore = wall - unitMilliseconds.day;
  return wall - (wallTime(dayBefore, timeZone) - dayBefore);
}

function nextCron(cron: Cron, after: number, timeZone: string): number | undefined {
  let from = startOfMinute(wallTime(after, timeZone));
  for (;;) {
    const wall = cronAtOrAfter(cron, from);
    if (wall === undefined) return undefined;
    const [instant] = instantsOf(wall, timeZone);
    if (instant !== undefined && instant > after) return instant;
    from = wall + minute;
  }
}
