import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteBucketAnalyticsConfigurationCommand, GetObjectCommand,
  ListObjectsV2Command, PutBucketAnalyticsConfigurationCommand, PutBucketPolicyCommand, PutObjectCommand,
  S3Client, type AnalyticsFilter,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const Bucket = "source";
const day = 24 * 60 * 60;
const megabyte = 1024 * 1024;

/** @evidence S3 User Guide, "Granting permissions for Amazon S3 Inventory and Amazon S3 analytics" */
function permit(s3: S3Client, sourceArn = "arn:aws:s3:::source"): Promise<unknown> {
  const Statement = [{
    Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "s3:PutObject",
    Resource: "arn:aws:s3:::reports/*",
    Condition: {
      ArnLike: { "aws:SourceArn": sourceArn },
      StringEquals: { "aws:SourceAccount": "000000000000", "s3:x-amz-acl": "bucket-owner-full-control" },
    },
  }];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  return s3.send(new PutBucketPolicyCommand({ Bucket: "reports", Policy }));
}

function configure(s3: S3Client, Id: string, Filter?: AnalyticsFilter, to = {}): Promise<unknown> {
  const S3BucketDestination = { Bucket: "arn:aws:s3:::reports", Format: "CSV" as const, Prefix: "a", ...to };
  const DataExport = { OutputSchemaVersion: "V_1" as const, Destination: { S3BucketDestination } };
  const AnalyticsConfiguration = {
    Id, ...(Filter && { Filter }), StorageClassAnalysis: { DataExport },
  };
  return s3.send(new PutBucketAnalyticsConfigurationCommand({ Bucket, Id, AnalyticsConfiguration }));
}

async function stage(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  for (const name of [Bucket, "reports"]) await s3.send(new CreateBucketCommand({ Bucket: name }));
  return s3;
}

async function days(region: TestRegion, count: number): Promise<void> {
  for (let each = 0; each < count; each += 1) {
    await region.clock.advance({ seconds: day });
    await region.settled();
  }
}

async function report(s3: S3Client, id: string): Promise<string[]> {
  const Key = `a/source/${id}/${id}.csv`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "reports", Key }));
  return ((await Body?.transformToString()) ?? "").trimEnd().split("\n");
}

const head =
  "Date,ConfigId,Filter,StorageClass,ObjectAge,ObjectCount,DataUploaded_MB,Storage_MB,DataRetrieved_MB," +
  "GetRequestCount,CumulativeAccessRatio,ObjectAgeForSIATransition,RecommendedObjectAgeForSIATransition";

test("a report says, day by day, what is stored and read by class and age", async () => {
  await using region = await startRegion();
  const s3 = await stage(region);
  await permit(s3);
  await configure(s3, "logs", { Prefix: "logs/" });
  const put = (Key: string, size: number, more = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(size), ...more }));
  await put("logs/large", megabyte);
  await put("logs/small", 1024);
  await put("logs/cold", 2 * megabyte, { StorageClass: "STANDARD_IA" });
  await put("other", megabyte);
  await s3.send(new CopyObjectCommand({ Bucket, Key: "logs/copy", CopySource: "source/other" }));
  const read = async (Key: string, Range?: string): Promise<void> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
    await Body?.transformToByteArray();
  };
  await read("logs/large");
  await read("logs/large", `bytes=0-${megabyte / 2 - 1}`);
  await read("logs/small");
  await assert.rejects(read("logs/missing"), { name: "NoSuchKey" });
  await days(region, 1);
  const [shownHead, ...first] = await report(s3, "logs");
  assert.equal(shownHead, head);
  const lines = (ages: string[]): string[] => first.filter((line) => ages.includes(line.split(",")[4] ?? ""));
  assert.deepEqual(lines(["000-014", "ALL"]), [
    "01-01-2026,logs,(prefix=logs/),STANDARD,000-014,,,2,1.5,2,0.75,,",
    "01-01-2026,logs,(prefix=logs/),STANDARD_IA,000-014,,,2,0,0,0,,",
    "01-01-2026,logs,(prefix=logs/),STANDARD,ALL,3,2.000977,2.000977,1.500977,3,0.750122,,",
    "01-01-2026,logs,(prefix=logs/),STANDARD_IA,ALL,1,2,2,0,0,0,,",
  ]);
  await days(region, 15);
  await read("logs/copy");
  await days(region, 1);
  const later = (await report(s3, "logs")).filter((line) => line.startsWith("01-17-2026"));
  const standard = later.filter((line) => line.includes(",STANDARD,"));
  assert.equal(standard.length, 13);
  assert.match(standard[0] ?? "", /,STANDARD,000-014,,,0,0,0,/);
  const older = standard.find((line) => line.includes(",015-029,"));
  assert.match(older ?? "", /^01-17-2026,logs,\(prefix=logs\/\),STANDARD,015-029,,,2,1,1,/);
  await s3.send(new DeleteBucketAnalyticsConfigurationCommand({ Bucket, Id: "logs" }));
  await configure(s3, "logs");
  await days(region, 1);
  const again = await report(s3, "logs");
  assert.ok(again.slice(1).every((line) => line.startsWith("01-18-2026,logs,,")));
});

test("the destination's policy decides, and what it refuses comes with a later report", async () => {
  await using region = await startRegion();
  const s3 = await stage(region);
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "body", Tagging: "team=a" }));
  await permit(s3, "arn:aws:s3:::another");
  await configure(s3, "team", { Tag: { Key: "team", Value: "a" } });
  await days(region, 2);
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket: "reports" }))).KeyCount, 0);
  await permit(s3);
  await days(region, 1);
  const all = (await report(s3, "team")).filter((line) => line.includes(",ALL,"));
  assert.deepEqual(all.map((line) => line.slice(0, 10)), ["01-01-2026", "01-02-2026", "01-03-2026"]);
  assert.match(all[0] ?? "", /^01-01-2026,team,"\(tag=\{key=team, value=a\}\)",STANDARD,ALL,1,0,/);
});

test("what is no destination is refused", async () => {
  await using region = await startRegion();
  const s3 = await stage(region);
  await assert.rejects(configure(s3, "a", undefined, { Format: "Parquet" }), { name: "MalformedXML" });
  await assert.rejects(configure(s3, "a", undefined, { Bucket: "reports" }), {
    name: "InvalidS3DestinationBucket",
  });
});
