import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { PutMetricFilterCommand, type MetricTransformation } from "@aws-sdk/client-cloudwatch-logs";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { createGroup, type LogsFixture } from "./logs-fixture.ts";

async function statistics(
  region: TestRegion, metric: string, dimensions: Record<string, string> = {}, namespace = "App",
): Promise<[number | undefined, number | undefined]> {
  const { Datapoints = [] } = await region.client(CloudWatchClient).send(new GetMetricStatisticsCommand({
    Namespace: namespace, MetricName: metric, Period: 86_400, Statistics: ["Sum", "SampleCount"],
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 86_400_000),
  }));
  return [Datapoints[0]?.Sum, Datapoints[0]?.SampleCount];
}

function putFilter(app: LogsFixture, filterPattern: string, transformation: Partial<MetricTransformation>) {
  return app.logs.send(new PutMetricFilterCommand({
    logGroupName: app.group, filterName: `${transformation.metricName}`, filterPattern,
    metricTransformations: [{ metricName: "M", metricNamespace: "App", metricValue: "1", ...transformation }],
  }));
}

test("logs-metric-filter-not-retroactive: events that are there already are not counted", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await app.put("s", "ERROR", "ERROR", "ERROR", "ERROR", "ERROR");
  await putFilter(app, "ERROR", { metricName: "Errors" });
  await app.put("s", "ERROR", "fine", "ERROR");
  await region.settled();
  assert.deepEqual(await statistics(region, "Errors"), [2, 2]);
});

test("values and dimensions are taken out of events", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await putFilter(
    app, "{ $.ms > 0 }", { metricName: "Latency", metricValue: "$.ms", dimensions: { Path: "$.path" } }
  );
  await putFilter(app, "[method, bytes]", { metricName: "Bytes", metricValue: "$bytes", unit: "Bytes" });
  await app.put(
    "s", "{\"ms\":10,\"path\":\"/a\"}", "{\"ms\":5,\"path\":\"/a\"}", "{\"ms\":1}", "GET 512", "GET x"
  );
  await region.settled();
  assert.deepEqual(await statistics(region, "Latency", { Path: "/a" }), [15, 2]);
  assert.deepEqual(await statistics(region, "Bytes"), [512, 1]);
});

test("system fields become dimensions, and select", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const put = (metricName: string, fieldSelectionCriteria: string) =>
    app.logs.send(new PutMetricFilterCommand({
      logGroupName: app.group, filterName: metricName, filterPattern: "ERROR", fieldSelectionCriteria,
      emitSystemFieldDimensions: ["@aws.region", "@aws.account"],
      metricTransformations: [{ metricName, metricNamespace: "App", metricValue: "1" }],
    }));
  await put("Here", "@aws.region = 'us-east-1'");
  await put("There", "@aws.region = 'eu-west-1'");
  await app.put("s", "ERROR");
  await region.settled();
  const dimensions = { "@aws.region": "us-east-1", "@aws.account": "000000000000" };
  assert.deepEqual(await statistics(region, "Here", dimensions), [1, 1]);
  assert.deepEqual(await statistics(region, "There", dimensions), [undefined, undefined]);
});

test("a default value stands for minutes in which events came and none matched", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await putFilter(app, "ERROR", { metricName: "Errors", metricValue: "10", defaultValue: 1 });
  await app.put("s", "ERROR", "fine");
  await app.put("s", "fine");
  await region.clock.advance({ minutes: 1 });
  await app.put("s", "fine");
  await region.clock.advance({ minutes: 5 });
  assert.deepEqual(await statistics(region, "Errors"), [11, 2]);
});

test("metrics that are embedded in events are published", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await app.put("s", JSON.stringify({
    _aws: {
      Timestamp: testEpoch,
      CloudWatchMetrics: [{
        Namespace: "Shop", Dimensions: [["service"]], Metrics: [{ Name: "Orders", Unit: "Count" }],
      }],
    },
    service: "checkout", Orders: 3,
  }));
  await region.settled();
  assert.deepEqual(await statistics(region, "Orders", { service: "checkout" }, "Shop"), [3, 1]);
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual(
    (await statistics(region, "IncomingLogEvents", { LogGroupName: "app" }, "AWS/Logs"))[0], 1
  );
  const {
    Metrics = [],
  } = await region.client(CloudWatchClient).send(new ListMetricsCommand({ Namespace: "Shop" }));
  assert.equal(Metrics.length, 1);
});

test("events that call themselves embedded metrics and are none are counted", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const event = (Metrics: object[], more: object) => {
    const CloudWatchMetrics = [{ Namespace: "Shop", Dimensions: [["kind"]], Metrics }];
    return JSON.stringify({ _aws: { Timestamp: testEpoch, CloudWatchMetrics }, ...more });
  };
  const whole = event([{ Name: "Orders" }], { kind: "a", Orders: 1 });
  await app.put("s", whole, "no metric", "{}", whole.slice(0, -1), event([{ Name: "Orders" }], { Orders: 1 }),
    event([{ Name: "Orders" }, { Name: "Gone" }], { kind: "a", Orders: 2 }),
    whole.replace('"Timestamp"', '"Time"'));
  await region.settled();
  await region.clock.advance({ minutes: 1 });
  const counted = async (name: string) =>
    (await statistics(region, name, { LogGroupName: "app" }, "AWS/Logs"))[0];
  assert.equal(await counted("EMFParsingErrors"), 1);
  assert.equal(await counted("EMFValidationErrors"), 3);
  assert.deepEqual(await statistics(region, "Orders", { kind: "a" }, "Shop"), [3, 2]);
});

test("an embedded metric that CloudWatch refuses takes no other with it", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const event = (Timestamp: number, kind: string) => JSON.stringify({
    _aws: {
      Timestamp,
      CloudWatchMetrics: [{ Namespace: "Shop", Dimensions: [["kind"]], Metrics: [{ Name: "Orders" }] }],
    },
    kind, Orders: 3,
  });
  const day = 86_400_000;
  await app.put(
    "s", event(testEpoch + day, "early"), event(testEpoch, "timely"), event(testEpoch - 20 * day, "late"),
  );
  await region.settled();
  const { Metrics = [] } = await region.client(CloudWatchClient).send(
    new ListMetricsCommand({ Namespace: "Shop" }));
  assert.deepEqual(Metrics.map(({ Dimensions }) => Dimensions?.[0]?.Value), ["timely"]);
  assert.deepEqual(await statistics(region, "Orders", { kind: "timely" }, "Shop"), [3, 1]);
});
