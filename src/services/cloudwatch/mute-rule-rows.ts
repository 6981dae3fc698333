/** The rows of mute rules, and when they mute. */

import type * as cloudwatch from "../../generated/cloudwatch.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { nextAfter, parseSchedule } from "../../kernel/schedule-expression.ts";
import { table } from "../../store/types.ts";

export interface MuteRule {
  readonly name: string;
  readonly description?: string;
  /** `cron(…)` or `at(…)`. */
  readonly expression: string;
  /** As it was given: cron expressions may come without years. */
  readonly shownExpression: string;
  /** ISO 8601: `PT4H`. */
  readonly duration: string;
  readonly durationMilliseconds: number;
  readonly timeZone: string;
  /** Names of alarms; undefined for none yet. */
  readonly targets?: readonly string[];
  readonly from?: number;
  readonly until?: number;
  readonly updatedAt: number;
}

const minuteMilliseconds = 60_000;

export const muteRules = table<MuteRule>("cloudwatch.muteRules", { key: (rule) => rule.name });

/** The end of the time that a rule mutes now: epoch milliseconds; undefined where it does not. */
export function mutedUntil(rule: MuteRule, now: number): number | undefined {
  const schedule = parseSchedule(rule.expression);
  if (!schedule || now < (rule.from ?? 0) || now >= (rule.until ?? Infinity)) return undefined;
  const setting = { timeZone: rule.timeZone, from: 0 };
  // The window that began last, where it is not over; windows that overlap are one.
  const begin = lastWithin(now - rule.durationMilliseconds, now, (after) =>
    nextAfter(schedule, after, setting));
  return begin && Math.min(begin + rule.durationMilliseconds, rule.until ?? Infinity);
}

/** The last time behind a moment, up to another, of those that are a whole minute apart at least. */
function lastWithin(
  after: number, until: number, next: (after: number) => number | undefined,
): number | undefined {
  const isTime = (time: number | undefined): time is number => time !== undefined && time <= until;
  let found = next(after);
  if (!isTime(found)) return undefined;
  for (let high = until; high - found >= minuteMilliseconds;) {
    const middle = found + Math.floor((high - found) / 2);
    const later = next(middle);
    if (isTime(later)) found = later;
    else high = middle;
  }
  return found;
}

export function statusOf(rule: MuteRule, now: number): cloudwatch.AlarmMuteRuleStatus {
  if (mutedUntil(rule, now) !== undefined) return "ACTIVE";
  if (now >= (rule.until ?? Infinity)) return "EXPIRED";
  const schedule = parseSchedule(rule.expression);
  const next = schedule && nextAfter(schedule, now, { timeZone: rule.timeZone, from: 0 });
  return next === undefined ? "EXPIRED" : "SCHEDULED";
}

/** Until when the actions of an alarm are muted; undefined where they are not. */
export function alarmMutedUntil(ctx: Pick<ReadContext, "db" | "clock">, alarm: string): number | undefined {
  const now = ctx.clock.now();
  let latest: number | undefined;
  for (const rule of ctx.db(muteRules).list()) {
    if (!rule.targets?.includes(alarm)) continue;
    const until = mutedUntil(rule, now);
    if (until !== undefined) latest = Math.max(latest ?? 0, until);
  }
  return latest;
}

