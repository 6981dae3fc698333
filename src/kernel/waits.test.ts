import assert from "node:assert/strict";
import { test } from "node:test";
import { RegionClock } from "./clock.ts";
import { Waits } from "./waits.ts";

function bench(): { clock: RegionClock; waits: Waits; waiting: () => number } {
  const clock = new RegionClock();
  clock.freeze(0);
  let waiting = 0;
  return { clock, waits: new Waits(clock, (by) => (waiting += by)), waiting: () => waiting };
}

const never = new AbortController().signal;
const settle = async (): Promise<void> => undefined;

test("a wait ends by the clock, when its topic is woken, or when its client leaves", async () => {
  const { clock, waits, waiting } = bench();
  const leaving = new AbortController();
  const ended: string[] = [];
  const note = (name: string) => () => ended.push(name);
  const all = [
    waits.wait(1000, undefined, never).then(note("clock")),
    waits.wait(9000, "queue", never).then(note("woken")),
    waits.wait(9000, "queue", leaving.signal).then(note("left")),
    waits.wait(2000, "other", never).then(note("other")),
  ];
  assert.equal(waiting(), 4);
  leaving.abort();
  await all[2];
  waits.wake("queue");
  await all[1];
  await clock.advanceTo(1000, settle);
  await all[0];
  assert.deepEqual(ended, ["left", "woken", "clock"]);
  assert.equal(waiting(), 1);
  await clock.advanceTo(2000, settle);
  await all[3];
  assert.equal(waiting(), 0);
});

test("a client that has left already does not wait, and waking nobody does nothing", async () => {
  const { waits, waiting } = bench();
  await waits.wait(1000, "queue", AbortSignal.abort());
  waits.wake("queue");
  waits.wake("unheard of");
  assert.equal(waiting(), 0);
});

test("a wait ends once: what would end it later is not left behind", async () => {
  const { clock, waits, waiting } = bench();
  for (let round = 0; round < 100; round += 1) {
    const wait = waits.wait(1_000_000, "queue", never);
    waits.wake("queue");
    await wait;
  }
  assert.equal(waiting(), 0);
  await clock.advanceTo(2_000_000, settle);
  assert.equal(waiting(), 0);
});
