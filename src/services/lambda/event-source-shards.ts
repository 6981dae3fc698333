/** Streams as event sources: every shard is read in order, a parent to its end before its children. */

import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { processBatch, processWindows } from "./event-source-batches.ts";
import {
  streamSource, type ListedShard, type ShardPage, type ShardStart, type StreamEvent, type StreamSource,
} from "./event-source-streams.ts";
import {
  currentMapping, noteResult, positions, type EventSourceMapping, type ShardPosition,
} from "./event-source-table.ts";

/** How often it is looked for new shards, besides when one ends. */
const planMilliseconds = 10_000;
const troubleMilliseconds = 5_000;

export interface Stream {
  readonly ctx: BodyContext;
  readonly mapping: EventSourceMapping;
  readonly source: StreamSource;
}

export async function pumpShards(ctx: BodyContext, mapping: EventSourceMapping): Promise<void> {
  const stream = { ctx, mapping, source: streamSource(ctx, mapping) };
  const underWay = new Map<string, Promise<void>>();
  const defects: unknown[] = [];
  while (isCurrent(stream)) {
    if (defects.length > 0) throw defects[0];
    try {
      for (const position of await nextShards(stream)) {
        const { shardId } = position;
        if (underWay.has(shardId)) continue;
        const work = ctx.kernel.track(pumpShard(stream, position))
          .catch((cause: unknown) => void defects.push(cause))
          .finally(() => underWay.delete(shardId));
        underWay.set(shardId, work);
      }
    } catch (error) {
      noteTrouble(stream, error);
    }
    await ctx.wait(planMilliseconds, topicOf(mapping));
  }
  await ctx.kernel.aside(Promise.all(underWay.values()));
}

function topicOf({ uuid }: EventSourceMapping): string {
  return `shards of ${uuid}`;
}

export function isCurrent({ ctx, mapping }: Stream): boolean {
  return !ctx.signal.aborted && ctx.reading(() => currentMapping(ctx, mapping)) !== undefined;
}

/** @throws what is no refusal */
function noteTrouble({ ctx, mapping }: Stream, error: unknown): void {
  if (!(error instanceof AwsError)) throw error;
  ctx.transaction((within) => noteResult(within, mapping, `PROBLEM: ${error.message}`));
}

/** Shards that can be read: their parents are done, or are not there any more. */
async function nextShards({ ctx, mapping, source }: Stream): Promise<ShardPosition[]> {
  const { uuid } = mapping;
  const listed = await source.shards();
  return ctx.transaction((within) => {
    const rows = within.db(positions);
    const known = new Map([...rows.list({ prefix: [uuid] })].map((row) => [row.shardId, row]));
    const isFirstLook = known.size === 0;
    for (const shard of listed) {
      if (!known.has(shard.id)) known.set(shard.id, rows.put(firstPosition(mapping, shard, isFirstLook)));
    }
    const there = new Set(listed.map(({ id }) => id));
    const isOver = (id: string): boolean => known.get(id)?.isDone === true || !there.has(id);
    for (const { shardId, isDone } of known.values()) {
      if (isDone && !there.has(shardId)) rows.delete([uuid, shardId]);
    }
    return listed.flatMap(({ id, parents }) => {
      const position = known.get(id);
      return position && !position.isDone && parents.every(isOver) ? [position] : [];
    });
  });
}

/** From the newest on, what was closed before is over. */
function firstPosition(
  { uuid, position }: EventSourceMapping, { id: shardId, isOpen }: ListedShard, isFirstLook: boolean,
): ShardPosition {
  if (!isFirstLook) return { uuid, shardId, isLater: true };
  return { uuid, shardId, ...(position === "LATEST" && !isOpen && { isDone: true }) };
}

function startOf({ mapping }: Stream, { after, isLater }: ShardPosition): ShardStart {
  if (after !== undefined) return { after };
  if (isLater) return "oldest";
  if (mapping.position === "AT_TIMESTAMP") return { at: mapping.positionAt ?? 0 };
  return mapping.position === "LATEST" ? "newest" : "oldest";
}

async function pumpShard(stream: Stream, begun: ShardPosition): Promise<void> {
  const { ctx, mapping, source } = stream;
  const { shardId } = begun;
  let position = begun;
  let iterator: string | undefined;
  while (isCurrent(stream)) {
    try {
      iterator ??= await source.iterator(shardId, startOf(stream, position));
      const { events, next, isSpent } = await gather(stream, shardId, iterator);
      const isDone = next === undefined;
      const processed = await process(stream, position, events, isDone);
      if (!processed) return;
      const after = events.at(-1)?.sequence ?? position.after;
      const isNew = events.length > 0 || isDone || processed.window !== position.window;
      position = {
        ...position, ...processed, ...(after !== undefined && { after }), ...(isDone && { isDone }),
      };
      if (isNew) checkpoint(stream, position);
      if (isDone) return;
      iterator = isSpent ? undefined : next;
      if (events.length === 0) await ctx.wait(source.pollMilliseconds, topicOf(mapping));
    } catch (error) {
      noteTrouble(stream, error);
      iterator = undefined;
      await ctx.wait(troubleMilliseconds);
    }
  }
}

/** @returns undefined when the mapping was changed meanwhile: the batch is for who follows */
async function process(
  stream: Stream, { shardId, window }: ShardPosition, events: readonly StreamEvent[], isDone: boolean,
): Promise<Pick<ShardPosition, "window"> | undefined> {
  if (stream.mapping.settings.tumblingSeconds) {
    return processWindows(stream, { shardId, window, events, isDone });
  }
  const isTaken = events.length === 0 || (await processBatch(stream, shardId, events));
  return isTaken ? {} : undefined;
}

/** As many as a batch holds; with a window, those that come until it is over. */
async function gather({ ctx, mapping, source }: Stream, shardId: string, from: string): Promise<ShardPage> {
  const { batchSize, windowSeconds } = mapping.settings;
  let { events, next, isSpent } = await source.read(shardId, from, batchSize);
  if (events.length === 0 || windowSeconds === 0) return { events, next, ...(isSpent && { isSpent }) };
  const endsAt = ctx.clock.now() + windowSeconds * 1000;
  while (next !== undefined && events.length < batchSize && ctx.clock.now() < endsAt && !ctx.signal.aborted) {
    await ctx.wait(Math.min(source.pollMilliseconds, endsAt - ctx.clock.now()));
    const more: ShardPage = await source.read(shardId, next, batchSize - events.length);
    events = [...events, ...more.events];
    ({ next, isSpent } = more);
  }
  return { events, next, ...(isSpent && { isSpent }) };
}

function checkpoint({ ctx, mapping }: Stream, position: ShardPosition): void {
  ctx.transaction((within) => {
    if (!currentMapping(within, mapping)) return;
    within.db(positions).put(position);
    if (position.isDone) within.wake(topicOf(mapping));
  });
}
