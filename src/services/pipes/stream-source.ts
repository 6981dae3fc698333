/**
 * Streams of Kinesis and DynamoDB: shards are read side by side, each in order, and a place is kept in each.
 * What fails is tried again until it is too old or has been tried too often, and then goes to the dead-letter
 * queue.
 */

import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { filtered } from "./filters.ts";
import type { Pipe } from "./pipe-rows.ts";
import type { Flow, Source, SourceBatch } from "./sources.ts";
import { afterRound, laneBatches, type LaneBatch, type LaneOutcome } from "./stream-lanes.ts";
import { giveUp } from "./stream-dead-letters.ts";
import { positions, streamParameters, type Position } from "./stream-positions.ts";
import { dynamodbReader, kinesisReader, type Page, type Reader, type Shard } from "./stream-readers.ts";

/** A shard, as the pipe's role reads it. */
interface ShardReading {
  readonly reader: Reader;
  readonly pipe: Pipe;
  readonly role: CallOptions;
}

function streamSource(reader: Reader): Source {
  return {
    topic: (pipe) => reader.topic(pipe),
    async flows(ctx, pipe, role) {
      const here = { ...role, region: parseArn(pipe.source)?.region ?? ctx.region };
      const reading = { reader, pipe, role: here };
      const shards = await reader.shards(ctx, pipe, here);
      return shards.flatMap((shard) => {
        const place = placeOf(ctx, pipe, shard, shards);
        return place && !place.isOver ? [flowOf(ctx, reading, place)] : [];
      });
    },
  };
}

function flowOf(ctx: BodyContext, reading: ShardReading, place: Position): Flow {
  const progress = { hasEnded: false };
  return { rounds: roundsOf(ctx, reading, place, progress), hasEnded: () => progress.hasEnded };
}

/** A lane whose batch failed waits until the shard is taken up again; the others go on. */
async function* roundsOf(
  ctx: BodyContext, reading: ShardReading, place: Position, progress: { hasEnded: boolean },
): AsyncGenerator<readonly SourceBatch[]> {
  const { pipe } = reading;
  const waiting = new Set<number>();
  for (let position = place;;) {
    const { records, next } = await filledPage(ctx, reading, position);
    if (records.length === 0) {
      if (next === undefined) {
        put(ctx, { ...position, isOver: true });
        progress.hasEnded = true;
      } else if (position.sequence === undefined) put(ctx, { ...position, iterator: next });
      return;
    }
    const batches = laneBatches(pipe, position, records).filter(({ lane }) => !waiting.has(lane));
    if (batches.length === 0) return;
    const outcomes: LaneOutcome[] = [];
    yield batches.map((batch) => sourceBatch(ctx, reading, position.shard, { batch, outcomes }));
    position = put(ctx, afterRound(pipe, position, records, outcomes));
    for (const { lane, isWaiting } of outcomes) if (isWaiting) waiting.add(lane);
    // A batch that was not settled was not moved: the pipe has been stopped.
    if (outcomes.length < batches.length) return;
  }
}

interface Settling {
  readonly batch: LaneBatch;
  readonly outcomes: LaneOutcome[];
}

function sourceBatch(
  ctx: BodyContext, { pipe, role }: ShardReading, shard: string, { batch, outcomes }: Settling,
): SourceBatch {
  const { kept, left } = filtered(pipe, batch.records);
  return {
    events: kept,
    others: left,
    settle: async (result) => {
      const outcome = batch.outcomeOf(result, ctx.clock.now());
      const { lost } = outcome;
      if (lost) await giveUp(ctx, pipe, role, { shard, ...lost });
      outcomes.push(outcome);
    },
  };
}

/** As many records as make a batch for every lane, or as come within the window. */
async function filledPage(ctx: BodyContext, reading: ShardReading, position: Position): Promise<Page> {
  const { BatchSize = 1, ParallelizationFactor = 1, MaximumBatchingWindowInSeconds: window = 0 } =
    streamParameters(reading.pipe);
  const limit = Math.min(BatchSize * ParallelizationFactor, reading.reader.recordsMax);
  const until = ctx.clock.now() + window * 1_000;
  for (;;) {
    const found = await page(ctx, reading, position, limit);
    const { records, next } = found;
    const left = until - ctx.clock.now();
    const isFull = records.length === 0 || records.length >= limit || next === undefined;
    if (isFull || left <= 0 || ctx.signal.aborted) return found;
    await ctx.wait(left, reading.reader.topic(reading.pipe));
  }
}

/** From behind the last record; before there is one, from where the shard was last looked at. */
async function page(
  ctx: BodyContext, { reader, pipe, role }: ShardReading, position: Position, limit: number,
): Promise<Page> {
  const { shard, sequence, first, iterator } = position;
  if (sequence === undefined && first === undefined && iterator !== undefined) {
    try {
      return await reader.read(ctx, pipe, role, { shard, iterator, limit });
    } catch (cause) {
      if (!(cause instanceof AwsError) || cause.code !== "ExpiredIteratorException") throw cause;
    }
  }
  const anew = await reader.iterator(ctx, pipe, role, position);
  return reader.read(ctx, pipe, role, { shard, iterator: anew ?? "", limit });
}

/** A shard is begun once those that it came from are done with. */
function placeOf(
  ctx: BodyContext, pipe: Pipe, { id, parent }: Shard, shards: readonly Shard[],
): Position | undefined {
  return ctx.reading(() => {
    const rows = ctx.db(positions);
    const isParentThere = parent !== undefined && shards.some((other) => other.id === parent);
    if (isParentThere && !rows.get([pipe.name, parent])?.isOver) return undefined;
    return rows.get([pipe.name, id])
      ?? { pipe: pipe.name, shard: id, ...(isParentThere && { isSuccessor: true }) };
  });
}

function put(ctx: BodyContext, position: Position): Position {
  return ctx.transaction((within) => within.db(positions).put(position));
}

export const kinesisSource = streamSource(kinesisReader);
export const dynamodbSource = streamSource(dynamodbReader);
