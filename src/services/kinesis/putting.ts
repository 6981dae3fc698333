/** PutRecord and PutRecords: which shard a record goes to, and how it joins it. */

import * as kinesis from "../../generated/kinesis.ts";
import type { Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { onStream, requireStream, shardIdOf, type NamesStream } from "./addresses.ts";
import { sealed, withKeys } from "./encryption.ts";
import { invalidArgument, rateExceeded, streamNotFound, streamWords } from "./errors.ts";
import { countTowardsGrowth } from "./growth.ts";
import { hashKeyMax, hashKeyOf, sortable } from "./hash-keys.ts";
import { countWrite, countWriteExceeded } from "./metrics.ts";
import { readSequence, shownSequence } from "./sequence-numbers.ts";
import { records, shardFor, topicOf, type Shard, type Stream } from "./stream-table.ts";
import { takeWrite } from "./throughput.ts";

interface Draft {
  readonly Data: Uint8Array;
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string | undefined;
}

/** What a record counts for. @evidence API Reference, PutRecords: data and partition keys count */
function sizeOf({ Data, PartitionKey }: Draft): number {
  return Data.length + Buffer.byteLength(PartitionKey);
}

/** A stream that is not there yet takes no records; one that is about to go still does. */
export function requireOpenStream(ctx: Context, input: NamesStream): Stream {
  const stream = requireStream(ctx, input);
  if (stream.status === "CREATING") throw streamNotFound(ctx, stream.name);
  return stream;
}

function hashKeyFor({ PartitionKey, ExplicitHashKey }: Draft): bigint {
  if (ExplicitHashKey === undefined) return hashKeyOf(PartitionKey);
  const hashKey = BigInt(ExplicitHashKey);
  if (hashKey <= hashKeyMax) return hashKey;
  throw invalidArgument(
    "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was " +
      ExplicitHashKey,
  );
}

/** @evidence API Reference, UpdateMaxRecordSize: what is more than a stream takes is refused */
function requireSize(stream: Stream, draft: Draft): void {
  const sizeMax = stream.maxRecordKiB * 1024;
  if (draft.Data.length <= sizeMax) return;
  throw invalidArgument(
    `Record size of ${draft.Data.length} bytes exceeds the maximum record size of ${sizeMax} bytes of the ` +
      "stream.",
  );
}

interface Put {
  readonly shard: Shard;
  readonly sequence: number;
}

/** @throws ProvisionedThroughputExceededException, before anything is written */
function put(ctx: Context, stream: Stream, draft: Draft): Put {
  const shard = shardFor(ctx, stream, sortable(hashKeyFor(draft)));
  if (!shard) throw new Error(`no shard of ${stream.name} has the hash key`);
  const kept = sealed(ctx, stream, draft.Data);
  const bytes = sizeOf(draft);
  if (!takeWrite(ctx, shard, bytes)) {
    countWriteExceeded(ctx, stream, shard);
    throw rateExceeded(ctx, stream.name, shardIdOf(shard.index));
  }
  countWrite(ctx, stream, shard, bytes);
  countTowardsGrowth(ctx, stream, shard, bytes);
  const sequence = ctx.ids.sequence();
  ctx.db(records).add({
    stream: stream.number,
    shard: shard.index,
    sequence,
    at: ctx.clock.now(),
    partitionKey: draft.PartitionKey,
    ...kept,
  });
  ctx.wake(topicOf(stream.number, shard.index));
  ctx.wake(ctx.arn(`stream/${stream.name}`));
  return { shard, sequence };
}

function shownPut({ shard, sequence }: Put): { ShardId: string; SequenceNumber: string } {
  return {
    ShardId: shardIdOf(shard.index), SequenceNumber: shownSequence({ sequence, shard: shard.index }),
  };
}

function encryptionTypeOf({ keyId }: Stream): { EncryptionType?: kinesis.EncryptionType } {
  return keyId === undefined ? {} : { EncryptionType: "KMS" };
}

/** @evidence recorded: the parameter has another name in its refusal */
function requireOrdering(ctx: Context, stream: Stream, after: string | undefined): void {
  if (after === undefined || readSequence(after)) return;
  throw invalidArgument(
    `ExclusiveMinimumSequenceNumber ${after} used in PutRecord on ${streamWords(ctx, stream.name)} is ` +
      "invalid.",
  );
}

/** Sequence numbers grow whatever `SequenceNumberForOrdering` says. */
export const PutRecord = operation(kinesis.PutRecord, {
  ...onStream,
  dataEvent: true,
  body: (input, ctx) => withKeys(ctx, (within) => {
    const stream = requireOpenStream(within, input);
    requireSize(stream, input);
    requireOrdering(within, stream, input.SequenceNumberForOrdering);
    return { ...shownPut(put(within, stream, input)), ...encryptionTypeOf(stream) };
  }),
});

/** @evidence Developer Guide, "Quotas and limits": a request is at most 10 MiB */
const requestBytesMax = 10 * 1_048_576;

function putOne(ctx: Context, stream: Stream, draft: Draft): kinesis.PutRecordsResultEntry {
  try {
    return shownPut(put(ctx, stream, draft));
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== "ProvisionedThroughputExceededException") throw error;
    return { ErrorCode: error.code, ErrorMessage: error.message };
  }
}

export const PutRecords = operation(kinesis.PutRecords, {
  ...onStream,
  dataEvent: true,
  body: (input, ctx) => withKeys(ctx, (within) => {
    const stream = requireOpenStream(within, input);
    let sizeBytes = 0;
    for (const draft of input.Records) {
      requireSize(stream, draft);
      hashKeyFor(draft);
      sizeBytes += sizeOf(draft);
    }
    if (sizeBytes > requestBytesMax) throw invalidArgument("Records size exceeds 10 MB limit.");
    const Records = input.Records.map((draft) => putOne(within, stream, draft));
    const FailedRecordCount = Records.filter(({ ErrorCode }) => ErrorCode !== undefined).length;
    return { FailedRecordCount, Records, ...encryptionTypeOf(stream) };
  }),
});
