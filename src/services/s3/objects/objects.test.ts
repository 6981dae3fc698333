import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand,
  HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

async function withBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  return s3;
}

async function bytesOf(s3: S3Client, Key: string, more: object = {}): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test("s3-objects-in-buckets: what was stored is given back, and its entity tag is its MD5", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const sizes = [0, 1, 4_096, 16_384, 16_385, 200_000];
  for (const size of sizes) {
    const Body = Buffer.alloc(size, `content of ${size} `);
    const put = await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: `object-${size}`, Body }));
    assert.equal(put.ETag, `"${createHash("md5").update(Body).digest("hex")}"`);
    assert.deepEqual(await bytesOf(s3, `object-${size}`), Body);
    const head = await s3.send(new HeadObjectCommand({ Bucket: "bucket", Key: `object-${size}` }));
    assert.equal(head.ContentLength, size);
    assert.equal(head.ETag, put.ETag);
  }
  await assert.rejects(s3.send(new DeleteBucketCommand({ Bucket: "bucket" })), {
    name: "BucketNotEmpty",
    message: "The bucket you tried to delete is not empty",
  });
  const Objects = sizes.map((size) => ({ Key: `object-${size}` }));
  const { Deleted } = await s3.send(new DeleteObjectsCommand({ Bucket: "bucket", Delete: { Objects } }));
  assert.equal(Deleted?.length, sizes.length);
  await s3.send(new DeleteBucketCommand({ Bucket: "bucket" }));
});

test("a body that streams is given back to the byte, and so is the one that replaces it", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const fill of ["first ", "second "]) {
    const bytes = Buffer.alloc(3_000_000, fill);
    const Body = Readable.from([bytes.subarray(0, 1_000_001), bytes.subarray(1_000_001)]);
    await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body, ContentLength: bytes.length }));
    assert.deepEqual(await bytesOf(s3, "key"), bytes);
  }
  assert.equal((await bytesOf(s3, "key", { Range: "bytes=999999-1000002" })).toString(), "seco");
});

test("s3-object-value-is-body: a megabyte of any bytes comes back, and any range of it", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const Body = region.engine.ids.bytes(1_000_000);
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body }));
  assert.deepEqual(await bytesOf(s3, "key"), Body);
  const part = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "key", Range: "bytes=100-199" }));
  assert.equal(part.$metadata.httpStatusCode, 206);
  assert.equal(part.ContentRange, "bytes 100-199/1000000");
  assert.deepEqual(Buffer.from((await part.Body?.transformToByteArray()) ?? []), Body.subarray(100, 200));
  assert.deepEqual(await bytesOf(s3, "key", { Range: "bytes=-7" }), Body.subarray(-7));
  assert.deepEqual(await bytesOf(s3, "key", { Range: "bytes=999990-" }), Body.subarray(999_990));
  await assert.rejects(bytesOf(s3, "key", { Range: "bytes=1000000-" }), {
    name: "InvalidRange",
    message: "The requested range is not satisfiable",
  });
});

test("s3-no-directories: a prefix is there as long as a key begins with it", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "a/b/c.txt", Body: "text" }));
  const list = async (Prefix?: string) => {
    const input = { Bucket: "bucket", Delimiter: "/", Prefix };
    const { CommonPrefixes, Contents } = await s3.send(new ListObjectsV2Command(input));
    return [CommonPrefixes?.map((common) => common.Prefix), Contents?.map(({ Key }) => Key)];
  };
  assert.deepEqual(await list(), [["a/"], undefined]);
  assert.deepEqual(await list("a/"), [["a/b/"], undefined]);
  assert.deepEqual(await list("a/b/"), [undefined, ["a/b/c.txt"]]);
  await assert.rejects(bytesOf(s3, "a/"), { name: "NoSuchKey" });
  await s3.send(new DeleteObjectCommand({ Bucket: "bucket", Key: "a/b/c.txt" }));
  assert.deepEqual(await list(), [undefined, undefined]);
});

test("s3-key-is-full-path: nothing but the whole key finds an object", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const Key = "my_folder/another_folder/my_file.txt";
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key, Body: "text" }));
  const head = (key: string) => s3.send(new HeadObjectCommand({ Bucket: "bucket", Key: key }));
  assert.equal((await head(Key)).ContentLength, 4);
  for (const part of [
    "my_file.txt", "another_folder/my_file.txt", "my_folder/another_folder/", `/${Key}`, `${Key}/`,
    "my_folder//another_folder/my_file.txt", Key.toUpperCase(),
  ]) {
    await assert.rejects(head(part), { name: "NotFound" }, part);
  }
});
