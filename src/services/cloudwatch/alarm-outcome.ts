/**
 * What an alarm's state is, by its data points and by those that are missing.
 *
 * @evidence CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data": the two tables,
 *   and "Avoiding premature transitions to alarm state"
 */

import type { StateValue } from "../../generated/cloudwatch.ts";

export type Treatment = "missing" | "ignore" | "breaching" | "notBreaching";

/** The extra data points that are looked at in case some are missing: 5 for an alarm over 3. */
export const extraPeriods = 2;

export interface Slot {
  /** The start of its period: epoch milliseconds. */
  readonly at: number;
  readonly value: number | undefined;
  readonly isBreaching: boolean;
  readonly sampleCount?: number | undefined;
}

export interface Outcome {
  /** Undefined: the alarm stays as it is. */
  readonly state: StateValue | undefined;
  /** What it was decided by, the newest first; those without a value are missing. */
  readonly evaluated: readonly Slot[];
  /** Missing data points that were taken for something. */
  readonly filled: number;
}

/** @param slots the evaluation range, the newest first */
export function outcomeOf(
  slots: readonly Slot[], evaluationPeriods: number, datapointsToAlarm: number, treatment: Treatment,
): Outcome {
  const real = slots.filter(({ value }) => value !== undefined);
  const isWhole = slots.slice(0, evaluationPeriods).every(({ value }) => value !== undefined);
  if (isWhole || real.length >= evaluationPeriods) {
    const evaluated = real.slice(0, evaluationPeriods);
    return { state: stateBy(breachingIn(evaluated), datapointsToAlarm), evaluated, filled: 0 };
  }
  const filled = evaluationPeriods - real.length;
  const evaluated = [...real, ...slots.filter(({ value }) => value === undefined).slice(0, filled)];
  evaluated.sort((left, right) => right.at - left.at);
  const breaching = breachingIn(real);
  const outcome = (state: StateValue | undefined): Outcome => ({ state, evaluated, filled });
  switch (treatment) {
    case "breaching": return outcome(stateBy(breaching + filled, datapointsToAlarm));
    case "notBreaching": return outcome(stateBy(breaching, datapointsToAlarm));
    default: return outcome(withoutFilling(slots, real, datapointsToAlarm, treatment));
  }
}

function withoutFilling(
  slots: readonly Slot[], real: readonly Slot[], datapointsToAlarm: number, treatment: "missing" | "ignore",
): StateValue | undefined {
  if (real.length === 0) return treatment === "ignore" ? undefined : "INSUFFICIENT_DATA";
  const breaching = breachingIn(real);
  if (breaching >= datapointsToAlarm) return "ALARM";
  if (breaching < real.length) return "OK";
  if (treatment === "ignore") return undefined;
  // All that is known breaches: an alarm as soon as the oldest is as old as would do.
  const oldest = slots.findLastIndex(({ value }) => value !== undefined) + 1;
  return oldest >= datapointsToAlarm ? "ALARM" : "OK";
}

function breachingIn(slots: readonly Slot[]): number {
  return slots.filter(({ isBreaching }) => isBreaching).length;
}

function stateBy(breaching: number, datapointsToAlarm: number): StateValue {
  return breaching >= datapointsToAlarm ? "ALARM" : "OK";
}
