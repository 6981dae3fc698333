import assert from "node:assert/strict";
import test from "node:test";
import type { Pipe } from "./pipe-rows.ts";
import type { Settled } from "./sources.ts";
import { afterRound, laneBatches } from "./stream-lanes.ts";
import type { Position } from "./stream-positions.ts";
import type { StreamRecord } from "./stream-readers.ts";

type Parameters = NonNullable<Pipe["sourceParameters"]["KinesisStreamParameters"]>;

function pipeWith(parameters: Omit<Parameters, "StartingPosition">): Pipe {
  return { sourceParameters: {
    KinesisStreamParameters: { StartingPosition: "TRIM_HORIZON", ...parameters },
  } } as Pipe;
}

/** `a1` is the record 1 of the key `a`. */
function recordsOf(...names: string[]): StreamRecord[] {
  return names.map((id) => ({ id, key: id.slice(0, 1), at: 0, event: {} }));
}

const start: Position = { pipe: "p", shard: "s" };

/** Takes rounds until nothing is left or nothing may go on; `settle` says how each batch goes. */
function run(
  pipe: Pipe, records: readonly StreamRecord[], settle: (ids: string[]) => Settled["failed"], now = 0,
) {
  const seen: string[][] = [];
  const lost: string[] = [];
  let position = start;
  for (let rounds = 0; rounds < 100; rounds += 1) {
    const done = records.findIndex(({ id }) => id === position.sequence);
    const left = records.slice(done + 1);
    const batches = laneBatches(pipe, position, left);
    if (batches.length === 0) break;
    const outcomes = batches.map((batch) => {
      const ids = batch.records.map(({ id }) => id);
      seen.push(ids);
      return batch.outcomeOf({ failed: settle(ids) }, now);
    });
    for (const outcome of outcomes) lost.push(...(outcome.lost?.lost ?? []).map(({ id }) => id));
    position = afterRound(pipe, position, left, outcomes);
    if (outcomes.every(({ isWaiting }) => isWaiting)) break;
  }
  return { seen, lost, position };
}

test("records of a key stay in order and in one lane; the place is what all lanes are done with", () => {
  const pipe = pipeWith({ BatchSize: 2, ParallelizationFactor: 2 });
  const records = recordsOf("a1", "c1", "c2", "a2", "a3", "c3");
  const { seen, position } = run(pipe, records, () => "none");
  assert.deepEqual(seen.map((ids) => ids.join(" ")).sort(), ["a1 a2", "a3", "c1 c2", "c3"]);
  assert.deepEqual(position, { ...start, sequence: "c3" });
});

test("a lane goes ahead of one that fails, and does not repeat what it has done", () => {
  const pipe = pipeWith({ BatchSize: 10, ParallelizationFactor: 2 });
  const records = recordsOf("a1", "c1", "a2", "c2");
  const stuck = run(pipe, records, (ids) => (ids.includes("a2") ? new Set(["a2"]) : "none"));
  const { sequence, lanes, laneCount } = stuck.position;
  assert.deepEqual([sequence, laneCount], ["c1", 2]);
  const states = Object.values(lanes ?? {}).map(({ sequence: ahead, attempts }) => [ahead, attempts]);
  assert.deepEqual(states.sort(), [["a1", 2], ["c2", 0]]);
  const left = records.slice(2);
  assert.deepEqual(laneBatches(pipe, stuck.position, left).map((batch) => batch.records.map(({ id }) => id)),
    [["a2"]]);
  // Divided otherwise, what had gone ahead goes once more: it is not known to which lane it belonged.
  const single = pipeWith({ BatchSize: 10 });
  assert.deepEqual(laneBatches(single, stuck.position, left).flatMap((batch) =>
    batch.records.map(({ id }) => id)), ["a2", "c2"]);
});

test("a batch that fails is halved until one record is left, which is given up", () => {
  const pipe = pipeWith({
    BatchSize: 8, OnPartialBatchItemFailure: "AUTOMATIC_BISECT", MaximumRetryAttempts: 0,
  });
  const records = recordsOf("a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8");
  const { seen, lost, position } = run(pipe, records, (ids) => (ids.includes("a6") ? "all" : "none"));
  assert.deepEqual(lost, ["a6"]);
  assert.deepEqual(seen.slice(0, 3).map((ids) => ids.length), [8, 4, 4]);
  assert.equal(position.sequence, "a8");
  const unhalved = pipeWith({ BatchSize: 8, MaximumRetryAttempts: 0 });
  const whole = run(unhalved, records, (ids) => (ids.includes("a6") ? "all" : "none"));
  assert.equal(whole.lost.length, 8);
});

test("a single record that fails is tried as often as it may, alone", () => {
  const pipe = pipeWith({
    BatchSize: 4, OnPartialBatchItemFailure: "AUTOMATIC_BISECT", MaximumRetryAttempts: 1,
  });
  const records = recordsOf("a1", "a2");
  const first = run(pipe, records, (ids) => (ids.includes("a1") ? "all" : "none"));
  assert.deepEqual(first.position.lanes, { 0: { sequence: undefined, attempts: 1, batchMax: 1 } });
  assert.equal(first.position.first, "a1");
  const [again] = laneBatches(pipe, first.position, records);
  assert.deepEqual(again?.records.map(({ id }) => id), ["a1"]);
  assert.equal(again?.outcomeOf({ failed: "all" }, 0).lost?.attempts, 2);
});

test("what is too old is given up at once", () => {
  const pipe = pipeWith({ BatchSize: 2, MaximumRecordAgeInSeconds: 60 });
  const records = recordsOf("a1", "a2");
  assert.deepEqual(run(pipe, records, () => "all", 60_000).lost, []);
  assert.deepEqual(run(pipe, records, () => "all", 60_001).lost, ["a1", "a2"]);
});
