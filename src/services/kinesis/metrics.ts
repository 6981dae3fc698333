/**
 * What CloudWatch is told of streams, and of their shards where that is enabled.
 *
 * @evidence Developer Guide, "Monitor the Amazon Kinesis Data Streams service with Amazon CloudWatch"
 */

import type { MetricsName } from "../../generated/kinesis.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { meter, type Meter, type MetricUnit } from "../../kernel/metrics.ts";
import type { ObservedCall } from "../../kernel/service.ts";
import { shardIdOf } from "./addresses.ts";
import type { Shard, Stream } from "./stream-table.ts";

const namespace = "AWS/Kinesis";

function ofStream(name: string, unit: MetricUnit): Meter {
  return meter(namespace, name, unit, ["StreamName"]);
}

function ofShard(name: MetricsName, unit: MetricUnit): Meter {
  return meter(namespace, name, unit, ["ShardId", "StreamName"]);
}

const stream = {
  incomingBytes: ofStream("IncomingBytes", "Bytes"),
  incomingRecords: ofStream("IncomingRecords", "Count"),
  readBytes: ofStream("GetRecords.Bytes", "Bytes"),
  readRecords: ofStream("GetRecords.Records", "Count"),
  age: ofStream("GetRecords.IteratorAgeMilliseconds", "Milliseconds"),
  writeExceeded: ofStream("WriteProvisionedThroughputExceeded", "Count"),
  readExceeded: ofStream("ReadProvisionedThroughputExceeded", "Count"),
};

const shard = {
  incomingBytes: ofShard("IncomingBytes", "Bytes"),
  incomingRecords: ofShard("IncomingRecords", "Count"),
  outgoingBytes: ofShard("OutgoingBytes", "Bytes"),
  outgoingRecords: ofShard("OutgoingRecords", "Count"),
  age: ofShard("IteratorAgeMilliseconds", "Milliseconds"),
  writeExceeded: ofShard("WriteProvisionedThroughputExceeded", "Count"),
  readExceeded: ofShard("ReadProvisionedThroughputExceeded", "Count"),
};

function measureShard(
  ctx: ReadContext, { name, metrics }: Stream, { index }: Shard, measured: Meter, value: number,
): void {
  const isWanted = metrics.includes(measured.name as MetricsName);
  if (isWanted) ctx.metric(measured, [shardIdOf(index), name], value);
}

export function countWrite(ctx: ReadContext, of: Stream, to: Shard, bytes: number): void {
  ctx.metric(stream.incomingBytes, [of.name], bytes);
  ctx.metric(stream.incomingRecords, [of.name], 1);
  ctx.metric(stream.writeExceeded, [of.name], 0);
  measureShard(ctx, of, to, shard.incomingBytes, bytes);
  measureShard(ctx, of, to, shard.incomingRecords, 1);
}

export function countWriteExceeded(ctx: ReadContext, of: Stream, to: Shard): void {
  ctx.metric(stream.writeExceeded, [of.name], 1);
  measureShard(ctx, of, to, shard.writeExceeded, 1);
}

export function countReadExceeded(ctx: ReadContext, of: Stream, from: Shard): void {
  ctx.metric(stream.readExceeded, [of.name], 1);
  measureShard(ctx, of, from, shard.readExceeded, 1);
}

interface Given {
  readonly bytes: number;
  readonly records: number;
  /** How old the last record was; none where nothing was read. */
  readonly ageMilliseconds: number;
}

export function countPage(
  ctx: ReadContext, of: Stream, from: Shard, { bytes, records, ageMilliseconds }: Given,
): void {
  ctx.metric(stream.readBytes, [of.name], bytes);
  ctx.metric(stream.readRecords, [of.name], records);
  ctx.metric(stream.age, [of.name], ageMilliseconds);
  ctx.metric(stream.readExceeded, [of.name], 0);
  measureShard(ctx, of, from, shard.outgoingBytes, bytes);
  measureShard(ctx, of, from, shard.outgoingRecords, records);
  measureShard(ctx, of, from, shard.age, ageMilliseconds);
}

interface Call {
  readonly success: Meter;
  readonly latency: Meter;
}

function callOf(name: string): Call {
  return {
    success: ofStream(`${name}.Success`, "Count"), latency: ofStream(`${name}.Latency`, "Milliseconds"),
  };
}

const calls: Readonly<Record<string, Call>> = {
  PutRecord: callOf("PutRecord"), PutRecords: callOf("PutRecords"),
};
const putRecords = {
  total: ofStream("PutRecords.TotalRecords", "Count"),
  successful: ofStream("PutRecords.SuccessfulRecords", "Count"),
  throttled: ofStream("PutRecords.ThrottledRecords", "Count"),
};

/** How calls went. */
export function observes(call: ObservedCall, ctx: ReadContext): void {
  const known = calls[call.operation];
  const { StreamName, StreamARN } = call.input;
  const name = typeof StreamName === "string" ? StreamName : String(StreamARN ?? "").split("/")[1];
  if (!known || name === undefined || (call.error && call.error.code === "ResourceNotFoundException")) return;
  if (call.error?.code === "ProvisionedThroughputExceededException") {
    ctx.metric(stream.writeExceeded, [name], 1);
  }
  ctx.metric(known.success, [name], call.error ? 0 : 1);
  ctx.metric(known.latency, [name], call.milliseconds);
  const { Records, FailedRecordCount } = call.output ?? {};
  if (!Array.isArray(Records) || typeof FailedRecordCount !== "number") return;
  ctx.metric(putRecords.total, [name], Records.length);
  ctx.metric(putRecords.successful, [name], Records.length - FailedRecordCount);
  ctx.metric(putRecords.throttled, [name], FailedRecordCount);
}
