import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, DeleteObjectsCommand,
  GetBucketVersioningCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command,
  ListObjectVersionsCommand, PutBucketVersioningCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { send } from "../../../../test/raw-request.ts";

const Bucket = "bucket";

async function withBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3;
}

function setVersioning(s3: S3Client, Status: string) {
  const VersioningConfiguration = { Status: Status as "Enabled" };
  return s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
}

async function put(s3: S3Client, Body: string, Key = "key"): Promise<string | undefined> {
  return (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId;
}

async function get(s3: S3Client, VersionId?: string, Key = "key"): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return Body?.transformToString();
}

async function versionsOf(s3: S3Client) {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return Versions.map(({ VersionId, IsLatest }) => ({ VersionId, IsLatest }));
}

test("s3-versioning-bucket-level: versioning is set for a bucket, and is never taken away", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const status = async () => (await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status;
  assert.equal(await status(), undefined);
  for (const set of ["Enabled", "Suspended", "Enabled"]) {
    await setVersioning(s3, set);
    assert.equal(await status(), set);
  }
  await assert.rejects(setVersioning(s3, "Disabled"), { name: "MalformedXML" });
  const VersioningConfiguration = {};
  await assert.rejects(
    s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration })),
    {
      name: "IllegalVersioningConfigurationException", message: "The Versioning element must be specified",
    },
  );
  assert.equal(await status(), "Enabled");
});

test("s3-version-id: each write has a version id of its own, by which it is read", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await setVersioning(s3, "Enabled");
  const ids = [await put(s3, "1"), await put(s3, "2"), await put(s3, "3")];
  assert.equal(new Set(ids).size, 3);
  for (const [index, id] of ids.entries()) assert.equal(await get(s3, id), String(index + 1));
});

test("s3-versioning-overwrite-new-version: the last write is the latest, the others stay", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await setVersioning(s3, "Enabled");
  const [first, second, third] = [await put(s3, "1"), await put(s3, "2"), await put(s3, "3")];
  assert.deepEqual(await versionsOf(s3), [
    { VersionId: third, IsLatest: true }, { VersionId: second, IsLatest: false },
    { VersionId: first, IsLatest: false },
  ]);
  assert.equal(await get(s3), "3");
});

test("s3-versioning-null-id: an object stored before versioning has the version id null", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  assert.equal(await put(s3, "before"), undefined);
  await setVersioning(s3, "Enabled");
  const later = await put(s3, "after");
  assert.deepEqual(await versionsOf(s3), [
    { VersionId: later, IsLatest: true }, { VersionId: "null", IsLatest: false },
  ]);
  assert.equal(await get(s3, "null"), "before");
  await setVersioning(s3, "Suspended");
  assert.equal(await put(s3, "suspended"), undefined);
  assert.equal(await get(s3, "null"), "suspended");
  assert.deepEqual(await versionsOf(s3), [
    { VersionId: "null", IsLatest: true }, { VersionId: later, IsLatest: false },
  ]);
});

test("s3-versioning-protects-deletes: what is deleted is only covered, and comes back", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await setVersioning(s3, "Enabled");
  await put(s3, "body");
  const { DeleteMarker, VersionId } = await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  assert.equal(DeleteMarker, true);
  const { status, head, body } = await send(region, { method: "GET", path: "/bucket/key" });
  assert.equal(status, 404);
  assert.match(head, /x-amz-delete-marker: true/i);
  assert.ok(head.includes(`x-amz-version-id: ${VersionId}`));
  assert.match(body, /<Code>NoSuchKey<\/Code><Message>The specified key does not exist\.<\/Message>/);
  await assert.rejects(get(s3, VersionId), { name: "MethodNotAllowed" });
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key", VersionId }));
  assert.equal(await get(s3), "body");
});

test("what cannot be a version id is invalid to one deletion, and not there to many at once", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await put(s3, "body");
  const VersionId = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD";
  await assert.rejects(
    s3.send(new DeleteObjectCommand({ Bucket, Key: "key", VersionId })),
    { name: "InvalidArgument", message: "Invalid version id specified" },
  );
  const Objects = [{ Key: "key", VersionId }, { Key: "key" }];
  const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  assert.deepEqual(Deleted, [{ Key: "key" }]);
  const Message = "The specified version does not exist.";
  assert.deepEqual(Errors, [{ Code: "NoSuchVersion", Key: "key", VersionId, Message }]);
});

test("s3-consistency-read-after-write-put: what is stored is there for everybody at once", async () => {
  await using region = await startRegion();
  const [writer, reader] = [await withBucket(region), region.client(S3Client)];
  for (let number = 0; number < 300; number += 1) {
    await put(writer, `body ${number}`, `key-${number}`);
    assert.equal(await get(reader, undefined, `key-${number}`), `body ${number}`);
  }
});

test("s3-consistency-get-put-get: having looked before it was there changes nothing", async () => {
  await using region = await startRegion();
  const [writer, reader] = [await withBucket(region), region.client(S3Client)];
  for (let number = 0; number < 50; number += 1) {
    const Key = `key-${number}`;
    await assert.rejects(get(reader, undefined, Key), { name: "NoSuchKey" });
    await put(writer, "body", Key);
    assert.equal(await get(reader, undefined, Key), "body");
  }
});

test("s3-consistency-overwrite-eventual: the newer one is read and listed at once", async () => {
  await using region = await startRegion();
  const [writer, reader] = [await withBucket(region), region.client(S3Client)];
  for (let number = 0; number < 50; number += 1) {
    await put(writer, `first ${number}`);
    await put(writer, `second ${number}`);
    assert.equal(await get(reader), `second ${number}`);
    const { ETag } = await writer.send(new HeadObjectCommand({ Bucket, Key: "key" }));
    const { Contents } = await reader.send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual(Contents?.map((object) => object.ETag), [ETag]);
  }
});

test("s3-consistency-delete-eventual: what is deleted is gone at once, from listings too", async () => {
  await using region = await startRegion();
  const [writer, reader] = [await withBucket(region), region.client(S3Client)];
  for (let number = 0; number < 50; number += 1) {
    await put(writer, "body");
    await writer.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
    await assert.rejects(get(reader), { name: "NoSuchKey" });
    assert.equal((await reader.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  }
});

test("writes of one key at once leave the last of them, whole", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const bodies = Array.from({ length: 40 }, (_, index) => `${index} `.repeat(20_000));
  await Promise.all(bodies.map((body) => put(s3, body)));
  assert.ok(bodies.includes((await get(s3)) ?? ""));
});

test("a bucket is emptied page by page, though each page's last version is gone by the next", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const key of ["a", "b", "c"]) await put(s3, "", key);
  await setVersioning(s3, "Enabled");
  for (const key of ["a", "b", "c"]) await put(s3, "", key);
  await setVersioning(s3, "Suspended");
  await put(s3, "", "b");
  const deleted: string[] = [];
  let marks = {};
  for (let isMore = true; isMore;) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1, ...marks }));
    for (const { Key = "", VersionId } of page.Versions ?? []) {
      await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
      deleted.push(Key);
    }
    isMore = page.IsTruncated === true;
    marks = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
  assert.deepEqual(deleted, ["a", "a", "b", "b", "c", "c"]);
  assert.deepEqual(await versionsOf(s3), []);
});

test("a bucket that had versioning asks for all its versions to go before it does", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const remove = () => s3.send(new DeleteBucketCommand({ Bucket }));
  const refusal = (message: string) => ({ name: "BucketNotEmpty", message, BucketName: Bucket });
  const notEmpty = "The bucket you tried to delete is not empty";
  await put(s3, "unversioned");
  await assert.rejects(remove(), refusal(notEmpty));
  for (const status of ["Enabled", "Suspended"]) {
    await setVersioning(s3, status);
    await assert.rejects(remove(), refusal(`${notEmpty}. You must delete all versions in the bucket.`));
  }
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  await assert.rejects(remove(), refusal(`${notEmpty}. You must delete all versions in the bucket.`));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key", VersionId: "null" }));
  await remove();
});
