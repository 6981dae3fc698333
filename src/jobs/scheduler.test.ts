import assert from "node:assert/strict";
import { test } from "node:test";
import type { BodyContext } from "../kernel/context.ts";
import { asynchronousJob, job, recurringJob } from "./job.ts";
import { LmdbFile } from "../store/lmdb-file.ts";
import { jobRow, jobs } from "./rows.ts";
import { Bench, elsewhere } from "./scheduler-fixture.ts";

function recording(bench: Bench, name = "test.note"): unknown[] {
  const ran: unknown[] = [];
  bench.define(
    job<unknown>(name, (input) => {
      ran.push(`${String(input)} at ${bench.clock.now()}`);
    }),
  );
  return ran;
}

test("jobs run in the order of their time, each at its time, whatever the order of scheduling", async (t) => {
  const bench = new Bench(t);
  const ran = recording(bench);
  for (const [id, at] of [
    ["c", 3000],
    ["a", 1000],
    ["d", 4000],
    ["b", 2000],
    ["b2", 2000],
  ] as const)
    bench.schedule("test.note", id, at);
  bench.schedule("test.note", "other", 1500, "other", elsewhere);
  await bench.advanceTo(3000);
  assert.deepEqual(ran, ["a at 1000", "other at 1500", "b at 2000", "b2 at 2000", "c at 3000"]);
  assert.deepEqual(bench.left(), ["test.note d 4000"]);
  await bench.advanceTo(4000);
  assert.deepEqual(bench.left(), []);
});

test("a job that fails does so alone, and is tried again after a second, then two, then four", async (t) => {
  const bench = new Bench(t);
  const tried: number[] = [];
  bench.define(
    job<string>("test.fragile", (_input, ctx) => {
      tried.push(bench.clock.now());
      // What a failing attempt writes must go with it.
      ctx.db(jobs).put(jobRow("test.trace", String(tried.length), 1e12, undefined, 0));
      if (tried.length < 4) throw new Error("not yet");
    }),
  );
  const ran = recording(bench);
  bench.schedule("test.fragile", "x", 1000);
  bench.schedule("test.note", "y", 1000);
  await bench.advanceTo(60_000);
  assert.deepEqual(tried, [1000, 2000, 4000, 8000]);
  assert.deepEqual(ran, ["y at 1000"]);
  assert.deepEqual(
    bench.failures,
    Array.from({ length: 3 }, () => "job test.fragile: not yet"),
  );
  assert.deepEqual(bench.left(), ["test.trace 4 1000000000000"]);
});

test("a job that always fails is given up after twenty attempts", async (t) => {
  const bench = new Bench(t);
  bench.define(
    job("test.broken", () => {
      throw new Error("never");
    }),
  );
  bench.schedule("test.broken", "x", 0);
  bench.schedule("test.unknown", "y", 0);
  await bench.advanceTo(86_400_000);
  assert.equal(bench.failures.filter((failure) => failure === "job test.broken: never").length, 20);
  assert.equal(
    bench.failures.filter((failure) => failure === "job test.unknown: no service has the job test.unknown")
      .length,
    20,
  );
  assert.deepEqual(bench.left(), []);
});

test("scheduling again under an id replaces; taking back leaves nothing to run", async (t) => {
  const bench = new Bench(t);
  const ran = recording(bench);
  bench.schedule("test.note", "later", 1000, "old");
  bench.schedule("test.note", "later", 3000, "new");
  bench.schedule("test.note", "earlier", 5000, "old");
  bench.schedule("test.note", "earlier", 500, "new");
  bench.schedule("test.note", "gone", 700);
  bench.unschedule("test.note", "gone");
  await bench.advanceTo(10_000);
  assert.deepEqual(ran, ["new at 500", "new at 3000"]);
});

test("what was left to do is done after a restart, also what fell due meanwhile", async (t) => {
  const bench = new Bench(t);
  const ran = recording(bench);
  bench.schedule("test.note", "due", 1000);
  bench.schedule("test.note", "later", 9000);
  bench.schedule("test.note", "other", 2000, "other", elsewhere);
  bench.clock.stop();
  bench.clock.set(5000);
  bench.restart();
  await bench.advanceTo(5000);
  assert.deepEqual(ran.sort(), ["due at 5000", "other at 5000"]);
  await bench.advanceTo(9000);
  assert.equal(ran[2], "later at 9000");
});

test("jobs that wait go on side by side, and hold nobody up", async (t) => {
  const bench = new Bench(t);
  const ran = recording(bench);
  const finish = new Map<string, () => void>();
  const events: string[] = [];
  bench.define(
    asynchronousJob<string>("test.slow", async (input) => {
      events.push(`start ${input}`);
      await new Promise<void>((resolve) => finish.set(input, resolve));
      events.push(`end ${input}`);
    }),
  );
  bench.schedule("test.slow", "a", 1000);
  bench.schedule("test.slow", "b", 1000);
  bench.schedule("test.note", "c", 1000);
  await bench.advanceTo(2000);
  assert.deepEqual(events, ["start a", "start b"]);
  assert.deepEqual(ran, ["c at 1000"]);
  assert.equal(bench.active, 2);
  assert.deepEqual(bench.left(), ["test.slow a 1000", "test.slow b 1000"]);
  finish.get("b")?.();
  await bench.settle();
  assert.deepEqual(bench.left(), ["test.slow a 1000"]);
  finish.get("a")?.();
  await bench.settle();
  assert.deepEqual(events, ["start a", "start b", "end b", "end a"]);
  assert.deepEqual(bench.left(), []);
});

test("a waiting job that was scheduled anew or taken back meanwhile stays so, however it ends", async (t) => {
  const bench = new Bench(t);
  const ends = new Map<string, { resolve: () => void; reject: (cause: Error) => void }>();
  let starts = 0;
  bench.define(
    asynchronousJob<string>("test.slow", (input: string, _ctx: BodyContext) => {
      starts += 1;
      return new Promise<void>((resolve, reject) => ends.set(input, { resolve, reject }));
    }),
  );
  for (const id of ["well", "badly", "gone"]) bench.schedule("test.slow", id, 1000);
  await bench.advanceTo(1000);
  bench.schedule("test.slow", "well", 50_000);
  bench.schedule("test.slow", "badly", 60_000);
  bench.unschedule("test.slow", "gone");
  ends.get("well")?.resolve();
  ends.get("badly")?.reject(new Error("no"));
  ends.get("gone")?.reject(new Error("no"));
  await bench.settle();
  assert.deepEqual(bench.left(), ["test.slow badly 60000", "test.slow well 50000"]);
  await bench.advanceTo(49_999);
  assert.equal(starts, 3);
  await bench.advanceTo(60_000);
  assert.equal(starts, 5);
});

test("a waiting job that is scheduled anew at the very time at which it began runs once more", async (t) => {
  const bench = new Bench(t);
  const ran = [] as unknown[];
  const finish: (() => void)[] = [];
  bench.define(
    asynchronousJob<string>("test.slow", async (input) => {
      ran.push(input);
      await new Promise<void>((resolve) => finish.push(resolve));
    }),
  );
  bench.schedule("test.slow", "a", 1000, "first");
  await bench.advanceTo(1000);
  bench.schedule("test.slow", "a", 1000, "second");
  finish[0]?.();
  await bench.settle();
  assert.deepEqual(ran, ["first", "second"]);
  finish[1]?.();
  await bench.settle();
  assert.deepEqual(bench.left(), []);
});

test("a persistent job is never given up", async (t) => {
  const bench = new Bench(t);
  let tries = 0;
  const never = asynchronousJob("test.never", async () => {
    tries += 1;
    await Promise.reject(new Error("no"));
  });
  bench.define({ ...never, persistent: true });
  bench.schedule("test.never", "x", 0);
  await bench.advanceTo(86_400_000);
  assert.ok(tries > 90, String(tries));
  assert.equal(bench.left().length, 1);
});

test("a waiting job that fails is tried again", async (t) => {
  const bench = new Bench(t);
  const tried: number[] = [];
  bench.define(
    asynchronousJob("test.slow", async () => {
      tried.push(bench.clock.now());
      await undefined;
      if (tried.length < 3) throw new Error("not yet");
    }),
  );
  bench.schedule("test.slow", "a", 1000);
  await bench.advanceTo(60_000);
  assert.deepEqual(tried, [1000, 2000, 4000]);
  assert.deepEqual(bench.left(), []);
});

test("a job that is due before those under way is started, too", async (t) => {
  const bench = new Bench(t);
  const started: string[] = [];
  const finish: (() => void)[] = [];
  bench.define(
    asynchronousJob<string>("test.slow", async (input) => {
      started.push(input);
      await new Promise<void>((resolve) => finish.push(resolve));
    }),
  );
  for (let at = 1000; at < 1100; at += 1) bench.schedule("test.slow", `at ${at}`, at);
  await bench.advanceTo(2000);
  assert.equal(started.length, 100);
  bench.schedule("test.slow", "late", 500);
  bench.schedule("test.slow", "later", 1050);
  await bench.settle();
  assert.deepEqual(started.slice(100), ["late", "later"]);
  for (const each of finish) each();
  await bench.settle();
  assert.deepEqual(bench.left(), []);
});

test("work that schedules itself anew is never given up", async (t) => {
  const bench = new Bench(t);
  let failures = 0;
  const subject = recurringJob<undefined>("test.recurring", async () => {
    await undefined;
    if (failures++ < 30) throw new Error("not yet");
  });
  bench.define(subject);
  bench.transaction((ctx) => ctx.schedule(subject, { at: 0, id: "a", input: undefined }));
  await bench.advanceTo(86_400_000);
  assert.equal(failures, 31);
  assert.deepEqual(bench.left(), []);
});

test("a job whose commit failed is done again a second later", async (t) => {
  const bench = new Bench(t);
  const ran = recording(bench);
  bench.define(asynchronousJob<unknown>("test.slow", async (input) => void ran.push(input)));
  bench.schedule("test.note", "x", 1_000);
  bench.schedule("test.slow", "y", 1_000);
  await bench.store.flush();
  const full = (): never => {
    throw new Error("No space left on device");
  };
  t.mock.method(LmdbFile.prototype, "commitNow", full, { times: 1 });
  await bench.advanceTo(1_000);
  assert.deepEqual(ran, ["x at 1000", "y"]);
  assert.deepEqual(bench.left(), ["test.note x 1000", "test.slow y 1000"]);
  await bench.advanceTo(2_000);
  assert.deepEqual(ran, ["x at 1000", "y", "x at 2000", "y"]);
  assert.deepEqual(bench.left(), []);
});

test("what the store refuses a job does not end the process, and is tried again", async (t) => {
  const bench = new Bench(t);
  const ran = recording(bench);
  bench.schedule("test.note", "x", 1_000);
  t.mock.method(bench.store, "read", () => {
    throw new Error("the store is hurt");
  }, { times: 1 });
  await bench.advanceTo(1_000);
  assert.deepEqual(bench.failures, ["the jobs of 000000000000 us-east-1: the store is hurt"]);
  await bench.advanceTo(2_000);
  assert.deepEqual(ran, ["x at 2000"]);
});

test("requests have their turn between many jobs that are due at once", async (t) => {
  const bench = new Bench(t);
  const order: string[] = [];
  bench.define(
    job<number>("test.busy", () => {
      order.push("job");
      for (const end = performance.now() + 4; performance.now() < end; );
    }),
  );
  const count = 12;
  for (let each = 0; each < count; each += 1) bench.schedule("test.busy", String(each), 1_000);
  const running = bench.advanceTo(1_000);
  while (order.filter((each) => each === "job").length < count) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    order.push("turn");
  }
  await running;
  const first = order.indexOf("job");
  assert.ok(order.slice(first, order.lastIndexOf("job")).filter((each) => each === "turn").length >= 2);
});
