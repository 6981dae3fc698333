import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  CloudTrailClient, CreateTrailCommand, PutEventSelectorsCommand, StartLoggingCommand,
} from "@aws-sdk/client-cloudtrail";
import {
  CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand,
  PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

/** Of calls on the objects that are named, or else of management events. */
async function startTrail(region: TestRegion, s3: S3Client, ...Values: string[]): Promise<void> {
  const trail = region.client(CloudTrailClient);
  const Principal = { Service: "cloudtrail.amazonaws.com" };
  await s3.send(new CreateBucketCommand({ Bucket: "trail" }));
  await s3.send(new PutBucketPolicyCommand({
    Bucket: "trail", Policy: JSON.stringify({
      Version: "2012-10-17", Statement: [
        { Effect: "Allow", Principal, Action: "s3:GetBucketAcl", Resource: "arn:aws:s3:::trail" },
        { Effect: "Allow", Principal, Action: "s3:PutObject", Resource: "arn:aws:s3:::trail/*" },
      ],
    }),
  }));
  await trail.send(new CreateTrailCommand({ Name: "objects", S3BucketName: "trail" }));
  await trail.send(new PutEventSelectorsCommand({
    TrailName: "objects", EventSelectors: [{
      ReadWriteType: "All", IncludeManagementEvents: Values.length === 0,
      DataResources: Values.length === 0 ? [] : [{ Type: "AWS::S3::Object", Values }],
    }],
  }));
  await trail.send(new StartLoggingCommand({ Name: "objects" }));
}

interface Delivered {
  readonly eventName: string;
  readonly eventSource: string;
  readonly eventCategory: string;
  readonly readOnly: boolean;
  readonly requestParameters: Record<string, unknown>;
  readonly errorCode?: string;
}

async function delivered(s3: S3Client): Promise<Delivered[]> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: "trail", Prefix: "AWSLogs/000000000000/CloudTrail/" }),
  );
  const texts = await Promise.all(Contents.map(async ({ Key }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "trail", Key }));
    return gunzipSync((await Body?.transformToByteArray()) ?? Buffer.alloc(0)).toString();
  }));
  return texts.flatMap((text) => (JSON.parse(text) as { Records: Delivered[] }).Records);
}

test("s3-cloudtrail-api-logging: a trail has the calls on objects, with bucket and key", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  for (const Bucket of ["watched", "other"]) await s3.send(new CreateBucketCommand({ Bucket }));
  await startTrail(region, s3, "arn:aws:s3:::watched/");
  const object = { Bucket: "watched", Key: "a/b" };
  await s3.send(new PutObjectCommand({ ...object, Body: "x", ACL: "private" }));
  await s3.send(new PutObjectCommand({ Bucket: "other", Key: "c", Body: "x" }));
  await (await s3.send(new GetObjectCommand(object))).Body?.transformToString();
  await assert.rejects(s3.send(new GetObjectCommand({ ...object, Key: "none" })), { name: "NoSuchKey" });
  await s3.send(new DeleteObjectCommand(object));
  await region.clock.advance({ minutes: 6 });
  const events = await delivered(s3);
  assert.deepEqual(events.map(({ eventName, readOnly, requestParameters, errorCode }) => [
    eventName, readOnly, requestParameters["bucketName"], requestParameters["key"], errorCode,
  ]), [
    ["PutObject", false, "watched", "a/b", undefined],
    ["GetObject", true, "watched", "a/b", undefined],
    ["GetObject", true, "watched", "none", "NoSuchKey"],
    ["DeleteObject", false, "watched", "a/b", undefined],
  ]);
  assert.equal(events[0]?.requestParameters["x-amz-acl"], "private");
  assert.deepEqual(
    [...new Set(events.map(({ eventSource, eventCategory }) => `${eventSource} ${eventCategory}`))],
    ["s3.amazonaws.com Data"],
  );
});

test("a rule finds calls by the name of their bucket", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  const events = region.client(EventBridgeClient);
  const sqs = region.client(SQSClient);
  await startTrail(region, s3);
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage", Resource: "*",
  }] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "calls", Attributes: { Policy } }));
  await events.send(new PutRuleCommand({
    Name: "buckets", EventPattern: JSON.stringify({
      source: ["aws.s3"], "detail-type": ["AWS API Call via CloudTrail"],
      detail: { eventName: ["CreateBucket"], requestParameters: { bucketName: ["watched"] } },
    }),
  }));
  await events.send(new PutTargetsCommand({
    Rule: "buckets", Targets: [{
      Id: "1", Arn: "arn:aws:sqs:us-east-1:000000000000:calls",
      InputPath: "$.detail.requestParameters.bucketName",
    }],
  }));
  for (const Bucket of ["other", "watched"]) await s3.send(new CreateBucketCommand({ Bucket }));
  await region.clock.advance({ seconds: 1 });
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  assert.deepEqual(Messages.map(({ Body }) => Body), ['"watched"']);
});
