/** Streams of Kinesis and of DynamoDB, as shards with records. */

import * as dynamodbStreams from "../../generated/dynamodb-streams.ts";
import * as kinesis from "../../generated/kinesis.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { consumerSource, streamOfConsumer } from "./event-source-consumers.ts";
import type { Filterable } from "./event-source-filters.ts";
import type { EventSourceMapping } from "./event-source-table.ts";
import { roleCredentials } from "./execution-role.ts";
import { findVersion } from "./function-table.ts";

/** A record on its way to the function. */
export interface StreamEvent {
  readonly sequence: string;
  /** When it came: epoch milliseconds. */
  readonly at: number;
  /** Records with the same key are processed in their order. */
  readonly key: string;
  readonly event: object;
  readonly filterable: Filterable;
}

export interface ListedShard {
  readonly id: string;
  readonly parents: readonly string[];
  readonly isOpen: boolean;
}

export type ShardStart =
  | { readonly after: string } | "oldest" | "newest" | { readonly at: number };

export interface ShardPage {
  readonly events: readonly StreamEvent[];
  /** Undefined at the end of a closed shard. */
  readonly next: string | undefined;
  /** A new iterator is needed to go on. */
  readonly isSpent?: true;
}

export interface StreamSource {
  readonly pollMilliseconds: number;
  shards(): Promise<ListedShard[]>;
  iterator(shardId: string, start: ShardStart): Promise<string>;
  read(shardId: string, iterator: string, limit: number): Promise<ShardPage>;
}

interface Reader {
  readonly options: () => Promise<CallOptions>;
  readonly role: () => string;
}

function readerOf(ctx: BodyContext, { name, source }: EventSourceMapping): Reader {
  const region = parseArn(source)?.region ?? ctx.region;
  const role = (): string => ctx.reading(() => findVersion(ctx, name))?.settings.Role ?? "";
  return {
    role,
    options: async () => {
      const { sessionToken } = await roleCredentials(ctx, { name, role: role() });
      return { as: { session: sessionToken }, region };
    },
  };
}

export function streamSource(ctx: BodyContext, mapping: EventSourceMapping): StreamSource {
  return mapping.kind === "kinesis" ? kinesisSource(ctx, mapping) : dynamodbSource(ctx, mapping);
}

function startingAt(start: ShardStart) {
  if (start === "oldest") return { ShardIteratorType: "TRIM_HORIZON" as const };
  if (start === "newest") return { ShardIteratorType: "LATEST" as const };
  if ("after" in start) {
    return { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, StartingSequenceNumber: start.after };
  }
  return { ShardIteratorType: "AT_TIMESTAMP" as const, Timestamp: start.at };
}

/** @evidence Lambda Developer Guide, "Polling and batching streams": once a second; a stream's event */
function kinesisSource(ctx: BodyContext, mapping: EventSourceMapping): StreamSource {
  const { source } = mapping;
  const StreamARN = streamOfConsumer(source);
  const { options, role } = readerOf(ctx, mapping);
  const eventOf = (shardId: string, record: kinesis.RecordShape): StreamEvent => {
    const at = record.ApproximateArrivalTimestamp ?? ctx.clock.now();
    const data = Buffer.from(record.Data);
    const fields = {
      kinesisSchemaVersion: "1.0",
      partitionKey: record.PartitionKey,
      sequenceNumber: record.SequenceNumber,
      data: data.toString("base64"),
      approximateArrivalTimestamp: at / 1000,
    };
    return {
      sequence: record.SequenceNumber,
      at,
      key: record.PartitionKey,
      event: {
        kinesis: fields,
        eventSource: "aws:kinesis",
        eventVersion: "1.0",
        eventID: `${shardId}:${record.SequenceNumber}`,
        eventName: "aws:kinesis:record",
        invokeIdentityArn: role(),
        awsRegion: parseArn(StreamARN)?.region,
        eventSourceARN: source,
      },
      filterable: { fields, payload: { name: "data", text: data.toString() } },
    };
  };
  const shards = async (): Promise<ListedShard[]> => {
    const all: kinesis.Shard[] = [];
    for (let page: kinesis.ListShardsInput | undefined = { StreamARN }; page;) {
      const answer: kinesis.ListShardsOutput = await ctx.call(kinesis.ListShards, page, await options());
      all.push(...(answer.Shards ?? []));
      page = answer.NextToken === undefined ? undefined : { NextToken: answer.NextToken };
    }
    return all.map(({ ShardId, ParentShardId, AdjacentParentShardId, SequenceNumberRange }) => ({
      id: ShardId,
      parents: [ParentShardId, AdjacentParentShardId].filter((id): id is string => id !== undefined),
      isOpen: SequenceNumberRange.EndingSequenceNumber === undefined,
    }));
  };
  if (StreamARN !== source) return consumerSource(ctx, { consumerArn: source, options, shards, eventOf });
  return {
    pollMilliseconds: 1_000,
    shards,
    async iterator(ShardId, start) {
      const answer = await ctx.call(
        kinesis.GetShardIterator, { StreamARN, ShardId, ...startingAt(start) }, await options());
      return answer.ShardIterator ?? "";
    },
    async read(shardId, ShardIterator, Limit) {
      const answer = await ctx.call(kinesis.GetRecords, { ShardIterator, Limit }, await options());
      return {
        events: answer.Records.map((record) => eventOf(shardId, record)),
        next: answer.NextShardIterator,
      };
    },
  };
}

/** Bytes are base64 in events. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** @evidence Lambda Developer Guide, "Using Lambda with DynamoDB": four times a second; a stream's event */
function dynamodbSource(ctx: BodyContext, mapping: EventSourceMapping): StreamSource {
  const { source: StreamArn } = mapping;
  const { options } = readerOf(ctx, mapping);
  const eventOf = (record: dynamodbStreams.RecordShape): StreamEvent => {
    const change = record.dynamodb;
    const at = change?.ApproximateCreationDateTime ?? ctx.clock.now();
    const event = {
      ...(plain(record) as object),
      dynamodb: { ...(plain(change) as object), ApproximateCreationDateTime: at / 1000 },
      eventSourceARN: StreamArn,
    };
    return {
      sequence: change?.SequenceNumber ?? "",
      at,
      key: JSON.stringify(plain(change?.Keys)),
      event,
      filterable: { fields: event as unknown as Record<string, unknown> },
    };
  };
  return {
    pollMilliseconds: 250,
    async shards() {
      const all: dynamodbStreams.Shard[] = [];
      let last: string | undefined;
      do {
        const from = last === undefined ? {} : { ExclusiveStartShardId: last };
        const answer: dynamodbStreams.DescribeStreamOutput = await ctx.call(
          dynamodbStreams.DescribeStream, { StreamArn, ...from }, await options());
        all.push(...(answer.StreamDescription?.Shards ?? []));
        last = answer.StreamDescription?.LastEvaluatedShardId;
      } while (last !== undefined);
      return all.map((shard) => ({
        id: shard.ShardId ?? "",
        parents: shard.ParentShardId === undefined ? [] : [shard.ParentShardId],
        isOpen: shard.SequenceNumberRange?.EndingSequenceNumber === undefined,
      }));
    },
    async iterator(ShardId, start) {
      const { Timestamp: _timestamp, StartingSequenceNumber, ShardIteratorType } = {
        Timestamp: undefined, StartingSequenceNumber: undefined, ...startingAt(start),
      };
      if (ShardIteratorType === "AT_TIMESTAMP") throw new Error("streams of DynamoDB know no times");
      const answer = await ctx.call(dynamodbStreams.GetShardIterator, {
        StreamArn, ShardId, ShardIteratorType, SequenceNumber: StartingSequenceNumber,
      }, await options());
      return answer.ShardIterator ?? "";
    },
    async read(_shardId, ShardIterator, limit) {
      const Limit = Math.min(limit, 1_000);
      const answer = await ctx.call(dynamodbStreams.GetRecords, { ShardIterator, Limit }, await options());
      return { events: (answer.Records ?? []).map(eventOf), next: answer.NextShardIterator };
    },
  };
}
