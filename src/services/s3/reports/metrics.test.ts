import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateBucketCommand, GetObjectCommand, HeadObjectCommand, PutBucketMetricsConfigurationCommand,
  PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { startRegion, testEpoch } from "../../../../test/region.ts";

test("a bucket's size is measured at midnight, and its requests where a configuration asks", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  const Bucket = "measured";
  await s3.send(new CreateBucketCommand({ Bucket }));
  const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: "x".repeat(100) }));
  await put("before");
  for (const [Id, Prefix] of [["all", undefined], ["docs", "docs/"]] as const) {
    const MetricsConfiguration = { Id, ...(Prefix !== undefined && { Filter: { Prefix } }) };
    await s3.send(new PutBucketMetricsConfigurationCommand({ Bucket, Id, MetricsConfiguration }));
  }
  await put("docs/a");
  await put("other");
  await (await s3.send(new GetObjectCommand({ Bucket, Key: "docs/a" }))).Body?.transformToString();
  await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: "docs/none" })));
  await region.clock.advance({ hours: 25 });
  const asked = [
    ["BucketSizeBytes", { StorageType: "StandardStorage" }, 300],
    ["NumberOfObjects", { StorageType: "AllStorageTypes" }, 3],
    ["PutRequests", { FilterId: "all" }, 2], ["PutRequests", { FilterId: "docs" }, 1],
    ["GetRequests", { FilterId: "docs" }, 1], ["4xxErrors", { FilterId: "docs" }, 1],
    ["BytesDownloaded", { FilterId: "docs" }, 100], ["BytesUploaded", { FilterId: "all" }, 200],
  ] as const;
  const { MetricDataResults = [] } = await region.client(CloudWatchClient).send(
    new GetMetricDataCommand({
      StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 2 * 86_400_000),
      MetricDataQueries: asked.map(([MetricName, dimensions], index) => ({
        Id: `q${index}`,
        MetricStat: {
          Metric: {
            Namespace: "AWS/S3", MetricName,
            Dimensions: Object.entries(
              { BucketName: Bucket, ...dimensions },
            ).map(([Name, Value]) => ({ Name, Value })),
          },
          Period: 86_400, Stat: "Sum",
        },
      })),
    }),
  );
  const found = MetricDataResults.map(
    ({ Values }, index) => [...(asked[index] ?? []).slice(0, 2), Values?.[0]],
  );
  assert.deepEqual(found, asked.map((each) => [...each]));
});
