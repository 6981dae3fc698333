/**
 * A million data points of one metric over a day, asked for by the minute; and as many of seventy metrics.
 * `node dist/bench/metrics.js`
 */

import {
  CloudWatchClient, GetMetricDataCommand, GetMetricStatisticsCommand, PutMetricDataCommand, type MetricDatum,
} from "@aws-sdk/client-cloudwatch";
import { startRegion } from "../src/index.ts";

const minutes = 1_440;
const start = Date.UTC(2026, 0, 1);
const valuesAtOnce = 150;
const rounds = 7;

const region = await startRegion({ seed: "bench", log: () => undefined });
region.clock.freeze(start + 2 * minutes * 60_000);
const client = region.client(CloudWatchClient);

async function put(MetricName: string, perMinute: number): Promise<void> {
  let waiting: MetricDatum[] = [];
  const flush = async (): Promise<void> => {
    await client.send(new PutMetricDataCommand({ Namespace: "bench", MetricData: waiting }));
    waiting = [];
  };
  for (let minute = 0; minute < minutes; minute++) {
    for (let done = 0; done < perMinute; done += valuesAtOnce) {
      const length = Math.min(valuesAtOnce, perMinute - done);
      const Values = Array.from({ length }, (_, index) => ((done + index) * 7_919 + minute) % 10_007);
      waiting.push({ MetricName, Values, Timestamp: new Date(start + minute * 60_000) });
    }
    if (waiting.length >= 100) await flush();
  }
  if (waiting.length > 0) await flush();
}

/** The middle of several, after one that warms up. */
async function measure(what: string, work: () => Promise<number>): Promise<void> {
  const found = await work();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  times.sort((left, right) => left - right);
  console.log(`${what}: ${found} data points, ${(times[rounds >> 1] ?? 0).toFixed(1)} ms`);
}

const window = { StartTime: new Date(start), EndTime: new Date(start + minutes * 60_000) };

const began = performance.now();
await put("one", 695);
console.log(`put 1,000,800 values in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
for (const statistic of ["Average", "p99"]) {
  const asked = statistic === "p99" ? { ExtendedStatistics: ["p99"] } : { Statistics: ["Average" as const] };
  await measure(`one metric by the minute, ${statistic}`, async () => {
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand(
        { Namespace: "bench", MetricName: "one", Period: 60, ...window, ...asked },
      ),
    );
    return Datapoints.length;
  });
}
const many = Array.from({ length: 70 }, (_, index) => `many-${index}`);
for (const name of many) await put(name, 10);
await measure("seventy metrics by the minute, Average", async () => {
  const MetricDataQueries = many.map((MetricName, index) => ({
    Id: `m${index}`, MetricStat: { Metric: { Namespace: "bench", MetricName }, Period: 60, Stat: "Average" },
  }));
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({ ...window, MetricDataQueries }),
  );
  return MetricDataResults.reduce((sum, { Values = [] }) => sum + Values.length, 0);
});
console.log(`memory ${Math.round(process.memoryUsage().rss / 1_048_576)} MB`);
await region.stop();
