import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketPolicyCommand, HeadObjectCommand, ListObjectVersionsCommand,
  PutBucketPolicyCommand, PutBucketReplicationCommand, PutBucketVersioningCommand, PutObjectCommand,
  PutObjectTaggingCommand, S3Client, type ReplicationRule,
} from "@aws-sdk/client-s3";
import { withDataFolder } from "../../../../test/data-folder.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { ReplicationStage, roleOf, ruleTo, source, target } from "../../../../test/s3-replication.ts";

const Key = "key";
const near = "near-bucket";

async function makeNear(region: TestRegion): Promise<void> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: near }));
  const VersioningConfiguration = { Status: "Enabled" as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket: near, VersioningConfiguration }));
}

function replicate(s3: S3Client, Bucket: string, ...Rules: ReplicationRule[]): Promise<unknown> {
  const ReplicationConfiguration = { Role: roleOf("000000000000"), Rules };
  return s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }));
}

function put(s3: S3Client, name = Key): Promise<unknown> {
  return s3.send(new PutObjectCommand({ Bucket: source, Key: name, Body: "text" }));
}

async function statusIn(s3: S3Client, Bucket: string): Promise<string | undefined> {
  return (await s3.send(new HeadObjectCommand({ Bucket, Key }))).ReplicationStatus;
}

test("an object goes to several buckets, near and far; one that refuses it makes it failed", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  await makeNear(region);
  await replicate(here, source, ruleTo(target), ruleTo(near, { ID: "near", Priority: 2 }));
  await put(here);
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual([await statusIn(there, target), await statusIn(here, near)], ["REPLICA", "REPLICA"]);

  const statement = {
    Effect: "Deny", Principal: "*", Action: "s3:ReplicateObject", Resource: `arn:aws:s3:::${near}/*`,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await here.send(new PutBucketPolicyCommand({ Bucket: near, Policy }));
  await put(here);
  assert.equal(await stage.status(Key), "FAILED");
  const versionsIn = async (s3: S3Client, Bucket: string) =>
    (await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions?.length;
  assert.deepEqual([await versionsIn(there, target), await versionsIn(here, near)], [2, 1]);
  await here.send(new DeleteBucketPolicyCommand({ Bucket: near }));
  await put(here);
  assert.equal(await stage.status(Key), "COMPLETED");
});

test("of rules to one destination the one of the highest priority counts", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const Bucket = `arn:aws:s3:::${target}`;
  const to = (StorageClass: "STANDARD_IA" | "ONEZONE_IA") => ({ Bucket, StorageClass });
  await replicate(
    stage.here, source,
    ruleTo(target, { ID: "low", Priority: 1, Destination: to("STANDARD_IA") }),
    ruleTo(target, { ID: "high", Priority: 9, Destination: to("ONEZONE_IA"), Filter: { Prefix: "k" } }),
  );
  const classOf = async (name: string) => {
    await put(stage.here, name);
    assert.equal(await stage.status(name), "COMPLETED");
    return (await stage.there.send(new HeadObjectCommand({ Bucket: target, Key: name }))).StorageClass;
  };
  assert.deepEqual([await classOf("key"), await classOf("other")], ["ONEZONE_IA", "STANDARD_IA"]);
});

test("replicas go no further", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  await makeNear(region);
  await stage.configure();
  await replicate(stage.there, target, ruleTo(near));
  await put(stage.here);
  assert.equal(await stage.status(Key), "COMPLETED");
  await region.clock.advance({ minutes: 1 });
  const { Versions } = await stage.here.send(new ListObjectVersionsCommand({ Bucket: near }));
  assert.equal(Versions, undefined);
});

test("two buckets that replicate to each other have each object once", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  const rule = { DeleteMarkerReplication: { Status: "Enabled" as const } };
  await stage.configure(rule);
  await stage.configureBack(rule);
  await put(here);
  await there.send(new PutObjectCommand({ Bucket: target, Key: "back", Body: "text" }));
  await region.clock.advance({ minutes: 1 });
  const listed = async (s3: S3Client, Bucket: string) => {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    return Versions.map(({ Key: name, VersionId }) => `${name} ${VersionId}`);
  };
  assert.deepEqual(await listed(here, source), await listed(there, target));
  assert.equal((await listed(here, source)).length, 2);
  assert.equal(await stage.status("back"), "REPLICA");
  assert.equal(await stage.statusThere("back"), "COMPLETED");
});

test("what is on its way when the region stops arrives after its start", async () => {
  using folder = withDataFolder();
  const options = { dataDir: folder.path };
  {
    await using region = await startRegion(options);
    const stage = await ReplicationStage.prepare(region);
    await stage.configure();
    region.engine.lags.set({ "s3.replication": 10_000 });
    await put(stage.here);
    const Tagging = { TagSet: [{ Key: "a", Value: "1" }] };
    await stage.here.send(new PutObjectTaggingCommand({ Bucket: source, Key, Tagging }));
    assert.equal(await statusIn(stage.here, source), "PENDING");
  }
  await using region = await startRegion(options);
  const here = region.client(S3Client);
  assert.equal(await statusIn(here, source), "PENDING");
  await region.clock.advance({ seconds: 11 });
  assert.equal(await statusIn(here, source), "COMPLETED");
  const replica = await region.client(S3Client, { region: "eu-west-1" }).send(
    new HeadObjectCommand({ Bucket: target, Key }),
  );
  assert.deepEqual([replica.ReplicationStatus, replica.TagCount], ["REPLICA", 1]);
});
