import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, PutMetricDataCommand, PutMetricStreamCommand, StopMetricStreamsCommand,
  type MetricStreamOutputFormat,
} from "@aws-sdk/client-cloudwatch";
import { CreateDeliveryStreamCommand, FirehoseClient } from "@aws-sdk/client-firehose";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";

type Wire = Map<number, (number | bigint | Buffer)[]>;

/** The fields of a message by their numbers, as they are on the wire. */
function fieldsOf(bytes: Buffer): Wire {
  const fields: Wire = new Map();
  let at = 0;
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (let byte = 0x80; byte >= 0x80; factor *= 128) {
      byte = bytes[at++] ?? 0;
      value += (byte % 128) * factor;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const length = tag % 8 === 1 ? 8 : varint();
    const body = bytes.subarray(at, (at += length));
    fields.set(Math.floor(tag / 8), [...(fields.get(Math.floor(tag / 8)) ?? []), body]);
  }
  return fields;
}

const messages = (wire: Wire | undefined, field: number): Wire[] =>
  (wire?.get(field) ?? []).map((body) => fieldsOf(body as Buffer));
const textOf = (wire: Wire | undefined, field: number): string => String(wire?.get(field)?.[0] ?? "");
const doubleOf = (wire: Wire | undefined, field: number): number =>
  (wire?.get(field)?.[0] as Buffer | undefined)?.readDoubleLE() ?? 0;
const fixedOf = (wire: Wire | undefined, field: number): bigint =>
  (wire?.get(field)?.[0] as Buffer | undefined)?.readBigUInt64LE() ?? 0n;

/** The only request, without the length before it. */
function requestIn(bytes: Buffer): Wire {
  const lengthBytes = (bytes[0] ?? 0) < 128 ? 1 : 2;
  const length = (bytes[0] ?? 0) % 128 + (lengthBytes === 2 ? (bytes[1] ?? 0) * 128 : 0);
  assert.equal(length, bytes.length - lengthBytes);
  return fieldsOf(bytes.subarray(lengthBytes));
}

for (const format of ["opentelemetry0.7", "opentelemetry1.0"] as const) {
  test(`a metric stream of the format ${format} sends requests of OTLP`, async () => {
    await using region = await startRegion();
    const sent = await streamed(region, format);
    const request = requestIn(Buffer.concat(sent));
    const [resource] = messages(messages(request, 1)[0], 1);
    const valueOf = (pair: Wire | undefined): string => textOf(messages(pair, 2)[0], 1);
    assert.deepEqual(messages(resource, 1).map((pair) => [textOf(pair, 1), valueOf(pair)]), [
      ["cloud.provider", "aws"], ["cloud.account.id", "000000000000"], ["cloud.region", "us-east-1"],
      ["aws.exporter.arn", "arn:aws:cloudwatch:us-east-1:000000000000:metric-stream/all"],
    ]);
    const [metric, ...others] = messages(messages(messages(request, 1)[0], 2)[0], 2);
    assert.deepEqual(others, []);
    assert.deepEqual([textOf(metric, 1), textOf(metric, 3)], ["amazonaws.com/app/m", "{Count}/s"]);
    const [point] = messages(messages(metric, 11)[0], 1);
    const start = BigInt(testEpoch + 60_000) * 1_000_000n;
    assert.deepEqual([fixedOf(point, 2), fixedOf(point, 3), fixedOf(point, 4), doubleOf(point, 5)],
      [start, start + 60_000_000_000n, 3n, 9]);
    assert.deepEqual(messages(point, 6).map((each) => [doubleOf(each, 1), doubleOf(each, 2)]),
      [[0, 1], [0.5, 2], [1, 6]]);
    if (format === "opentelemetry0.7") {
      assert.deepEqual(messages(point, 1).map((label) => [textOf(label, 1), textOf(label, 2)]),
        [["Namespace", "app"], ["MetricName", "m"], ["host", "a"]]);
      return;
    }
    const [namespace, name, dimensions] = messages(point, 7);
    assert.deepEqual([namespace, name].map((each) => [textOf(each, 1), valueOf(each)]),
      [["Namespace", "app"], ["MetricName", "m"]]);
    const [pair] = messages(messages(messages(dimensions, 2)[0], 6)[0], 1);
    assert.deepEqual([textOf(dimensions, 1), textOf(pair, 1), valueOf(pair)],
      ["Dimensions", "host", "a"]);
  });
}

test("a metric stream sends each minute of the metrics that it includes through Firehose", async () => {
  await using region = await startRegion();
  const lines = Buffer.concat(await streamed(region, "json")).toString().trim().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line) as object), [
    {
      metric_stream_name: "all", account_id: "000000000000", region: "us-east-1", namespace: "app",
      metric_name: "m", dimensions: { host: "a" }, timestamp: testEpoch + 60_000,
      value: { max: 6, min: 1, sum: 9, count: 3, p50: 2 }, unit: "Count/Second",
    },
  ]);
});

/** What arrives in the bucket of a stream of one metric. */
async function streamed(region: TestRegion, OutputFormat: MetricStreamOutputFormat): Promise<Buffer[]> {
  const iam = region.client(IAMClient);
  const role = async (RoleName: string, Service: string, Action: string): Promise<string> => {
    const trust = { Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }] };
    const policy = { Statement: [{ Effect: "Allow", Action, Resource: "*" }] };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", ...trust });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", ...policy });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "it", PolicyDocument }));
    return Role?.Arn ?? "";
  };
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "lake" }));
  const { DeliveryStreamARN: FirehoseArn } = await region.client(FirehoseClient).send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: "metrics",
      ExtendedS3DestinationConfiguration: {
        BucketARN: "arn:aws:s3:::lake", RoleARN: await role("store", "firehose.amazonaws.com", "s3:*"),
        BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 1 },
      },
    }),
  );
  await region.clock.advance({ minutes: 1 });
  const client = region.client(CloudWatchClient);
  await client.send(
    new PutMetricStreamCommand({
      Name: "all", OutputFormat, FirehoseArn, IncludeFilters: [{ Namespace: "app" }],
      RoleArn: await role("stream", "streams.metrics.cloudwatch.amazonaws.com", "firehose:PutRecordBatch"),
      StatisticsConfigurations: [
        { IncludeMetrics: [{ Namespace: "app", MetricName: "m" }], AdditionalStatistics: ["p50"] },
      ],
    }),
  );
  const put = async (Namespace: string): Promise<void> => {
    const Dimensions = [{ Name: "host", Value: "a" }];
    const MetricData = [{ MetricName: "m", Values: [1, 2, 6], Unit: "Count/Second" as const, Dimensions }];
    await client.send(new PutMetricDataCommand({ Namespace, MetricData }));
  };
  await put("app");
  await put("other");
  await region.clock.advance({ minutes: 3 });
  await client.send(new StopMetricStreamsCommand({ Names: ["all"] }));
  await put("app");
  await region.clock.advance({ minutes: 5 });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "lake" }));
  const found: Buffer[] = [];
  for (const { Key } of Contents) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lake", Key }));
    found.push(Buffer.from((await Body?.transformToByteArray()) ?? []));
  }
  const statistics = (AdditionalStatistics: string[]) => refusal(client.send(new PutMetricStreamCommand({
    Name: "wrong", OutputFormat, FirehoseArn, RoleArn: "arn:aws:iam::000000000000:role/stream",
    StatisticsConfigurations: [{
      IncludeMetrics: [{ Namespace: "app", MetricName: "m" }], AdditionalStatistics,
    }],
  })));
  const refused = "InvalidParameterValueException: Invalid statistic: tm90";
  assert.equal(await statistics(["p99.9", "tm90"]), OutputFormat === "json" ? "no refusal" : refused);
  return found;
}
