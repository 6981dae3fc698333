/**
 * When a secret is due for rotation. A schedule opens a window; the secret is rotated when it opens, and
 * `NextRotationDate` is its end.
 *
 * @evidence Secrets Manager User Guide, "Schedule expressions in Secrets Manager rotation"; API Reference,
 *   RotationRulesType
 */

import type { RotationRulesType } from "../../generated/secrets-manager.ts";
import { nextAfter, parseSchedule } from "../../kernel/schedule-expression.ts";
import { invalidRotationRules } from "./errors.ts";
import { millisecondsPerDay } from "./secret-rows.ts";

const rateHoursMin = 4;
const rateMax = 999;
const hour = 3_600_000;

function requireSchedule(text: string): void {
  const expression = parseSchedule(text);
  if (expression?.kind === "rate" && expression.unit !== "minute") {
    const isTooOften = expression.unit === "hour" && expression.value < rateHoursMin;
    if (isTooOften || expression.value > rateMax) {
      throw invalidRotationRules("The rate of a rotation must be at least 4 hours and at most 999 days.");
    }
    return;
  }
  const isValid = expression?.kind === "cron" && expression.minutes.join() === "0" && text.endsWith(" *)");
  if (!isValid) throw invalidRotationRules(`Invalid ScheduleExpression: ${text}`);
}

/** Rates of hours and days; cron by the hour, every year. @throws InvalidParameterException */
export function requireRules(rules: RotationRulesType): void {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression } = rules;
  if (days !== undefined && expression !== undefined) {
    throw invalidRotationRules("You can't specify both AutomaticallyAfterDays and ScheduleExpression.");
  }
  if (expression !== undefined) requireSchedule(expression);
}

export interface RotationWindow {
  /** Epoch milliseconds. */
  readonly opensAt: number;
  readonly closesAt: number;
}

function startOfDay(at: number): number {
  return Math.floor(at / millisecondsPerDay) * millisecondsPerDay;
}

/** The next window after a moment; undefined where no rule says so. */
export function windowAfter(rules: RotationRulesType, after: number): RotationWindow | undefined {
  const opensAt = opening(rules, after);
  if (opensAt === undefined) return undefined;
  const hours = /^(\d+)h$/.exec(rules.Duration ?? "")?.[1];
  const expression = parseSchedule(rules.ScheduleExpression ?? "");
  const isByHours = expression?.kind === "rate" ? expression.unit === "hour"
    : expression?.kind === "cron" && expression.hours.length > 1;
  const endOfDay = startOfDay(opensAt) + millisecondsPerDay - 1_000;
  const given = hours !== undefined ? opensAt + Number(hours) * hour : undefined;
  const closesAt = given ?? (isByHours ? opensAt + hour : endOfDay);
  return { opensAt, closesAt };
}

function opening(rules: RotationRulesType, after: number): number | undefined {
  const { AutomaticallyAfterDays: days, ScheduleExpression: text } = rules;
  if (days !== undefined) return startOfDay(after) + days * millisecondsPerDay;
  const expression = parseSchedule(text ?? "");
  if (!expression) return undefined;
  if (expression.kind !== "rate") return nextAfter(expression, after, { from: after });
  const from = expression.unit === "day" ? startOfDay(after) : Math.floor(after / hour) * hour;
  return from + expression.milliseconds;
}
