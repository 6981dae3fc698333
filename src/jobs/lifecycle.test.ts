import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "../store/types.ts";
import { job } from "./job.ts";
import { lifecycle, type Phase } from "./lifecycle.ts";
import { Bench } from "./scheduler-fixture.ts";

type State = "CREATING" | "WARM" | "ACTIVE" | "DELETING" | "GONE";

const life = lifecycle<State>({
  CREATING: { to: "WARM", afterMilliseconds: 2_000 },
  WARM: { to: "ACTIVE", afterMilliseconds: 500 },
  DELETING: { to: "GONE", afterMilliseconds: 1_000 },
});

test("a state passes into the next at its very time, and stays where nothing follows", () => {
  const made: Phase<State> = { state: "CREATING", since: 1_000 };
  const seen = [0, 1_000, 2_999, 3_000, 3_499, 3_500, 9e12].map((now) => {
    const { state, since } = life.at(made, now);
    return `${state} ${since}`;
  });
  const creating = "CREATING 1000";
  assert.deepEqual(seen, [
    creating, creating, creating, "WARM 3000", "WARM 3000", "ACTIVE 3500", "ACTIVE 3500",
  ]);
  assert.equal(life.restsAt(made), 3_500);
  assert.equal(life.restsAt({ state: "ACTIVE", since: 7 }), 7);
});

test("what never comes to rest is refused where it is declared", () => {
  const again = { to: "CREATING", afterMilliseconds: 1 } as const;
  assert.throws(() => lifecycle<State>({ CREATING: again }), TypeError);
  assert.throws(
    () => lifecycle<State>({ CREATING: { to: "WARM", afterMilliseconds: 1 }, WARM: again }),
    TypeError,
  );
});

interface Thing {
  readonly name: string;
  readonly phase: Phase<State>;
}

test("states go on over a restart, and what ends them happens then", async (t) => {
  const bench = new Bench(t);
  const things = table<Thing>("test.things", { key: (row) => row.name });
  const remove = job<string>("test.remove", (name, ctx) => {
    const thing = ctx.db(things).get(name);
    if (thing && life.at(thing.phase, ctx.clock.now()).state === "GONE") ctx.db(things).delete(name);
  });
  bench.define(remove);
  const stateOf = (name: string) =>
    bench.transaction((ctx) => {
      const thing = ctx.db(things).get(name);
      return thing && life.at(thing.phase, ctx.clock.now()).state;
    });
  bench.transaction((ctx) => {
    ctx.db(things).put({ name: "new", phase: { state: "CREATING", since: 0 } });
    const phase = { state: "DELETING", since: 0 } as const;
    ctx.db(things).put({ name: "old", phase });
    ctx.schedule(remove, { at: life.restsAt(phase), id: "old", input: "old" });
  });
  await bench.advanceTo(999);
  assert.deepEqual([stateOf("new"), stateOf("old")], ["CREATING", "DELETING"]);
  bench.restart();
  await bench.advanceTo(2_000);
  assert.deepEqual([stateOf("new"), stateOf("old")], ["WARM", undefined]);
});
