/**
 * Lanes of a shard: records with the same key go through the same lane in order, and lanes go side by side.
 * Pure.
 *
 * @evidence EventBridge Pipes API Reference, PipeSourceKinesisStreamParameters: `ParallelizationFactor` is
 *   how many batches of a shard are processed at once, `OnPartialBatchItemFailure` halves a batch until one
 *   record is left; that order is kept by partition key is said of Lambda's event source mappings
 */

import { createHash } from "node:crypto";
import type { Pipe } from "./pipe-rows.ts";
import type { Settled } from "./sources.ts";
import { streamParameters, type Lane, type Position } from "./stream-positions.ts";
import type { StreamRecord } from "./stream-readers.ts";

export interface LaneBatch {
  readonly lane: number;
  readonly records: readonly StreamRecord[];
  /** @param now epoch milliseconds */
  outcomeOf(result: Settled, now: number): LaneOutcome;
}

export interface LaneOutcome {
  readonly lane: number;
  /** How the lane goes on. */
  readonly state: Lane;
  /** It is tried again later. */
  readonly isWaiting: boolean;
  /** What is given up. */
  readonly lost?: {
    readonly lost: readonly StreamRecord[];
    readonly attempts: number;
    readonly isTooOld: boolean;
  };
}

function laneOf({ key }: StreamRecord, count: number): number {
  return count === 1 ? 0 : createHash("md5").update(key).digest().readUInt32BE(0) % count;
}

function laneCountOf(pipe: Pipe): number {
  return streamParameters(pipe).ParallelizationFactor ?? 1;
}

/** None where records were divided otherwise: what had gone ahead goes once more. */
function lanesOf(pipe: Pipe, { lanes = {}, laneCount }: Position): Readonly<Record<string, Lane>> {
  return laneCount === laneCountOf(pipe) ? lanes : {};
}

/** What is not done with, of each lane that has something; at most a batch. */
export function laneBatches(pipe: Pipe, position: Position, records: readonly StreamRecord[]): LaneBatch[] {
  const { BatchSize = records.length } = streamParameters(pipe);
  const count = laneCountOf(pipe);
  const known = lanesOf(pipe, position);
  const batches: LaneBatch[] = [];
  for (let lane = 0; lane < count; lane += 1) {
    const state = known[lane] ?? { attempts: 0 };
    const own = records.filter((record) => laneOf(record, count) === lane);
    const done = own.findIndex(({ id }) => id === state.sequence);
    const batch = own.slice(done + 1).slice(0, Math.min(BatchSize, state.batchMax ?? BatchSize));
    if (batch.length === 0) continue;
    batches.push({
      lane, records: batch,
      outcomeOf: (result, now) => ({ lane, ...outcome(pipe, state, batch, result, now) }),
    });
  }
  return batches;
}

function outcome(
  pipe: Pipe, { sequence, attempts: before }: Lane, batch: readonly StreamRecord[], { failed }: Settled,
  now: number,
): Omit<LaneOutcome, "lane"> {
  const last = batch.at(-1)?.id;
  const firstFailed = failed === "none" ? -1
    : failed === "all" ? 0 : batch.findIndex(({ id }) => failed.has(id));
  const rest = firstFailed === -1 ? [] : batch.slice(firstFailed);
  const [oldest] = rest;
  if (!oldest) return { state: { sequence: last, attempts: 0 }, isWaiting: false };
  const parameters = streamParameters(pipe);
  const { MaximumRetryAttempts: retries = -1, MaximumRecordAgeInSeconds: age = -1 } = parameters;
  const reached = batch[firstFailed - 1]?.id ?? sequence;
  const attempts = (firstFailed > 0 ? 0 : before) + 1;
  const isTooOld = age >= 0 && now - oldest.at > age * 1_000;
  const isHalved = parameters.OnPartialBatchItemFailure === "AUTOMATIC_BISECT";
  if (!isTooOld && isHalved && rest.length > 1) {
    const batchMax = Math.ceil(rest.length / 2);
    return { state: { sequence: reached, attempts: 0, batchMax }, isWaiting: false };
  }
  if (isTooOld || (retries >= 0 && attempts > retries)) {
    return {
      state: { sequence: last, attempts: 0 }, isWaiting: false, lost: { lost: rest, attempts, isTooOld },
    };
  }
  return { state: { sequence: reached, attempts, ...(isHalved && { batchMax: 1 }) }, isWaiting: true };
}

/** The place moves on as far as everything is done with. */
export function afterRound(
  pipe: Pipe, position: Position, records: readonly StreamRecord[], outcomes: readonly LaneOutcome[],
): Position {
  const count = laneCountOf(pipe);
  const lanes = { ...lanesOf(pipe, position) };
  for (const { lane, state } of outcomes) lanes[lane] = state;
  const places = new Map(records.map(({ id }, index) => [id, index]));
  const reachedIn = (lane: number): number => places.get(lanes[lane]?.sequence ?? "") ?? -1;
  const firstLeft = records.findIndex((record, index) => index > reachedIn(laneOf(record, count)));
  const done = firstLeft === -1 ? records.length : firstLeft;
  const sequence = records[done - 1]?.id ?? position.sequence;
  const kept = Object.entries(lanes).filter(([lane, { attempts, batchMax }]) =>
    attempts > 0 || batchMax !== undefined || reachedIn(Number(lane)) >= done);
  const { pipe: name, shard, isSuccessor, iterator, first = records[0]?.id } = position;
  const place = sequence === undefined
    ? { ...(isSuccessor && { isSuccessor }), ...(iterator && { iterator }), ...(first && { first }) }
    : { sequence };
  return {
    pipe: name, shard, ...place,
    ...(kept.length > 0 && { lanes: Object.fromEntries(kept), laneCount: count }),
  };
}
