import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, GetMetricStatisticsCommand, PutMetricDataCommand,
  type GetMetricStatisticsCommandInput, type MetricDatum,
} from "@aws-sdk/client-cloudwatch";
import { startRegion, testEpoch } from "../../../test/region.ts";

const region = await startRegion();
test.after(() => region.stop());
const client = region.client(CloudWatchClient);

async function put(Namespace: string, ...MetricData: MetricDatum[]): Promise<void> {
  await client.send(new PutMetricDataCommand({ Namespace, MetricData }));
}

async function statistics(asked: Partial<GetMetricStatisticsCommandInput>) {
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({
      Namespace: "app", MetricName: "latency", Period: 60, Statistics: ["Sum"],
      StartTime: new Date(region.clock.now() - 3_600_000), EndTime: new Date(region.clock.now() + 60_000),
      ...asked,
    }),
  );
  return Datapoints;
}

async function refused(work: Promise<unknown>): Promise<[string, string]> {
  try {
    await work;
  } catch (error) {
    return [(error as Error).name, (error as Error).message];
  }
  return assert.fail("it was accepted");
}

test("cloudwatch-custom-metrics: all forms of values add up", async () => {
  await put("forms", { MetricName: "m", Value: 4, Unit: "Count" }, {
    MetricName: "m", Values: [1, 2], Counts: [2, 3], Unit: "Count",
  },
    {
      MetricName: "m", Unit: "Count",
      StatisticValues: { SampleCount: 2, Sum: 10, Minimum: 0.5, Maximum: 9.5 },
    });
  const [point, ...others] = await statistics({
    Namespace: "forms", MetricName: "m", Statistics: ["SampleCount", "Sum", "Average", "Minimum", "Maximum"],
  });
  assert.deepEqual(point, {
    Timestamp: new Date(testEpoch), Unit: "Count", SampleCount: 8, Sum: 22, Average: 2.75, Minimum: 0.5,
    Maximum: 9.5,
  });
  assert.deepEqual(others, []);
});

test("cloudwatch-standard-resolution: a minute is the finest of standard resolution", async () => {
  await put("standard", { MetricName: "m", Value: 1, Timestamp: new Date(testEpoch + 17_000) },
    { MetricName: "m", Value: 2, Timestamp: new Date(testEpoch + 38_000) });
  const points = await statistics({ Namespace: "standard", MetricName: "m", Period: 10,
    StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 60_000) });
  assert.deepEqual(points, [{ Timestamp: new Date(testEpoch), Unit: "None", Sum: 3 }]);
});

test("cloudwatch-high-resolution: high resolution is kept by the second", async () => {
  for (const [second, Value] of [[3, 1], [4, 2], [12, 4]] as const) {
    await put(
      "high",
      { MetricName: "m", Value, StorageResolution: 1, Timestamp: new Date(testEpoch + second * 1_000) },
    );
  }
  const asked = {
    Namespace: "high", MetricName: "m", StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 60_000),
  };
  const by = async (Period: number) =>
    (await statistics({ ...asked, Period })).map(
      ({ Timestamp, Sum }) => [(Number(Timestamp) - testEpoch) / 1_000, Sum],
    );
  assert.deepEqual(await by(1), [[3, 1], [4, 2], [12, 4]]);
  assert.deepEqual(await by(5), [[0, 3], [10, 4]]);
  assert.deepEqual(await by(30), [[0, 7]]);
  assert.deepEqual(await by(60), [[0, 7]]);
  assert.deepEqual(
    await refused(put("high", { MetricName: "m", Value: 1, StorageResolution: 5 })),
    [
      "InvalidParameterValueException",
      "The value 5 for parameter MetricData.member.1.StorageResolution is invalid.",
    ],
  );
});
