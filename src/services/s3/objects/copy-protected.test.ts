import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand,
  GetObjectCommand, GetObjectTaggingCommand, HeadObjectCommand, PutBucketEncryptionCommand,
  PutBucketPolicyCommand, PutObjectCommand, S3Client, UploadPartCommand, UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const Body = Buffer.alloc(200_000, "content ");

async function withBucket(region: TestRegion, name = Bucket, account = "000000000000"): Promise<S3Client> {
  const s3 = region.client(S3Client, { credentials: region.root(account) });
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  return s3;
}

async function bytesOf(s3: S3Client, Key: string, more: object = {}): Promise<Buffer> {
  const { Body: body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await body?.transformToByteArray()) ?? []);
}

function customerKey(letter: string) {
  const key = Buffer.alloc(32, letter);
  return {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: key.toString("base64"),
    SSECustomerKeyMD5: createHash("md5").update(key).digest("base64"),
  };
}

function ofSource(key: ReturnType<typeof customerKey>) {
  const { SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 } = key;
  return {
    CopySourceSSECustomerAlgorithm: SSECustomerAlgorithm,
    CopySourceSSECustomerKey: SSECustomerKey,
    CopySourceSSECustomerKeyMD5: SSECustomerKeyMD5,
  };
}

/** Keys of the customer's are blocked for new buckets until that is changed. */
async function withCustomerKeys(region: TestRegion): Promise<S3Client> {
  const s3 = await withBucket(region);
  const Rules = [{
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const },
    BlockedEncryptionTypes: { EncryptionType: ["NONE" as const] },
  }];
  const ServerSideEncryptionConfiguration = { Rules };
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
  return s3;
}

test("a copy rests under the key that is asked for it, whatever its source rests under", async () => {
  await using region = await startRegion();
  const s3 = await withCustomerKeys(region);
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
  const kms = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: KeyMetadata?.Arn } as const;
  const one = customerKey("1");
  const two = customerKey("2");
  await s3.send(new PutObjectCommand({ Bucket, Key: "own", Body }));
  const copy = (from: string, Key: string, more: object) =>
    s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}`, ...more }));
  const toKms = await copy("own", "kms", kms);
  assert.equal(toKms.SSEKMSKeyId, KeyMetadata?.Arn);
  await copy("kms", "one", one);
  await copy("one", "two", { ...ofSource(one), ...two });
  await copy("two", "own again", ofSource(two));
  assert.ok((await bytesOf(s3, "kms")).equals(Body));
  assert.ok((await bytesOf(s3, "two", two)).equals(Body));
  assert.ok((await bytesOf(s3, "own again")).equals(Body));
  await assert.rejects(copy("one", "x", {}), { name: "InvalidRequest" });
  await assert.rejects(copy("one", "x", ofSource(two)), { name: "AccessDenied" });
});

test("parts rest under the key of their upload", async () => {
  await using region = await startRegion();
  const s3 = await withCustomerKeys(region);
  await s3.send(new PutObjectCommand({ Bucket, Key: "own", Body }));
  for (const asked of [{ ServerSideEncryption: "aws:kms" as const }, customerKey("1")]) {
    const target = { Bucket, Key: "parts" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...target, ...asked }));
    const key = "SSECustomerKey" in asked ? asked : {};
    const part = { ...target, UploadId, ...key };
    const first = await s3.send(
      new UploadPartCommand({ ...part, PartNumber: 1, Body: Buffer.alloc(5 * 1024 ** 2, "first ") }),
    );
    const second = await s3.send(
      new UploadPartCopyCommand({ ...part, PartNumber: 2, CopySource: `${Bucket}/own` }),
    );
    const Parts = [
      { PartNumber: 1, ETag: first.ETag }, { PartNumber: 2, ETag: second.CopyPartResult?.ETag },
    ];
    const done = await s3.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
    assert.equal(done.ServerSideEncryption, "SSECustomerKey" in asked ? undefined : "aws:kms");
    const bytes = await bytesOf(s3, "parts", key);
    assert.ok(bytes.subarray(5 * 1024 ** 2).equals(Body));
    assert.equal(bytes.subarray(0, 12).toString(), "first first ");
  }
});

test("another account's object is copied when its bucket says so, with its tags", async () => {
  await using region = await startRegion();
  const theirs = await withBucket(region, "theirs", "111111111111");
  const s3 = await withBucket(region);
  await theirs.send(new PutObjectCommand({ Bucket: "theirs", Key: "key", Body, Tagging: "a=1" }));
  const allow = (Action: string[]) => {
    const Principal = { AWS: "000000000000" };
    const Statement = [{ Effect: "Allow", Principal, Action, Resource: "arn:aws:s3:::theirs/*" }];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    return theirs.send(new PutBucketPolicyCommand({ Bucket: "theirs", Policy }));
  };
  const copy = (more: object = {}) =>
    s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: "theirs/key", ...more }));
  await assert.rejects(copy(), { name: "AccessDenied" });
  await allow(["s3:GetObject"]);
  await assert.rejects(copy(), { name: "AccessDenied" });
  await copy({ TaggingDirective: "REPLACE" });
  await allow(["s3:GetObject", "s3:GetObjectTagging"]);
  await copy();
  assert.ok((await bytesOf(s3, "copy")).equals(Body));
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "copy" }));
  assert.deepEqual(TagSet, [{ Key: "a", Value: "1" }]);
  await assert.rejects(copy({ ExpectedSourceBucketOwner: "222222222222" }), { name: "AccessDenied" });
  await copy({ ExpectedSourceBucketOwner: "111111111111" });
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: "copy" }))).ContentLength, Body.length);
});
