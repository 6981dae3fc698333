import assert from "node:assert/strict";
import { test } from "node:test";
import { reconciler } from "./reconciler.ts";
import { Bench } from "./scheduler-fixture.ts";

/** Notes each run, and waits until the test lets it go on. */
function gated(bench: Bench) {
  const runs: string[] = [];
  const waiting: (() => void)[] = [];
  const subject = reconciler<string>("test.replica", async (input) => {
    runs.push(`${input} at ${bench.clock.now()}`);
    await new Promise<void>((resolve) => waiting.push(resolve));
  });
  bench.define(subject);
  const poke = (id: string, input = id) => bench.transaction((ctx) => subject.poke(ctx, id, input));
  /** @param first from which run on; those before belong to a process that has ended */
  const release = (first = 0) => {
    for (const resume of waiting.splice(first)) resume();
    return bench.settle();
  };
  return { runs, poke, release };
}

test("pokes before it runs are one run; each thing is its own", async (t) => {
  const bench = new Bench(t);
  const { runs, poke, release } = gated(bench);
  for (const id of ["a", "a", "b", "a"]) poke(id);
  await bench.advanceTo(0);
  assert.deepEqual(runs.sort(), ["a at 0", "b at 0"]);
  await release();
  assert.deepEqual(bench.left(), []);
});

test("a poke while it runs makes it run again, though the clock stands", async (t) => {
  const bench = new Bench(t);
  const { runs, poke, release } = gated(bench);
  poke("a", "old");
  await bench.advanceTo(0);
  poke("a", "newer");
  poke("a", "newest");
  await release();
  assert.deepEqual(runs, ["old at 0", "newest at 0"]);
  await release();
  assert.deepEqual(bench.left(), []);
});

test("what a restart interrupts is run again", async (t) => {
  const bench = new Bench(t);
  const { runs, poke, release } = gated(bench);
  poke("a");
  await bench.advanceTo(0);
  bench.restart();
  await bench.advanceTo(0);
  assert.deepEqual(runs, ["a at 0", "a at 0"]);
  await release(1);
  assert.deepEqual(bench.left(), []);
});

test("it looks again when it asked to, and sooner when it is poked", async (t) => {
  const bench = new Bench(t);
  const runs: number[] = [];
  let left = 3;
  const subject = reconciler("test.replica", async () => {
    await undefined;
    runs.push(bench.clock.now());
    left -= 1;
    return left > 0 ? { againAfterMilliseconds: 1_000 } : undefined;
  });
  bench.define(subject);
  bench.transaction((ctx) => subject.poke(ctx, "a", undefined));
  await bench.advanceTo(1_000);
  bench.clock.set(1_500);
  bench.transaction((ctx) => subject.poke(ctx, "a", undefined));
  await bench.advanceTo(60_000);
  assert.deepEqual(runs, [0, 1_000, 1_500]);
  assert.deepEqual(bench.left(), []);
});

test("a poke while it decides to look again later is not lost", async (t) => {
  const bench = new Bench(t);
  const runs: number[] = [];
  const subject = reconciler("test.replica", async () => {
    await undefined;
    runs.push(bench.clock.now());
    if (runs.length > 1) return undefined;
    bench.transaction((ctx) => subject.poke(ctx, "a", undefined));
    return { againAfterMilliseconds: 1_000 };
  });
  bench.define(subject);
  bench.transaction((ctx) => subject.poke(ctx, "a", undefined));
  await bench.advanceTo(60_000);
  assert.deepEqual(runs, [0, 0]);
});

test("it is tried for as long as it fails", async (t) => {
  const bench = new Bench(t);
  let failures = 0;
  const subject = reconciler("test.replica", async () => {
    await undefined;
    if (failures++ < 30) throw new Error("not yet");
  });
  bench.define(subject);
  bench.transaction((ctx) => subject.poke(ctx, "a", undefined));
  await bench.advanceTo(86_400_000);
  assert.equal(failures, 31);
  assert.deepEqual(bench.left(), []);
});
