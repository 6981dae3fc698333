import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, PutMetricDataCommand, PutMetricStreamCommand, StopMetricStreamsCommand,
} from "@aws-sdk/client-cloudwatch";
import { CreateDeliveryStreamCommand, FirehoseClient } from "@aws-sdk/client-firehose";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { startRegion, testEpoch } from "../../../test/region.ts";

test("a metric stream sends each minute of the metrics that it includes through Firehose", async () => {
  await using region = await startRegion();
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
      Name: "all", OutputFormat: "json", FirehoseArn, IncludeFilters: [{ Namespace: "app" }],
      RoleArn: await role("stream", "streams.metrics.cloudwatch.amazonaws.com", "firehose:PutRecordBatch"),
      StatisticsConfigurations: [
        { IncludeMetrics: [{ Namespace: "app", MetricName: "m" }], AdditionalStatistics: ["p50"] },
      ],
    }),
  );
  const put = async (Namespace: string): Promise<void> => {
    const Dimensions = [{ Name: "host", Value: "a" }];
    const MetricData = [{ MetricName: "m", Values: [1, 2, 6], Unit: "Count" as const, Dimensions }];
    await client.send(new PutMetricDataCommand({ Namespace, MetricData }));
  };
  await put("app");
  await put("other");
  await region.clock.advance({ minutes: 3 });
  await client.send(new StopMetricStreamsCommand({ Names: ["all"] }));
  await put("app");
  await region.clock.advance({ minutes: 5 });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "lake" }));
  const texts: string[] = [];
  for (const { Key } of Contents) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lake", Key }));
    texts.push((await Body?.transformToString()) ?? "");
  }
  const lines = texts.join("").trim().split("\n").map((line) => JSON.parse(line) as object);
  assert.deepEqual(lines, [
    {
      metric_stream_name: "all", account_id: "000000000000", region: "us-east-1", namespace: "app",
      metric_name: "m", dimensions: { host: "a" }, timestamp: testEpoch + 60_000,
      value: { max: 6, min: 1, sum: 9, count: 3, p50: 2 }, unit: "Count",
    },
  ]);
});
