import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { CreateRoleCommand } from "@aws-sdk/client-iam";
import {
  GetObjectLegalHoldCommand, GetObjectRetentionCommand, GetObjectTaggingCommand, HeadObjectCommand,
  ListObjectsV2Command, PutBucketInventoryConfigurationCommand,
  PutBucketPolicyCommand, PutObjectCommand,
} from "@aws-sdk/client-s3";
import {
  DeleteJobTaggingCommand, DescribeJobCommand, GetJobTaggingCommand, ListJobsCommand,
  PutJobTaggingCommand, UpdateJobPriorityCommand, UpdateJobStatusCommand,
  type JobManifestFieldName, type JobOperation,
} from "@aws-sdk/client-s3-control";
import { AccountId, Bucket, Report, RoleArn, Stage, trusting } from "../../../test/batch-stage.ts";
import { withDataFolder } from "../../../test/data-folder.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";
import { batchJobs, type BatchJob } from "./batch-job-table.ts";

const tagging: JobOperation = { S3PutObjectTagging: { TagSet: [{ Key: "by", Value: "batch" }] } };

test("tasks are done under the role, and a report says what became of each", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  await stage.put("a b");
  await stage.put("plain");
  const rows = ["bucket,a+b", 'bucket,"missing%2C1"', "bucket,plain"];
  const id = await stage.create(tagging, rows, { Report, Description: "tags" });
  assert.deepEqual(await stage.outcome(id), ["Complete", 3, 2, 1]);
  const tags = await stage.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "a b" }));
  assert.deepEqual(tags.TagSet, [{ Key: "by", Value: "batch" }]);

  const manifest = JSON.parse(await stage.text(`reports/job-${id}/manifest.json`)) as {
    Results: { TaskExecutionStatus: string; MD5Checksum: string; Key: string }[];
  };
  const { Results, ...others } = manifest;
  assert.deepEqual(others, {
    Format: "Report_CSV_20180820", ReportCreationDate: "2026-01-01T00:00:00.000Z",
    ReportSchema: "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage",
  });
  assert.deepEqual(Results.map((each) => each.TaskExecutionStatus), ["succeeded", "failed"]);
  const [succeeded = "", failed = ""] = await Promise.all(Results.map(({ Key }) => stage.text(Key)));
  assert.equal(succeeded, "bucket,a+b,,succeeded,200,,Successful\nbucket,plain,,succeeded,200,,Successful\n");
  assert.equal(
    failed, "bucket,missing%2C1,,failed,404,NoSuchKey,The specified key does not exist.\n",
  );
  assert.match(Results[0]?.Key ?? "", new RegExp(`^reports/job-${id}/results/[0-9a-f]{40}\\.csv$`));
  assert.equal(Results[0]?.MD5Checksum, createHash("md5").update(succeeded).digest("hex"));
});

test("what the role may not do fails task by task; a role that lets nobody in fails the job", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare("s3:GetObject");
  await stage.put("key");
  const id = await stage.create(tagging, ["bucket,key"]);
  assert.deepEqual(await stage.outcome(id), ["Complete", 1, 0, 1]);
  await stage.permit("s3:PutObjectTagging");
  const unread = await stage.describe(await stage.create(tagging, ["bucket,key"]));
  assert.equal(unread.Status, "Failed");
  const reason = unread.FailureReasons?.[0]?.FailureReason;
  assert.equal(reason, "Reading the manifest is forbidden: AccessDenied");
  const AssumeRolePolicyDocument = trusting("s3.amazonaws.com");
  await stage.iam.send(new CreateRoleCommand({ RoleName: "closed", AssumeRolePolicyDocument }));
  const closed = await stage.create(tagging, ["bucket,key"], { RoleArn: `${RoleArn.slice(0, -5)}closed` });
  assert.equal((await stage.describe(closed)).FailureReasons?.[0]?.FailureCode, "AccessDenied");
});

test("a job that is to be confirmed is suspended until it is, and can be cancelled instead", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  await stage.put("key");
  const update = (JobId: string, RequestedJobStatus: "Ready" | "Cancelled"): Promise<unknown> =>
    stage.control.send(new UpdateJobStatusCommand({ AccountId, JobId, RequestedJobStatus }));
  const more = { ConfirmationRequired: true, Priority: 3 };
  const confirmed = await stage.create(tagging, ["bucket,key"], more);
  assert.deepEqual(await stage.outcome(confirmed), ["Suspended", 1, 0, 0]);
  await stage.control.send(new UpdateJobPriorityCommand({ AccountId, JobId: confirmed, Priority: 7 }));
  await update(confirmed, "Ready");
  assert.deepEqual(await stage.outcome(confirmed), ["Complete", 1, 1, 0]);
  assert.equal((await stage.describe(confirmed)).Priority, 7);
  await assert.rejects(update(confirmed, "Cancelled"), { name: "JobStatusException" });

  const cancelled = await stage.create(tagging, ["bucket,key"], more);
  assert.equal((await stage.describe(cancelled)).Status, "Suspended");
  await update(cancelled, "Cancelled");
  assert.deepEqual(await stage.outcome(cancelled), ["Cancelled", 1, 0, 0]);
  await assert.rejects(update(cancelled, "Ready"), { name: "JobStatusException" });
  const { Jobs = [] } = await stage.control.send(
    new ListJobsCommand({ AccountId, JobStatuses: ["Cancelled"] }),
  );
  const shown = Jobs.map(({ JobId, Operation }) => [JobId, Operation]);
  assert.deepEqual(shown, [[cancelled, "S3PutObjectTagging"]]);
  const first = await stage.control.send(new ListJobsCommand({ AccountId, MaxResults: 1 }));
  const { NextToken } = first;
  const rest = await stage.control.send(new ListJobsCommand({ AccountId, MaxResults: 1, NextToken }));
  assert.deepEqual([first, rest].map((page) => page.Jobs?.[0]?.JobId), [cancelled, confirmed]);
  await region.clock.advance({ seconds: 91 * 24 * 60 * 60 });
  await region.settled();
  const gone = stage.control.send(new DescribeJobCommand({ AccountId, JobId: confirmed }));
  assert.equal(await refusal(gone), "NoSuchJobException: No such job");
});

test("copies, legal holds, retention and deleted tags, also of versions", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  const { VersionId } = await stage.s3.send(
    new PutObjectCommand({ Bucket, Key: "dir/k?", Body: "old", Tagging: "a=1" }),
  );
  await stage.put("dir/k?", "new");
  const rows = [`bucket,dir/k%3F,${VersionId}`];
  const run = async (operation: JobOperation): Promise<void> => {
    const id = await stage.create(operation, rows, {}, ["Bucket", "Key", "VersionId"]);
    assert.deepEqual(await stage.outcome(id), ["Complete", 1, 1, 0]);
  };
  await run({
    S3PutObjectCopy: {
      TargetResource: "arn:aws:s3:::other", TargetKeyPrefix: "copies", StorageClass: "STANDARD_IA",
      NewObjectMetadata: { UserMetadata: { by: "batch" }, ContentType: "text/plain" },
    },
  });
  const copy = await stage.s3.send(new HeadObjectCommand({ Bucket: "other", Key: "copies/dir/k?" }));
  assert.deepEqual(
    [copy.Metadata, copy.ContentType, copy.StorageClass, copy.ContentLength],
    [{ by: "batch" }, "text/plain", "STANDARD_IA", 3],
  );
  await run({ S3DeleteObjectTagging: {} });
  const named = { Bucket, Key: "dir/k?", VersionId };
  assert.deepEqual((await stage.s3.send(new GetObjectTaggingCommand(named))).TagSet, []);
  await run({ S3PutObjectLegalHold: { LegalHold: { Status: "ON" } } });
  const { LegalHold } = await stage.s3.send(new GetObjectLegalHoldCommand(named));
  assert.equal(LegalHold?.Status, "ON");
  const RetainUntilDate = new Date(Date.UTC(2026, 5, 1));
  await run({ S3PutObjectRetention: { Retention: { Mode: "GOVERNANCE", RetainUntilDate } } });
  const { Retention } = await stage.s3.send(new GetObjectRetentionCommand(named));
  assert.deepEqual(Retention, { Mode: "GOVERNANCE", RetainUntilDate });
  const AccessControlPolicy = { CannedAccessControlList: "bucket-owner-full-control" as const };
  await run({ S3PutObjectAcl: { AccessControlPolicy } });
});

test("a manifest must be what the job was made for", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  await stage.put("key");
  const failure = async (rows: string[], Fields?: JobManifestFieldName[]): Promise<unknown[]> => {
    const { Status, FailureReasons } = await stage.describe(await stage.create(tagging, rows, {}, Fields));
    return [Status, FailureReasons?.[0]?.FailureCode];
  };
  assert.deepEqual(await failure(["bucket,key,more"]), ["Failed", "InvalidManifest"]);
  assert.deepEqual(await failure(["bucket,%zz"]), ["Failed", "InvalidManifest"]);
  assert.deepEqual(await failure(['bucket,"key']), ["Failed", "InvalidManifest"]);
  await stage.put("manifest", "bucket,key\n", "other");
  const Manifest = {
    Spec: { Format: "S3BatchOperations_CSV_20180820" as const, Fields: ["Bucket" as const, "Key" as const] },
    Location: { ObjectArn: "arn:aws:s3:::other/manifest", ETag: "0123456789abcdef0123456789abcdef" },
  };
  const { FailureReasons } = await stage.describe(await stage.make({ Operation: tagging, Manifest }));
  assert.equal(FailureReasons?.[0]?.FailureCode, "ManifestETagMismatch");
  const Location = { ...Manifest.Location, ObjectArn: "arn:aws:s3:::other" };
  const nameless = await stage.make({ Operation: tagging, Manifest: { ...Manifest, Location } });
  assert.equal((await stage.describe(nameless)).FailureReasons?.[0]?.FailureCode, "InvalidManifest");
  assert.deepEqual((await stage.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "key" }))).TagSet, []);
});

test("an inventory whose manifest or files are none fails the job", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  await stage.put("data", "not compressed", "other");
  const failure = async (files: unknown[]): Promise<unknown[]> => {
    const inventory = {
      fileFormat: "CSV", fileSchema: "Bucket, Key", destinationBucket: "arn:aws:s3:::other", files,
    };
    const Body = JSON.stringify(inventory);
    const put = new PutObjectCommand({ Bucket: "other", Key: "manifest.json", Body });
    const { ETag } = await stage.s3.send(put);
    const Manifest = {
      Spec: { Format: "S3InventoryReport_CSV_20161130" as const },
      Location: { ObjectArn: "arn:aws:s3:::other/manifest.json", ETag },
    };
    const id = await stage.make({ Operation: tagging, Manifest });
    const { Status, FailureReasons } = await stage.describe(id);
    return [Status, FailureReasons?.[0]?.FailureCode];
  };
  assert.deepEqual(await failure([{ key: "data" }]), ["Failed", "InvalidManifest"]);
  assert.deepEqual(await failure([null]), ["Failed", "ManifestUnreadable"]);
});

test("a job makes way for one of a higher priority, until that is over or has a lower one", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  await stage.put("key");
  const urgent = await stage.create(tagging, ["bucket,key"], { Priority: 20, ConfirmationRequired: true });
  assert.deepEqual(await stage.outcome(urgent), ["Suspended", 1, 0, 0]);
  const run = (status: BatchJob["status"]): void => {
    region.engine.store.transact({ account: AccountId, region: "us-east-1" }, (transaction) => {
      const job = transaction.rows(batchJobs).get(urgent);
      assert.ok(job);
      transaction.rows(batchJobs).put({ ...job, status });
    });
  };
  run("Active");
  const first = await stage.create(tagging, ["bucket,key"]);
  assert.deepEqual(await stage.outcome(first), ["Paused", 1, 0, 0]);
  await stage.control.send(new UpdateJobPriorityCommand({ AccountId, JobId: urgent, Priority: 10 }));
  assert.deepEqual(await stage.outcome(first), ["Complete", 1, 1, 0]);

  await stage.control.send(new UpdateJobPriorityCommand({ AccountId, JobId: urgent, Priority: 30 }));
  const second = await stage.create(tagging, ["bucket,key"]);
  assert.deepEqual(await stage.outcome(second), ["Paused", 1, 0, 0]);
  const status = { AccountId, JobId: urgent, RequestedJobStatus: "Cancelled" as const };
  await stage.control.send(new UpdateJobStatusCommand(status));
  assert.deepEqual(await stage.outcome(second), ["Complete", 1, 1, 0]);
});

test("a manifest is generated from what the filter keeps, with the permission for it", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare("s3:PutObjectTagging", "s3:PutInventoryConfiguration");
  for (const Key of ["logs/1", "logs/22", "data/1"]) await stage.put(Key, Key);
  const S3JobManifestGenerator = {
    SourceBucket: "arn:aws:s3:::bucket", EnableManifestOutput: false,
    Filter: { KeyNameConstraint: { MatchAnyPrefix: ["logs/"] }, ObjectSizeGreaterThanBytes: 6 },
  };
  const job = { Operation: tagging, ManifestGenerator: { S3JobManifestGenerator } };
  await stage.permit("s3:PutObjectVersionTagging", "s3:PutInventoryConfiguration");
  assert.deepEqual(await stage.outcome(await stage.make(job)), ["Complete", 1, 1, 0]);
  const { TagSet } = await stage.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "logs/22" }));
  assert.equal(TagSet?.length, 1);
  await stage.permit("s3:PutObjectVersionTagging", "s3:ListBucketVersions");
  assert.equal((await stage.describe(await stage.make(job))).Status, "Failed");
});

test("a job in which over half of a thousand tasks fail is given up", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  const rows = Array.from({ length: 1300 }, (_, at) => `bucket,missing-${at}`);
  const id = await stage.create(tagging, rows);
  assert.deepEqual(await stage.outcome(id), ["Failed", 1300, 0, 1000]);
});

test("a job that a stop cuts off goes on where it was", async () => {
  using folder = withDataFolder();
  const options = { dataDir: folder.path };
  const rows = Array.from({ length: 350 }, (_, at) => `bucket,key-${at % 3}`);
  let id = "";
  {
    await using region = await startRegion(options);
    const stage = await new Stage(region).prepare();
    for (const key of ["key-0", "key-1", "key-2"]) await stage.put(key);
    id = await stage.create(tagging, rows, { Report });
  }
  await using region = await startRegion(options);
  const stage = new Stage(region);
  assert.deepEqual(await stage.outcome(id), ["Complete", 350, 350, 0]);
  const { Contents = [] } = await stage.s3.send(
    new ListObjectsV2Command({ Bucket: "other", Prefix: `reports/job-${id}/results/` }),
  );
  const [report] = await Promise.all(Contents.map(({ Key = "" }) => stage.text(Key)));
  assert.equal(report?.split("\n").length, 351);
});

test("a report of an inventory is a manifest", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  await stage.put("a b,c", "one");
  await stage.put("plain", "two");
  const statement = {
    Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "s3:PutObject",
    Resource: "arn:aws:s3:::other/*",
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await stage.s3.send(new PutBucketPolicyCommand({ Bucket: "other", Policy }));
  const S3BucketDestination = { Bucket: "arn:aws:s3:::other", Format: "CSV" as const };
  const InventoryConfiguration = {
    Id: "all", IsEnabled: true, IncludedObjectVersions: "All" as const, OptionalFields: ["Size" as const],
    Schedule: { Frequency: "Daily" as const }, Destination: { S3BucketDestination },
  };
  const named = { Bucket, Id: "all", InventoryConfiguration };
  await stage.s3.send(new PutBucketInventoryConfigurationCommand(named));
  await region.clock.advance({ seconds: 24 * 60 * 60 });
  const Key = "bucket/all/2026-01-02T00-00Z/manifest.json";
  const { ETag } = await stage.s3.send(new HeadObjectCommand({ Bucket: "other", Key }));
  const Manifest = {
    Spec: { Format: "S3InventoryReport_CSV_20161130" as const },
    Location: { ObjectArn: `arn:aws:s3:::other/${Key}`, ETag },
  };
  const id = await stage.make({ Operation: tagging, Manifest });
  assert.deepEqual(await stage.outcome(id), ["Complete", 2, 2, 0]);
  const { TagSet } = await stage.s3.send(new GetObjectTaggingCommand({ Bucket, Key: "a b,c" }));
  assert.equal(TagSet?.length, 1);
});

test("a request is done once for its token, and what is no job is refused", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  const ClientRequestToken = "once";
  const first = await stage.create(tagging, ["bucket,key"], { ClientRequestToken });
  assert.equal(await stage.create(tagging, ["bucket,key"], { ClientRequestToken }), first);
  await assert.rejects(stage.create(tagging, ["bucket,key"], { ClientRequestToken, Priority: 11 }), {
    name: "IdempotencyException",
  });
  const FunctionArn = "arn:aws:lambda:us-east-1:000000000000:function:f";
  const invocations = [
    {}, { FunctionArn, InvocationSchemaVersion: "3.0" }, { FunctionArn, UserArguments: { a: "1" } },
  ];
  for (const LambdaInvoke of invocations) {
    await assert.rejects(stage.create({ LambdaInvoke }, []), { name: "InvalidRequest" });
  }
  const S3ComputeObjectChecksum = { ChecksumAlgorithm: "CRC64NVME", ChecksumType: "COMPOSITE" } as const;
  await assert.rejects(stage.create({ S3ComputeObjectChecksum }, []), { name: "InvalidRequest" });
  await assert.rejects(stage.create({}, []), { name: "InvalidRequest" });
  await assert.rejects(stage.create({ ...tagging, S3ReplicateObject: {} }, []), { name: "InvalidRequest" });
  await assert.rejects(stage.create(tagging, [], {}, ["Key"]), { name: "InvalidRequest" });
  await assert.rejects(stage.make({ Operation: tagging }), { name: "InvalidRequest" });
  await assert.rejects(stage.create(tagging, [], { Report: { Enabled: true } }), { name: "InvalidRequest" });
});

test("tags of jobs", async () => {
  await using region = await startRegion();
  const stage = await new Stage(region).prepare();
  const JobId = await stage.create(tagging, ["bucket,key"], { Tags: [{ Key: "a", Value: "1" }] });
  const named = { AccountId, JobId };
  const tags = async (): Promise<unknown> =>
    (await stage.control.send(new GetJobTaggingCommand(named))).Tags ?? [];
  assert.deepEqual(await tags(), [{ Key: "a", Value: "1" }]);
  await stage.control.send(new PutJobTaggingCommand({ ...named, Tags: [{ Key: "b", Value: "2" }] }));
  assert.deepEqual(await tags(), [{ Key: "b", Value: "2" }]);
  await stage.control.send(new DeleteJobTaggingCommand(named));
  assert.deepEqual(await tags(), []);
  const { Contents } = await stage.s3.send(new ListObjectsV2Command({ Bucket: "other", Prefix: "reports" }));
  assert.equal(Contents, undefined);
});
