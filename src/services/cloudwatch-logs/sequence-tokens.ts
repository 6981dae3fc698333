/**
 * Tokens that once had to be sent with each put. They are still given out, and ignored.
 *
 * @evidence CloudWatch Logs API Reference, PutLogEvents: "The sequence token is now ignored in PutLogEvents
 *   actions. PutLogEvents actions are always accepted even if the sequence token is not valid."
 */

import type { LogStream } from "./stream-table.ts";

const digits = 56;

export function sequenceTokenOf(stream: LogStream): string {
  const number = (BigInt(`0x${stream.id}`) << 112n) + BigInt(stream.lastIngestedAt ?? stream.createdAt);
  return `49${number.toString().padStart(digits - 2, "0").slice(2 - digits)}`;
}
