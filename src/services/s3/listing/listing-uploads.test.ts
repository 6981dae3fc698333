import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AbortMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand,
  ListMultipartUploadsCommand, ListPartsCommand, S3Client, UploadPartCommand,
  type ListMultipartUploadsCommandInput,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const Bucket = "bucket";

async function withBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3;
}

async function initiate(s3: S3Client, Key: string): Promise<string> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  return UploadId ?? "";
}

type Asked = Omit<ListMultipartUploadsCommandInput, "Bucket">;

/** Every page, put together: keys with the number of the upload, prefixes as they are. */
async function listed(s3: S3Client, ids: readonly string[], asked: Asked = {}): Promise<string[]> {
  const shown: string[] = [];
  let markers: Asked = {};
  for (;;) {
    const page = await s3.send(new ListMultipartUploadsCommand({ Bucket, ...asked, ...markers }));
    for (const { Key, UploadId } of page.Uploads ?? []) shown.push(`${Key} ${ids.indexOf(UploadId ?? "")}`);
    for (const { Prefix } of page.CommonPrefixes ?? []) shown.push(String(Prefix));
    if (!page.IsTruncated) return shown;
    markers = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextUploadIdMarker && { UploadIdMarker: page.NextUploadIdMarker }),
    };
  }
}

test("uploads are listed by key, and by their beginning within a key", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const ids: string[] = [];
  for (const key of ["b", "a", "dir/x", "b", "dir/y", "é", "b", "z"]) ids.push(await initiate(s3, key));
  const all = ["a 1", "b 0", "b 3", "b 6", "dir/x 2", "dir/y 4", "z 7", "é 5"];
  assert.deepEqual(await listed(s3, ids), all);
  for (const MaxUploads of [1, 2, 3, 5]) assert.deepEqual(await listed(s3, ids, { MaxUploads }), all);
  const rolledUp = ["a 1", "b 0", "b 3", "b 6", "dir/", "z 7", "é 5"];
  assert.deepEqual(await listed(s3, ids, { Delimiter: "/", MaxUploads: 1 }), rolledUp);
  assert.deepEqual(await listed(s3, ids, { Prefix: "dir/" }), ["dir/x 2", "dir/y 4"]);
  assert.deepEqual(await listed(s3, ids, { KeyMarker: "b" }), all.slice(4));
  assert.deepEqual(await listed(s3, ids, { KeyMarker: "b", UploadIdMarker: ids[0] }), all.slice(2));
  // Without the marker of a key that of an upload counts for nothing.
  assert.deepEqual(await listed(s3, ids, { UploadIdMarker: ids[0] }), all);
  await assert.rejects(listed(s3, ids, { KeyMarker: "a", UploadIdMarker: ids[0] }), {
    name: "InvalidArgument", message: "Invalid uploadId marker",
    ArgumentName: "upload-id-marker", ArgumentValue: ids[0],
  });
  await assert.rejects(listed(s3, ids, { MaxUploads: -1 }), {
    name: "InvalidArgument",
    message: "Argument max-uploads must be an integer between 0 and 2147483647",
  });
});

test("a listing goes on after an upload that is over by then", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const ids = [await initiate(s3, "key"), await initiate(s3, "key")];
  const first = await s3.send(new ListMultipartUploadsCommand({ Bucket, MaxUploads: 1 }));
  assert.equal(first.IsTruncated, true);
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: "key", UploadId: ids[0] }));
  const markers = { KeyMarker: first.NextKeyMarker, UploadIdMarker: first.NextUploadIdMarker };
  assert.deepEqual(await listed(s3, ids, markers), ["key 1"]);
});

test("parts are listed in pages, by their numbers", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const UploadId = await initiate(s3, "key");
  for (const PartNumber of [9, 1, 5, 10_000, 2]) {
    await s3.send(new UploadPartCommand({ Bucket, Key: "key", UploadId, PartNumber, Body: "x" }));
  }
  const list = (more: object) => s3.send(new ListPartsCommand({ Bucket, Key: "key", UploadId, ...more }));
  const first = await list({ MaxParts: 2 });
  assert.deepEqual(first.Parts?.map(({ PartNumber }) => PartNumber), [1, 2]);
  assert.equal(first.IsTruncated, true);
  assert.equal(first.NextPartNumberMarker, "2");
  const rest = await list({ PartNumberMarker: first.NextPartNumberMarker });
  assert.deepEqual(rest.Parts?.map(({ PartNumber }) => PartNumber), [5, 9, 10_000]);
  assert.equal(rest.IsTruncated, false);
  assert.equal(rest.StorageClass, "STANDARD");
  assert.equal(rest.Owner?.ID, rest.Initiator?.ID);
  assert.equal((await list({ MaxParts: 0 })).Parts, undefined);
  await assert.rejects(list({ MaxParts: -1 }), {
    name: "InvalidArgument", message: "Argument max-parts must be an integer between 0 and 2147483647",
  });
});
