import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GetObjectAclCommand, GetObjectLegalHoldCommand, GetObjectRetentionCommand, GetObjectTaggingCommand,
  HeadObjectCommand, ListObjectVersionsCommand, PutObjectAclCommand, PutObjectCommand,
  PutObjectLegalHoldCommand, PutObjectLockConfigurationCommand, PutObjectRetentionCommand,
  PutObjectTaggingCommand, PutPublicAccessBlockCommand, PutBucketPolicyCommand,
  S3Client, type ObjectLockRetentionMode,
} from "@aws-sdk/client-s3";
import { startRegion } from "../../../../test/region.ts";
import {
  onLocks, onSource, onTarget, other, ReplicationStage, roleOf, source, target,
} from "../../../../test/s3-replication.ts";

const Key = "key";
const dayMilliseconds = 86_400_000;

async function put(s3: S3Client, more: object = {}): Promise<unknown> {
  return s3.send(
    new PutObjectCommand({ Bucket: source, Key, Body: "text", ChecksumAlgorithm: "CRC32", ...more }),
  );
}

/** `READ AllUsers`, without what the owner has. */
async function grants(s3: S3Client, Bucket: string): Promise<string[]> {
  const { Grants = [], Owner } = await s3.send(new GetObjectAclCommand({ Bucket, Key }));
  return Grants.flatMap(({ Grantee, Permission }) =>
    Grantee?.ID === Owner?.ID ? [] : [`${Permission} ${Grantee?.URI?.split("/").at(-1) ?? Grantee?.ID}`],
  );
}

async function tags(s3: S3Client, Bucket: string): Promise<string> {
  const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key }));
  return TagSet.map(({ Key: name, Value }) => `${name}=${Value}`).join("&");
}

function tag(s3: S3Client, Bucket: string, Value: string): Promise<unknown> {
  const Tagging = { TagSet: [{ Key: "a", Value }] };
  return s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging }));
}

test("the access control list comes along, and so do its changes", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region, { hasLists: true });
  const { here, there } = stage;
  await stage.configure();
  await put(here, { ACL: "public-read" });
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await grants(there, target), ["READ AllUsers"]);
  const before = await there.send(new HeadObjectCommand({ Bucket: target, Key }));
  await here.send(new PutObjectAclCommand({ Bucket: source, Key, ACL: "authenticated-read" }));
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await grants(there, target), ["READ AuthenticatedUsers"]);
  await here.send(new PutObjectAclCommand({ Bucket: source, Key, ACL: "private" }));
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await grants(there, target), []);
  const { Versions } = await there.send(new ListObjectVersionsCommand({ Bucket: target }));
  assert.deepEqual(Versions?.map(({ VersionId }) => VersionId), [before.VersionId]);
});

test("a replica is owned as its source is, unless the rule gives it away", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region, { hasLists: true, account: other });
  const { here, there } = stage;
  const statement = {
    Effect: "Allow", Principal: { AWS: roleOf("000000000000") },
    Action: [...onTarget, "s3:ObjectOwnerOverrideToBucketOwner"], Resource: `arn:aws:s3:::${target}/*`,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await there.send(new PutBucketPolicyCommand({ Bucket: target, Policy }));
  await stage.configure();
  await put(here, { ACL: "public-read" });
  assert.equal(await stage.status(Key), "COMPLETED");
  const ownerOf = async (s3: S3Client, Bucket: string) =>
    (await s3.send(new GetObjectAclCommand({ Bucket, Key }))).Owner?.ID;
  const mine = await ownerOf(here, source);
  await assert.rejects(ownerOf(there, target), { name: "AccessDenied" });
  assert.equal(await ownerOf(region.client(S3Client, { region: "eu-west-1" }), target), mine);

  const AccessControlTranslation = { Owner: "Destination" as const };
  const Destination = { Bucket: `arn:aws:s3:::${target}`, Account: other, AccessControlTranslation };
  await stage.configure({ Destination });
  await put(here, { ACL: "public-read" });
  assert.equal(await stage.status(Key), "FAILED");
  await stage.permit(...onSource, ...onTarget, "s3:ObjectOwnerOverrideToBucketOwner");
  await put(here, { ACL: "public-read" });
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.notEqual(await ownerOf(there, target), mine);
  assert.deepEqual(await grants(there, target), []);
  await here.send(new PutObjectAclCommand({ Bucket: source, Key, ACL: "authenticated-read" }));
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await grants(there, target), []);
});

test("what others own is replicated as far as its list lets the bucket's owner", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region, { hasLists: true });
  await stage.configure();
  const statement = {
    Effect: "Allow", Principal: { AWS: other }, Action: "s3:*", Resource: `arn:aws:s3:::${source}/*`,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await stage.here.send(new PutBucketPolicyCommand({ Bucket: source, Policy }));
  const theirs = region.client(S3Client, { credentials: region.root(other) });
  const statusOf = async () => {
    await region.settled();
    return (await theirs.send(new HeadObjectCommand({ Bucket: source, Key }))).ReplicationStatus;
  };
  await put(theirs);
  assert.equal(await statusOf(), "FAILED");
  await put(theirs, { ACL: "bucket-owner-read" });
  assert.equal(await statusOf(), "FAILED");
  await put(theirs, { ACL: "bucket-owner-full-control" });
  assert.equal(await statusOf(), "COMPLETED");
  const { Owner } = await theirs.send(new GetObjectAclCommand({ Bucket: source, Key }));
  const replica = await stage.there.send(new GetObjectAclCommand({ Bucket: target, Key }));
  assert.equal(replica.Owner?.ID, Owner?.ID);
});

test("where public lists are blocked, what has one is not replicated", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region, { hasLists: true });
  const { here, there } = stage;
  await stage.configure();
  const PublicAccessBlockConfiguration = { BlockPublicAcls: true };
  await there.send(new PutPublicAccessBlockCommand({ Bucket: target, PublicAccessBlockConfiguration }));
  await put(here);
  assert.equal(await stage.status(Key), "COMPLETED");
  await here.send(new PutObjectAclCommand({ Bucket: source, Key, ACL: "public-read" }));
  assert.equal(await stage.status(Key), "FAILED");
  assert.deepEqual(await grants(there, target), []);
  await put(here, { ACL: "public-read" });
  assert.equal(await stage.status(Key), "FAILED");
});

test("what the role may not read is not replicated; of tags only they are not", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  await stage.configure();
  const without = (action: string) =>
    stage.permit(...[...onSource, ...onTarget].filter((each) => each !== action));
  await without("s3:GetObjectVersionAcl");
  await put(here);
  assert.equal(await stage.status(Key), "FAILED");
  await without("s3:GetObjectVersionTagging");
  await put(here, { Tagging: "a=1" });
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.equal(await tags(there, target), "");
  await tag(here, source, "2");
  assert.equal(await stage.status(Key), "FAILED");
  await stage.permit(...onSource, ...onTarget);
  await tag(here, source, "3");
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.equal(await tags(there, target), "a=3");
});

test("a destination that denies tags gets objects without them", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  await stage.configure();
  const statement = {
    Effect: "Deny", Principal: { AWS: roleOf("000000000000") }, Action: "s3:ReplicateTags",
    Resource: `arn:aws:s3:::${target}/*`,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await there.send(new PutBucketPolicyCommand({ Bucket: target, Policy }));
  await put(here, { Tagging: "a=1" });
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.equal(await tags(there, target), "");
  await tag(here, source, "2");
  assert.equal(await stage.status(Key), "FAILED");
});

test("what was there before the rules is not replicated when it is changed", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  await put(stage.here);
  await stage.configure();
  await tag(stage.here, source, "1");
  assert.equal(await stage.status(Key), undefined);
  const { Versions } = await stage.there.send(new ListObjectVersionsCommand({ Bucket: target }));
  assert.equal(Versions, undefined);
});

const syncing = { SourceSelectionCriteria: { ReplicaModifications: { Status: "Enabled" as const } } };

test("changes of replicas go back where both sides have it so, and no further", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region, { hasLists: true, isLocked: true });
  const { here, there } = stage;
  await stage.configure(syncing);
  await put(here, { Tagging: "a=1" });
  assert.equal(await stage.status(Key), "COMPLETED");

  // One way, and one side only: nothing goes back.
  await tag(there, target, "2");
  assert.equal(await stage.statusThere(Key), "REPLICA");
  await stage.configureBack();
  await tag(there, target, "3");
  assert.equal(await stage.statusThere(Key), "REPLICA");
  assert.equal(await tags(here, source), "a=1");

  await stage.configureBack(syncing);
  region.engine.lags.set({ "s3.replication": 1_000 });
  await tag(there, target, "4");
  assert.equal(await stage.statusThere(Key), "PENDING");
  await region.clock.advance({ seconds: 2 });
  assert.equal(await stage.statusThere(Key), "REPLICA");
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.equal(await tags(here, source), "a=4");

  await there.send(new PutObjectAclCommand({ Bucket: target, Key, ACL: "public-read" }));
  await there.send(new PutObjectLegalHoldCommand({ Bucket: target, Key, LegalHold: { Status: "ON" } }));
  const RetainUntilDate = new Date(region.clock.now() + dayMilliseconds);
  const Retention = { Mode: "GOVERNANCE" as const, RetainUntilDate };
  await there.send(new PutObjectRetentionCommand({ Bucket: target, Key, Retention }));
  await region.clock.advance({ seconds: 2 });
  assert.deepEqual(await grants(here, source), ["READ AllUsers"]);
  const named = { Bucket: source, Key };
  assert.deepEqual((await here.send(new GetObjectRetentionCommand(named))).Retention, Retention);
  assert.deepEqual((await here.send(new GetObjectLegalHoldCommand(named))).LegalHold, { Status: "ON" });

  // Both at once: the later one stays, on both sides.
  await tag(here, source, "here");
  await tag(there, target, "there");
  await region.clock.advance({ seconds: 2 });
  const both = async () => [await tags(here, source), await tags(there, target)];
  assert.deepEqual(await both(), ["a=there", "a=there"]);
  await tag(there, target, "there again");
  await tag(here, source, "here again");
  await region.clock.advance({ seconds: 2 });
  assert.deepEqual(await both(), ["a=here again", "a=here again"]);
  await region.clock.advance({ hours: 1 });
  assert.deepEqual([await stage.status(Key), await stage.statusThere(Key)], ["COMPLETED", "REPLICA"]);
});

test("changes of replicas go back under the role of the bucket that has the replicas", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region, { account: other });
  const { here, there } = stage;
  const letIn = (s3: S3Client, Bucket: string, account: string) => {
    const statement = {
      Effect: "Allow", Principal: { AWS: roleOf(account) }, Action: onTarget,
      Resource: `arn:aws:s3:::${Bucket}/*`,
    };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
    return s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  };
  await letIn(there, target, "000000000000");
  await stage.configure(syncing);
  await stage.configureBack(syncing);
  await put(here, { Tagging: "a=1" });
  assert.equal(await stage.status(Key), "COMPLETED");
  await tag(there, target, "2");
  assert.equal(await stage.statusThere(Key), "FAILED");
  assert.equal(await tags(here, source), "a=1");
  await letIn(here, source, other);
  await tag(there, target, "3");
  assert.equal(await stage.statusThere(Key), "REPLICA");
  assert.equal(await tags(here, source), "a=3");
});

test("retention that is shortened or taken away at the source is so at replicas", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region, { isLocked: true });
  const { here, there } = stage;
  await stage.configure();
  const until = (days: number) => new Date(region.clock.now() + days * dayMilliseconds);
  const retain = (s3: S3Client, Bucket: string, Mode?: ObjectLockRetentionMode, days = 0) => {
    const Retention = Mode ? { Mode, RetainUntilDate: until(days) } : {};
    const named = { Bucket, Key, BypassGovernanceRetention: true };
    return s3.send(new PutObjectRetentionCommand({ ...named, Retention }));
  };
  const retained = async () => {
    const head = await there.send(new HeadObjectCommand({ Bucket: target, Key }));
    return [head.ObjectLockMode, head.ObjectLockRetainUntilDate];
  };
  await put(here, { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: until(9) });
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await retained(), ["GOVERNANCE", until(9)]);
  await retain(here, source, "GOVERNANCE", 3);
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await retained(), ["GOVERNANCE", until(3)]);
  await retain(here, source);
  assert.equal(await stage.status(Key), "COMPLETED");
  assert.deepEqual(await retained(), [undefined, undefined]);
  // What nobody may unlock stays locked.
  await retain(there, target, "COMPLIANCE", 5);
  await retain(here, source, "GOVERNANCE", 2);
  assert.equal(await stage.status(Key), "FAILED");
  assert.deepEqual(await retained(), ["COMPLIANCE", until(5)]);
});

test("what comes without retention is kept for as long as the destination does by default", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region, { isLocked: true });
  const { here, there } = stage;
  await stage.configure();
  const DefaultRetention = { Mode: "GOVERNANCE" as const, Days: 7 };
  const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled" as const, Rule: { DefaultRetention } };
  await there.send(new PutObjectLockConfigurationCommand({ Bucket: target, ObjectLockConfiguration }));
  const retained = async () => {
    assert.equal(await stage.status(Key), "COMPLETED");
    const head = await there.send(new HeadObjectCommand({ Bucket: target, Key }));
    return [head.ObjectLockMode, head.ObjectLockRetainUntilDate?.getTime()];
  };
  await put(here);
  assert.deepEqual(await retained(), ["GOVERNANCE", region.clock.now() + 7 * dayMilliseconds]);
  const ObjectLockRetainUntilDate = new Date(region.clock.now() + dayMilliseconds);
  await put(here, { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate });
  assert.deepEqual(await retained(), ["COMPLIANCE", ObjectLockRetainUntilDate.getTime()]);
});

test("a locked source needs a locked destination, and a role that may see locks", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  await stage.configure();
  const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled" as const };
  await here.send(new PutObjectLockConfigurationCommand({ Bucket: source, ObjectLockConfiguration }));
  await put(here);
  assert.equal(await stage.status(Key), "FAILED");
  await there.send(new PutObjectLockConfigurationCommand({ Bucket: target, ObjectLockConfiguration }));
  for (const missing of onLocks) {
    const others = onLocks.filter((each) => each !== missing);
    await stage.permit(...onSource, ...onTarget, ...others);
    await put(here);
    assert.equal(await stage.status(Key), "FAILED", missing);
  }
  await stage.permit(...onSource, ...onTarget, ...onLocks);
  await put(here);
  assert.equal(await stage.status(Key), "COMPLETED");
});
