import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion, testEpoch } from "../test/region.ts";

/** As programs without types call it. */
interface Untyped {
  freeze(at: unknown): void;
  set(at: unknown): void;
  advance(by: unknown): Promise<void>;
}

test("a program moves the clock by what is a time or a span, and is told what is none", async () => {
  await using region = await startRegion();
  const { clock } = region;
  const untyped = clock as unknown as Untyped;
  for (const at of ["2026-01-31", new Date("never"), Number.NaN, null]) {
    const refused = {
      name: "TypeError",
      message: `The clock shows a Date or epoch milliseconds; ${String(at)} is neither.`,
    };
    assert.throws(() => untyped.set(at), refused);
    assert.throws(() => untyped.freeze(at), refused);
  }
  for (const [by, message] of [
    [60_000, "The clock advances by spans such as { minutes: 5 }."],
    [{ minute: 5 }, "minute is no unit of time."],
    [{ minutes: -5 }, "-5 minutes are no time."],
    [{ minutes: "soon" }, "soon minutes are no time."],
  ]) await assert.rejects(untyped.advance(by), { name: "TypeError", message });
  const tooFar = { name: "RangeError", message: "The clock goes from 1970 to the end of the year 9999." };
  for (const at of [-1, Date.UTC(10_000, 0, 1), 1e300]) {
    assert.throws(() => clock.set(at), tooFar);
    assert.throws(() => clock.freeze(at), tooFar);
  }
  await assert.rejects(clock.advance({ days: 1e9 }), tooFar);
  assert.throws(() => clock.scale(1e7), { name: "RangeError" });
  assert.equal(clock.now(), testEpoch);

  await clock.advance({ days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 });
  assert.equal(clock.now() - testEpoch, (((24 + 2) * 60 + 3) * 60 + 4) * 1_000 + 5);
  clock.set(new Date(testEpoch));
  assert.equal(clock.now(), testEpoch);
  clock.freeze(testEpoch + 1.5);
  assert.equal(clock.now(), testEpoch + 1);
});
