import assert from "node:assert/strict";
import { test } from "node:test";
import { unmodelled } from "../kernel/errors.ts";
import { saga, sagas, type SagaStep } from "./saga.ts";
import { Bench } from "./scheduler-fixture.ts";

const refusal = unmodelled("LimitExceeded", "no more");

/** A saga of the steps a, b and c, which notes what it does; a step fails as the test says. */
function noted(bench: Bench, failing: Readonly<Record<string, (time: number) => Error | undefined>> = {}) {
  const notes: string[] = [];
  const times = new Map<string, number>();
  const note = async (what: string): Promise<void> => {
    const time = (times.get(what) ?? 0) + 1;
    times.set(what, time);
    notes.push(what);
    await undefined;
    const error = failing[what]?.(time);
    if (error) throw error;
  };
  const step = (name: string): SagaStep<string> => ({
    run: async (state) => {
      await note(name);
      return state + name;
    },
    undo: (state) => note(`undo ${name} of ${state}`),
  });
  const subject = saga<string>("test.saga", {
    steps: [step("a"), step("b"), step("c")],
    ended: (id, { state, failure }) => {
      notes.push(`${id} ${state} ${failure ? `${failure.code}: ${failure.message}` : "done"}`);
    },
  });
  bench.define(subject);
  return { subject, notes, begin: () => bench.transaction((ctx) => subject.begin(ctx, "one", "-")) };
}

function rowsLeft(bench: Bench): number {
  return bench.transaction((ctx) => ctx.db(sagas).count()) + bench.left().length;
}

test("steps are done in order, each with what the one before gave", async (t) => {
  const bench = new Bench(t);
  const { notes, begin, subject } = noted(bench);
  begin();
  assert.throws(begin, { message: "the saga test.saga one is under way" });
  await bench.advanceTo(0);
  assert.deepEqual(notes, ["a", "b", "c", "one -abc done"]);
  assert.equal(bench.transaction((ctx) => subject.find(ctx, "one")), undefined);
  assert.equal(rowsLeft(bench), 0);
});

test("a refusal undoes what was done, last first, and leaves out the step that refused", async (t) => {
  const bench = new Bench(t);
  const { notes, begin } = noted(bench, { c: () => refusal });
  begin();
  await bench.advanceTo(0);
  assert.deepEqual(notes, [
    "a", "b", "c", "undo b of -ab", "undo a of -ab", "one -ab LimitExceeded: no more",
  ]);
  assert.equal(rowsLeft(bench), 0);
});

test("errors are tried again, and turn the saga back when they do not end", async (t) => {
  const bench = new Bench(t);
  const passing = noted(bench, { b: (time) => (time < 4 ? new Error("down") : undefined) });
  passing.begin();
  await bench.advanceTo(60_000);
  assert.deepEqual(passing.notes, ["a", "b", "b", "b", "b", "c", "one -abc done"]);

  const lasting = noted(bench, { b: () => new Error("down") });
  lasting.begin();
  await bench.advanceTo(3_600_000);
  assert.equal(lasting.notes.filter((note) => note === "b").length, 8);
  assert.deepEqual(lasting.notes.slice(-2), ["undo a of -a", "one -a InternalFailure: down"]);
  assert.equal(rowsLeft(bench), 0);
});

test("undoing is tried until it succeeds", async (t) => {
  const bench = new Bench(t);
  const { notes, begin } = noted(bench, {
    b: () => refusal,
    "undo a of -a": (time) => (time < 40 ? new Error("down") : undefined),
  });
  begin();
  await bench.advanceTo(86_400_000);
  assert.equal(notes.filter((note) => note === "undo a of -a").length, 40);
  assert.equal(notes.at(-1), "one -a LimitExceeded: no more");
  assert.equal(rowsLeft(bench), 0);
});

for (const interrupted of ["run a", "run b", "undo a"]) {
  test(`a restart during "${interrupted}" repeats that, and nothing that was done before`, async (t) => {
    const bench = new Bench(t);
    const notes: string[] = [];
    let die = true;
    const doing = async (what: string): Promise<void> => {
      notes.push(what);
      if (what === interrupted && die) {
        die = false;
        await new Promise<void>(() => undefined);
      }
    };
    const subject = saga<number>("test.saga", {
      steps: [
        { run: async (state) => (await doing("run a"), state + 1), undo: () => doing("undo a") },
        {
          run: async (state) => {
            await doing("run b");
            if (interrupted === "undo a") throw refusal;
            return state + 1;
          },
        },
      ],
      ended: (id, { state, failure }) => notes.push(`${id} ${state} ${failure?.code ?? "done"}`),
    });
    bench.define(subject);
    bench.transaction((ctx) => subject.begin(ctx, "one", 0));
    await bench.advanceTo(0);
    const progress = bench.transaction((ctx) => subject.find(ctx, "one"));
    assert.equal(progress?.step, interrupted === "run a" ? 0 : 1);
    bench.restart();
    await bench.advanceTo(0);
    assert.deepEqual(
      notes,
      {
        "run a": ["run a", "run a", "run b", "one 2 done"],
        "run b": ["run a", "run b", "run b", "one 2 done"],
        "undo a": ["run a", "run b", "undo a", "undo a", "one 1 LimitExceeded"],
      }[interrupted],
    );
    assert.equal(rowsLeft(bench), 0);
  });
}

test("an end that throws is tried again with its whole transaction", async (t) => {
  const bench = new Bench(t);
  let ends = 0;
  const subject = saga<string>("test.saga", {
    steps: [{ run: (state) => `${state}!` }],
    ended: (_id, { state }) => {
      assert.equal(state, "x!");
      ends += 1;
      if (ends < 3) throw new Error("not yet");
    },
  });
  bench.define(subject);
  bench.transaction((ctx) => subject.begin(ctx, "one", "x"));
  await bench.advanceTo(60_000);
  assert.equal(ends, 3);
  assert.equal(rowsLeft(bench), 0);
});
