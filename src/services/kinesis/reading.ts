/** GetShardIterator and GetRecords. */

import * as kinesis from "../../generated/kinesis.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../kernel/page.ts";
import {
  findStream, nameOf, onStream, ownerOf, requireReadableShard, shardIdOf, streamArn,
} from "./addresses.ts";
import { opened, withKeys } from "./encryption.ts";
import { invalidIterator, iteratorExpired, shardDoesNotExist } from "./errors.ts";
import { countPage } from "./metrics.ts";
import { pageFrom, startOf, type Page } from "./positions.ts";
import { requireOpenStream } from "./putting.ts";
import { shownSequence } from "./sequence-numbers.ts";
import { hashRangeOf } from "./shards.ts";
import { shards, type Shard, type StoredRecord, type Stream } from "./stream-table.ts";
import { countRead, requireRead } from "./throughput.ts";

/** @evidence API Reference, GetRecords: an iterator expires five minutes after it was returned */
const iteratorMilliseconds = 300_000;
const scope = "kinesis.GetRecords";

interface Iterator {
  readonly account: string;
  readonly name: string;
  readonly stream: number;
  readonly shard: number;
  readonly sequence: number;
  readonly at: number;
}

function iteratorFor(ctx: ReadContext, stream: Stream, shard: Shard, sequence: number): string {
  const { name, number } = stream;
  return pageToken(scope, [ctx.account, name, number, shard.index, sequence, ctx.clock.now()]);
}

function readIterator(text: string): Iterator | undefined {
  const state = openPageToken(scope, text);
  if (!Array.isArray(state) || state.length !== 6) return undefined;
  const [account, name, ...numbers] = state as unknown[];
  if (typeof account !== "string" || typeof name !== "string") return undefined;
  if (!numbers.every((number) => Number.isSafeInteger(number))) return undefined;
  const [stream = 0, shard = 0, sequence = 0, at = 0] = numbers as number[];
  return { account, name, stream, shard, sequence, at };
}

export const GetShardIterator = operation(kinesis.GetShardIterator, {
  ...onStream,
  dataEvent: true,
  run(input, ctx) {
    const stream = requireStreamOfShard(ctx, input);
    const shard = requireReadableShard(ctx, stream, input.ShardId);
    const start = {
      type: input.ShardIteratorType,
      sequenceNumber: input.StartingSequenceNumber,
      timestamp: input.Timestamp,
    };
    const sequence = startOf(ctx, stream, shard, start, "GetShardIterator");
    return { ShardIterator: iteratorFor(ctx, stream, shard, sequence) };
  },
});

/** @evidence recorded: where a stream is not there, it is the shard that is missed */
function requireStreamOfShard(ctx: Context, input: kinesis.GetShardIteratorInput): Stream {
  const name = nameOf(input);
  if (!findStream(ctx, name)) throw shardDoesNotExist(ctx, name, input.ShardId);
  return requireOpenStream(ctx, input);
}

export function shownRecord(ctx: Context, stream: Stream, record: StoredRecord): kinesis.RecordShape {
  return {
    SequenceNumber: shownSequence(record),
    ApproximateArrivalTimestamp: record.at,
    Data: opened(ctx, stream, record),
    PartitionKey: record.partitionKey,
    ...(record.dataKey !== undefined && { EncryptionType: "KMS" as const }),
  };
}

/** Those that go on where a closed shard ends. */
export function childrenOf(ctx: ReadContext, stream: Stream, shard: Shard): kinesis.ChildShard[] {
  const all = [...ctx.db(shards).list({ prefix: [stream.number], after: [stream.number, shard.index] })];
  return all
    .filter(({ parent, adjacentParent }) => parent === shard.index || adjacentParent === shard.index)
    .map((child) => ({
      ShardId: shardIdOf(child.index),
      ParentShards: [child.parent, child.adjacentParent]
        .filter((index): index is number => index !== undefined).map(shardIdOf),
      HashKeyRange: hashRangeOf(child),
    }));
}

function requireFresh(ctx: ReadContext, text: string): Iterator {
  const iterator = readIterator(text);
  if (!iterator) throw invalidIterator();
  const now = ctx.clock.now();
  if (now - iterator.at > iteratorMilliseconds) throw iteratorExpired(iterator.at, now);
  return iterator;
}

const recordsMax = 10_000;

export const GetRecords = operation(kinesis.GetRecords, {
  owner: ({ StreamARN, ShardIterator }) =>
    ownerOf(StreamARN) ?? { account: readIterator(ShardIterator)?.account },
  resource(input, ctx) {
    const iterator = readIterator(input.ShardIterator);
    return input.StreamARN ?? streamArn(ctx, iterator?.name ?? "");
  },
  dataEvent: true,
  body: (input, ctx) => withKeys(ctx, (within) => {
    const iterator = requireFresh(within, input.ShardIterator);
    const { stream, shard } = subjectOf(within, iterator);
    requireRead(within, stream, shard);
    const page = pageFrom(within, stream, shard, iterator.sequence, input.Limit ?? recordsMax);
    countRead(within, shard, page.sizeBytes);
    const last = page.records.at(-1);
    countPage(within, stream, shard, {
      bytes: page.sizeBytes,
      records: page.records.length,
      ageMilliseconds: last ? Math.max(0, within.clock.now() - last.at) : 0,
    });
    return shownPage(within, stream, shard, page);
  }),
});

function subjectOf(ctx: Context, iterator: Iterator): { stream: Stream; shard: Shard } {
  const { name, shard: index } = iterator;
  const stream = findStream(ctx, name);
  const shard = stream?.number === iterator.stream ? ctx.db(shards).get([stream.number, index]) : undefined;
  if (!stream || !shard) throw shardDoesNotExist(ctx, name, shardIdOf(index));
  return { stream, shard };
}

function shownPage(ctx: Context, stream: Stream, shard: Shard, page: Page): kinesis.GetRecordsOutput {
  const { next } = page;
  return {
    Records: page.records.map((record) => shownRecord(ctx, stream, record)),
    MillisBehindLatest: page.millisBehindLatest,
    ...(next === undefined ? { ChildShards: childrenOf(ctx, stream, shard) }
      : { NextShardIterator: iteratorFor(ctx, stream, shard, next) }),
  };
}
