/** How events become blocks, and small blocks larger ones. */

import type { Context } from "../../kernel/context.ts";
import { compress, encrypt, packEvents, type StoredEvent } from "./block-format.ts";
import { blocks, bodies, deleteBlock, readBlock, type Block, type DataKeys } from "./block-table.ts";
import { usageOf, usages, type GroupUsage, type LogGroup } from "./group-table.ts";
import { precedes } from "./places.ts";
import { streams, type LogStream, type LooseBlock } from "./stream-table.ts";

/** @evidence CloudWatch Logs API Reference, PutLogEvents: texts in UTF-8, and 26 bytes an event */
export const eventOverheadBytes = 26;

export interface Draft {
  readonly timestamp: number;
  readonly message: string;
}

/** So many blocks of one level are joined into one of the next. */
const joinedCount = 16;
/** Above it a block is large enough to stay as it is. */
const looseBytesMax = 64 * 1024;

export interface Appended {
  readonly stream: LogStream;
  readonly usage: GroupUsage;
  /** Numbers of the first event, and one past the last. */
  readonly from: number;
}

/**
 * @param drafts in the order of their timestamps, at least one
 * @param sizeBytes as AWS counts
 */
export function append(
  ctx: Context, group: LogGroup, stream: LogStream, drafts: readonly Draft[], sizeBytes: number,
  keys: DataKeys,
): Appended {
  const ingestedAt = ctx.clock.now();
  const before = usageOf(ctx, group.id);
  const from = before.nextSequence;
  const events = drafts.map(({ timestamp, message }, index) =>
    ({ timestamp, sequence: from + index, ingestedAt, message }));
  const block = store(ctx, group, stream, events, sizeBytes, keys);
  const usage = ctx.db(usages).put({
    ...before,
    nextSequence: from + events.length,
    storedBytes: before.storedBytes + sizeBytes,
    spanMilliseconds: Math.max(before.spanMilliseconds, block.lastAt - block.firstAt),
  });
  const grown: LogStream = {
    ...stream,
    firstEventAt: Math.min(stream.firstEventAt ?? Infinity, block.firstAt),
    lastEventAt: Math.max(stream.lastEventAt ?? 0, block.lastAt),
    lastIngestedAt: ingestedAt,
    loose: sizeBytes > looseBytesMax ? stream.loose : [...stream.loose, looseOf(block, 0)],
  };
  return { stream: ctx.db(streams).put(join(ctx, group, grown, keys)), usage, from };
}

function looseOf({ firstAt, lastSequence }: Block, level: number): LooseBlock {
  return { firstAt, lastSequence, level };
}

function store(
  ctx: Context, group: LogGroup, stream: LogStream, events: readonly StoredEvent[], sizeBytes: number,
  keys: DataKeys,
): Block {
  const last = events.at(-1) as StoredEvent;
  const lastSequence = events.reduce((highest, { sequence }) => Math.max(highest, sequence), 0);
  const { packing, bytes } = compress(packEvents(events));
  const key = group.sealedKeyId === undefined ? undefined : keys.get(group.sealedKeyId);
  if (group.sealedKeyId !== undefined && !key) throw new Error(`no data key ${group.sealedKeyId} at hand`);
  ctx.db(bodies).add({
    groupId: group.id, lastSequence, streamName: stream.name, packing,
    ...(group.sealedKeyId !== undefined && { sealedKeyId: group.sealedKeyId }),
    bytes: key ? encrypt(key, ctx.ids.bytes(12), bytes) : bytes,
  });
  return ctx.db(blocks).add({
    groupId: group.id, streamId: stream.id, streamName: stream.name,
    firstAt: (events[0] as StoredEvent).timestamp, lastAt: last.timestamp, lastSequence,
    count: events.length, sizeBytes,
  });
}

/**
 * What is small is joined again and again, so that reading a stream of many small puts is reading few rows.
 */
function join(ctx: Context, group: LogGroup, stream: LogStream, keys: DataKeys): LogStream {
  const level = stream.loose.at(-1)?.level ?? 0;
  const alike = stream.loose.filter((loose) => loose.level === level);
  if (alike.length < joinedCount) return stream;
  const others = stream.loose.filter((loose) => loose.level !== level);
  const heads = alike.flatMap(({ firstAt, lastSequence }) =>
    ctx.db(blocks).get([stream.id, firstAt, lastSequence]) ?? []);
  // A block under an earlier key stays as it is.
  const joined = heads.filter((head) => sealedKeyOf(ctx, head) === group.sealedKeyId);
  if (joined.length < 2) return { ...stream, loose: others };
  const events = joined.flatMap((head) => readBlock(ctx, head, keys));
  events.sort((left, right) => (precedes(left, right) ? -1 : 1));
  for (const head of joined) deleteBlock(ctx, head);
  const sizeBytes = joined.reduce((sum, head) => sum + head.sizeBytes, 0);
  const block = store(ctx, group, stream, events, sizeBytes, keys);
  const usage = usageOf(ctx, group.id);
  const spanMilliseconds = Math.max(usage.spanMilliseconds, block.lastAt - block.firstAt);
  if (spanMilliseconds > usage.spanMilliseconds) ctx.db(usages).put({ ...usage, spanMilliseconds });
  const loose = sizeBytes > looseBytesMax ? others : [...others, looseOf(block, level + 1)];
  return join(ctx, group, { ...stream, loose }, keys);
}

function sealedKeyOf(ctx: Context, head: Block): string | undefined {
  return ctx.db(bodies).get([head.groupId, head.lastSequence])?.sealedKeyId;
}
