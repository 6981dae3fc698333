/**
 * Which part of its topic's archive a subscription wants again. Pure.
 *
 * @evidence SNS Developer Guide, "Message replay for FIFO topic subscribers"
 */

import { isFifo, type Topic } from "./topic-table.ts";

export interface ReplayPolicy {
  readonly PointType: "Timestamp";
  readonly StartingPoint: string;
  readonly EndingPoint?: string;
}

function pointOf(value: unknown): string | undefined {
  return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** @returns undefined for `{}`, which ends a replay */
export function readReplayPolicy(
  text: string, topic: Topic, refuse: (message: string) => Error,
): string | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text === "" ? "{}" : text);
  } catch {
    throw refuse("ReplayPolicy: failed to parse JSON.");
  }
  if (typeof given !== "object" || given === null) throw refuse("ReplayPolicy: failed to parse JSON.");
  if (Object.keys(given).length === 0) return undefined;
  if (!isFifo(topic) || topic.attributes["ArchivePolicy"] === undefined) {
    throw refuse("ReplayPolicy: the topic has no archive");
  }
  const { PointType, StartingPoint, EndingPoint, ...others } = given as Record<string, unknown>;
  const start = pointOf(StartingPoint);
  if (PointType !== "Timestamp" || start === undefined || Object.keys(others).length > 0) {
    throw refuse("ReplayPolicy: PointType must be Timestamp, and StartingPoint a time");
  }
  const policy = { PointType, StartingPoint: start } as const;
  if (EndingPoint === undefined) return JSON.stringify(policy);
  const end = pointOf(EndingPoint);
  if (end === undefined || Date.parse(end) < Date.parse(start)) {
    throw refuse("ReplayPolicy: EndingPoint must be a time after StartingPoint");
  }
  return JSON.stringify({ ...policy, EndingPoint: end });
}
