/** Places in a shard, and where reading begins. */

import type { ShardIteratorType } from "../../generated/kinesis.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { shardIdOf } from "./addresses.ts";
import { invalidArgument, streamWords } from "./errors.ts";
import { readSequence } from "./sequence-numbers.ts";
import { horizonOf, records, type Shard, type StoredRecord, type Stream } from "./stream-table.ts";

export interface Start {
  readonly type: ShardIteratorType;
  readonly sequenceNumber?: string | undefined;
  readonly timestamp?: number | undefined;
}

/** @evidence recorded refusals; that of AT_TIMESTAMP is like them */
function requireArguments({ type, sequenceNumber, timestamp }: Start): void {
  const wantsSequence = type === "AT_SEQUENCE_NUMBER" || type === "AFTER_SEQUENCE_NUMBER";
  if (wantsSequence !== (sequenceNumber !== undefined)) {
    throw invalidArgument(
      "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or " +
        `(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified ${type} and ` +
        (wantsSequence ? "no StartingSequenceNumber." : "also a StartingSequenceNumber."),
    );
  }
  if ((type === "AT_TIMESTAMP") !== (timestamp !== undefined)) {
    throw invalidArgument(
      type === "AT_TIMESTAMP"
        ? "Must specify timestamp parameter for iterator of type AT_TIMESTAMP."
        : `Must not specify timestamp parameter for iterator of type ${type}.`,
    );
  }
}

function sequenceIn(
  ctx: ReadContext, stream: Stream, shard: Shard, text: string, operation: string,
): number {
  const found = readSequence(text);
  const used = `StartingSequenceNumber ${text} used in ${operation} on shard ${shardIdOf(shard.index)} in ` +
    `${streamWords(ctx, stream.name)} is invalid`;
  if (!found) throw invalidArgument(`${used}.`);
  if (found.shard !== shard.index) {
    throw invalidArgument(
      `Invalid StartingSequenceNumber. It encodes ${shardIdOf(found.shard)}, while it was used in a call ` +
        `to a shard with ${shardIdOf(shard.index)}`,
    );
  }
  if (found.sequence < shard.first || found.sequence > (shard.last ?? Infinity)) {
    throw invalidArgument(`${used} because it did not come from this stream.`);
  }
  return found.sequence;
}

/** The place of the first record that came at a time or later: halving, as records came in order. */
function sequenceAt(ctx: ReadContext, stream: Stream, shard: Shard, at: number): number {
  const prefix = [stream.number, shard.index];
  const last = ctx.db(records).first({ prefix, reverse: true });
  let [low, high] = [shard.first, (last?.sequence ?? shard.first) + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = ctx.db(records).first({ prefix, from: [...prefix, middle] });
    if (record && record.at < at) low = record.sequence + 1;
    else high = middle;
  }
  return low;
}

/** @returns the sequence number of the first record to read, or of where it will be */
export function startOf(
  ctx: Context, stream: Stream, shard: Shard, start: Start, operation: string,
): number {
  requireArguments(start);
  const { type, sequenceNumber = "", timestamp = 0 } = start;
  switch (type) {
    case "TRIM_HORIZON": return shard.first;
    case "LATEST": return ctx.ids.sequence();
    case "AT_SEQUENCE_NUMBER": return sequenceIn(ctx, stream, shard, sequenceNumber, operation);
    case "AFTER_SEQUENCE_NUMBER": return sequenceIn(ctx, stream, shard, sequenceNumber, operation) + 1;
    case "AT_TIMESTAMP": {
      const now = ctx.clock.now();
      if (timestamp > now) {
        throw invalidArgument(
          "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. " +
            `timestampInMillis: ${timestamp}, currentTimestampInMillis: ${now}`,
        );
      }
      return sequenceAt(ctx, stream, shard, timestamp);
    }
  }
}

/** @evidence API Reference, GetRecords: at most 10 MB */
const pageBytesMax = 10 * 1_048_576;

export interface Page {
  readonly records: readonly StoredRecord[];
  readonly sizeBytes: number;
  /** Where reading goes on; undefined at the end of a shard that is closed. */
  readonly next: number | undefined;
  /** How old what comes next is. */
  readonly millisBehindLatest: number;
}

export function pageFrom(ctx: ReadContext, stream: Stream, shard: Shard, from: number, limit: number): Page {
  const prefix = [stream.number, shard.index];
  const horizon = horizonOf(ctx, stream);
  const page: StoredRecord[] = [];
  let sizeBytes = 0;
  let following: StoredRecord | undefined;
  for (const record of ctx.db(records).list({ prefix, from: [...prefix, from] })) {
    if (record.at <= horizon) continue;
    const size = record.data.length + Buffer.byteLength(record.partitionKey);
    if (page.length === limit || (page.length > 0 && sizeBytes + size > pageBytesMax)) {
      following = record;
      break;
    }
    page.push(record);
    sizeBytes += size;
  }
  const last = page.at(-1);
  const isAtEnd = !following && shard.closedAt !== undefined;
  return {
    records: page,
    sizeBytes,
    next: isAtEnd ? undefined : last ? last.sequence + 1 : from,
    millisBehindLatest: following && last ? Math.max(0, ctx.clock.now() - last.at) : 0,
  };
}
