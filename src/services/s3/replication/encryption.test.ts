import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient, PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import {
  CompleteMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectCommand, HeadObjectCommand,
  PutBucketEncryptionCommand, PutBucketPolicyCommand, PutObjectCommand, PutObjectTaggingCommand,
  UploadPartCommand, S3Client,
  type PutObjectCommandInput, type ReplicationRule,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import {
  onSource, onTarget, other, ReplicationStage, roleOf, source, target,
} from "../../../../test/s3-replication.ts";

const Key = "key";
const customerKey = Buffer.alloc(32, 7);
const customer = {
  SSECustomerAlgorithm: "AES256",
  SSECustomerKey: customerKey.toString("base64"),
  SSECustomerKeyMD5: createHash("md5").update(customerKey).digest("base64"),
};

async function allowCustomerKeys(s3: S3Client, Bucket: string): Promise<void> {
  const BlockedEncryptionTypes = { EncryptionType: ["NONE" as const] };
  const byDefault = { SSEAlgorithm: "AES256" as const };
  const Rules = [{ ApplyServerSideEncryptionByDefault: byDefault, BlockedEncryptionTypes }];
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
}

async function read(s3: S3Client, Bucket: string, more: object = {}): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** Bytes that are nowhere the same. */
function bytes(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => (index * 7 + (index >> 8)) % 251));
}

/** The source takes customers' keys. */
async function prepareOpen(region: TestRegion): Promise<ReplicationStage> {
  const stage = await ReplicationStage.prepare(region);
  await allowCustomerKeys(stage.here, source);
  await stage.configure();
  return stage;
}

test("what rests under a customer's key is replicated as it rests, if the destination lets it", async () => {
  await using region = await startRegion();
  const stage = await prepareOpen(region);
  const { here, there } = stage;
  const put = (Body: Buffer, more: Partial<PutObjectCommandInput> = {}) =>
    here.send(new PutObjectCommand({ Bucket: source, Key, Body, ...customer, ...more }));
  const status = async () => {
    await region.settled();
    const head = await here.send(new HeadObjectCommand({ Bucket: source, Key, ...customer }));
    return head.ReplicationStatus;
  };
  await put(Buffer.from("blocked"));
  assert.equal(await status(), "FAILED");
  await allowCustomerKeys(there, target);
  for (const sizeBytes of [0, 10, 20_000, 300_000]) {
    const body = bytes(sizeBytes);
    const { ETag } = await put(body, { Metadata: { of: "customer" }, Tagging: "a=1" });
    assert.equal(await status(), "COMPLETED");
    assert.deepEqual(await read(there, target, customer), body);
    const head = await there.send(new HeadObjectCommand({ Bucket: target, Key, ...customer }));
    assert.deepEqual(
      [head.ReplicationStatus, head.ETag, head.Metadata, head.SSECustomerKeyMD5],
      ["REPLICA", ETag, { of: "customer" }, customer.SSECustomerKeyMD5],
    );
  }
  await assert.rejects(read(there, target), { name: "InvalidRequest" });
  const Tagging = { TagSet: [{ Key: "a", Value: "2" }, { Key: "b", Value: "3" }] };
  await here.send(new PutObjectTaggingCommand({ Bucket: source, Key, Tagging }));
  assert.equal(await status(), "COMPLETED");
  assert.equal((await there.send(new GetObjectCommand({ Bucket: target, Key, ...customer }))).TagCount, 2);
});

test("parts and their checksums are at the replica, too, under whoever's key", async () => {
  await using region = await startRegion();
  const stage = await prepareOpen(region);
  const { here, there } = stage;
  await allowCustomerKeys(there, target);
  const parts = [bytes(5 * 1024 ** 2), bytes(70_000)];
  for (const keys of [{}, customer]) {
    const named = { Bucket: source, Key, ...keys };
    const { UploadId } = await here.send(
      new CreateMultipartUploadCommand({ ...named, ChecksumAlgorithm: "SHA256", ChecksumType: "COMPOSITE" }),
    );
    const Parts = [];
    for (const [index, Body] of parts.entries()) {
      const part = { ...named, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: "SHA256" as const };
      const { ETag, ChecksumSHA256 } = await here.send(new UploadPartCommand(part));
      Parts.push({ PartNumber: index + 1, ETag, ChecksumSHA256 });
    }
    const MultipartUpload = { Parts };
    await here.send(new CompleteMultipartUploadCommand({ ...named, UploadId, MultipartUpload }));
    await region.settled();
    const described = async (s3: S3Client, Bucket: string) => {
      const head = await s3.send(
        new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED", ...keys }),
      );
      return [head.ETag, head.ChecksumSHA256, head.ChecksumType, head.ContentLength, head.VersionId];
    };
    assert.deepEqual(await described(there, target), await described(here, source));
    for (const [index, part] of parts.entries()) {
      assert.deepEqual(await read(there, target, { PartNumber: index + 1, ...keys }), part);
    }
  }
});

interface Keys {
  readonly here: string;
  readonly there: string;
}

async function makeKeys(region: TestRegion): Promise<Keys> {
  const make = async (at: string) =>
    (await region.client(KMSClient, { region: at }).send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "";
  return { here: await make("us-east-1"), there: await make("eu-west-1") };
}

function selecting(ReplicaKmsKeyID: string): Partial<ReplicationRule> {
  return {
    SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: "Enabled" } },
    Destination: { Bucket: `arn:aws:s3:::${target}`, EncryptionConfiguration: { ReplicaKmsKeyID } },
  };
}

test("what KMS encrypts is replicated where the rule selects it and the role may", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  const keys = await makeKeys(region);
  const put = (more: Partial<PutObjectCommandInput> = {}) =>
    here.send(
      new PutObjectCommand({
        Bucket: source, Key, Body: "text", ServerSideEncryption: "aws:kms", SSEKMSKeyId: keys.here, ...more,
      }),
    );
  await stage.configure();
  await put();
  assert.equal(await stage.status(Key), undefined);

  await stage.configure(selecting(keys.there));
  await put();
  assert.equal(await stage.status(Key), "FAILED");
  await stage.permit(...onSource, ...onTarget, "kms:Decrypt");
  await put();
  assert.equal(await stage.status(Key), "FAILED");
  await stage.permit(...onSource, ...onTarget, "kms:Decrypt", "kms:Encrypt");
  for (const [ServerSideEncryption, BucketKeyEnabled] of [
    ["aws:kms", false], ["aws:kms", true], ["aws:kms:dsse", false],
  ] as const) {
    const { ETag } = await put({ ServerSideEncryption, BucketKeyEnabled });
    assert.equal(await stage.status(Key), "COMPLETED");
    assert.equal(String(await read(there, target)), "text");
    const head = await there.send(new HeadObjectCommand({ Bucket: target, Key }));
    assert.deepEqual(
      [head.ServerSideEncryption, head.SSEKMSKeyId, head.BucketKeyEnabled ?? false],
      [ServerSideEncryption, keys.there, BucketKeyEnabled],
    );
    assert.notEqual(head.ETag, ETag);
  }
});

test("a key of another account encrypts its replicas where its policy lets the role", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region, { account: other });
  const { here, there } = stage;
  const keys = await makeKeys(region);
  const role = roleOf("000000000000");
  const statement = {
    Effect: "Allow", Principal: { AWS: role }, Action: onTarget, Resource: `arn:aws:s3:::${target}/*`,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await there.send(new PutBucketPolicyCommand({ Bucket: target, Policy }));
  await stage.permit(...onSource, ...onTarget, "kms:Decrypt", "kms:Encrypt");
  const kms = region.client(KMSClient, { region: "eu-west-1", credentials: region.root(other) });
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "";
  await stage.configure(selecting(KeyId));
  const put = async () => {
    const encrypted = { ServerSideEncryption: "aws:kms" as const, SSEKMSKeyId: keys.here };
    await here.send(new PutObjectCommand({ Bucket: source, Key, Body: "text", ...encrypted }));
    return stage.status(Key);
  };
  assert.equal(await put(), "FAILED");
  const own = { Effect: "Allow", Principal: { AWS: other }, Action: "kms:*", Resource: "*" };
  const theirs = { Effect: "Allow", Principal: { AWS: role }, Action: "kms:Encrypt", Resource: "*" };
  const document = JSON.stringify({ Version: "2012-10-17", Statement: [own, theirs] });
  await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: document }));
  assert.equal(await put(), "COMPLETED");
  assert.equal(String(await read(there, target)), "text");
  assert.equal((await there.send(new HeadObjectCommand({ Bucket: target, Key }))).SSEKMSKeyId, KeyId);
});

test("a replica is encrypted as its source is, whatever the destination does by default", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const { here, there } = stage;
  const keys = await makeKeys(region);
  const byDefault = { SSEAlgorithm: "aws:kms" as const, KMSMasterKeyID: keys.there };
  const Rules = [{ ApplyServerSideEncryptionByDefault: byDefault }];
  await there.send(
    new PutBucketEncryptionCommand({ Bucket: target, ServerSideEncryptionConfiguration: { Rules } }),
  );
  await stage.configure();
  // Without keys of KMS's the permission to read versions will do.
  const reading = onSource.map((action) => action.replace("ForReplication", ""));
  await stage.permit(...reading, ...onTarget);
  const { ETag } = await here.send(new PutObjectCommand({ Bucket: source, Key, Body: "text" }));
  assert.equal(await stage.status(Key), "COMPLETED");
  const head = await there.send(new HeadObjectCommand({ Bucket: target, Key }));
  assert.deepEqual([head.ServerSideEncryption, head.ETag], ["AES256", ETag]);
});

test("what is archived is not replicated", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  await stage.configure();
  for (const StorageClass of ["GLACIER", "DEEP_ARCHIVE"] as const) {
    await stage.here.send(new PutObjectCommand({ Bucket: source, Key, Body: "text", StorageClass }));
    assert.equal(await stage.status(Key), undefined);
  }
  await stage.here.send(
    new PutObjectCommand({ Bucket: source, Key, Body: "text", StorageClass: "GLACIER_IR" }),
  );
  assert.equal(await stage.status(Key), "COMPLETED");
});

test("keys that are disabled or not there let the replication fail", async () => {
  await using region = await startRegion();
  const stage = await ReplicationStage.prepare(region);
  const keys = await makeKeys(region);
  await stage.permit(...onSource, ...onTarget, "kms:Decrypt", "kms:Encrypt");
  const put = async (ReplicaKmsKeyID: string) => {
    await stage.configure(selecting(ReplicaKmsKeyID));
    const ServerSideEncryption = "aws:kms" as const;
    await stage.here.send(
      new PutObjectCommand({
        Bucket: source, Key, Body: "text", ServerSideEncryption, SSEKMSKeyId: keys.here,
      }),
    );
    return stage.status(Key);
  };
  const there = region.client(KMSClient, { region: "eu-west-1" });
  assert.equal(await put(keys.there), "COMPLETED");
  await there.send(new DisableKeyCommand({ KeyId: keys.there }));
  assert.equal(await put(keys.there), "FAILED");
  await there.send(new EnableKeyCommand({ KeyId: keys.there }));
  assert.equal(await put(keys.there), "COMPLETED");
  assert.equal(await put(`${keys.there.slice(0, -12)}000000000000`), "FAILED");
  await there.send(new ScheduleKeyDeletionCommand({ KeyId: keys.there, PendingWindowInDays: 7 }));
  assert.equal(await put(keys.there), "FAILED");
});
