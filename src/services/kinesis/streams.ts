/** A stream: how it comes and goes, and how it is shown. */

import * as kinesis from "../../generated/kinesis.ts";
import { job } from "../../jobs/job.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import { findStream, onStream, requireStream, streamArn } from "./addresses.ts";
import { consumersOf, forgetConsumers } from "./consumer-table.ts";
import {
  invalidArgument, invalidNextToken, limitExceeded, resourceInUse, streamExists, streamWords, validation,
} from "./errors.ts";
import { evenRanges } from "./hash-keys.ts";
import { onDemandShards, onDemandStreamsMax, requireShardRoom } from "./limits.ts";
import { forgetPolicy } from "./policy-rows.ts";
import { openShard, settle, settleMilliseconds } from "./resharding.ts";
import { dropRecords, expectTrimming, trimRecords } from "./retention.ts";
import { shownShards } from "./shards.ts";
import { openShardsOf, streams, type Stream } from "./stream-table.ts";
import { setStreamTags } from "./tags.ts";
import { requireWarmThroughput } from "./warm-throughput.ts";

/** @evidence API Reference, UpdateMaxRecordSize: 1024 KiB where nothing is said */
const recordKiBDefault = 1_024;
const retentionHoursDefault = 24;

/** @evidence recorded: a stream of which nothing is said is on-demand, with four shards */
function modeOf(input: kinesis.CreateStreamInput): kinesis.StreamMode {
  if (input.StreamModeDetails) return input.StreamModeDetails.StreamMode;
  return input.ShardCount === undefined ? "ON_DEMAND" : "PROVISIONED";
}

function shardCountOf(input: kinesis.CreateStreamInput, mode: kinesis.StreamMode): number {
  if (mode === "ON_DEMAND") {
    if (input.ShardCount !== undefined) {
      throw validation("ShardCount cannot be specified for a stream in the ON_DEMAND mode.");
    }
    return onDemandShards(input.WarmThroughputMiBps);
  }
  if (input.ShardCount === undefined) {
    throw validation("ShardCount must be specified for a stream in the PROVISIONED mode.");
  }
  return input.ShardCount;
}

function requireStreamRoom(ctx: Context): void {
  let count = 0;
  for (const { mode } of ctx.db(streams).list()) if (mode === "ON_DEMAND") count += 1;
  if (count < onDemandStreamsMax) return;
  throw limitExceeded(
    `This request would exceed the on-demand stream limit of ${onDemandStreamsMax} for the account ` +
      `${ctx.account} in ${ctx.region}.`,
  );
}

export const CreateStream = operation(kinesis.CreateStream, {
  resource: ({ StreamName }, ctx) => streamArn(ctx, StreamName),
  run(input, ctx) {
    const { StreamName: name, WarmThroughputMiBps: warmMiBps, Tags: tags } = input;
    if (findStream(ctx, name)) throw streamExists(ctx, name);
    const mode = modeOf(input);
    const count = shardCountOf(input, mode);
    if (warmMiBps !== undefined) requireWarmThroughput(ctx, mode, warmMiBps);
    if (mode === "ON_DEMAND") requireStreamRoom(ctx);
    else requireShardRoom(ctx, count);
    const now = ctx.clock.now();
    const stream = ctx.db(streams).put({
      name,
      number: ctx.ids.sequence(),
      status: "CREATING",
      createdAt: now,
      mode,
      retentionHours: retentionHoursDefault,
      metrics: [],
      maxRecordKiB: input.MaxRecordSizeInKiB ?? recordKiBDefault,
      nextShard: 0,
      scaledAt: [],
      modeChangedAt: [],
      ...(warmMiBps !== undefined && { warmMiBps }),
    });
    if (tags) {
      ctx.authorize({ action: "kinesis:AddTagsToStream", resource: streamArn(ctx, name) });
      setStreamTags(ctx, stream, tags);
    }
    ctx.schedule(openStream, { at: now + settleMilliseconds, input: { name, count, number: stream.number } });
  },
});

interface Opening {
  readonly name: string;
  readonly number: number;
  readonly count: number;
}

export const openStream = job<Opening>("kinesis.openStream", ({ name, number, count }, ctx) => {
  let stream = findStream(ctx, name);
  if (stream?.number !== number || stream.status !== "CREATING") return;
  for (const range of evenRanges(count)) stream = openShard(ctx, stream, range);
  ctx.db(streams).put({ ...stream, status: "ACTIVE" });
  expectTrimming(ctx, stream);
});

export const DeleteStream = operation(kinesis.DeleteStream, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input);
    if (stream.status === "DELETING") return;
    const consumers = consumersOf(ctx, stream);
    if (consumers.length > 0 && !input.EnforceConsumerDeletion) {
      throw resourceInUse(
        `S${streamWords(ctx, stream.name).slice(1)} has ${consumers.length} registered consumers and ` +
          "EnforceConsumerDeletion is not set.",
      );
    }
    ctx.db(streams).put({ ...stream, status: "DELETING" });
    const { name, number } = stream;
    ctx.schedule(closeStream, { at: ctx.clock.now() + settleMilliseconds, input: { name, number } });
  },
});

/** The stream is gone at once; its records are swept up behind it. */
export const closeStream = job<Omit<Opening, "count">>("kinesis.closeStream", ({ name, number }, ctx) => {
  const stream = findStream(ctx, name);
  if (stream?.number !== number) return;
  ctx.db(streams).delete(name);
  const arn = streamArn(ctx, name);
  ctx.tags(arn).clear();
  forgetPolicy(ctx, arn);
  forgetConsumers(ctx, stream);
  ctx.unschedule(trimRecords, String(number));
  ctx.unschedule(settle, String(number));
  ctx.schedule(dropRecords, { at: ctx.clock.now(), input: { number } });
});

function modeDetails({ mode }: Stream): kinesis.StreamModeDetails {
  return { StreamMode: mode };
}

/** @evidence recorded: DescribeStream says NONE where nothing is encrypted, and no key */
function encryptionOf({ keyId }: Stream): { EncryptionType: kinesis.EncryptionType; KeyId?: string } {
  return keyId === undefined ? { EncryptionType: "NONE" } : { EncryptionType: "KMS", KeyId: keyId };
}

const describedShardsDefault = 100;

export const DescribeStream = operation(kinesis.DescribeStream, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input);
    const limit = input.Limit ?? describedShardsDefault;
    const all = shownShards(ctx, stream, input.ExclusiveStartShardId);
    return {
      StreamDescription: {
        StreamName: stream.name,
        StreamARN: streamArn(ctx, stream.name),
        StreamStatus: stream.status,
        StreamModeDetails: modeDetails(stream),
        Shards: all.slice(0, limit),
        HasMoreShards: all.length > limit,
        RetentionPeriodHours: stream.retentionHours,
        StreamCreationTimestamp: stream.createdAt,
        EnhancedMonitoring: [{ ShardLevelMetrics: [...stream.metrics] }],
        ...encryptionOf(stream),
      },
    };
  },
});

function warmThroughputOf({ warmMiBps }: Stream): kinesis.WarmThroughputObject | undefined {
  return warmMiBps === undefined ? undefined : { TargetMiBps: warmMiBps, CurrentMiBps: warmMiBps };
}

export const DescribeStreamSummary = operation(kinesis.DescribeStreamSummary, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input);
    return {
      StreamDescriptionSummary: {
        StreamName: stream.name,
        StreamARN: streamArn(ctx, stream.name),
        StreamStatus: stream.status,
        StreamModeDetails: modeDetails(stream),
        RetentionPeriodHours: stream.retentionHours,
        StreamCreationTimestamp: stream.createdAt,
        EnhancedMonitoring: [{ ShardLevelMetrics: [...stream.metrics] }],
        ...encryptionOf(stream),
        OpenShardCount: openShardsOf(ctx, stream).length,
        ConsumerCount: consumersOf(ctx, stream).length,
        WarmThroughput: warmThroughputOf(stream),
        MaxRecordSizeInKiB: stream.maxRecordKiB,
      },
    };
  },
});

const listedStreamsDefault = 100;

function shownSummary(ctx: ReadContext, stream: Stream): kinesis.StreamSummary {
  return {
    StreamName: stream.name,
    StreamARN: streamArn(ctx, stream.name),
    StreamStatus: stream.status,
    StreamModeDetails: modeDetails(stream),
    StreamCreationTimestamp: stream.createdAt,
  };
}

export const ListStreams = operation(kinesis.ListStreams, {
  run(input, ctx) {
    if (input.NextToken !== undefined && input.ExclusiveStartStreamName !== undefined) {
      throw invalidArgument("NextToken and ExclusiveStartStreamName cannot be provided together.");
    }
    const start = input.ExclusiveStartStreamName;
    const all = [...ctx.db(streams).list(start === undefined ? {} : { after: start })];
    const { items, next } = pageOf(all, {
      limit: input.Limit ?? listedStreamsDefault,
      token: input.NextToken,
      scope: "kinesis.ListStreams",
      invalid: invalidNextToken,
    });
    return {
      StreamNames: items.map(({ name }) => name),
      HasMoreStreams: next !== undefined,
      NextToken: next,
      StreamSummaries: items.map((stream) => shownSummary(ctx, stream)),
    };
  },
});

