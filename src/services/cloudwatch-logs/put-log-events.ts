/** PutLogEvents: what may be put, and what it sets off. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { append, eventOverheadBytes, type Draft } from "./block-writing.ts";
import { noKeys, type DataKeys } from "./block-table.ts";
import { canWrite, openGroup } from "./data-keys.ts";
import { invalidParameter } from "./errors.ts";
import { aboutGroup, expiredBefore, requireGroup, type LogGroup } from "./group-table.ts";
import { planSweep } from "./retention.ts";
import { sequenceTokenOf } from "./sequence-tokens.ts";
import { requireStream } from "./stream-table.ts";
import { arrivals } from "./live-tail.ts";
import { watch } from "./watching.ts";

/** @evidence CloudWatch Logs API Reference, PutLogEvents, the list of constraints */
const batchBytesMax = 1_048_576;
const hourMilliseconds = 3_600_000;
const spanMillisecondsMax = 24 * hourMilliseconds;
const futureMillisecondsMax = 2 * hourMilliseconds;
const pastMillisecondsMax = 14 * 24 * hourMilliseconds;

/**
 * The texts are recorded.
 *
 * @returns the size of the batch, as AWS counts
 */
function requireBatch(events: readonly Draft[]): number {
  let sizeBytes = 0;
  let latest = -Infinity;
  for (const { timestamp, message } of events) {
    const bytes = Buffer.byteLength(message) + eventOverheadBytes;
    if (bytes > batchBytesMax) {
      throw invalidParameter(`Log event too large: ${bytes} bytes exceeds limit of ${batchBytesMax}`);
    }
    if (timestamp < latest) {
      throw invalidParameter("Log events in a single PutLogEvents request must be in chronological order.");
    }
    latest = timestamp;
    sizeBytes += bytes;
  }
  if (sizeBytes > batchBytesMax) {
    throw invalidParameter(`Upload too large: ${sizeBytes} bytes exceeds limit of ${batchBytesMax}`);
  }
  if (latest - (events[0]?.timestamp ?? latest) > spanMillisecondsMax) {
    throw invalidParameter(
      "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
    );
  }
  return sizeBytes;
}

/** Of a batch in order, the old are at the beginning and the new at the end. */
function timely(
  group: LogGroup, events: readonly Draft[], now: number,
): { kept: readonly Draft[]; rejected: logs.RejectedLogEventsInfo | undefined } {
  const before = (limit: number): number => {
    const index = events.findIndex(({ timestamp }) => timestamp >= limit);
    return index === -1 ? events.length : index;
  };
  const first = events[0]?.timestamp ?? now;
  const last = events.at(-1)?.timestamp ?? now;
  const oldest = now - pastMillisecondsMax;
  const expiry = expiredBefore(group, now);
  if (first >= Math.max(oldest, expiry) && last <= now + futureMillisecondsMax) {
    return { kept: events, rejected: undefined };
  }
  const tooOld = before(oldest);
  const expired = before(expiry);
  const tooNew = before(now + futureMillisecondsMax + 1);
  return {
    kept: events.slice(Math.max(tooOld, expired), tooNew),
    rejected: {
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
      ...(expired > tooOld && { expiredLogEventEndIndex: expired }),
      ...(tooNew < events.length && { tooNewLogEventStartIndex: tooNew }),
    },
  };
}

function put(ctx: Context, input: logs.PutLogEventsRequest, sizeBytes: number, keys: DataKeys):
  logs.PutLogEventsResponse | undefined {
  const group = requireGroup(ctx, input.logGroupName);
  const stream = requireStream(ctx, group, input.logStreamName);
  if (!canWrite(group, keys)) return undefined;
  const { kept, rejected } = timely(group, input.logEvents, ctx.clock.now());
  const info = rejected && { rejectedLogEventsInfo: rejected };
  if (kept.length === 0) return { nextSequenceToken: sequenceTokenOf(stream), ...info };
  const size = rejected ? sizeOf(kept) : sizeBytes;
  const appended = append(ctx, group, stream, kept, size, keys);
  planSweep(ctx, group);
  watch(ctx, group, { stream: stream.name, events: kept, from: appended.from, sizeBytes: size });
  ctx.wake(arrivals);
  return { nextSequenceToken: sequenceTokenOf(appended.stream), ...info };
}

function sizeOf(events: readonly Draft[]): number {
  return events.reduce((sum, { message }) => sum + Buffer.byteLength(message) + eventOverheadBytes, 0);
}

export const PutLogEvents = operation(logs.PutLogEvents, {
  resource: (input, ctx) => aboutGroup(input.logGroupName, ctx, input.logStreamName),
  // @evidence CloudTrail User Guide, "Logging data events": AWS::Logs::LogGroup, PutLogEvents
  dataEvent: true,
  async body(input, ctx) {
    const sizeBytes = requireBatch(input.logEvents);
    let keys: DataKeys = noKeys;
    for (;;) {
      const done = ctx.transaction((within) => put(within, input, sizeBytes, keys));
      if (done) return done;
      ({ keys } = await openGroup(ctx, input.logGroupName));
    }
  },
});
