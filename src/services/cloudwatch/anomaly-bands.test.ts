import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, GetMetricDataCommand, PutAnomalyDetectorCommand, PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { startRegion, testEpoch } from "../../../test/region.ts";

test("a band does not learn from the times that its metric's detector excludes", async () => {
  await using region = await startRegion();
  const cloudwatch = region.client(CloudWatchClient);
  const at = (minute: number): Date => new Date(testEpoch + minute * 60_000);
  const put = (minute: number, Value: number) => cloudwatch.send(new PutMetricDataCommand({
    Namespace: "n", MetricData: [{ MetricName: "m", Value, Timestamp: at(minute) }],
  }));
  for (let minute = -20; minute < -10; minute++) await put(minute, 10);
  for (let minute = -10; minute < 0; minute++) await put(minute, 1_000);
  await put(0, 10);
  const upper = async () => {
    const { MetricDataResults = [] } = await cloudwatch.send(new GetMetricDataCommand({
      StartTime: at(0), EndTime: at(1), MetricDataQueries: [
        { Id: "m", MetricStat: { Metric: { Namespace: "n", MetricName: "m" }, Period: 60, Stat: "Average" } },
        { Id: "b", Expression: "ANOMALY_DETECTION_BAND(m, 2)" },
      ],
    }));
    return MetricDataResults.find(({ Label }) => Label?.endsWith("High"))?.Values?.[0] ?? 0;
  };
  assert.ok(await upper() > 1_000);
  await cloudwatch.send(new PutAnomalyDetectorCommand({
    Namespace: "n", MetricName: "m", Stat: "Average",
    Configuration: { ExcludedTimeRanges: [{ StartTime: at(-10), EndTime: at(0) }] },
  }));
  assert.equal(await upper(), 10);
});
