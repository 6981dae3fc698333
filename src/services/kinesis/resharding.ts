/** How the shards of a stream follow one another: splits, merges, and scaling by both. */

import * as kinesis from "../../generated/kinesis.ts";
import { job } from "../../jobs/job.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import {
  findStream, onStream, requireActive, requireShard, requireStream, shardIdOf, streamArn,
} from "./addresses.ts";
import { invalidArgument, limitExceeded, resourceInUse, streamWords, validation } from "./errors.ts";
import { evenRanges, fromSortable, sortable, type HashRange } from "./hash-keys.ts";
import { requireShardRoom } from "./limits.ts";
import { openShardsOf, shardFor, shards, streams, topicOf, type Shard, type Stream } from "./stream-table.ts";

/** How long streams are CREATING, UPDATING and DELETING. */
export const settleMilliseconds = 1_000;

/** What happens to a stream while it is UPDATING. */
export type Change =
  | { readonly kind: "split"; readonly shard: number; readonly at: string }
  | { readonly kind: "merge"; readonly left: number; readonly right: number }
  | { readonly kind: "scale"; readonly count: number }
  | { readonly kind: "settings"; readonly set: Partial<Pick<Stream, "keyId" | "mode">> }
  | { readonly kind: "unencrypt" };

interface Settling {
  readonly name: string;
  readonly number: number;
  readonly change: Change;
}

/** The stream is UPDATING, and changed a little later. */
export function change(ctx: Context, stream: Stream, what: Change): void {
  const { name, number } = stream;
  ctx.db(streams).put({ ...stream, status: "UPDATING" });
  const at = ctx.clock.now() + settleMilliseconds;
  ctx.schedule(settle, { at, id: String(number), input: { name, number, change: what } });
}

export const settle = job<Settling>("kinesis.settle", ({ name, number, change: what }, ctx) => {
  const stream = findStream(ctx, name);
  if (stream?.number !== number || stream.status !== "UPDATING") return;
  ctx.db(streams).put({ ...changed(ctx, stream, what), status: "ACTIVE" });
});

function changed(ctx: Context, stream: Stream, what: Change): Stream {
  switch (what.kind) {
    case "split": {
      const shard = ctx.db(shards).get([stream.number, what.shard]);
      return shard ? split(ctx, stream, shard, fromSortable(what.at)) : stream;
    }
    case "merge": {
      const left = ctx.db(shards).get([stream.number, what.left]);
      const right = ctx.db(shards).get([stream.number, what.right]);
      return left && right ? merge(ctx, stream, left, right) : stream;
    }
    case "scale": return scale(ctx, stream, what.count);
    case "settings": return { ...stream, ...what.set };
    case "unencrypt": {
      const { keyId: _keyId, ...rest } = stream;
      return rest;
    }
  }
}

/** @returns the stream, which counts its shards */
export function openShard(
  ctx: Context, stream: Stream, { start, end }: HashRange, parents: readonly Shard[] = [],
): Stream {
  const [parent, adjacentParent] = parents;
  ctx.db(shards).put({
    stream: stream.number,
    index: stream.nextShard,
    start: sortable(start),
    end: sortable(end),
    openedAt: parent ? ctx.clock.now() : stream.createdAt,
    first: ctx.ids.sequence(),
    ...(parent && { parent: parent.index }),
    ...(adjacentParent && { adjacentParent: adjacentParent.index }),
  });
  return { ...stream, nextShard: stream.nextShard + 1 };
}

function closeShard(ctx: Context, shard: Shard): void {
  ctx.db(shards).put({ ...shard, closedAt: ctx.clock.now(), last: ctx.ids.sequence() });
  ctx.wake(topicOf(shard.stream, shard.index));
}

export function split(ctx: Context, stream: Stream, shard: Shard, at: bigint): Stream {
  closeShard(ctx, shard);
  const left = openShard(ctx, stream, { start: fromSortable(shard.start), end: at - 1n }, [shard]);
  return openShard(ctx, left, { start: at, end: fromSortable(shard.end) }, [shard]);
}

function merge(ctx: Context, stream: Stream, left: Shard, right: Shard): Stream {
  closeShard(ctx, left);
  closeShard(ctx, right);
  const range = { start: fromSortable(left.start), end: fromSortable(right.end) };
  return openShard(ctx, stream, range, [left, right]);
}

/**
 * Shards are split wherever a new one is to begin, and those within a new one are merged. Some are there for
 * a moment only.
 *
 * @evidence API Reference, UpdateShardCount: "performs splits or merges on individual shards", which can make
 *   short-lived shards
 */
function scale(ctx: Context, before: Stream, count: number): Stream {
  let stream = before;
  const ranges = evenRanges(count);
  for (const { start } of ranges.slice(1)) {
    const within = shardFor(ctx, stream, sortable(start));
    if (within && within.start !== sortable(start)) stream = split(ctx, stream, within, start);
  }
  for (const { start, end } of ranges) {
    for (;;) {
      const left = shardFor(ctx, stream, sortable(start));
      if (!left || left.end >= sortable(end)) break;
      const right = shardFor(ctx, stream, sortable(fromSortable(left.end) + 1n));
      if (!right) break;
      stream = merge(ctx, stream, left, right);
    }
  }
  return stream;
}

/** @evidence recorded: a shard that was split or merged before is refused by its name */
function requireOpen(ctx: ReadContext, stream: Stream, shard: Shard): void {
  if (shard.closedAt === undefined) return;
  throw resourceInUse(
    `Shard ${shardIdOf(shard.index)} in ${streamWords(ctx, stream.name)} has already been merged or split, ` +
      "and thus is not eligible for merging or splitting.",
  );
}

function requireProvisioned(ctx: ReadContext, stream: Stream): void {
  if (stream.mode === "PROVISIONED") return;
  throw validation(
    `Request is invalid. S${streamWords(ctx, stream.name).slice(1)} is in On-Demand mode.`,
  );
}

export const SplitShard = operation(kinesis.SplitShard, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input);
    requireProvisioned(ctx, stream);
    const shard = requireShard(ctx, stream, input.ShardToSplit);
    requireShardRoom(ctx, 1);
    const at = BigInt(input.NewStartingHashKey);
    const [start, end] = [fromSortable(shard.start), fromSortable(shard.end)];
    if (at <= start + 1n || at >= end) {
      throw invalidArgument(
        `NewStartingHashKey ${input.NewStartingHashKey} used in SplitShard() on shard ` +
          `${shardIdOf(shard.index)} in ${streamWords(ctx, stream.name)} is not both greater than one plus ` +
          `the shard's StartingHashKey ${start} and less than the shard's EndingHashKey ${end}.`,
      );
    }
    requireActive(ctx, stream);
    requireOpen(ctx, stream, shard);
    change(ctx, stream, { kind: "split", shard: shard.index, at: sortable(at) });
  },
});

export const MergeShards = operation(kinesis.MergeShards, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input);
    requireProvisioned(ctx, stream);
    const left = requireShard(ctx, stream, input.ShardToMerge);
    const right = requireShard(ctx, stream, input.AdjacentShardToMerge);
    if (fromSortable(left.end) + 1n !== fromSortable(right.start)) {
      throw invalidArgument(
        `Shards ${shardIdOf(left.index)} and ${shardIdOf(right.index)} in ${streamWords(ctx, stream.name)} ` +
          "are not an adjacent pair of shards eligible for merging",
      );
    }
    requireActive(ctx, stream);
    requireOpen(ctx, stream, left);
    requireOpen(ctx, stream, right);
    change(ctx, stream, { kind: "merge", left: left.index, right: right.index });
  },
});

const dayMilliseconds = 24 * 3_600_000;

/** The times of the last day, with now. @throws LimitExceededException when there are too many */
export function countToday(
  ctx: ReadContext, times: readonly number[], timesMax: number, refusal: string,
): number[] {
  const now = ctx.clock.now();
  const recent = times.filter((at) => at > now - dayMilliseconds);
  if (recent.length >= timesMax) throw limitExceeded(refusal);
  return [...recent, now];
}

/** @evidence API Reference, UpdateShardCount: ten times in 24 hours; at most 10,000 shards */
const scalingsMax = 10;
const scaledShardsMax = 10_000;

function requireScale(current: number, target: number): void {
  const counts = `Current open shard count: ${current}, Target shard count: ${target}`;
  if (target > scaledShardsMax) {
    throw limitExceeded(
      `Target shard count or number of open shards cannot be greater than ${scaledShardsMax}. ${counts}`,
    );
  }
  if (target > current * 2) {
    throw limitExceeded(
      `UpdateShardCount cannot scale up over double your current open shard count. ${counts}`,
    );
  }
  if (target < current / 2) {
    throw limitExceeded(
      `UpdateShardCount cannot scale down below half your current open shard count. ${counts}`,
    );
  }
}

export const UpdateShardCount = operation(kinesis.UpdateShardCount, {
  ...onStream,
  run(input, ctx) {
    const stream = requireActive(ctx, requireStream(ctx, input));
    requireProvisioned(ctx, stream);
    const current = openShardsOf(ctx, stream).length;
    const count = input.TargetShardCount;
    requireScale(current, count);
    if (count > current) requireShardRoom(ctx, count - current);
    const scaledAt = countToday(
      ctx, stream.scaledAt, scalingsMax,
      `S${streamWords(ctx, stream.name).slice(1)} has been scaled ${scalingsMax} times within the last 24 ` +
        "hours, which is the maximum.",
    );
    change(ctx, { ...stream, scaledAt }, { kind: "scale", count });
    return {
      StreamName: stream.name,
      StreamARN: streamArn(ctx, stream.name),
      CurrentShardCount: current,
      TargetShardCount: count,
    };
  },
});
