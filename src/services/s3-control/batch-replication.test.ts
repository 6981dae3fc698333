import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateJobCommand, DescribeJobCommand, S3ControlClient, type ReplicationStatus,
} from "@aws-sdk/client-s3-control";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { onSource, onTarget, ReplicationStage, source, target } from "../../../test/s3-replication.ts";

const AccountId = "000000000000";
const reports = "report-bucket";

async function prepare(region: TestRegion): Promise<ReplicationStage> {
  const stage = await ReplicationStage.prepare(region);
  await stage.here.send(new CreateBucketCommand({ Bucket: reports }));
  const iam = region.client(IAMClient);
  const trust = {
    Effect: "Allow", Principal: { Service: "batchoperations.s3.amazonaws.com" }, Action: "sts:AssumeRole",
  };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: trust });
  await iam.send(new CreateRoleCommand({ RoleName: "batch", AssumeRolePolicyDocument }));
  const Action = ["s3:InitiateReplication", "s3:PutInventoryConfiguration", "s3:PutObject"];
  const statement = { Effect: "Allow", Action, Resource: "*" };
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await iam.send(new PutRolePolicyCommand({ RoleName: "batch", PolicyName: "p", PolicyDocument }));
  return stage;
}

/** Replicates what has one of the statuses. @returns status, numbers of tasks, and what the report says */
async function replicateAll(
  { region, here }: ReplicationStage,
  ...ObjectReplicationStatuses: ReplicationStatus[]
): Promise<unknown[]> {
  const control = region.client(S3ControlClient);
  const S3JobManifestGenerator = {
    SourceBucket: `arn:aws:s3:::${source}`, EnableManifestOutput: false,
    Filter: { EligibleForReplication: true, ObjectReplicationStatuses },
  };
  const { JobId = "" } = await control.send(
    new CreateJobCommand({
      AccountId, ConfirmationRequired: false, Priority: 10, RoleArn: `arn:aws:iam::${AccountId}:role/batch`,
      Operation: { S3ReplicateObject: {} }, ManifestGenerator: { S3JobManifestGenerator },
      Report: {
        Enabled: true, Bucket: `arn:aws:s3:::${reports}`, Prefix: "p", Format: "Report_CSV_20180820",
        ReportScope: "AllTasks",
      },
      ClientRequestToken: ObjectReplicationStatuses.join(),
    }),
  );
  await region.clock.advance({ seconds: 0 });
  const { Job = {} } = await control.send(new DescribeJobCommand({ AccountId, JobId }));
  const { NumberOfTasksSucceeded, NumberOfTasksFailed } = Job.ProgressSummary ?? {};
  const Prefix = `p/job-${JobId}/results/`;
  const { Contents = [] } = await here.send(new ListObjectsV2Command({ Bucket: reports, Prefix }));
  const texts = await Promise.all(Contents.map(({ Key }) => text(here, reports, Key ?? "")));
  const told = texts.join("").trim().split("\n").map((line) => {
    const [, key, , , status, code] = line.split(",");
    return `${key} ${code || status}`;
  });
  return [Job.Status, NumberOfTasksSucceeded, NumberOfTasksFailed, ...told.toSorted()];
}

async function text(s3: S3Client, Bucket: string, Key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToString()) ?? "";
}

test("objects that were there before a rule are replicated by a job", async () => {
  await using region = await startRegion();
  const stage = await prepare(region);
  const { here, there } = stage;
  const put = (Key: string) =>
    here.send(new PutObjectCommand({ Bucket: source, Key, Body: Key, Tagging: "a=1" }));
  const { VersionId } = await put("before");
  await stage.configure();
  await put("after");
  assert.equal(await stage.status("before"), undefined);
  assert.equal(await stage.status("after"), "COMPLETED");
  assert.deepEqual(await replicateAll(stage, "NONE"), ["Complete", 1, 0, "before 200"]);
  assert.equal(await stage.status("before"), "COMPLETED");
  const replica = await there.send(new HeadObjectCommand({ Bucket: target, Key: "before" }));
  const { ReplicationStatus: status, TagCount } = replica;
  assert.deepEqual([status, replica.VersionId, TagCount], ["REPLICA", VersionId, 1]);
  assert.equal(await text(there, target, "before"), "before");
});

test("lifecycle rules keep off what is not replicated, until it is", async () => {
  await using region = await startRegion();
  const stage = await prepare(region);
  const { here } = stage;
  await stage.configure();
  const rule = { Status: "Enabled" as const, Filter: { Prefix: "" } };
  const LifecycleConfiguration = { Rules: [{ ...rule, Expiration: { Days: 1 } }] };
  await here.send(new PutBucketLifecycleConfigurationCommand({ Bucket: source, LifecycleConfiguration }));
  const put = (Key: string) => here.send(new PutObjectCommand({ Bucket: source, Key, Body: Key }));
  await put("done");
  assert.equal(await stage.status("done"), "COMPLETED");
  await stage.permit(...onSource);
  await put("failed");
  assert.equal(await stage.status("failed"), "FAILED");
  const keys = async () => {
    const { Contents = [] } = await here.send(new ListObjectsV2Command({ Bucket: source }));
    return Contents.map(({ Key }) => Key);
  };
  await region.clock.advance({ days: 5 });
  assert.deepEqual(await keys(), ["failed"]);
  await stage.permit(...onSource, ...onTarget);
  assert.deepEqual(await replicateAll(stage, "FAILED"), ["Complete", 1, 0, "failed 200"]);
  assert.deepEqual(await keys(), ["failed"]);
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await keys(), []);
});

test("a job brings what has failed, and its report says why it fails again", async () => {
  await using region = await startRegion();
  const stage = await prepare(region);
  await stage.configure();
  await stage.permit(...onSource);
  await stage.here.send(new PutObjectCommand({ Bucket: source, Key: "key", Body: "text" }));
  assert.equal(await stage.status("key"), "FAILED");
  assert.deepEqual(await replicateAll(stage, "FAILED"), ["Complete", 0, 1, "key DstPutObjectNotPermitted"]);
  await stage.permit(...onSource, ...onTarget);
  assert.deepEqual(await replicateAll(stage, "FAILED", "NONE"), ["Complete", 1, 0, "key 200"]);
  assert.equal(await stage.status("key"), "COMPLETED");
});
