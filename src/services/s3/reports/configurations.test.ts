import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketAnalyticsConfigurationCommand, DeleteBucketCommand,
  DeleteBucketMetricsConfigurationCommand, GetBucketAnalyticsConfigurationCommand,
  GetBucketMetricsConfigurationCommand, ListBucketMetricsConfigurationsCommand,
  PutBucketAnalyticsConfigurationCommand, PutBucketMetricsConfigurationCommand, S3Client,
} from "@aws-sdk/client-s3";
import { startRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const missing = { name: "NoSuchConfiguration", message: "The specified configuration does not exist." };

test("configurations are kept by their ids, listed in pages, and go with their bucket", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const ids = Array.from({ length: 101 }, (_, index) => `id-${String(index).padStart(3, "0")}`);
  for (const Id of ids) {
    const MetricsConfiguration = { Id, Filter: { Prefix: `${Id}/` } };
    await s3.send(new PutBucketMetricsConfigurationCommand({ Bucket, Id, MetricsConfiguration }));
  }
  const first = await s3.send(new ListBucketMetricsConfigurationsCommand({ Bucket }));
  const rest = await s3.send(
    new ListBucketMetricsConfigurationsCommand({ Bucket, ContinuationToken: first.NextContinuationToken }),
  );
  assert.equal(first.IsTruncated, true);
  assert.deepEqual(
    [first, rest].flatMap((page) => page.MetricsConfigurationList?.map(({ Id }) => Id)),
    ids,
  );
  const { MetricsConfiguration } = await s3.send(
    new GetBucketMetricsConfigurationCommand({ Bucket, Id: "id-007" }),
  );
  assert.deepEqual(MetricsConfiguration, { Id: "id-007", Filter: { Prefix: "id-007/" } });
  await s3.send(new DeleteBucketMetricsConfigurationCommand({ Bucket, Id: "id-007" }));
  await assert.rejects(
    s3.send(new DeleteBucketMetricsConfigurationCommand({ Bucket, Id: "id-007" })),
    missing,
  );

  await s3.send(new DeleteBucketCommand({ Bucket }));
  await s3.send(new CreateBucketCommand({ Bucket }));
  const { MetricsConfigurationList } = await s3.send(new ListBucketMetricsConfigurationsCommand({ Bucket }));
  assert.equal(MetricsConfigurationList, undefined);
});

test("kinds do not mix, and an id that is not its own is refused", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const AnalyticsConfiguration = { Id: "one", StorageClassAnalysis: {} };
  await s3.send(new PutBucketAnalyticsConfigurationCommand({ Bucket, Id: "one", AnalyticsConfiguration }));
  const kept = await s3.send(new GetBucketAnalyticsConfigurationCommand({ Bucket, Id: "one" }));
  assert.equal(kept.AnalyticsConfiguration?.Id, "one");
  await assert.rejects(s3.send(new GetBucketMetricsConfigurationCommand({ Bucket, Id: "one" })), missing);
  await assert.rejects(
    s3.send(new PutBucketAnalyticsConfigurationCommand({ Bucket, Id: "two", AnalyticsConfiguration })),
    { name: "MalformedXML" },
  );
  await s3.send(new DeleteBucketAnalyticsConfigurationCommand({ Bucket, Id: "one" }));
  await assert.rejects(s3.send(new GetBucketAnalyticsConfigurationCommand({ Bucket, Id: "one" })), missing);
});
