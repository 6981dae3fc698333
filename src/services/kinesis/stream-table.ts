/** The rows of streams, of their shards and of what is in them. */

import type { MetricsName, StreamMode, StreamStatus } from "../../generated/kinesis.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";

export interface Stream {
  readonly name: string;
  /** Rows of a stream that was deleted are never those of another with its name. */
  readonly number: number;
  readonly status: StreamStatus;
  /** Epoch milliseconds, as all times here. */
  readonly createdAt: number;
  readonly mode: StreamMode;
  readonly retentionHours: number;
  /** As it was named, of the key that new records are encrypted under. */
  readonly keyId?: string;
  readonly metrics: readonly MetricsName[];
  readonly maxRecordKiB: number;
  readonly warmMiBps?: number;
  /** The number of the next shard. */
  readonly nextShard: number;
  /** When the number of shards or the mode was changed, in the last day. */
  readonly scaledAt: readonly number[];
  readonly modeChangedAt: readonly number[];
  /** Records that came by then were gone when the retention was changed. */
  readonly trimmedUntil?: number;
}

export const streams = table<Stream>("kinesis.streams", { key: (row) => row.name });

export interface Shard {
  readonly stream: number;
  readonly index: number;
  /** Hash keys, both inclusive, as `sortable` writes them. */
  readonly start: string;
  readonly end: string;
  readonly parent?: number;
  readonly adjacentParent?: number;
  readonly openedAt: number;
  readonly first: number;
  readonly closedAt?: number;
  /** The last sequence number that it may have had. */
  readonly last?: number;
}

export const shards = table<Shard, "open">("kinesis.shards", {
  key: (row) => [row.stream, row.index],
  indexes: { open: (row) => (row.closedAt === undefined ? [row.stream, row.end] : undefined) },
});

export interface StoredRecord {
  readonly stream: number;
  readonly shard: number;
  readonly sequence: number;
  /** When it came. */
  readonly at: number;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  /** Which data key it is encrypted under. */
  readonly dataKey?: number;
}

/** A log: written once, read a few times in order, and dropped from its old end. */
export const records = table<StoredRecord>("kinesis.records", {
  key: (row) => [row.stream, row.shard, row.sequence],
  seldomRead: true,
});

/** What readers of a shard wait for. */
export function topicOf(stream: number, shard: number): string {
  return `kinesis ${stream} ${shard}`;
}

export const hourMilliseconds = 3_600_000;

/** Records that came by then are gone. */
export function horizonOf(ctx: ReadContext, stream: Stream): number {
  const horizon = ctx.clock.now() - stream.retentionHours * hourMilliseconds;
  return Math.max(horizon, stream.trimmedUntil ?? 0);
}

/** Every shard, but for those that were closed so long ago that nothing can be left in them. */
export function shardsOf(ctx: ReadContext, stream: Stream): Shard[] {
  const horizon = horizonOf(ctx, stream);
  const all = [...ctx.db(shards).list({ prefix: [stream.number] })];
  return all.filter(({ closedAt }) => closedAt === undefined || closedAt > horizon);
}

/** In the order of their hash keys. */
export function openShardsOf(ctx: ReadContext, stream: Stream): Shard[] {
  return [...ctx.db(shards).by("open").list({ prefix: [stream.number] })];
}

/** Open shards cover every hash key once. */
export function shardFor(ctx: ReadContext, stream: Stream, hashKey: string): Shard | undefined {
  return ctx.db(shards).by("open").first({ prefix: [stream.number], from: [stream.number, hashKey] });
}
