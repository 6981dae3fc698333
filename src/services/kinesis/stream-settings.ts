/** What a stream is set to: its mode, how long it keeps records, how large they may be, what is measured. */

import * as kinesis from "../../generated/kinesis.ts";
import type { MetricsName } from "../../generated/kinesis.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { onStream, requireActive, requireStream, streamArn } from "./addresses.ts";
import { invalidArgument, streamWords, validation } from "./errors.ts";
import { change, countToday } from "./resharding.ts";
import { horizonOf, streams, type Stream } from "./stream-table.ts";
import { expectTrimming } from "./retention.ts";
import { requireWarmThroughput } from "./warm-throughput.ts";

/** @evidence API Reference, UpdateStreamMode: twice within 24 hours */
const modeChangesMax = 2;

/** @evidence API Reference, UpdateStreamMode: the ARN alone, and never the name */
export const UpdateStreamMode = operation(kinesis.UpdateStreamMode, {
  ...onStream,
  run(input, ctx) {
    const stream = requireActive(ctx, requireStream(ctx, input));
    const mode = input.StreamModeDetails.StreamMode;
    const warmMiBps = input.WarmThroughputMiBps;
    if (warmMiBps !== undefined) requireWarmThroughput(ctx, mode, warmMiBps);
    if (mode === stream.mode) return;
    const modeChangedAt = countToday(
      ctx, stream.modeChangedAt, modeChangesMax,
      `S${streamWords(ctx, stream.name).slice(1)} has changed its mode ${modeChangesMax} times within the ` +
        "last 24 hours, which is the maximum.",
    );
    const next = warmMiBps === undefined ? stream : { ...stream, warmMiBps };
    change(ctx, { ...next, modeChangedAt }, { kind: "settings", set: { mode } });
  },
});

/** @evidence API Reference, IncreaseStreamRetentionPeriod: 24 to 8760 hours; recorded texts */
const retentionHoursMin = 24;
const retentionHoursMax = 8_760;

function requireHours(hours: number): void {
  if (hours < retentionHoursMin) {
    throw invalidArgument(
      `Minimum allowed retention period is ${retentionHoursMin} hours. Requested retention period ` +
        `(${hours} hours) is too short.`,
    );
  }
  if (hours > retentionHoursMax) {
    throw invalidArgument(
      `Maximum allowed retention period is ${retentionHoursMax} hours. Requested retention period ` +
        `(${hours} hours) is too long.`,
    );
  }
}

/** What is gone does not come back when records are kept for longer. */
function keepFor(ctx: Context, stream: Stream, retentionHours: number): void {
  ctx.db(streams).put({ ...stream, retentionHours, trimmedUntil: horizonOf(ctx, stream) });
  expectTrimming(ctx, stream);
}

export const IncreaseStreamRetentionPeriod = operation(kinesis.IncreaseStreamRetentionPeriod, {
  ...onStream,
  run(input, ctx) {
    const stream = requireActive(ctx, requireStream(ctx, input));
    const hours = input.RetentionPeriodHours;
    requireHours(hours);
    if (hours < stream.retentionHours) {
      throw invalidArgument(
        `Requested retention period (${hours} hours) for stream ${stream.name} can not be shorter than ` +
          `existing retention period (${stream.retentionHours} hours). Use DecreaseRetentionPeriod API.`,
      );
    }
    keepFor(ctx, stream, hours);
  },
});

export const DecreaseStreamRetentionPeriod = operation(kinesis.DecreaseStreamRetentionPeriod, {
  ...onStream,
  run(input, ctx) {
    const stream = requireActive(ctx, requireStream(ctx, input));
    const hours = input.RetentionPeriodHours;
    requireHours(hours);
    if (hours > stream.retentionHours) {
      throw invalidArgument(
        `Requested retention period (${hours} hours) for stream ${stream.name} can not be longer than ` +
          `existing retention period (${stream.retentionHours} hours). Use IncreaseRetentionPeriod API.`,
      );
    }
    keepFor(ctx, stream, hours);
  },
});

export const UpdateMaxRecordSize = operation(kinesis.UpdateMaxRecordSize, {
  ...onStream,
  run(input, ctx) {
    const stream = requireActive(ctx, requireStream(ctx, input));
    ctx.db(streams).put({ ...stream, maxRecordKiB: input.MaxRecordSizeInKiB });
  },
});

const everyMetric: readonly MetricsName[] = [
  "IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords",
  "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds",
];

function named(names: readonly MetricsName[]): readonly MetricsName[] {
  if (new Set(names).size !== names.length) throw validation("ShardLevelMetrics names a metric twice.");
  return names.includes("ALL") ? everyMetric : names;
}

function monitor(
  ctx: Context, input: kinesis.EnableEnhancedMonitoringInput,
  isWanted: (isCurrent: boolean, isAsked: boolean) => boolean,
): kinesis.EnhancedMonitoringOutput {
  const stream = requireActive(ctx, requireStream(ctx, input));
  const asked = new Set(named(input.ShardLevelMetrics));
  const current = new Set(stream.metrics);
  const metrics = everyMetric.filter((name) => isWanted(current.has(name), asked.has(name)));
  ctx.db(streams).put({ ...stream, metrics });
  return {
    StreamName: stream.name,
    StreamARN: streamArn(ctx, stream.name),
    CurrentShardLevelMetrics: [...stream.metrics],
    DesiredShardLevelMetrics: [...metrics],
  };
}

export const EnableEnhancedMonitoring = operation(kinesis.EnableEnhancedMonitoring, {
  ...onStream,
  run: (input, ctx) => monitor(ctx, input, (isCurrent, isAsked) => isCurrent || isAsked),
});

export const DisableEnhancedMonitoring = operation(kinesis.DisableEnhancedMonitoring, {
  ...onStream,
  run: (input, ctx) => monitor(ctx, input, (isCurrent, isAsked) => isCurrent && !isAsked),
});
