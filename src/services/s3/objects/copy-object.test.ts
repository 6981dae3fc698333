import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand,
  PutBucketVersioningCommand, PutObjectCommand, S3Client, type CopyObjectCommandInput,
} from "@aws-sdk/client-s3";
import { blobFiles } from "../../../../test/blob-files.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { checksumBase64 } from "../../../kernel/body/checksums.ts";
import { objects } from "./version-table.ts";

const Bucket = "bucket";

async function withBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3;
}

type More = Partial<CopyObjectCommandInput>;

function copy(s3: S3Client, CopySource: string, Key: string, more: More = {}) {
  return s3.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...more }));
}

async function textOf(s3: S3Client, Key: string, more: object = {}): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return (await Body?.transformToString()) ?? "";
}

test("a copy is the object, what is said of it, and its tags, but not its class", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const put = await s3.send(new PutObjectCommand({
    Bucket, Key: "a b+c/ü?", Body: "body", ContentType: "text/plain", CacheControl: "no-store",
    Metadata: { colour: "red" }, StorageClass: "STANDARD_IA", Tagging: "x=1", WebsiteRedirectLocation: "/to",
  }));
  await region.clock.advance({ minutes: 1 });
  for (const slash of ["", "/"]) {
    const source = `${slash}${Bucket}/${encodeURIComponent("a b+c/ü?")}`;
    const { CopyObjectResult } = await copy(s3, source, "copy");
    assert.equal(CopyObjectResult?.ETag, put.ETag);
    assert.equal(CopyObjectResult?.LastModified?.getTime(), Date.UTC(2026, 0, 1, 0, 1));
    assert.equal(CopyObjectResult?.ChecksumCRC32, put.ChecksumCRC32);
  }
  const object = await s3.send(new GetObjectCommand({ Bucket, Key: "copy" }));
  assert.equal(await object.Body?.transformToString(), "body");
  assert.equal(object.ContentType, "text/plain");
  assert.equal(object.CacheControl, "no-store");
  assert.deepEqual(object.Metadata, { colour: "red" });
  assert.equal(object.TagCount, 1);
  assert.equal(object.StorageClass, undefined);
  assert.equal(object.WebsiteRedirectLocation, undefined);
});

test("the directives replace what is said, or the tags", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await s3.send(new PutObjectCommand({
    Bucket, Key: "key", Body: "body", ContentType: "text/plain", Metadata: { colour: "red" }, Tagging: "x=1",
  }));
  await copy(s3, "bucket/key", "key", { MetadataDirective: "REPLACE", Metadata: { shape: "round" } });
  const replaced = await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
  assert.deepEqual(replaced.Metadata, { shape: "round" });
  assert.equal(replaced.ContentType, "binary/octet-stream");
  assert.equal(replaced.TagCount, 1);
  await copy(s3, "bucket/key", "copy", { TaggingDirective: "REPLACE", Tagging: "a=1&b=2" });
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: "copy" }))).TagCount, 2);
  await copy(s3, "bucket/key", "copy", { TaggingDirective: "REPLACE" });
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: "copy" }))).TagCount, undefined);
  const directives = [["MetadataDirective", "metadata"], ["TaggingDirective", "tagging"]] as const;
  for (const [member, kind] of directives) {
    await assert.rejects(copy(s3, "bucket/key", "copy", { [member]: "DROP" }), {
      name: "InvalidArgument", message: `Unknown ${kind} directive.`,
    });
  }
});

test("an object is not copied onto itself without a change", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "body" }));
  await assert.rejects(copy(s3, "bucket/key", "key"), {
    name: "InvalidRequest",
    message:
      "This copy request is illegal because it is trying to copy an object to itself without changing the " +
      "object's metadata, storage class, website redirect location or encryption attributes.",
  });
  await copy(s3, "bucket/key", "key", { StorageClass: "STANDARD_IA" });
  await copy(s3, "bucket/key", "key", { ServerSideEncryption: "AES256" });
  await copy(s3, "bucket/key", "key", { WebsiteRedirectLocation: "/x" });
  assert.equal(await textOf(s3, "key"), "body");
});

test("s3-versioning-rollback: an older version is copied over the current one", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const Status = "Enabled" as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  const old = await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "old" }));
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "new" }));
  const done = await copy(s3, `bucket/key?versionId=${old.VersionId}`, "key");
  assert.equal(done.CopySourceVersionId, old.VersionId);
  assert.notEqual(done.VersionId, old.VersionId);
  assert.equal(await textOf(s3, "key"), "old");
  const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  await assert.rejects(copy(s3, "bucket/key", "copy"), { name: "NoSuchKey" });
  await assert.rejects(copy(s3, `bucket/key?versionId=${VersionId}`, "copy"), {
    name: "InvalidRequest",
    message: "The source of a copy request may not specifically refer to a delete marker by version id.",
  });
});

test("a copy is made on conditions of its source, and of what it replaces", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "body" }));
  await region.clock.advance({ hours: 1 });
  const before = new Date(Date.UTC(2025, 11, 31));
  const at = new Date(Date.UTC(2026, 0, 1));
  const future = new Date(Date.UTC(2027, 0, 1));
  const refused: (readonly [more: More, condition: string])[] = [
    [{ CopySourceIfMatch: '"other"' }, "x-amz-copy-source-If-Match"],
    [{ CopySourceIfNoneMatch: ETag }, "x-amz-copy-source-If-None-Match"],
    [{ CopySourceIfNoneMatch: ETag?.replaceAll('"', "") }, "x-amz-copy-source-If-None-Match"],
    [{ CopySourceIfNoneMatch: ETag, CopySourceIfModifiedSince: before }, "x-amz-copy-source-If-None-Match"],
    [{ CopySourceIfModifiedSince: at }, "x-amz-copy-source-If-Modified-Since"],
    [{ CopySourceIfUnmodifiedSince: before }, "x-amz-copy-source-If-Unmodified-Since"],
    [{ IfNoneMatch: "*", Key: "key", StorageClass: "GLACIER" }, "If-None-Match"],
    [{ IfMatch: '"other"', Key: "key", StorageClass: "GLACIER" }, "If-Match"],
  ];
  for (const [more, Condition] of refused) {
    await assert.rejects(copy(s3, "bucket/key", "copy", more), {
      name: "PreconditionFailed", Condition,
      message: "At least one of the pre-conditions you specified did not hold",
    });
  }
  const allowed: More[] = [
    { CopySourceIfMatch: ETag, CopySourceIfUnmodifiedSince: before },
    { CopySourceIfModifiedSince: future }, { CopySourceIfModifiedSince: before },
    { CopySourceIfUnmodifiedSince: at }, { CopySourceIfNoneMatch: '"other"' },
    { IfNoneMatch: "*", Key: "fresh" }, { IfMatch: ETag },
  ];
  for (const more of allowed) await copy(s3, "bucket/key", "copy", more);
});

test("sources that are none are refused in S3's words", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const refused: (readonly [source: string, name: string, message: string])[] = [
    ["bucket", "InvalidArgument", "Invalid copy source object key"],
    ["bucket/", "InvalidArgument", "Invalid copy source object key"],
    ["//key", "InvalidArgument", "Invalid copy source bucket name"],
    ["bucket/%zz", "InvalidArgument", "Invalid copy source encoding"],
    ["none/key", "NoSuchBucket", "The specified bucket does not exist"],
    ["bucket/none", "NoSuchKey", "The specified key does not exist."],
    ["bucket/none?versionId=x", "InvalidArgument", "Invalid version id specified"],
    ["bucket/none?versionId=null", "NoSuchVersion", "The specified version does not exist."],
  ];
  for (const [source, name, message] of refused) {
    await assert.rejects(copy(s3, source, "copy"), { name, message }, source);
  }
});

test("more than 5 GiB are not copied in one", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "body" }));
  // A row that says so is enough: the body is never looked at.
  region.engine.store.transact({ account: "000000000000", region: "us-east-1" }, (transaction) => {
    const rows = transaction.rows(objects);
    const row = rows.get([Bucket, "key"]);
    if (row) rows.put({ ...row, sizeBytes: 5 * 1024 ** 3 + 1 });
  });
  await assert.rejects(copy(s3, "bucket/key", "copy"), {
    name: "InvalidRequest",
    message:
      "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
  });
});

test("a copy under the same key moves no bytes, and lives on without its source", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const Body = Buffer.alloc(300_000, "large ");
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body }));
  await copy(s3, "bucket/key", "copy");
  const inodes = (await blobFiles(region)).map((path) => statSync(path).ino);
  assert.equal(inodes.length, 2);
  assert.equal(new Set(inodes).size, 1);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  assert.equal((await blobFiles(region)).length, 1);
  assert.equal(await textOf(s3, "copy"), Body.toString());
});

test("another checksum is computed when it is asked for, and the one there is kept otherwise", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const Body = Buffer.alloc(200_000, "x");
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body, ChecksumAlgorithm: "SHA1" }));
  const kept = await copy(s3, "bucket/key", "copy");
  assert.equal(kept.CopyObjectResult?.ChecksumSHA1, checksumBase64("SHA1", Body));
  const other = await copy(s3, "bucket/key", "copy", { ChecksumAlgorithm: "SHA256" });
  assert.equal(other.CopyObjectResult?.ChecksumSHA256, checksumBase64("SHA256", Body));
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "copy", ChecksumMode: "ENABLED" }));
  assert.equal(head.ChecksumSHA256, checksumBase64("SHA256", Body));
  assert.equal(head.ChecksumSHA1, undefined);
  assert.equal(head.ChecksumType, "FULL_OBJECT");
});
