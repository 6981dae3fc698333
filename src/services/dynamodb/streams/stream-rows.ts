/** Streams: the rows of a stream, of its shards and of its records. */

import type { StreamViewType } from "../../../generated/dynamodb.ts";
import { job } from "../../../jobs/job.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { table } from "../../../store/types.ts";
import type { KeySchema, Table } from "../tables/table-rows.ts";

export interface StreamRow {
  readonly table: string;
  /** When it was enabled, as its ARN says it. */
  readonly label: string;
  readonly number: number;
  readonly view: StreamViewType;
  readonly key: KeySchema;
  /** Epoch milliseconds, as all times here. */
  readonly createdAt: number;
  readonly disabledAt?: number;
  /** The sequence number of the latest record that is gone. */
  readonly trimmedThrough?: number;
}

export const streams = table<StreamRow>("dynamodb.streams", { key: (row) => [row.table, row.label] });

/**
 * A shard holds the records from its first sequence number on, up to the next shard's. One shard at a time is
 * open, so that the records of a stream have one order.
 */
export interface Shard {
  readonly stream: number;
  readonly first: number;
  readonly id: string;
  readonly startedAt: number;
  readonly parent?: string;
}

export const shards = table<Shard>("dynamodb.shards", { key: (row) => [row.stream, row.first] });

export interface StreamRecord {
  readonly stream: number;
  readonly sequence: number;
  readonly at: number;
  readonly event: "INSERT" | "MODIFY" | "REMOVE";
  readonly eventId: string;
  /** The key, and the images that the stream's view has: items as JSON. */
  readonly keys: string;
  readonly newImage?: string;
  readonly oldImage?: string;
  readonly isBinary?: true;
  readonly sizeBytes: number;
  /** Removed by the service itself, as its time had come. */
  readonly expired?: true;
}

/** Written often, read a few times and then no more. */
export const records = table<StreamRecord>("dynamodb.streamRecords", {
  key: (row) => [row.stream, row.sequence],
  seldomRead: true,
});

/** @evidence Developer Guide, "Change data capture for DynamoDB Streams": 24 hours; shards roll over often */
export const retentionMilliseconds = 24 * 3_600_000;
const shardMilliseconds = 4 * 3_600_000;
const trimEveryMilliseconds = 3_600_000;
const trimmedAtOnce = 500;

export function findStream(ctx: ReadContext, tableName: string, label: string): StreamRow | undefined {
  const row = ctx.db(streams).get([tableName, label]);
  return row && !isForgotten(row, ctx.clock.now()) ? row : undefined;
}

export function isForgotten(row: StreamRow, now: number): boolean {
  return row.disabledAt !== undefined && row.disabledAt + retentionMilliseconds <= now;
}

/** A label is the time of enabling; two streams of a table never have the same. */
function newLabel(ctx: Context, row: Table): string {
  let at = ctx.clock.now();
  while (ctx.db(streams).has([row.name, labelOf(at)])) at += 1;
  return labelOf(at);
}

function labelOf(at: number): string {
  return new Date(at).toISOString().slice(0, -1);
}

/** Begins to stream the changes of a table. @returns the table, with its stream */
export function openStream(ctx: Context, row: Table, view: StreamViewType): Table {
  const number = ctx.ids.sequence();
  const label = newLabel(ctx, row);
  const createdAt = ctx.clock.now();
  ctx.db(streams).put({ table: row.name, label, number, view, key: row.key, createdAt });
  openShard(ctx, number, undefined);
  const trim = { table: row.name, label };
  ctx.schedule(trimStream, { at: createdAt + trimEveryMilliseconds, input: trim, id: String(number) });
  return { ...row, streamView: view, stream: { number, label } };
}

/** Ends the stream of a table, if there is one; what is in it can be read for another day. */
export function closeStream(ctx: Context, row: Table): Table {
  const { streamView, ...rest } = row;
  if (streamView === undefined || !row.stream) return row;
  const stream = ctx.db(streams).get([row.name, row.stream.label]);
  if (stream) ctx.db(streams).put({ ...stream, disabledAt: ctx.clock.now() });
  return rest;
}

function openShard(ctx: Context, stream: number, parent: Shard | undefined): Shard {
  const startedAt = ctx.clock.now();
  const id = `shardId-${String(startedAt).padStart(20, "0")}-${ctx.ids.hex(8)}`;
  const first = ctx.ids.sequence();
  return ctx.db(shards).put({ stream, first, id, startedAt, ...(parent && { parent: parent.id }) });
}

/** Where records go now. A shard that is old enough is followed by another. */
export function openShardOf(ctx: Context, stream: number): Shard | undefined {
  const latest = ctx.db(shards).first({ prefix: [stream], reverse: true });
  if (!latest || ctx.clock.now() - latest.startedAt < shardMilliseconds) return latest;
  return openShard(ctx, stream, latest);
}

/** The shards whose records are not all too old, the oldest first. */
export function shardsOf(ctx: ReadContext, stream: number): Shard[] {
  const horizon = ctx.clock.now() - retentionMilliseconds;
  const all = [...ctx.db(shards).list({ prefix: [stream] })];
  return all.filter((_shard, index) => {
    const next = all[index + 1];
    return next === undefined || next.startedAt > horizon;
  });
}

interface Trim {
  readonly table: string;
  readonly label: string;
}

/** Takes away what is older than a day, for as long as there is a stream to trim. */
export const trimStream = job<Trim>("dynamodb.trimStream", ({ table: name, label }, ctx) => {
  const row = ctx.db(streams).get([name, label]);
  if (!row) return;
  const now = ctx.clock.now();
  const { isFinished, trimmedThrough } = trimRecords(ctx, row, now);
  if (trimmedThrough !== undefined) ctx.db(streams).put({ ...row, trimmedThrough });
  if (isFinished) trimShards(ctx, row);
  if (isFinished && isForgotten(row, now)) {
    for (const { first } of ctx.db(shards).list({ prefix: [row.number] })) {
      ctx.db(shards).delete([row.number, first]);
    }
    ctx.db(streams).delete([name, label]);
    return;
  }
  const at = isFinished ? now + trimEveryMilliseconds : now + 1;
  ctx.schedule(trimStream, { at, input: { table: name, label }, id: String(row.number) });
});

interface Trimmed {
  /** False while there is more. */
  readonly isFinished: boolean;
  readonly trimmedThrough: number | undefined;
}

function trimRecords(ctx: Context, row: StreamRow, now: number): Trimmed {
  const horizon = isForgotten(row, now) ? Infinity : now - retentionMilliseconds;
  let trimmedThrough: number | undefined;
  let count = 0;
  for (const { at, sequence } of ctx.db(records).list({ prefix: [row.number], limit: trimmedAtOnce + 1 })) {
    if (at > horizon) return { isFinished: true, trimmedThrough };
    if (count === trimmedAtOnce) return { isFinished: false, trimmedThrough };
    ctx.db(records).delete([row.number, sequence]);
    trimmedThrough = sequence;
    count += 1;
  }
  return { isFinished: true, trimmedThrough };
}

function trimShards(ctx: Context, row: StreamRow): void {
  const kept = new Set(shardsOf(ctx, row.number).map(({ first }) => first));
  for (const { first } of ctx.db(shards).list({ prefix: [row.number] })) {
    if (!kept.has(first)) ctx.db(shards).delete([row.number, first]);
  }
}
