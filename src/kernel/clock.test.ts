import assert from "node:assert/strict";
import { test } from "node:test";
import { RegionClock } from "./clock.ts";

const settle = () => Promise.resolve();

test("a frozen clock stands still until it is advanced", async () => {
  const clock = new RegionClock();
  clock.freeze(1_000);
  assert.equal(clock.now(), 1_000);
  await clock.advanceTo(5_000, settle);
  assert.equal(clock.now(), 5_000);
  assert.deepEqual(clock.state(), { mode: "frozen", now: 5_000, factor: 0 });
});

test("advancing rings alarms in the order of their times, each at its own time", async () => {
  const clock = new RegionClock();
  clock.freeze(0);
  const rung: [string, number][] = [];
  clock.alarm(300, () => rung.push(["third", clock.now()]));
  clock.alarm(100, () => rung.push(["first", clock.now()]));
  clock.alarm(100, () => rung.push(["second", clock.now()]));
  clock.alarm(900, () => rung.push(["never", clock.now()]));
  await clock.advanceTo(500, settle);
  assert.deepEqual(rung, [
    ["first", 100],
    ["second", 100],
    ["third", 300],
  ]);
  clock.stop();
});

test("an alarm set by an alarm rings in the same advance when it falls due in it", async () => {
  const clock = new RegionClock();
  clock.freeze(0);
  const rung: number[] = [];
  const again = (): void => {
    rung.push(clock.now());
    if (rung.length < 10) clock.alarm(clock.now() + 60, again);
  };
  clock.alarm(60, again);
  await clock.advanceTo(200, settle);
  assert.deepEqual(rung, [60, 120, 180]);
  clock.stop();
});

test("an alarm that is taken back does not ring", async () => {
  const clock = new RegionClock();
  clock.freeze(0);
  let rung = false;
  const cancel = clock.alarm(10, () => (rung = true));
  cancel();
  await clock.advanceTo(100, settle);
  assert.equal(rung, false);
});

test("a scaled clock runs faster than the machine's, and rings accordingly", async () => {
  const clock = new RegionClock();
  clock.freeze(0);
  clock.scale(100_000);
  await new Promise<void>((resolve) => {
    clock.alarm(1_000_000, resolve);
    // The clock's own timer does not keep a process alive; this one does until it has rung.
    const alive = setInterval(() => clock.now() > 2_000_000 && clearInterval(alive), 5);
  });
  assert.ok(clock.now() >= 1_000_000);
  clock.stop();
});

test("an alarm at no time is refused: the others would wait behind it", async () => {
  const clock = new RegionClock();
  clock.freeze(0);
  let rung = false;
  clock.alarm(10, () => (rung = true));
  assert.throws(() => clock.alarm(Number.NaN, () => undefined), RangeError);
  await clock.advanceTo(100, settle);
  assert.equal(rung, true);
});

test("a scale that is no number above zero is refused", () => {
  const clock = new RegionClock();
  for (const factor of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => clock.scale(factor), RangeError);
});

test("times read off the machine's clock are translated by how the region's stood then", () => {
  const clock = new RegionClock();
  const machine = Date.now();
  clock.set(machine + 3_600_000);
  const translated = clock.asRegionTime(Date.now()) ?? 0;
  assert.ok(Math.abs(translated - clock.now()) < 60_000);
  assert.equal(clock.asRegionTime(machine - 86_400_000), undefined);
  assert.equal(clock.asRegionTime(machine + 86_400_000), undefined);
});
