import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";
import {
  CloudWatchClient, GetMetricStatisticsCommand, ListMetricsCommand, PutMetricDataCommand, type MetricDatum,
} from "@aws-sdk/client-cloudwatch";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { CborEncoder, decodeCbor } from "../../kernel/protocol/cbor-codec.ts";

const region = await startRegion();
test.after(() => region.stop());
const client = region.client(CloudWatchClient);
const day = 86_400_000;

async function put(Namespace: string, ...MetricData: MetricDatum[]): Promise<void> {
  await client.send(new PutMetricDataCommand({ Namespace, MetricData }));
}

async function refused(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(() => assert.fail("it was accepted"), (cause: unknown) => cause as Error);
  return [error.name, error.message];
}

async function sums(
  Namespace: string, MetricName: string, Dimensions?: { Name: string; Value: string }[], Period = 60,
) {
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({
      Namespace, MetricName, Dimensions, Period, Statistics: ["Sum"],
      StartTime: new Date(testEpoch - 3_600_000), EndTime: new Date(testEpoch + 3_600_000),
    }),
  );
  return Datapoints.map(({ Timestamp, Sum }) => [Timestamp?.toISOString(), Sum]);
}

const dimensions = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ Name: `d${index}`, Value: String(index) }));

test("cloudwatch-namespaces: metrics are listed by namespace, and AWS's are not for customers", async () => {
  await put("one", { MetricName: "m", Value: 1 });
  await put("two", { MetricName: "m", Value: 1 });
  const { Metrics } = await client.send(new ListMetricsCommand({ Namespace: "one" }));
  assert.deepEqual(Metrics, [{ Namespace: "one", MetricName: "m", Dimensions: [] }]);
  assert.deepEqual(await refused(put("AWS/Mine", { MetricName: "m", Value: 1 })), [
    "InvalidParameterValueException", "The value AWS/Mine for parameter Namespace is invalid.",
  ]);
});

test("cloudwatch-10-dimensions: a metric has up to 30 dimensions", async () => {
  await put("many", { MetricName: "ten", Value: 1, Dimensions: dimensions(10) });
  await put("many", { MetricName: "thirty", Value: 1, Dimensions: dimensions(30) });
  const [name] = await refused(put("many", { MetricName: "more", Value: 1, Dimensions: dimensions(31) }));
  assert.equal(name, "InvalidParameterValueException");
});

test("cloudwatch-custom-dimensions: each value of a dimension has its own values", async () => {
  const named = (Value: string) => [{ Name: "Environment.name", Value }];
  await put("segments", { MetricName: "m", Value: 1, Dimensions: named("dev") },
    { MetricName: "m", Value: 10, Dimensions: named("prod") });
  assert.deepEqual((await sums("segments", "m", named("dev"))).map(([, sum]) => sum), [1]);
  assert.deepEqual((await sums("segments", "m", named("prod"))).map(([, sum]) => sum), [10]);
  assert.deepEqual(await sums("segments", "m"), []);
});

test("cloudwatch-timestamps: a data point is in the minute that it is dated", async () => {
  await put("times", { MetricName: "m", Value: 3, Timestamp: new Date(testEpoch - 10 * 60_000 + 1_234) });
  assert.deepEqual(await sums("times", "m"), [["2025-12-31T23:50:00.000Z", 3]]);
});

test("cloudwatch-custom-timestamp-range: two weeks back and two hours ahead", async () => {
  const at = (offset: number) => put(
    "range", { MetricName: "m", Value: 1, Timestamp: new Date(testEpoch + offset) },
  );
  await at(-14 * day);
  await at(2 * 3_600_000);
  assert.deepEqual(await refused(at(-14 * day - 1)), [
    "InvalidParameterValueException",
    "The parameter MetricData.member.1.Timestamp must specify a time no more than two weeks in the past.",
  ]);
  assert.deepEqual(await refused(at(2 * 3_600_000 + 1)), [
    "InvalidParameterValueException",
    "The parameter MetricData.member.1.Timestamp must specify a time no more than 2 hours in the future.",
  ]);
});

test("all data of a request or none, and each refusal by its place", async () => {
  const good = { MetricName: "m", Value: 1 };
  const values = (count: number) => Array.from({ length: count }, (_, index) => index);
  const path = "MetricData.member.2.";
  const cases: readonly [MetricDatum, string, string][] = [
    [
      { MetricName: "m" }, "MissingRequiredParameterException",
      "At least one of the parameters must be specified.",
    ],
    [{ MetricName: "m", Value: Number.NaN }, "InvalidParameterValueException",
      `The value NaN for parameter ${path}Value is invalid.`],
    [{ MetricName: "m", Value: Number.POSITIVE_INFINITY }, "InvalidParameterValueException",
      `The value Infinity for parameter ${path}Value is invalid.`],
    [{ MetricName: "m", Value: 2 ** 361 }, "InvalidParameterValueException",
      `The value ${2 ** 361} for parameter ${path}Value is invalid.`],
    [{ MetricName: "m", Value: 1, Values: [1] }, "InvalidParameterCombinationException",
      `The parameters ${path}Value and ${path}Values are mutually exclusive and you have specified both.`],
    [{ MetricName: "m", Values: [1, 2], Counts: [1] }, "InvalidParameterValueException",
      `The parameters ${path}Values and ${path}Counts must be of the same size.`],
    [{ MetricName: "m", Values: values(151) }, "InvalidParameterValueException",
      `The collection ${path}Values must not have a size greater than 150.`],
    [{
      MetricName: "m", Value: 1, Dimensions: [{ Name: ":d", Value: "v" }],
    }, "InvalidParameterValueException",
      `The value :d for parameter ${path}Dimensions.member.1.Name is invalid.`],
  ];
  for (const [datum, name, message] of cases) {
    assert.deepEqual(await refused(put("whole", good, datum)), [name, message]);
  }
  const { Metrics } = await client.send(new ListMetricsCommand({ Namespace: "whole" }));
  assert.deepEqual(Metrics, []);
  await put("whole", { MetricName: "m", Values: values(150) });
  await put("whole", ...Array.from({ length: 1_000 }, () => good));
  assert.deepEqual(await refused(put("whole", ...Array.from({ length: 1_001 }, () => good))), [
    "InvalidParameterValueException", "The collection MetricData must not have a size greater than 1000.",
  ]);
});

/** As CBOR: maps of maps, lists, texts and doubles. */
function cbor(value: unknown, encoder = new CborEncoder()): CborEncoder {
  if (typeof value === "string") encoder.text(value);
  else if (typeof value === "number") encoder.double(value);
  else if (Array.isArray(value)) {
    encoder.startList();
    for (const item of value) cbor(item, encoder);
    encoder.end();
  } else {
    encoder.startMap();
    for (const [name, member] of Object.entries(value as object)) {
      encoder.text(name);
      cbor(member, encoder);
    }
    encoder.end();
  }
  return encoder;
}

test("the Query, JSON and CBOR protocols and compressed bodies say the same", async () => {
  const endpoint = await region.endpoint();
  const credential = `000000000000/20260101/us-east-1/monitoring/aws4_request`;
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`;
  const signed = { authorization, "x-amz-date": "20260101T000000Z" };
  const post = (body: Uint8Array<ArrayBuffer> | string, headers: Record<string, string>) =>
    fetch(endpoint, { method: "POST", body, headers: { ...signed, ...headers } });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const data = "Namespace=wire&MetricData.member.1.MetricName=m&MetricData.member.1.Value=2";
  const query = await post(`Action=PutMetricData&Version=2010-08-01&${data}`, form);
  assert.equal(query.status, 200, await query.text());
  const text = JSON.stringify({ Namespace: "wire", MetricData: [{ MetricName: "m", Value: 3 }] });
  const target = { "x-amz-target": "GraniteServiceVersion20100801.PutMetricData" };
  const json = { "content-type": "application/x-amz-json-1.0", ...target };
  const packed = await post(new Uint8Array(gzipSync(text)), { ...json, "content-encoding": "gzip" });
  assert.equal(packed.status, 200, await packed.text());
  const rpc = (input: object) =>
    fetch(`${endpoint}/service/GraniteServiceVersion20100801/operation/PutMetricData`, {
      method: "POST", body: new Uint8Array(cbor(input).finish()),
      headers: { ...signed, "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" },
    });
  const binary = await rpc({ Namespace: "wire", MetricData: [{ MetricName: "m", Value: 4 }] });
  assert.equal(binary.status, 200);
  const refusal = await rpc({ Namespace: "AWS/x", MetricData: [{ MetricName: "m", Value: 4 }] });
  assert.equal(refusal.headers.get("x-amzn-query-error"), "InvalidParameterValue;Sender");
  assert.deepEqual({ ...(decodeCbor(Buffer.from(await refusal.arrayBuffer())) as object) }, {
    __type: "com.amazonaws.cloudwatch#InvalidParameterValueException",
    message: "The value AWS/x for parameter Namespace is invalid.",
  });
  assert.deepEqual((await sums("wire", "m")).map(([, sum]) => sum), [9]);
  const wrong = await post(`Action=PutMetricData&Version=2010-08-01&${data.replace("wire", "AWS/x")}`, form);
  assert.match(await wrong.text(), /<Code>InvalidParameterValue<\/Code>/);
  const unlike = await post(text.replace("wire", "AWS/x"), json);
  assert.equal(unlike.headers.get("x-amzn-query-error"), "InvalidParameterValue;Sender");
  assert.match(await unlike.text(), /InvalidParameterValueException/);
});

test("old data points are seen by five minutes, by the hour, and no more", async () => {
  await using other = await startRegion();
  const old = other.client(CloudWatchClient);
  const MetricData = [0, 1, 6].map((minute) => {
    return { MetricName: "m", Value: 1, Timestamp: new Date(testEpoch + minute * 60_000) };
  });
  await old.send(new PutMetricDataCommand({ Namespace: "old", MetricData }));
  const counts = async () => {
    const found: number[] = [];
    for (const Period of [60, 300, 3_600]) {
      const { Datapoints = [] } = await old.send(
        new GetMetricStatisticsCommand({
          Namespace: "old", MetricName: "m", Period, Statistics: ["Sum"],
          StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 3_600_000),
        }),
      );
      assert.equal(Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0), Datapoints.length === 0 ? 0 : 3);
      found.push(Datapoints.length);
    }
    return found;
  };
  assert.deepEqual(await counts(), [3, 2, 1]);
  await other.clock.advance({ days: 14 });
  assert.deepEqual(await counts(), [3, 2, 1]);
  const { Metrics: listed } = await old.send(new ListMetricsCommand({ Namespace: "old" }));
  assert.equal(listed?.length, 1);
  await other.clock.advance({ days: 2 });
  assert.deepEqual(await counts(), [0, 2, 1]);
  assert.deepEqual((await old.send(new ListMetricsCommand({ Namespace: "old" }))).Metrics, []);
  await other.clock.advance({ days: 48 });
  assert.deepEqual(await counts(), [0, 0, 1]);
  await other.clock.advance({ days: 392 });
  assert.deepEqual(await counts(), [0, 0, 0]);
});

test("cloudwatch-throttle-backoff: a client that is throttled tries again, and succeeds", async () => {
  const fault = { service: "cloudwatch", operation: "PutMetricData", code: "Throttling", status: 400 };
  region.engine.faults.add({ ...fault, message: "Rate exceeded", remaining: 2 });
  const patient = region.client(CloudWatchClient, { maxAttempts: 3 });
  const MetricData = [{ MetricName: "m", Value: 1 }];
  await patient.send(new PutMetricDataCommand({ Namespace: "patient", MetricData }));
  assert.deepEqual(region.engine.faults.list(), []);
  assert.deepEqual((await sums("patient", "m")).map(([, sum]) => sum), [1]);
});
