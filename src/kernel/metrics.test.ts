import assert from "node:assert/strict";
import { test } from "node:test";
import type { CellContext } from "./cell-context.ts";
import { RegionClock } from "./clock.ts";
import type { Context, ReadContext } from "./context.ts";
import { meter, Metrics, type MetricTotal } from "./metrics.ts";
import type { Service } from "./service.ts";

const cell = { account: "000000000000", region: "eu-west-1" };
const sent = meter("AWS/SQS", "NumberOfMessagesSent", "Count", ["QueueName"]);
const depth = meter("AWS/SQS", "Depth", "Count", ["QueueName"]);

/** A region of which there is no more than metrics need. */
function fixture(gauges?: (ctx: ReadContext) => void) {
  const clock = new RegionClock();
  clock.freeze(Date.UTC(2026, 0, 1));
  const stored: MetricTotal[][] = [];
  const metricSink = (totals: readonly MetricTotal[]): void => void stored.push([...totals]);
  const none = { operations: new Map(), jobs: new Map(), nouns: [] };
  const services = new Map<string, Service>([
    ["cloudwatch", { ...none, service: "cloudwatch", metricSink }],
    ["sqs", { ...none, service: "sqs", ...(gauges && { gauges }) }],
  ]);
  const under: Promise<unknown>[] = [];
  const ctx = {
    transaction: <T>(work: (ctx: Context) => T) => work({} as Context),
    reading: <T>(work: () => T) => work(),
    metric: (...measured: [typeof sent, string[], number]) => metrics.add(cell, ...measured),
  };
  const metrics: Metrics = new Metrics({
    clock,
    loadedServices: services,
    loadNamed: (name) => Promise.resolve(services.get(name)),
    contextIn: () => ctx as unknown as CellContext,
    track: (work) => (under.push(work), work),
    failed: (_what, cause) => assert.fail(String(cause)),
  });
  const settle = async (): Promise<void> => void (await Promise.all(under));
  return { clock, stored, metrics, advance: (ms: number) => clock.advanceTo(clock.now() + ms, settle) };
}

test("measurements of a minute become one total by metric and dimensions", async () => {
  const { metrics, stored, advance, clock } = fixture();
  const at = clock.now();
  for (const value of [3, 1, 3]) metrics.add(cell, sent, ["a"], value);
  metrics.add(cell, sent, ["b"], 7);
  await advance(59_999);
  assert.equal(stored.length, 0);
  await advance(1);
  assert.deepEqual(
    stored[0]?.map(({ dimensions, at, count, sum, minimum, maximum, values }) => {
      return [dimensions, at, count, sum, minimum, maximum, [...(values ?? [])]];
    }),
    [
      [["a"], at, 3, 7, 1, 3, [[3, 2], [1, 1]]],
      [["b"], at, 1, 7, 7, 7, [[7, 1]]],
    ],
  );
});

test("what is read or saved has the minute under way, and nothing is given twice", async () => {
  const { metrics, stored, advance } = fixture();
  metrics.add(cell, sent, ["a"], 1);
  metrics.flushCell(cell);
  metrics.add(cell, sent, ["a"], 2);
  await metrics.flush();
  await advance(120_000);
  assert.deepEqual(stored.map((totals) => totals.map(({ sum }) => sum)), [[1], [2]]);
});

test("too many different values are a total without values", async () => {
  const { metrics, stored } = fixture();
  for (let value = 0; value <= 500; value++) metrics.add(cell, sent, ["a"], value);
  await metrics.flush();
  const [[total] = []] = stored;
  assert.deepEqual([total?.count, total?.maximum, total?.values], [501, 500, undefined]);
});

test("gauges are measured each minute for a quarter of an hour after something happened", async () => {
  const { metrics, stored, advance } = fixture((ctx) => ctx.metric(depth, ["a"], 5));
  metrics.add(cell, sent, ["a"], 1);
  await advance(24 * 3_600_000);
  const gauges = stored.flat().filter(({ meter: { name } }) => name === "Depth");
  assert.equal(gauges.length, 15);
  assert.equal(new Set(gauges.map(({ at }) => at)).size, 15);
});

test("what was measured of what is gone is forgotten", async () => {
  const { metrics, stored, advance } = fixture();
  metrics.add(cell, sent, ["a"], 1);
  metrics.forget();
  await advance(120_000);
  assert.deepEqual(stored, []);
});
