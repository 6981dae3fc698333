/** How shards of Kinesis and DynamoDB streams are read, and what their records are as events. */

import * as streams from "../../generated/dynamodb-streams.ts";
import * as kinesis from "../../generated/kinesis.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import type { Pipe } from "./pipe-rows.ts";
import type { SourceEvent } from "./sources.ts";
import { streamParameters, type Position } from "./stream-positions.ts";

/** What is read of a shard. */
export interface StreamRecord extends SourceEvent {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Records with the same go in order, and through the same lane. */
  readonly key: string;
}

export interface Shard {
  readonly id: string;
  readonly parent?: string | undefined;
}

export interface Page {
  readonly records: readonly StreamRecord[];
  /** Absent: the shard is closed and read to its end. */
  readonly next: string | undefined;
}

export interface Reading {
  readonly shard: string;
  readonly iterator: string;
  readonly limit: number;
}

/** What differs between the two kinds. */
export interface Reader {
  /** How many records can be asked for at once. */
  readonly recordsMax: number;
  topic(pipe: Pipe): string;
  shards(ctx: BodyContext, pipe: Pipe, role: CallOptions): Promise<Shard[]>;
  iterator(
    ctx: BodyContext, pipe: Pipe, role: CallOptions, position: Position,
  ): Promise<string | undefined>;
  read(ctx: BodyContext, pipe: Pipe, role: CallOptions, reading: Reading): Promise<Page>;
}

const startOf = (pipe: Pipe, { isSuccessor }: Position): "TRIM_HORIZON" | "LATEST" =>
  (streamParameters(pipe).StartingPosition === "LATEST" && !isSuccessor ? "LATEST" : "TRIM_HORIZON");

/** Where to go on; undefined before anything was seen. */
function knownPlace({ sequence, first }: Position) {
  if (sequence !== undefined) return { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, sequence };
  return first === undefined ? undefined
    : { ShardIteratorType: "AT_SEQUENCE_NUMBER" as const, sequence: first };
}

export const kinesisReader: Reader = {
  recordsMax: 10_000,
  topic: ({ source }) => source,
  async shards(ctx, { source }, role) {
    const { Shards = [] } = await ctx.call(kinesis.ListShards, { StreamARN: source }, role);
    return Shards.map(({ ShardId, ParentShardId }) => ({ id: ShardId, parent: ParentShardId }));
  },
  async iterator(ctx, pipe, role, position) {
    const { KinesisStreamParameters } = pipe.sourceParameters;
    const isTimed = KinesisStreamParameters?.StartingPosition === "AT_TIMESTAMP" && !position.isSuccessor;
    const first = isTimed
      ? {
        ShardIteratorType: "AT_TIMESTAMP" as const,
        Timestamp: KinesisStreamParameters.StartingPositionTimestamp,
      }
      : { ShardIteratorType: startOf(pipe, position) };
    const place = knownPlace(position);
    const begin = place
      ? { ShardIteratorType: place.ShardIteratorType, StartingSequenceNumber: place.sequence } : first;
    const input = { StreamARN: pipe.source, ShardId: position.shard, ...begin };
    return (await ctx.call(kinesis.GetShardIterator, input, role)).ShardIterator;
  },
  async read(ctx, pipe, role, { shard, iterator: ShardIterator, limit: Limit }) {
    const input = { ShardIterator, Limit, StreamARN: pipe.source };
    const { Records, NextShardIterator } = await ctx.call(kinesis.GetRecords, input, role);
    return { records: Records.map((record) => kinesisEvent(pipe, shard, record)), next: NextShardIterator };
  },
};

/** @evidence EventBridge User Guide, "Amazon Kinesis stream as a source": the event */
function kinesisEvent(pipe: Pipe, shard: string, record: kinesis.RecordShape): StreamRecord {
  const at = record.ApproximateArrivalTimestamp ?? 0;
  return {
    id: record.SequenceNumber,
    at,
    key: record.PartitionKey,
    event: {
      kinesisSchemaVersion: "1.0",
      partitionKey: record.PartitionKey,
      sequenceNumber: record.SequenceNumber,
      data: Buffer.from(record.Data).toString("base64"),
      approximateArrivalTimestamp: at / 1_000,
      eventSource: "aws:kinesis",
      eventVersion: "1.0",
      eventID: `${shard}:${record.SequenceNumber}`,
      eventName: "aws:kinesis:record",
      invokeIdentityArn: pipe.roleArn,
      awsRegion: parseArn(pipe.source)?.region,
      eventSourceARN: pipe.source,
    },
  };
}

export const dynamodbReader: Reader = {
  // @evidence DynamoDB API Reference, GetRecords: `Limit`
  recordsMax: 1_000,
  topic: ({ source }) => source.replace(/\/stream\/.*$/, ""),
  async shards(ctx, { source }, role) {
    const { StreamDescription } = await ctx.call(streams.DescribeStream, { StreamArn: source }, role);
    return (StreamDescription?.Shards ?? []).map(({ ShardId = "", ParentShardId }) => (
      { id: ShardId, parent: ParentShardId }
    ));
  },
  async iterator(ctx, pipe, role, position) {
    const place = knownPlace(position);
    const begin = place ? { ShardIteratorType: place.ShardIteratorType, SequenceNumber: place.sequence }
      : { ShardIteratorType: startOf(pipe, position) };
    const input = { StreamArn: pipe.source, ShardId: position.shard, ...begin };
    return (await ctx.call(streams.GetShardIterator, input, role)).ShardIterator;
  },
  async read(ctx, pipe, role, { iterator: ShardIterator, limit: Limit }) {
    const input = { ShardIterator, Limit };
    const { Records = [], NextShardIterator } = await ctx.call(streams.GetRecords, input, role);
    return { records: Records.map((record) => dynamodbEvent(pipe, record)), next: NextShardIterator };
  },
};

/** @evidence EventBridge User Guide, "Amazon DynamoDB stream as a source": the event */
function dynamodbEvent(pipe: Pipe, record: streams.RecordShape): StreamRecord {
  const at = record.dynamodb?.ApproximateCreationDateTime ?? 0;
  const { eventID, eventName, eventVersion, eventSource, awsRegion, dynamodb, userIdentity } = record;
  return {
    id: dynamodb?.SequenceNumber ?? "",
    at,
    key: JSON.stringify(plain(dynamodb?.Keys)),
    event: {
      eventID, eventName, eventVersion, eventSource, awsRegion, ...(userIdentity && { userIdentity }),
      dynamodb: plain({ ...dynamodb, ApproximateCreationDateTime: at / 1_000 }),
      eventSourceARN: pipe.source,
    },
  };
}

/** Bytes in base64, as JSON has them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}
