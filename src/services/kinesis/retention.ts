/** Records are kept as long as their stream says, and go when it goes. */

import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { findStream } from "./addresses.ts";
import { dataKeys, keyHolders } from "./encryption.ts";
import { horizonOf, hourMilliseconds, records, shards, shardsOf, type Stream } from "./stream-table.ts";
import { rateKinds, rates } from "./throughput.ts";

const rowsAtOnce = 500;

interface Trim {
  readonly name: string;
  readonly number: number;
}

/**
 * Hides nothing that was not hidden already: what is too old is not read any more. It is let lie for up to a
 * twenty-fourth of the time that records are kept.
 */
export const trimRecords = job<Trim>("kinesis.trimRecords", ({ name, number }, ctx) => {
  const stream = findStream(ctx, name);
  if (stream?.number !== number) return;
  const isFinished = trim(ctx, stream);
  const at = ctx.clock.now() + (isFinished ? stream.retentionHours / 24 * hourMilliseconds : 1);
  ctx.schedule(trimRecords, { at, id: String(number), input: { name, number } });
});

/** In an hour: when a stream begins, and when it keeps records for another time. */
export function expectTrimming(ctx: Context, { name, number }: Stream): void {
  const at = ctx.clock.now() + hourMilliseconds;
  ctx.schedule(trimRecords, { at, id: String(number), input: { name, number } });
}

/** @returns false while there is more */
function trim(ctx: Context, stream: Stream): boolean {
  const horizon = horizonOf(ctx, stream);
  let left = rowsAtOnce;
  for (const { index } of ctx.db(shards).list({ prefix: [stream.number] })) {
    for (const { shard, sequence, at } of ctx.db(records).list({ prefix: [stream.number, index] })) {
      if (at > horizon) break;
      if (left === 0) return false;
      ctx.db(records).delete([stream.number, shard, sequence]);
      left -= 1;
    }
  }
  forgetOldShards(ctx, stream);
  forgetOldKeys(ctx, stream, horizon);
  return true;
}

function forgetOldShards(ctx: Context, stream: Stream): void {
  const kept = new Set(shardsOf(ctx, stream).map(({ index }) => index));
  for (const { index } of ctx.db(shards).list({ prefix: [stream.number] })) {
    if (kept.has(index)) continue;
    ctx.db(shards).delete([stream.number, index]);
    for (const kind of rateKinds) ctx.db(rates).delete([stream.number, index, kind]);
  }
}

/** A key is used for new records for minutes, so that a day is well beyond that. */
function forgetOldKeys(ctx: Context, stream: Stream, horizon: number): void {
  for (const { id, at } of ctx.db(dataKeys).list({ prefix: [stream.number] })) {
    if (at + 24 * hourMilliseconds < horizon) ctx.db(dataKeys).delete([stream.number, id]);
  }
  const now = ctx.clock.now();
  for (const { requester, use, until } of ctx.db(keyHolders).list({ prefix: [stream.number] })) {
    if (until <= now) ctx.db(keyHolders).delete([stream.number, requester, use]);
  }
}

/** What a stream leaves behind. */
export const dropRecords = job<{ readonly number: number }>("kinesis.dropRecords", ({ number }, ctx) => {
  const prefix = [number];
  const some = [...ctx.db(records).list({ prefix, limit: rowsAtOnce })];
  for (const { shard, sequence } of some) ctx.db(records).delete([number, shard, sequence]);
  if (some.length === rowsAtOnce) {
    ctx.schedule(dropRecords, { at: ctx.clock.now(), input: { number } });
    return;
  }
  for (const { index } of ctx.db(shards).list({ prefix })) ctx.db(shards).delete([number, index]);
  for (const row of ctx.db(rates).list({ prefix })) ctx.db(rates).delete([number, row.shard, row.kind]);
  for (const { id } of ctx.db(dataKeys).list({ prefix })) ctx.db(dataKeys).delete([number, id]);
  for (const { requester, use } of ctx.db(keyHolders).list({ prefix })) {
    ctx.db(keyHolders).delete([number, requester, use]);
  }
});
