/** ListStreams and DescribeStream. */

import * as streams from "../../generated/dynamodb-streams.ts";
import type { Shard as ShownShard, ShardFilter, StreamStatus } from "../../generated/dynamodb-streams.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import {
  isForgotten, openShardOf, records, shardsOf, streams as streamRows, type Shard, type StreamRow,
} from "../dynamodb/streams/stream-rows.ts";
import { shownKey } from "../dynamodb/tables/description.ts";
import { nameIn } from "../dynamodb/tables/names.ts";
import { ownerOf, requireStream, streamArn, streamInArn } from "./arns.ts";
import { shownSequence } from "./sequence-numbers.ts";

const pageSizeMax = 100;
/** How long DISABLING is to be seen. */
const disablingMilliseconds = 200;

/** @evidence recorded: streams stay listed for a day after they, or their tables, are gone */
export const ListStreams = operation(streams.ListStreams, {
  owner: ({ TableName }) => ownerOf(TableName),
  run(input, ctx) {
    const limit = Math.min(input.Limit ?? pageSizeMax, pageSizeMax);
    const start = input.ExclusiveStartStreamArn === undefined ? undefined
      : streamInArn(input.ExclusiveStartStreamArn);
    const rows = ctx.db(streamRows).list({
      ...(input.TableName !== undefined && { prefix: [nameIn(input.TableName)] }),
      ...(start && { after: [start.table, start.label] }),
    });
    const page: StreamRow[] = [];
    let isMore = false;
    for (const row of rows) {
      if (isForgotten(row, ctx.clock.now())) continue;
      isMore = page.length === limit;
      if (isMore) break;
      page.push(row);
    }
    const last = page.at(-1);
    return {
      Streams: page.map((row) => ({
        StreamArn: streamArn(ctx, row), TableName: row.table, StreamLabel: row.label,
      })),
      LastEvaluatedStreamArn: isMore && last ? streamArn(ctx, last) : undefined,
    };
  },
});

function statusOf(row: StreamRow, now: number): StreamStatus {
  if (row.disabledAt === undefined) return "ENABLED";
  return now - row.disabledAt < disablingMilliseconds ? "DISABLING" : "DISABLED";
}

/** A shard that nothing is added to any more ends with its last record. */
function shownShard(ctx: ReadContext, row: StreamRow, shard: Shard, next: Shard | undefined): ShownShard {
  const isClosed = next !== undefined || row.disabledAt !== undefined;
  const last = isClosed ? ctx.db(records).first({
    prefix: [row.number], ...(next && { before: [row.number, next.first] }), reverse: true,
  }) : undefined;
  const ending = Math.max(last?.sequence ?? 0, shard.first);
  return {
    ShardId: shard.id,
    SequenceNumberRange: {
      StartingSequenceNumber: shownSequence(shard.first),
      EndingSequenceNumber: isClosed ? shownSequence(ending) : undefined,
    },
    ParentShardId: shard.parent,
  };
}

function chosenShards(
  shards: readonly Shard[], after: string | undefined, filter: ShardFilter | undefined,
): readonly Shard[] {
  const start = after === undefined ? 0 : shards.findIndex(({ id }) => id > after);
  const rest = start < 0 ? [] : shards.slice(start);
  return filter?.Type === "CHILD_SHARDS" ? rest.filter(({ parent }) => parent === filter.ShardId) : rest;
}

function describeShards(
  ctx: Context, row: StreamRow, input: streams.DescribeStreamInput,
): { readonly Shards: ShownShard[]; readonly LastEvaluatedShardId: string | undefined } {
  if (row.disabledAt === undefined) openShardOf(ctx, row.number);
  const all = shardsOf(ctx, row.number);
  const chosen = chosenShards(all, input.ExclusiveStartShardId, input.ShardFilter);
  const limit = Math.min(input.Limit ?? pageSizeMax, pageSizeMax);
  const page = chosen.slice(0, limit);
  return {
    Shards: page.map((shard) => shownShard(ctx, row, shard, all[all.indexOf(shard) + 1])),
    LastEvaluatedShardId: chosen.length > limit ? page.at(-1)?.id : undefined,
  };
}

export const DescribeStream = operation(streams.DescribeStream, {
  owner: ({ StreamArn }) => ownerOf(StreamArn),
  resource: ({ StreamArn }) => StreamArn,
  run(input, ctx) {
    const row = requireStream(ctx, input.StreamArn);
    return {
      StreamDescription: {
        StreamArn: streamArn(ctx, row),
        StreamLabel: row.label,
        StreamStatus: statusOf(row, ctx.clock.now()),
        StreamViewType: row.view,
        CreationRequestDateTime: row.createdAt,
        TableName: row.table,
        KeySchema: shownKey(row.key),
        ...describeShards(ctx, row, input),
      },
    };
  },
});
