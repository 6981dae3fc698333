/** Who gets which environment. */

import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import type { Invocation, Outcome } from "./contract.ts";
import { Crowd } from "./crowd.ts";
import type { Slot } from "./slot.ts";

interface TestSlot {
  readonly slot: Slot;
  ended(): boolean;
  /** It has answered, and not yet asked for more. */
  answered(): void;
  /** The invocation at hand comes to its end. */
  finish(milliseconds: number): void;
}

function testSlot(): TestSlot {
  let finish: ((outcome: Outcome) => void) | undefined;
  let state = "idle";
  const environment = {
    get state() {
      return state;
    },
    invoke: () => new Promise<Outcome>((resolve) => (finish = resolve)),
    end: () => (state = "ended"),
  };
  return {
    slot: { key: "key", environment } as unknown as Slot,
    ended: () => state === "ended",
    answered: () => void (state = "finishing"),
    finish: (durationMilliseconds) => {
      const report = { durationMilliseconds, billedMilliseconds: 1, memoryMegabytesUsed: 1 };
      finish?.({ report } as Outcome);
    },
  };
}

const invocation: Invocation = { requestId: "request", payload: Buffer.from("{}") };

/** As many run as keep the machine busy, after one of them took so long. */
async function busyCrowd(milliseconds: number): Promise<{ crowd: Crowd; running: TestSlot[] }> {
  const crowd = new Crowd(() => false);
  const running = Array.from({ length: 2 * availableParallelism() }, testSlot);
  const [first] = running;
  assert.ok(first);
  const run = crowd.run(first.slot, invocation);
  first.finish(milliseconds);
  await run;
  for (const { slot } of running) void crowd.run(slot, invocation);
  return { crowd, running };
}

test("the environment that has just become free goes first", async () => {
  const crowd = new Crowd(() => false);
  const slots = [testSlot(), testSlot(), testSlot()];
  for (const { slot } of slots) assert.equal(crowd.add(slot), true);
  for (const expected of slots.toReversed()) assert.equal(await crowd.take(), expected.slot);
  assert.equal(await crowd.take(), undefined);
});

test("an environment that serves nobody any more is ended, not given", async () => {
  const [over, good] = [testSlot(), testSlot()];
  const crowd = new Crowd((slot) => slot === over.slot);
  crowd.add(good.slot);
  crowd.add(over.slot);
  assert.equal(await crowd.take(), good.slot);
  assert.equal(over.ended(), true);
});

test("where short functions keep the machine busy, the next waits for one of them", async () => {
  const { crowd, running } = await busyCrowd(0.5);
  const rested = testSlot();
  crowd.add(rested.slot);
  const taken = crowd.take();
  const [free] = running;
  assert.ok(free);
  assert.equal(crowd.add(free.slot), false);
  assert.equal(await taken, free.slot);
});

test("but not for long", async () => {
  const { crowd } = await busyCrowd(0.5);
  const rested = testSlot();
  crowd.add(rested.slot);
  assert.equal(await crowd.take(), rested.slot);
});

test("nobody waits for functions that take their time", async () => {
  const { crowd, running } = await busyCrowd(100);
  const rested = testSlot();
  crowd.add(rested.slot);
  const taken = crowd.take();
  const [free] = running;
  assert.ok(free);
  assert.equal(crowd.add(free.slot), true);
  assert.equal(await taken, rested.slot);
});

/** One environment, which took so long to begin, and has answered. */
async function answeredCrowd(initMilliseconds: number): Promise<{ crowd: Crowd; one: TestSlot }> {
  const crowd = new Crowd(() => false);
  const one = testSlot();
  crowd.slots.add(one.slot);
  const run = crowd.run(one.slot, invocation, initMilliseconds);
  one.finish(5);
  await run;
  one.answered();
  return { crowd, one };
}

test("an environment that has answered is waited for as long as beginning another would take", async () => {
  const { crowd, one } = await answeredCrowd(1_500);
  const taken = crowd.take();
  await new Promise((resolve) => setTimeout(resolve, 100));
  crowd.add(one.slot);
  assert.equal(await taken, one.slot);
});

test("and no longer", async () => {
  const { crowd } = await answeredCrowd(60);
  assert.equal(await crowd.take(), undefined);
});

test("one that ends then is waited for no more", async () => {
  const { crowd, one } = await answeredCrowd(60_000);
  const began = performance.now();
  const taken = crowd.take();
  crowd.delete(one.slot);
  assert.equal(await taken, undefined);
  assert.ok(performance.now() - began < 30_000);
});
