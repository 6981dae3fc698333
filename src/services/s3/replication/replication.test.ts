import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GetObjectLegalHoldCommand, GetObjectRetentionCommand, PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand, PutObjectRetentionCommand,
  DeleteBucketPolicyCommand, DeleteBucketReplicationCommand, DeleteObjectCommand, DeleteObjectTaggingCommand,
  GetObjectCommand, GetObjectTaggingCommand, ListObjectVersionsCommand,
  PutBucketPolicyCommand, PutBucketVersioningCommand, PutObjectCommand, PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { startRegion } from "../../../../test/region.ts";
import {
  onSource, onTarget, other, ReplicationStage, roleOf, source, target,
} from "../../../../test/s3-replication.ts";

test("s3-cross-region-replication: objects appear in the other region as they are", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  await stage.configure({ Filter: { Prefix: "docs/" } });
  const body = Buffer.alloc(300_000, "replicated ");
  const put = await here.send(
    new PutObjectCommand({
      Bucket: source, Key: "docs/a", Body: body, Metadata: { author: "me" }, Tagging: "a=1",
      ContentType: "text/plain",
    }),
  );
  await here.send(new PutObjectCommand({ Bucket: source, Key: "other", Body: "x" }));
  assert.equal(await stage.status("docs/a"), "COMPLETED");
  assert.equal(await stage.status("other"), undefined);
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
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  await stage.configure();
  await here.send(new PutObjectCommand({ Bucket: source, Key: "key", Body: "text", Tagging: "a=1" }));
  assert.equal(await stage.status("key"), "COMPLETED");
  const tags = async () =>
    (await there.send(new GetObjectTaggingCommand({ Bucket: target, Key: "key" }))).TagSet;
  assert.deepEqual(await tags(), [{ Key: "a", Value: "1" }]);
  const Tagging = { TagSet: [{ Key: "b", Value: "2" }] };
  await here.send(new PutObjectTaggingCommand({ Bucket: source, Key: "key", Tagging }));
  assert.equal(await stage.status("key"), "COMPLETED");
  assert.deepEqual(await tags(), [{ Key: "b", Value: "2" }]);
  await here.send(new DeleteObjectTaggingCommand({ Bucket: source, Key: "key" }));
  assert.equal(await stage.status("key"), "COMPLETED");
  assert.deepEqual(await tags(), []);
  const { Versions } = await there.send(new ListObjectVersionsCommand({ Bucket: target }));
  assert.equal(Versions?.length, 1);
});

test("retention and legal hold that are changed later reach the replica", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled" as const };
  await here.send(new PutObjectLockConfigurationCommand({ Bucket: source, ObjectLockConfiguration }));
  await there.send(new PutObjectLockConfigurationCommand({ Bucket: target, ObjectLockConfiguration }));
  await stage.configure();
  await here.send(
    new PutObjectCommand({ Bucket: source, Key: "key", Body: "text", ChecksumAlgorithm: "CRC32" }),
  );
  assert.equal(await stage.status("key"), "COMPLETED");
  const RetainUntilDate = new Date(region.clock.now() + 86_400_000);
  const Retention = { Mode: "COMPLIANCE" as const, RetainUntilDate };
  await here.send(new PutObjectRetentionCommand({ Bucket: source, Key: "key", Retention }));
  assert.equal(await stage.status("key"), "COMPLETED");
  const replica = { Bucket: target, Key: "key" };
  assert.deepEqual((await there.send(new GetObjectRetentionCommand(replica))).Retention, Retention);
  const hold = async (Status: "ON" | "OFF") => {
    const LegalHold = { Status };
    await here.send(new PutObjectLegalHoldCommand({ Bucket: source, Key: "key", LegalHold }));
    assert.equal(await stage.status("key"), "COMPLETED");
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
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  await stage.configure({ DeleteMarkerReplication: { Status: "Enabled" } });
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
  const stage = await ReplicationStage.prepare(region, { account: other });
  const { here, there } = stage;
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Principal: { AWS: roleOf("000000000000") }, Action: onTarget,
      Resource: `arn:aws:s3:::${target}/*`,
    },
  });
  await there.send(new PutBucketPolicyCommand({ Bucket: target, Policy }));
  await stage.configure();
  const put = (Key: string) => here.send(new PutObjectCommand({ Bucket: source, Key, Body: Key }));
  await put("allowed");
  assert.equal(await stage.status("allowed"), "COMPLETED");
  const replica = await there.send(new GetObjectCommand({ Bucket: target, Key: "allowed" }));
  assert.equal(await replica.Body?.transformToString(), "allowed");

  await there.send(new DeleteBucketPolicyCommand({ Bucket: target }));
  await put("without a policy");
  assert.equal(await stage.status("without a policy"), "FAILED");

  await there.send(new PutBucketPolicyCommand({ Bucket: target, Policy }));
  const reading = onSource.filter((action) => action !== "s3:GetObjectVersionForReplication");
  await stage.permit(...reading, ...onTarget);
  await put("without reading");
  assert.equal(await stage.status("without reading"), "FAILED");
});

test("what cannot be replicated is refused, in S3's words", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here } = stage;
  const refused = (name: string, message: string) => ({ name, message });
  const nowhere = { Bucket: "arn:aws:s3:::no-such-bucket" };
  const missing = refused("InvalidRequest", "Destination bucket must exist.");
  await assert.rejects(stage.configure({ Destination: nowhere }), missing);
  const bucket = `arn:aws:s3:::${target}`;
  const Minutes = (minutes: number) => ({ Status: "Enabled" as const, Time: { Minutes: minutes } });
  const threshold = { Status: "Enabled" as const, EventThreshold: { Minutes: 15 } };
  const to = (more: object) => stage.configure({ Destination: { Bucket: bucket, ...more } });
  const untimed =
    "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled";
  await assert.rejects(to({ Metrics: threshold }), refused("InvalidArgument", untimed));
  const off = { ...Minutes(15), Status: "Disabled" as const };
  await assert.rejects(to({ Metrics: threshold, ReplicationTime: off }), refused("InvalidArgument", untimed));
  const alone = refused("InvalidRequest", "ReplicationTime must be specified together with Metrics");
  await assert.rejects(to({ ReplicationTime: Minutes(15) }), alone);
  const wrong = refused("InvalidArgument", "Minutes must be 15");
  for (const minutes of [-1, 0, 14, 16]) {
    await assert.rejects(to({ ReplicationTime: Minutes(minutes), Metrics: threshold }), wrong);
  }
  await to({ ReplicationTime: Minutes(15), Metrics: threshold });
  const EncryptionConfiguration = { ReplicaKmsKeyID: "arn:aws:kms:eu-west-1:000000000000:key/none" };
  await assert.rejects(
    to({ EncryptionConfiguration }),
    refused(
      "InvalidRequest", "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.",
    ),
  );
  const SourceSelectionCriteria = { SseKmsEncryptedObjects: { Status: "Enabled" as const } };
  await assert.rejects(
    stage.configure({ SourceSelectionCriteria }),
    refused("InvalidRequest", "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present."),
  );
  const Destination = { Bucket: bucket, EncryptionConfiguration };
  await stage.configure({ SourceSelectionCriteria, Destination });
  const suspend = () => here.send(
    new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration: { Status: "Suspended" } }),
  );
  await assert.rejects(
    suspend(),
    refused(
      "InvalidBucketState",
      "A replication configuration is present on this bucket, so you cannot change the versioning state. " +
        "To change the versioning state, first delete the replication configuration.",
    ),
  );
  await here.send(new DeleteBucketReplicationCommand({ Bucket: source }));
  await suspend();
  await assert.rejects(
    stage.configure(),
    refused(
      "InvalidRequest",
      "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
    ),
  );
});
