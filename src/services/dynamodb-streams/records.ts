/** GetShardIterator and GetRecords: what is in a shard, in the order in which it happened. */

import * as streams from "../../generated/dynamodb-streams.ts";
import type { AttributeValue, GetShardIteratorInput, RecordShape } from "../../generated/dynamodb-streams.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { jsonText } from "../../kernel/json-text.ts";
import { operation } from "../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../kernel/page.ts";
import { itemOf } from "../dynamodb/items/item-rows.ts";
import {
  openShardOf, records, retentionMilliseconds, shardsOf, type Shard, type StreamRecord, type StreamRow,
} from "../dynamodb/streams/stream-rows.ts";
import { ownerOf, requireStream } from "./arns.ts";
import { invalidIterator, iteratorExpired, shardNotFound, trimmed, validation } from "./errors.ts";
import { readSequence, shownSequence } from "./sequence-numbers.ts";

/** @evidence API Reference: an iterator expires 15 minutes after it is retrieved */
const iteratorMilliseconds = 15 * 60_000;
const recordsMax = 1_000;
/** @evidence API Reference, GetRecords: a page is at most 1 MB */
const pageBytesMax = 1_048_576;
const scope = "dynamodb-streams:GetRecords";

/** Where reading goes on: with the first record of this sequence number or a later one. */
interface Position {
  readonly shard: number;
  readonly sequence: number;
  /** The records from here on must all be there still. */
  readonly isExact: boolean;
}

/** As AWS's, an iterator begins with the stream's ARN, which says whose it is and what it is asked about. */
function iteratorOf(ctx: ReadContext, arn: string, { shard, sequence, isExact }: Position): string {
  return `${arn}|1|${pageToken(scope, [arn, shard, sequence, isExact, ctx.clock.now()])}`;
}

function arnIn(iterator: string): string {
  return iterator.split("|", 1)[0] ?? "";
}

function isPosition(state: unknown): state is [string, number, number, boolean, number] {
  return Array.isArray(state) && state.length === 5 && typeof state[0] === "string"
    && [1, 2, 4].every((index) => Number.isSafeInteger(state[index]));
}

function openIterator(ctx: ReadContext, iterator: string): Position {
  const [arn = "", version, token] = iterator.split("|");
  const state = version === "1" && token !== undefined ? openPageToken(scope, token) : undefined;
  if (!isPosition(state) || state[0] !== arn) throw invalidIterator();
  const [, shard, sequence, isExact, at] = state;
  if (ctx.clock.now() - at > iteratorMilliseconds) throw iteratorExpired();
  return { shard, sequence, isExact };
}

function requireShard(ctx: ReadContext, row: StreamRow, input: GetShardIteratorInput): Shard {
  const shard = shardsOf(ctx, row.number).find(({ id }) => id === input.ShardId);
  if (!shard) throw shardNotFound(input.ShardId, input.StreamArn);
  return shard;
}

function isTrimmed(ctx: ReadContext, record: StreamRecord): boolean {
  return record.at <= ctx.clock.now() - retentionMilliseconds;
}

/** The record of a sequence number that a client names, if it has not been trimmed. */
function requireSequence(ctx: ReadContext, row: StreamRow, shard: Shard, text: string | undefined): number {
  const sequence = text === undefined ? undefined : readSequence(text);
  if (sequence === undefined || sequence < shard.first) {
    throw validation(`Invalid SequenceNumber: ${text ?? "null"}`);
  }
  const record = ctx.db(records).get([row.number, sequence]);
  if (sequence <= (row.trimmedThrough ?? 0) || (record && isTrimmed(ctx, record))) throw trimmed();
  return sequence;
}

function positionOf(ctx: ReadContext, row: StreamRow, shard: Shard, input: GetShardIteratorInput): Position {
  switch (input.ShardIteratorType) {
    case "TRIM_HORIZON": return { shard: shard.first, sequence: shard.first, isExact: false };
    case "LATEST": {
      const last = ctx.db(records).first({ prefix: [row.number], reverse: true });
      const sequence = Math.max(last?.sequence ?? 0, shard.first) + 1;
      return { shard: shard.first, sequence, isExact: false };
    }
    case "AT_SEQUENCE_NUMBER": {
      const sequence = requireSequence(ctx, row, shard, input.SequenceNumber);
      return { shard: shard.first, sequence, isExact: true };
    }
    case "AFTER_SEQUENCE_NUMBER": {
      const sequence = requireSequence(ctx, row, shard, input.SequenceNumber) + 1;
      return { shard: shard.first, sequence, isExact: true };
    }
  }
}

export const GetShardIterator = operation(streams.GetShardIterator, {
  owner: ({ StreamArn }) => ownerOf(StreamArn),
  resource: ({ StreamArn }) => StreamArn,
  dataEvent: true,
  run(input, ctx) {
    const row = requireStream(ctx, input.StreamArn);
    const position = positionOf(ctx, row, requireShard(ctx, row, input), input);
    return { ShardIterator: iteratorOf(ctx, input.StreamArn, position) };
  },
});

type Image = Record<string, AttributeValue>;

function shownImage(text: string, isBinary: boolean): Image {
  const row = { key: [], text, sizeBytes: 0, ...(isBinary && { isBinary }) };
  return jsonText(text, () => itemOf(row) as Image);
}

function shownRecord(ctx: ReadContext, row: StreamRow, record: StreamRecord): RecordShape {
  const { keys, newImage, oldImage, isBinary = false } = record;
  return {
    eventID: record.eventId,
    eventName: record.event,
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: ctx.region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(record.at / 1000) * 1000,
      Keys: shownImage(keys, true),
      NewImage: newImage === undefined ? undefined : shownImage(newImage, isBinary),
      OldImage: oldImage === undefined ? undefined : shownImage(oldImage, isBinary),
      SequenceNumber: shownSequence(record.sequence),
      SizeBytes: record.sizeBytes,
      StreamViewType: row.view,
    },
    // @evidence Developer Guide, "DynamoDB Streams and Time to Live"
    userIdentity: record.expired && { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" },
  };
}

/** The records of a page that are not trimmed. @throws where some that are wanted have been */
function pageOf(
  ctx: ReadContext, row: StreamRow, position: Position, end: number | undefined, limit: number,
): StreamRecord[] {
  if (position.isExact && position.sequence <= (row.trimmedThrough ?? 0)) throw trimmed();
  const page: StreamRecord[] = [];
  let sizeBytes = 0;
  const range = {
    prefix: [row.number], from: [row.number, position.sequence],
    ...(end !== undefined && { before: [row.number, end] }),
  };
  for (const record of ctx.db(records).list(range)) {
    if (isTrimmed(ctx, record)) {
      if (position.isExact) throw trimmed();
      continue;
    }
    if (page.length === limit || (page.length > 0 && sizeBytes + record.sizeBytes > pageBytesMax)) break;
    page.push(record);
    sizeBytes += record.sizeBytes;
  }
  return page;
}

/** A closed shard that has been read to its end has no next iterator. */
function nextPosition(
  ctx: Context, row: StreamRow, position: Position, end: number | undefined, last: StreamRecord | undefined,
): Position | undefined {
  const sequence = last ? last.sequence + 1 : position.sequence;
  const next = { shard: position.shard, sequence, isExact: position.isExact || last !== undefined };
  if (end === undefined && row.disabledAt === undefined) return next;
  const newest = ctx.db(records).first({
    prefix: [row.number], from: [row.number, sequence],
    ...(end !== undefined && { before: [row.number, end] }), reverse: true,
  });
  return newest && !isTrimmed(ctx, newest) ? next : undefined;
}

export const GetRecords = operation(streams.GetRecords, {
  owner: ({ ShardIterator }) => ownerOf(arnIn(ShardIterator)),
  resource: ({ ShardIterator }) => arnIn(ShardIterator),
  dataEvent: true,
  run(input, ctx) {
    const arn = arnIn(input.ShardIterator);
    const position = openIterator(ctx, input.ShardIterator);
    const row = requireStream(ctx, arn);
    if (row.disabledAt === undefined) openShardOf(ctx, row.number);
    const shards = shardsOf(ctx, row.number);
    const index = shards.findIndex(({ first }) => first === position.shard);
    if (index < 0) throw trimmed();
    const end = shards[index + 1]?.first;
    const page = pageOf(ctx, row, position, end, Math.min(input.Limit ?? recordsMax, recordsMax));
    const next = nextPosition(ctx, row, position, end, page.at(-1));
    return {
      Records: page.map((record) => shownRecord(ctx, row, record)),
      NextShardIterator: next && iteratorOf(ctx, arn, next),
    };
  },
});
