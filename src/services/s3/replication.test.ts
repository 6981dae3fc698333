import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GetObjectLegalHoldCommand, GetObjectRetentionCommand, PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand, PutObjectRetentionCommand,
  CreateBucketCommand, DeleteBucketPolicyCommand, DeleteObjectCommand, DeleteObjectTaggingCommand,
  GetObjectCommand, GetObjectTaggingCommand, HeadObjectCommand, ListObjectVersionsCommand,
  PutBucketPolicyCommand, PutBucketReplicationCommand, PutBucketVersioningCommand, PutObjectCommand,
  PutObjectTaggingCommand, S3Client, type ReplicationRule,
} from "@aws-sdk/client-s3";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { startRegion, type TestRegion } from "../../../test/region.ts";

const source = "source-bucket";
const target = "target-bucket";
const other = "111122223333";
const Role = "arn:aws:iam::000000000000:role/replication";

interface Stage {
  readonly here: S3Client;
  readonly there: S3Client;
  configure(rule?: Partial<ReplicationRule>): Promise<unknown>;
  status(Key: string): Promise<string | undefined>;
  permit(...actions: string[]): Promise<unknown>;
}

const onSource = ["s3:GetObjectVersionForReplication", "s3:GetReplicationConfiguration", "s3:ListBucket"];
const onTarget = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"];

async function stage(region: TestRegion, account = "000000000000"): Promise<Stage> {
  const here = region.client(S3Client);
  const there = region.client(S3Client, { region: "eu-west-1", credentials: region.root(account) });
  const iam = region.client(IAMClient);
  await here.send(new CreateBucketCommand({ Bucket: source }));
  const CreateBucketConfiguration = { LocationConstraint: "eu-west-1" as const };
  await there.send(new CreateBucketCommand({ Bucket: target, CreateBucketConfiguration }));
  for (const [s3, Bucket] of [[here, source], [there, target]] as const) {
    const VersioningConfiguration = { Status: "Enabled" as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  await iam.send(
    new CreateRoleCommand({
      RoleName: "replication",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: {
          Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sts:AssumeRole",
        },
      }),
    }),
  );
  const permit = (...Action: string[]) => {
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: "*" },
    });
    return iam.send(new PutRolePolicyCommand({ RoleName: "replication", PolicyName: "p", PolicyDocument }));
  };
  await permit(...onSource, ...onTarget);
  return {
    here,
    there,
    permit,
    configure: (rule = {}) => {
      const Rules: ReplicationRule[] = [{
        ID: "all", Status: "Enabled", Priority: 1, Filter: { Prefix: "" },
        DeleteMarkerReplication: { Status: "Disabled" }, Destination: { Bucket: `arn:aws:s3:::${target}` },
        ...rule,
      }];
      const ReplicationConfiguration = { Role, Rules };
      return here.send(new PutBucketReplicationCommand({ Bucket: source, ReplicationConfiguration }));
    },
    async status(Key) {
      await region.settled();
      return (await here.send(new HeadObjectCommand({ Bucket: source, Key }))).ReplicationStatus;
    },
  };
}

test("s3-cross-region-replication: objects appear in the other region as they are", async () => {
  await using region = await startRegion();
  const { here, there, configure, status } = await stage(region);
  await configure({ Filter: { Prefix: "docs/" } });
  const body = Buffer.alloc(300_000, "replicated ");
  const put = await here.send(
    new PutObjectCommand({
      Bucket: source, Key: "docs/a", Body: body, Metadata: { author: "me" }, Tagging: "a=1",
      ContentType: "text/plain",
    }),
  );
  await here.send(new PutObjectCommand({ Bucket: source, Key: "other", Body: "x" }));
  assert.equal(await status("docs/a"), "COMPLETED");
  assert.equal(await status("other"), undefined);
  const replica = await there.send(new GetObjectCommand({ Bucket: target, Key: "docs/a" }));
  assert.equal(replica.ReplicationStatus, "REPLICA");
  assert.equal(replica.VersionId, put.VersionId);
  assert.equal(replica.ETag, put.ETag);
  assert.deepEqual(replica.Metadata, { author: "me" });
  assert.equal(replica.ContentType, "text/plain");
  assert.equal(replica.TagCount, 1);
  assert.deepEqual(Buffer.from((await replica.Body?.transformToByteArray()) ?? []), body);
  const { Versions } = await there.send(new ListObjectVersionsCommand({ Bucket: target }));
  assert.deepEqual(Versions?.map(({ Key }) => Key), ["docs/a"]);
});

test("tags that are changed later reach the replica", async () => {
  await using region = await startRegion();
  const { here, there, configure, status } = await stage(region);
  await configure();
  await here.send(new PutObjectCommand({ Bucket: source, Key: "key", Body: "text", Tagging: "a=1" }));
  assert.equal(await status("key"), "COMPLETED");
  const tags = async () =>
    (await there.send(new GetObjectTaggingCommand({ Bucket: target, Key: "key" }))).TagSet;
  assert.deepEqual(await tags(), [{ Key: "a", Value: "1" }]);
  const Tagging = { TagSet: [{ Key: "b", Value: "2" }] };
  await here.send(new PutObjectTaggingCommand({ Bucket: source, Key: "key", Tagging }));
  assert.equal(await status("key"), "COMPLETED");
  assert.deepEqual(await tags(), [{ Key: "b", Value: "2" }]);
  await here.send(new DeleteObjectTaggingCommand({ Bucket: source, Key: "key" }));
  assert.equal(await status("key"), "COMPLETED");
  assert.deepEqual(await tags(), []);
  const { Versions } = await there.send(new ListObjectVersionsCommand({ Bucket: target }));
  assert.equal(Versions?.length, 1);
});

test("retention and legal hold that are changed later reach the replica", async () => {
  await using region = await startRegion();
  const { here, there, configure, status } = await stage(region);
  const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled" as const };
  await here.send(new PutObjectLockConfigurationCommand({ Bucket: source, ObjectLockConfiguration }));
  await there.send(new PutObjectLockConfigurationCommand({ Bucket: target, ObjectLockConfiguration }));
  await configure();
  await here.send(
    new PutObjectCommand({ Bucket: source, Key: "key", Body: "text", ChecksumAlgorithm: "CRC32" }),
  );
  assert.equal(await status("key"), "COMPLETED");
  const RetainUntilDate = new Date(region.clock.now() + 86_400_000);
  const Retention = { Mode: "COMPLIANCE" as const, RetainUntilDate };
  await here.send(new PutObjectRetentionCommand({ Bucket: source, Key: "key", Retention }));
  assert.equal(await status("key"), "COMPLETED");
  const replica = { Bucket: target, Key: "key" };
  assert.deepEqual((await there.send(new GetObjectRetentionCommand(replica))).Retention, Retention);
  const hold = async (Status: "ON" | "OFF") => {
    const LegalHold = { Status };
    await here.send(new PutObjectLegalHoldCommand({ Bucket: source, Key: "key", LegalHold }));
    assert.equal(await status("key"), "COMPLETED");
    assert.deepEqual((await there.send(new GetObjectLegalHoldCommand(replica))).LegalHold, LegalHold);
  };
  await hold("ON");
  await hold("OFF");
  // What was locked for longer there stays so, and a lock that is over is none.
  const inAWeek = new Date(region.clock.now() + 7 * 86_400_000);
  const longer = { Mode: "COMPLIANCE" as const, RetainUntilDate: inAWeek };
  await there.send(new PutObjectRetentionCommand({ ...replica, Retention: longer }));
  await region.clock.advance({ days: 2 });
  await hold("ON");
  assert.deepEqual((await there.send(new GetObjectRetentionCommand(replica))).Retention, longer);
  const { Versions } = await there.send(new ListObjectVersionsCommand({ Bucket: target }));
  assert.equal(Versions?.length, 1);
});

test("delete markers are replicated where a rule says so, deletions of versions never", async () => {
  await using region = await startRegion();
  const { here, there, configure } = await stage(region);
  await configure({ DeleteMarkerReplication: { Status: "Enabled" } });
  const { VersionId } = await here.send(new PutObjectCommand({ Bucket: source, Key: "key", Body: "x" }));
  const marker = await here.send(new DeleteObjectCommand({ Bucket: source, Key: "key" }));
  await region.settled();
  await here.send(new DeleteObjectCommand({ Bucket: source, Key: "key", VersionId }));
  await region.settled();
  const listed = await there.send(new ListObjectVersionsCommand({ Bucket: target }));
  assert.deepEqual(listed.DeleteMarkers?.map((each) => each.VersionId), [marker.VersionId]);
  assert.deepEqual(listed.Versions?.map((each) => each.VersionId), [VersionId]);
});

test("s3-cross-account-replication-role: the bucket policy and the role both decide", async () => {
  await using region = await startRegion();
  const { here, there, configure, status, permit } = await stage(region, other);
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Principal: { AWS: Role }, Action: onTarget, Resource: `arn:aws:s3:::${target}/*`,
    },
  });
  await there.send(new PutBucketPolicyCommand({ Bucket: target, Policy }));
  await configure();
  const put = (Key: string) => here.send(new PutObjectCommand({ Bucket: source, Key, Body: Key }));
  await put("allowed");
  assert.equal(await status("allowed"), "COMPLETED");
  const replica = await there.send(new GetObjectCommand({ Bucket: target, Key: "allowed" }));
  assert.equal(await replica.Body?.transformToString(), "allowed");

  await there.send(new DeleteBucketPolicyCommand({ Bucket: target }));
  await put("without a policy");
  assert.equal(await status("without a policy"), "FAILED");

  await there.send(new PutBucketPolicyCommand({ Bucket: target, Policy }));
  await permit(...onTarget);
  await put("without reading");
  assert.equal(await status("without reading"), "FAILED");
});

test("what cannot be replicated is refused, in S3's words", async () => {
  await using region = await startRegion();
  const { here, configure } = await stage(region);
  const refused = (name: string, message: string) => ({ name, message });
  const Destination = { Bucket: "arn:aws:s3:::no-such-bucket" };
  const missing = refused("InvalidRequest", "Destination bucket must exist.");
  await assert.rejects(configure({ Destination }), missing);
  await here.send(
    new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration: { Status: "Suspended" } }),
  );
  await assert.rejects(
    configure(),
    refused(
      "InvalidRequest",
      "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
    ),
  );
});
