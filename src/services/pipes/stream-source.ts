/**
 * Streams of Kinesis and DynamoDB: records are taken shard by shard, in order, and a place is kept in each.
 * What fails is tried again until it is too old or has been tried too often, and then goes to the dead-letter
 * queue.
 */

import * as streams from "../../generated/dynamodb-streams.ts";
import * as kinesis from "../../generated/kinesis.ts";
import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { table } from "../../store/types.ts";
import { filtered } from "./filters.ts";
import { pipeArn, type Pipe } from "./pipe-rows.ts";
import type { Settled, Source, SourceEvent } from "./sources.ts";

interface Position {
  readonly pipe: string;
  readonly shard: string;
  /** The last record that is done with; absent before the first. */
  readonly sequence?: string;
  /** How often the record after it has been tried. */
  readonly attempts: number;
  readonly isOver?: boolean;
  /** Before the first record: where the shard was last looked at, so that nothing is missed since. */
  readonly iterator?: string;
  /** It came from shards that have been read to their ends: nothing of it has been seen. */
  readonly isSuccessor?: boolean;
}

export const positions = table<Position>("pipes.positions", { key: ({ pipe, shard }) => [pipe, shard] });

interface StreamRecord extends SourceEvent {
  readonly at: number;
}

interface Shard {
  readonly id: string;
  readonly parent?: string | undefined;
}

interface Page {
  readonly records: readonly StreamRecord[];
  /** Absent: the shard is closed and read to its end. */
  readonly next: string | undefined;
}

/** What differs between the two kinds. */
interface Reader {
  topic(pipe: Pipe): string;
  shards(ctx: BodyContext, pipe: Pipe, role: CallOptions): Promise<Shard[]>;
  iterator(
    ctx: BodyContext, pipe: Pipe, role: CallOptions, position: Position,
  ): Promise<string | undefined>;
  read(
    ctx: BodyContext, pipe: Pipe, role: CallOptions, position: Position, iterator: string,
  ): Promise<Page>;
}

type Limits = Pick<
  kinesisParameters, "BatchSize" | "MaximumRetryAttempts" | "MaximumRecordAgeInSeconds" | "DeadLetterConfig"
>;
type kinesisParameters = NonNullable<Pipe["sourceParameters"]["KinesisStreamParameters"]>;

function limitsOf({ sourceParameters }: Pipe): Limits & { readonly StartingPosition?: string } {
  return sourceParameters.KinesisStreamParameters ?? sourceParameters.DynamoDBStreamParameters ?? {};
}

const startOf = (pipe: Pipe, { isSuccessor }: Position): "TRIM_HORIZON" | "LATEST" =>
  (limitsOf(pipe).StartingPosition === "LATEST" && !isSuccessor ? "LATEST" : "TRIM_HORIZON");

const kinesisReader: Reader = {
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
    const begin = position.sequence === undefined ? first
      : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, StartingSequenceNumber: position.sequence };
    const input = { StreamARN: pipe.source, ShardId: position.shard, ...begin };
    return (await ctx.call(kinesis.GetShardIterator, input, role)).ShardIterator;
  },
  async read(ctx, pipe, role, { shard }, ShardIterator) {
    const input = { ShardIterator, Limit: limitsOf(pipe).BatchSize, StreamARN: pipe.source };
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

const dynamodbReader: Reader = {
  topic: ({ source }) => source.replace(/\/stream\/.*$/, ""),
  async shards(ctx, { source }, role) {
    const { StreamDescription } = await ctx.call(streams.DescribeStream, { StreamArn: source }, role);
    return (StreamDescription?.Shards ?? []).map(({ ShardId = "", ParentShardId }) => (
      { id: ShardId, parent: ParentShardId }
    ));
  },
  async iterator(ctx, pipe, role, position) {
    const begin = position.sequence === undefined ? { ShardIteratorType: startOf(pipe, position) }
      : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, SequenceNumber: position.sequence };
    const input = { StreamArn: pipe.source, ShardId: position.shard, ...begin };
    return (await ctx.call(streams.GetShardIterator, input, role)).ShardIterator;
  },
  async read(ctx, pipe, role, _, ShardIterator) {
    const input = { ShardIterator, Limit: limitsOf(pipe).BatchSize };
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

function streamSource(reader: Reader): Source {
  return {
    topic: (pipe) => reader.topic(pipe),
    async *batches(ctx, pipe, role) {
      const here = { ...role, region: parseArn(pipe.source)?.region ?? ctx.region };
      const shards = await reader.shards(ctx, pipe, here);
      for (const shard of shards) {
        const place = placeOf(ctx, pipe, shard, shards);
        if (!place || place.isOver) continue;
        for (let position: Position | undefined = place; position;) {
          const { records, next } = await page(ctx, reader, pipe, here, position);
          if (records.length === 0) {
            if (next === undefined) put(ctx, { ...position, isOver: true });
            else if (position.sequence === undefined) put(ctx, { ...position, iterator: next });
            break;
          }
          const { kept, left } = filtered(pipe, records);
          const settling: { next?: Position } = {};
          const before: Position = position;
          yield {
            events: kept,
            others: left,
            settle: async (result) => {
              const next = await settled(ctx, pipe, here, { position: before, records, result });
              if (next) settling.next = next;
            },
          };
          position = settling.next;
        }
      }
    },
  };
}

/** From behind the last record; before there is one, from where the shard was last looked at. */
async function page(
  ctx: BodyContext, reader: Reader, pipe: Pipe, role: CallOptions, position: Position,
): Promise<Page> {
  if (position.sequence === undefined && position.iterator !== undefined) {
    try {
      return await reader.read(ctx, pipe, role, position, position.iterator);
    } catch (cause) {
      if (!(cause instanceof AwsError) || cause.code !== "ExpiredIteratorException") throw cause;
    }
  }
  const iterator = await reader.iterator(ctx, pipe, role, position);
  return reader.read(ctx, pipe, role, position, iterator ?? "");
}

/** A shard is begun once those that it came from are done with. */
function placeOf(
  ctx: BodyContext, pipe: Pipe, { id, parent }: Shard, shards: readonly Shard[],
): Position | undefined {
  return ctx.transaction((within) => {
    const rows = within.db(positions);
    const isParentThere = parent !== undefined && shards.some((other) => other.id === parent);
    if (isParentThere && !rows.get([pipe.name, parent])?.isOver) return undefined;
    return rows.get([pipe.name, id])
      ?? { pipe: pipe.name, shard: id, attempts: 0, ...(isParentThere && { isSuccessor: true }) };
  });
}

function put(ctx: BodyContext, position: Position): Position {
  return ctx.transaction((within) => within.db(positions).put(position));
}

interface Outcome {
  readonly position: Position;
  readonly records: readonly StreamRecord[];
  readonly result: Settled;
}

/** Where to go on; undefined when the same records are to be tried again later. */
async function settled(
  ctx: BodyContext, pipe: Pipe, role: CallOptions, { position, records, result }: Outcome,
): Promise<Position | undefined> {
  const { failed } = result;
  const firstFailed = failed === "none" ? records.length
    : failed === "all" ? 0 : records.findIndex(({ id }) => failed.has(id));
  const done = records[firstFailed === -1 ? records.length - 1 : firstFailed - 1]?.id;
  if (failed === "none" || firstFailed === -1) return put(ctx, moved(position, done));
  const limits = limitsOf(pipe);
  const attempts = (firstFailed > 0 ? 0 : position.attempts) + 1;
  const { MaximumRetryAttempts: retries = -1, MaximumRecordAgeInSeconds: age = -1 } = limits;
  const oldest = records[Math.max(firstFailed, 0)]?.at ?? 0;
  const isTooOld = age >= 0 && ctx.clock.now() - oldest > age * 1_000;
  if (!isTooOld && (retries < 0 || attempts <= retries)) {
    const kept = done === undefined ? position : moved(position, done);
    put(ctx, { ...kept, attempts });
    return undefined;
  }
  const lost = records.slice(firstFailed);
  await giveUp(ctx, pipe, role, { position, lost, attempts, isTooOld });
  return put(ctx, moved(position, records[records.length - 1]?.id));
}

function moved(position: Position, sequence: string | undefined): Position {
  const { pipe, shard } = position;
  const reached = sequence ?? position.sequence;
  return { pipe, shard, attempts: 0, ...(reached !== undefined && { sequence: reached }) };
}

interface Lost {
  readonly position: Position;
  readonly lost: readonly StreamRecord[];
  readonly attempts: number;
  readonly isTooOld: boolean;
}

/** @evidence EventBridge User Guide, "Amazon EventBridge Pipes error handling": what the dead letter tells */
async function giveUp(
  ctx: BodyContext, pipe: Pipe, role: CallOptions, { position, lost, attempts, isTooOld }: Lost,
): Promise<void> {
  const queue = parseArn(limitsOf(pipe).DeadLetterConfig?.Arn ?? "");
  const [first] = lost;
  const last = lost[lost.length - 1];
  if (queue?.service !== "sqs" || !first || !last) return;
  const isKinesis = parseArn(pipe.source)?.service === "kinesis";
  const body = {
    context: {
      partnerResourceArn: pipeArn(ctx, pipe.name),
      condition: isTooOld ? "RecordAgeExceeded" : "RetryAttemptsExhausted",
      approximateInvokeCount: attempts,
    },
    version: "1.0",
    timestamp: new Date(ctx.clock.now()).toISOString(),
    [isKinesis ? "KinesisBatchInfo" : "DDBStreamBatchInfo"]: {
      shardId: position.shard,
      startSequenceNumber: first.id,
      endSequenceNumber: last.id,
      approximateArrivalOfFirstRecord: new Date(first.at).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.at).toISOString(),
      batchSize: lost.length,
      streamArn: pipe.source,
    },
  };
  const QueueUrl = `${ctx.kernel.endpoint("sqs", queue.region)}/${queue.account}/${queue.resource}`;
  try {
    const options = { ...role, region: queue.region };
    await ctx.call(sqs.SendMessage, { QueueUrl, MessageBody: JSON.stringify(body) }, options);
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
  }
}

export const kinesisSource = streamSource(kinesisReader);
export const dynamodbSource = streamSource(dynamodbReader);
