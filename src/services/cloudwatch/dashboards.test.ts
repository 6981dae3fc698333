import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, DeleteDashboardsCommand, DescribeAnomalyDetectorsCommand, GetDashboardCommand,
  GetMetricStreamCommand, ListDashboardsCommand, PutAnomalyDetectorCommand, PutDashboardCommand,
  PutMetricDataCommand, PutMetricStreamCommand,
  type MetricStreamOutputFormat,
} from "@aws-sdk/client-cloudwatch";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";

const region = await startRegion();
test.after(() => region.stop());
const client = region.client(CloudWatchClient);

interface Refusal extends Error {
  readonly dashboardValidationMessages?: { readonly DataPath?: string; readonly Message?: string }[];
}

async function refused(DashboardBody: string): Promise<(string | undefined)[][]> {
  const work = client.send(new PutDashboardCommand({ DashboardName: "d", DashboardBody }));
  const error = await work.then(() => assert.fail("it was accepted"), (cause: unknown) => cause as Refusal);
  assert.equal(error.name, "DashboardInvalidInputError");
  return (error.dashboardValidationMessages ?? []).map(({ DataPath, Message }) => [DataPath, Message]);
}

test("cloudwatch-dashboards: a dashboard is kept as it was given, for all regions", async () => {
  const DashboardBody = JSON.stringify({
    widgets: [
      {
        type: "metric", x: 0, y: 0, width: 6, height: 6,
        properties: { metrics: [["AWS/EC2", "CPUUtilization", "InstanceId", "i-1"]], region: "us-east-1" },
      },
    ],
  });
  await client.send(new PutDashboardCommand({ DashboardName: "main", DashboardBody }));
  const elsewhere = region.client(CloudWatchClient, { region: "eu-west-1" });
  const found = await elsewhere.send(new GetDashboardCommand({ DashboardName: "main" }));
  assert.deepEqual([found.DashboardArn, found.DashboardBody], [
    "arn:aws:cloudwatch::000000000000:dashboard/main", DashboardBody,
  ]);
  const { DashboardEntries = [] } = await client.send(
    new ListDashboardsCommand({ DashboardNamePrefix: "ma" }),
  );
  assert.deepEqual(DashboardEntries.map(({ DashboardName, Size }) => [DashboardName, Size]), [
    ["main", DashboardBody.length],
  ]);
  await client.send(new DeleteDashboardsCommand({ DashboardNames: ["main"] }));
  await assert.rejects(client.send(new GetDashboardCommand({ DashboardName: "main" })), {
    name: "ResourceNotFound", message: "Dashboard main does not exist",
  });
});

test("what is wrong with a dashboard is told by its place", async () => {
  const json = "The field DashboardBody must be a valid JSON object";
  assert.deepEqual(await refused("{"), [["/", json]]);
  assert.deepEqual(await refused("[]"), [["/", json]]);
  assert.deepEqual(await refused("{}"), [["/", "Should have required property 'widgets'"]]);
  const widgets = [{ type: "metric", width: 25, properties: { metrics: [[]] } }, { type: "film" }, 7];
  assert.deepEqual(await refused(JSON.stringify({ widgets })), [
    ["/widgets/0/width", "Should be <= 24"],
    ["/widgets/0/properties", "Should have required property 'region'"],
    ["/widgets/0/properties/metrics/0", "Should be array"],
    ["/widgets/1", "Should have required property 'properties'"],
    ["/widgets/1/type", "Should be equal to one of the allowed values"],
    ["/widgets/2", "Should be object"],
  ]);
  const { DashboardEntries } = await client.send(new ListDashboardsCommand({}));
  assert.deepEqual(DashboardEntries, []);
});

test("an anomaly detector is trained once its metric has values", async () => {
  const metric = { Namespace: "app", MetricName: "m", Stat: "Sum" };
  await client.send(new PutAnomalyDetectorCommand(metric));
  const state = async () => {
    const { AnomalyDetectors: [detector] = [] } = await client.send(new DescribeAnomalyDetectorsCommand({}));
    return [detector?.MetricName, detector?.SingleMetricAnomalyDetector?.Stat, detector?.StateValue];
  };
  assert.deepEqual(await state(), ["m", "Sum", "PENDING_TRAINING"]);
  const MetricData = [{ MetricName: "m", Value: 1 }];
  await client.send(new PutMetricDataCommand({ Namespace: "app", MetricData }));
  assert.deepEqual(await state(), ["m", "Sum", "TRAINED"]);
});

test("a metric stream is kept; formats that nobody knows are refused", async () => {
  const given = {
    Name: "all", FirehoseArn: "arn:aws:firehose:us-east-1:000000000000:deliverystream/metrics",
    RoleArn: "arn:aws:iam::000000000000:role/stream", IncludeFilters: [{ Namespace: "AWS/SQS" }],
  };
  const put = (OutputFormat: MetricStreamOutputFormat) =>
    client.send(new PutMetricStreamCommand({ ...given, OutputFormat }));
  await put("json");
  const { State, IncludeFilters, Arn } = await client.send(new GetMetricStreamCommand({ Name: "all" }));
  assert.deepEqual([State, IncludeFilters, Arn], [
    "running", [{ Namespace: "AWS/SQS" }], "arn:aws:cloudwatch:us-east-1:000000000000:metric-stream/all",
  ]);
  await put("opentelemetry0.7");
  const { OutputFormat } = await client.send(new GetMetricStreamCommand({ Name: "all" }));
  assert.equal(OutputFormat, "opentelemetry0.7");
  assert.match(await refusal(put("opentelemetry2.0" as MetricStreamOutputFormat)),
    /^ValidationException: .* must satisfy enum value set: \[opentelemetry1\.0, json, opentelemetry0\.7\]$/);
});
