/**
 * On-demand streams grow with what is written to them. They don't shrink here.
 *
 * @evidence AWS Big Data Blog, "Amazon Kinesis Data Streams on-demand capacity mode now scales up to 1
 *   GB/second": a shard that is used by half (0.5 MB or 500 records a second) over a minute is split in two
 */

import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { findStream } from "./addresses.ts";
import { fromSortable } from "./hash-keys.ts";
import { settleMilliseconds, split } from "./resharding.ts";
import { openShardsOf, shards, streams, type Shard, type Stream } from "./stream-table.ts";
import { countMinute } from "./throughput.ts";

const bytesAMinute = 60 * 524_288;
const recordsAMinute = 60 * 500;
/** @evidence Developer Guide: an on-demand stream takes up to 10 GB a second in the largest Regions */
const shardsMax = 10_240;

interface Growing {
  readonly name: string;
  readonly number: number;
  readonly shard: number;
}

/** To be called with each record that is written. */
export function countTowardsGrowth(ctx: Context, stream: Stream, shard: Shard, bytes: number): void {
  const { mode, name, number } = stream;
  if (mode !== "ON_DEMAND") return;
  const written = countMinute(ctx, shard, bytes);
  const isEnough = written.bytes >= bytesAMinute && written.bytes - bytes < bytesAMinute;
  if (!isEnough && written.count !== recordsAMinute) return;
  const input = { name, number, shard: shard.index };
  ctx.schedule(grow, { at: ctx.clock.now() + settleMilliseconds, id: `${number} ${shard.index}`, input });
}

/** Streams stay ACTIVE meanwhile. */
export const grow = job<Growing>("kinesis.grow", ({ name, number, shard: index }, ctx) => {
  const stream = findStream(ctx, name);
  if (stream?.number !== number || stream.mode !== "ON_DEMAND" || stream.status === "DELETING") return;
  const shard = ctx.db(shards).get([number, index]);
  if (!shard || shard.closedAt !== undefined || openShardsOf(ctx, stream).length >= shardsMax) return;
  const [start, end] = [fromSortable(shard.start), fromSortable(shard.end)];
  if (end - start < 2n) return;
  ctx.db(streams).put(split(ctx, stream, shard, start + (end - start) / 2n + 1n));
});
