/** Shards as they are listed. */

import * as kinesis from "../../generated/kinesis.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../kernel/page.ts";
import { nameOf, onStream, requireStream, shardIdOf, streamArn } from "./addresses.ts";
import { invalidArgument, invalidNextToken, nextTokenExpired } from "./errors.ts";
import { fromSortable } from "./hash-keys.ts";
import { shownSequence } from "./sequence-numbers.ts";
import { horizonOf, shardsOf, type Shard, type Stream } from "./stream-table.ts";

export function hashRangeOf({ start, end }: Shard): kinesis.HashKeyRange {
  return { StartingHashKey: String(fromSortable(start)), EndingHashKey: String(fromSortable(end)) };
}

function shownShard(shard: Shard): kinesis.Shard {
  const { index, parent, adjacentParent, first, last } = shard;
  // @evidence Developer Guide: parents that are gone are still named
  return {
    ShardId: shardIdOf(index),
    ...(parent !== undefined && { ParentShardId: shardIdOf(parent) }),
    ...(adjacentParent !== undefined && { AdjacentParentShardId: shardIdOf(adjacentParent) }),
    HashKeyRange: hashRangeOf(shard),
    SequenceNumberRange: {
      StartingSequenceNumber: shownSequence({ sequence: first, shard: index }),
      ...(last !== undefined && { EndingSequenceNumber: shownSequence({ sequence: last, shard: index }) }),
    },
  };
}

/** @param after only those behind this one, by their ids */
export function shownShards(
  ctx: ReadContext, stream: Stream, after: string | undefined, filter?: kinesis.ShardFilter,
): kinesis.Shard[] {
  const chosen = shardsOf(ctx, stream).filter(filterOf(ctx, stream, filter)).map(shownShard);
  return after === undefined ? chosen : chosen.filter(({ ShardId }) => ShardId > after);
}

/** @evidence API Reference, ShardFilter */
function filterOf(
  ctx: ReadContext, stream: Stream, filter: kinesis.ShardFilter | undefined,
): (shard: Shard) => boolean {
  if (!filter) return () => true;
  const wasOpenAt = (at: number) => (shard: Shard): boolean =>
    shard.openedAt <= at && (shard.closedAt ?? Infinity) > at;
  const from = (at: number) => (shard: Shard): boolean => (shard.closedAt ?? Infinity) > at;
  switch (filter.Type) {
    case "AFTER_SHARD_ID": {
      const id = filter.ShardId;
      if (id === undefined) throw invalidArgument("ShardId must be provided for the filter AFTER_SHARD_ID.");
      return ({ index }) => shardIdOf(index) > id;
    }
    case "AT_LATEST": return ({ closedAt }) => closedAt === undefined;
    case "AT_TRIM_HORIZON": return wasOpenAt(Math.max(horizonOf(ctx, stream), stream.createdAt));
    case "FROM_TRIM_HORIZON": return () => true;
    case "AT_TIMESTAMP": return wasOpenAt(Math.max(timestampOf(filter), stream.createdAt));
    case "FROM_TIMESTAMP": return from(timestampOf(filter));
  }
}

function timestampOf({ Type, Timestamp }: kinesis.ShardFilter): number {
  if (Timestamp === undefined) throw invalidArgument(`Timestamp must be provided for the filter ${Type}.`);
  return Timestamp;
}

/** @evidence API Reference, ListShards: 1,000 where nothing is said; tokens expire after 300 seconds */
const listedShardsDefault = 1_000;
const tokenMilliseconds = 300_000;
const scope = "kinesis.ListShards";

interface Listing {
  readonly name: string;
  readonly after: string | undefined;
  readonly filter?: kinesis.ShardFilter | undefined;
}

type Token = [name: string, after: string, filter: kinesis.ShardFilter | null, at: number];

function openToken(token: string): Token | undefined {
  const state = openPageToken(scope, token);
  return Array.isArray(state) && state.length === 4 && typeof state[0] === "string"
    && typeof state[1] === "string" && typeof state[3] === "number" ? (state as Token) : undefined;
}

function listingOf(ctx: ReadContext, input: kinesis.ListShardsInput): Listing {
  const { NextToken: token, ShardFilter: filter } = input;
  const isNamed = input.StreamName !== undefined || input.StreamARN !== undefined;
  if (token === undefined) {
    if (!isNamed) throw invalidArgument("Either NextToken or StreamName should be provided.");
    return { name: nameOf(input), after: input.ExclusiveStartShardId, filter };
  }
  if (isNamed) throw invalidArgument("NextToken and StreamName cannot be provided together.");
  const state = openToken(token);
  if (!state) throw invalidNextToken();
  const [name, after, kept, at] = state;
  if (ctx.clock.now() - at > tokenMilliseconds) throw nextTokenExpired();
  return { name, after, ...(kept && { filter: kept }) };
}

export const ListShards = operation(kinesis.ListShards, {
  owner: onStream.owner,
  resource(input, ctx) {
    const named = input.NextToken === undefined ? undefined : openToken(input.NextToken)?.[0];
    return named === undefined ? onStream.resource(input, ctx) : streamArn(ctx, named);
  },
  run(input, ctx) {
    const { name, after, filter } = listingOf(ctx, input);
    const stream = requireStream(ctx, { StreamName: name, StreamARN: input.StreamARN });
    const all = shownShards(ctx, stream, after, filter);
    const page = all.slice(0, input.MaxResults ?? listedShardsDefault);
    const last = page.at(-1);
    const hasMore = page.length < all.length && last;
    const state = [name, last?.ShardId, filter ?? null, ctx.clock.now()];
    return { Shards: page, ...(hasMore && { NextToken: pageToken(scope, state) }) };
  },
});
