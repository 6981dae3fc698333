/** Kinesis streams as sources: their shards are read as long as there is the delivery stream. */

import * as kinesis from "../../generated/kinesis.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { standing } from "../../jobs/standing.ts";
import type { BodyContext, CallOptions, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { table } from "../../store/types.ts";
import { buffer, type Incoming } from "./buffering.ts";
import { userRecordsIn } from "./kpl-aggregation.ts";
import { findStream, streamArn, type DeliveryStream, type Source } from "./stream-table.ts";

/** How far a shard was read. */
interface Position {
  readonly number: number;
  readonly shardId: string;
  /** The last record that was taken; where there is none, reading begins at the beginning or at a time. */
  readonly after?: string;
  readonly from?: number;
  /** It is closed and was read to its end. */
  readonly isDone?: true;
}

const positions = table<Position>("firehose.positions", { key: (row) => [row.number, row.shardId] });

export function forgetPositions(ctx: Context, number: number): void {
  for (const { shardId } of [...ctx.db(positions).list({ prefix: [number] })]) {
    ctx.db(positions).delete([number, shardId]);
  }
}

/** @evidence Developer Guide, "Quota": Firehose calls GetRecords once a second for each shard */
const pollMilliseconds = 1_000;
const troubleMilliseconds = 30_000;

interface Named {
  readonly name: string;
  readonly number: number;
}

/** Runs for as long as there is the stream, and again after a restart. */
export const pumpSource = standing<Named>("firehose.pumpSource", async ({ name, number }, ctx) => {
  const iterators = new Map<string, string>();
  while (!ctx.signal.aborted) {
    const stream = ctx.reading(() => findStream(ctx, name));
    if (stream?.number !== number || !stream.source) return;
    const isWell = await poll(ctx, stream, stream.source, iterators);
    await ctx.wait(isWell ? pollMilliseconds : troubleMilliseconds);
  }
});

/** @returns false where the role or the stream is in trouble */
async function poll(
  ctx: BodyContext, stream: DeliveryStream, source: Source, iterators: Map<string, string>,
): Promise<boolean> {
  try {
    const session = await sessionOf(ctx, {
      roleArn: source.roleArn, principal: "firehose.amazonaws.com",
      sourceArn: streamArn(ctx, stream.name), sessionName: "AWSFirehoseToKinesis",
    });
    const reader = { ctx, stream, source, iterators, options: { as: { session } } };
    for (const position of await positionsOf(reader)) {
      if (!position.isDone) await readShard(reader, position);
    }
    return true;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    iterators.clear();
    return error.code === "ProvisionedThroughputExceededException"
      || error.code === "ExpiredIteratorException";
  }
}

interface Reader {
  readonly ctx: BodyContext;
  readonly stream: DeliveryStream;
  readonly source: Source;
  readonly iterators: Map<string, string>;
  readonly options: CallOptions;
}

/** Shards that were open when the source began; their children follow as they are closed. */
async function positionsOf({ ctx, stream, source, options }: Reader): Promise<Position[]> {
  const { number } = stream;
  const known = ctx.reading(() => [...ctx.db(positions).list({ prefix: [number] })]);
  if (known.length > 0) return known;
  const { Shards } = await ctx.call(
    kinesis.ListShards, {
      StreamARN: source.streamArn, ShardFilter: { Type: "AT_TIMESTAMP", Timestamp: source.startedAt },
    }, options,
  );
  return ctx.transaction((within) => (Shards ?? []).map(({ ShardId }) =>
    within.db(positions).put({ number, shardId: ShardId, from: source.startedAt })));
}

async function iteratorOf({ ctx, source, options, iterators }: Reader, position: Position): Promise<string> {
  const { shardId: ShardId, after, from } = position;
  const known = iterators.get(ShardId);
  if (known !== undefined) return known;
  const start = after !== undefined
    ? { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, StartingSequenceNumber: after }
    : from !== undefined
      ? { ShardIteratorType: "AT_TIMESTAMP" as const, Timestamp: from }
      : { ShardIteratorType: "TRIM_HORIZON" as const };
  const { ShardIterator } = await ctx.call(
    kinesis.GetShardIterator, { StreamARN: source.streamArn, ShardId, ...start }, options);
  return ShardIterator ?? "";
}

async function readShard(reader: Reader, position: Position): Promise<void> {
  const { ctx, stream, iterators, options } = reader;
  const { shardId, number } = position;
  const ShardIterator = await iteratorOf(reader, position);
  const answer = await ctx.call(kinesis.GetRecords, { ShardIterator }, options);
  const { NextShardIterator: next, Records, ChildShards } = answer;
  if (next === undefined) iterators.delete(shardId);
  else iterators.set(shardId, next);
  if (Records.length === 0 && next !== undefined) return;
  ctx.transaction((within) => {
    const now = findStream(within, stream.name);
    if (now?.number !== number) return;
    buffer(within, now, Records.flatMap((record) => incomingOf(record, shardId, within.clock.now())));
    const after = Records.at(-1)?.SequenceNumber;
    if (next !== undefined && after !== undefined) within.db(positions).put({ number, shardId, after });
    if (next === undefined) follow(within, position, ChildShards ?? []);
  });
}

type SourceRecord = kinesis.GetRecordsOutput["Records"][number];

function incomingOf(record: SourceRecord, shardId: string, now: number): Incoming[] {
  const { Data, PartitionKey, SequenceNumber: sequenceNumber } = record;
  const { ApproximateArrivalTimestamp: at = now } = record;
  const parts = userRecordsIn(Data) ?? [{ data: Data, partitionKey: PartitionKey }];
  return parts.map(({ data, partitionKey }, subsequenceNumber) =>
    ({ data, at, origin: { shardId, partitionKey, sequenceNumber, subsequenceNumber } }));
}

/** A shard that was merged from two is followed once, by who is at its end first. */
function follow(ctx: Context, { number, shardId }: Position, children: readonly kinesis.ChildShard[]): void {
  ctx.db(positions).put({ number, shardId, isDone: true });
  for (const { ShardId } of children) {
    if (!ctx.db(positions).has([number, ShardId])) ctx.db(positions).put({ number, shardId: ShardId });
  }
}
