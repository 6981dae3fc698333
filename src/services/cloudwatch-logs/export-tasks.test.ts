import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  CancelExportTaskCommand, CreateExportTaskCommand, DescribeExportTasksCommand, type
  CreateExportTaskCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand, S3Client,
} from "@aws-sdk/client-s3";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";

const letsLogsIn = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow", Principal: { Service: "logs.us-east-1.amazonaws.com" }, Action: "s3:GetBucketAcl",
      Resource: "arn:aws:s3:::exports",
    },
    {
      Effect: "Allow", Principal: { Service: "logs.us-east-1.amazonaws.com" }, Action: "s3:PutObject",
      Resource: "arn:aws:s3:::exports/*",
      Condition: {
        StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": "000000000000" },
        ArnLike: { "aws:SourceArn": "arn:aws:logs:us-east-1:000000000000:log-group:*" },
      },
    },
  ],
});

test("logs-export-s3-batch: what a group holds is packed into a bucket", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const s3 = region.client(S3Client);
  await app.stream("web/1");
  await app.stream("db");
  await app.put("web/1", "one", "two", [60_000, "later"]);
  const create = async (more: Partial<CreateExportTaskCommandInput> = {}) => (await app.logs.send(
    new CreateExportTaskCommand({
      logGroupName: "app", from: testEpoch, to: testEpoch + 60_000, destination: "exports", ...more,
    }),
  )).taskId;
  const statuses = async () => ((await app.logs.send(new DescribeExportTasksCommand({}))).exportTasks ?? [])
    .map(({ status }) => status?.code);

  const refused = "InvalidParameterException: ";
  assert.equal(
    await refusal(create()), `${refused}The given bucket does not exist. Please provide a valid bucket.`,
  );
  await s3.send(new CreateBucketCommand({ Bucket: "exports" }));
  assert.equal(
    await refusal(create()),
    `${refused}GetBucketAcl call on the given bucket failed. Please check if CloudWatch Logs has been ` +
      "granted permission to perform this operation.",
  );
  await s3.send(new PutBucketPolicyCommand({ Bucket: "exports", Policy: letsLogsIn }));
  const taskId = await create();
  assert.deepEqual(await statuses(), ["PENDING"]);
  assert.equal(await refusal(create()), "LimitExceededException: Resource limit exceeded.");
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await statuses(), ["COMPLETED"]);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "exports" }));
  const key = `exportedlogs/${taskId}/web-1/000000.gz`;
  assert.deepEqual(Contents.map(({ Key }) => Key), [key, "exportedlogs/aws-logs-write-test"]);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "exports", Key: key }));
  assert.equal(
    gunzipSync(await Body?.transformToByteArray() ?? "").toString(),
    "2026-01-01T00:00:00.000Z one\n2026-01-01T00:00:00.001Z two\n",
  );

  const another = await create({ destinationPrefix: "p" });
  await app.logs.send(new CancelExportTaskCommand({ taskId: another }));
  await region.clock.advance({ seconds: 5 });
  assert.deepEqual((await statuses()).sort(), ["CANCELLED", "COMPLETED"]);
  assert.equal(
    await refusal(app.logs.send(new CancelExportTaskCommand({ taskId }))),
    "InvalidOperationException: The specified export task has already finished.",
  );
});
