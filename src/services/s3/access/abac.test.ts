import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, GetBucketAbacCommand, GetObjectCommand, ListObjectsV2Command, PutBucketAbacCommand,
  PutBucketTaggingCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { startRegion } from "../../../../test/region.ts";

const Bucket = "bucket";

test("tags of a bucket decide once the bucket says that they do", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "text" }));
  const Tagging = { TagSet: [{ Key: "team", Value: "blue" }] };
  await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging }));
  const credentials = await region.user("blue", {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Action: "s3:GetObject", Resource: "*",
      Condition: { StringEquals: { "s3:BucketTag/team": "blue", "aws:ResourceTag/team": "blue" } },
    },
  });
  const blue = region.client(S3Client, { credentials });
  const read = () => blue.send(new GetObjectCommand({ Bucket, Key: "key" }));
  const status = async () => (await s3.send(new GetBucketAbacCommand({ Bucket }))).AbacStatus?.Status;
  assert.equal(await status(), "Disabled");
  await assert.rejects(read(), { name: "AccessDenied" });
  await s3.send(new PutBucketAbacCommand({ Bucket, AbacStatus: { Status: "Enabled" } }));
  assert.equal(await status(), "Enabled");
  assert.equal(await (await read()).Body?.transformToString(), "text");
  await s3.send(new PutBucketAbacCommand({ Bucket, AbacStatus: { Status: "Disabled" } }));
  await assert.rejects(read(), { name: "AccessDenied" });
});

test("tags of a bucket do not decide of the bucket either before it says so", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutBucketTaggingCommand({
    Bucket, Tagging: { TagSet: [{ Key: "team", Value: "blue" }] },
  }));
  const credentials = await region.user("blue", {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Action: "s3:ListBucket", Resource: "*",
      Condition: { StringEquals: { "aws:ResourceTag/team": "blue" } },
    },
  });
  const list = () => region.client(S3Client, { credentials }).send(new ListObjectsV2Command({ Bucket }));
  await assert.rejects(list(), { name: "AccessDenied" });
  await s3.send(new PutBucketAbacCommand({ Bucket, AbacStatus: { Status: "Enabled" } }));
  await list();
});

test("who makes a bucket with tags is asked for them", async () => {
  await using region = await startRegion();
  const credentials = await region.user("blue", {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Action: ["s3:CreateBucket", "s3:TagResource"], Resource: "*",
      Condition: {
        StringEquals: { "aws:RequestTag/team": "blue" },
        "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
      },
    },
  });
  const make = (name: string, Tags: { Key: string; Value: string }[]) =>
    region.client(S3Client, { credentials })
      .send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { Tags } }));
  await make("of-blue", [{ Key: "team", Value: "blue" }]);
  await assert.rejects(make("of-red", [{ Key: "team", Value: "red" }]), { name: "AccessDenied" });
  const more = [{ Key: "team", Value: "blue" }, { Key: "other", Value: "x" }];
  await assert.rejects(make("of-more", more), { name: "AccessDenied" });
});
