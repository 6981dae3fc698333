import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand, HeadObjectCommand, ListBucketsCommand,
  ListMultipartUploadsCommand, ListObjectsCommand, ListObjectsV2Command, ListObjectVersionsCommand,
  ListPartsCommand, PutObjectCommand, S3Client, UploadPartCommand, UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { startRegion, testEpoch } from "../../../test/region.ts";

test("listings tell whole seconds of an instant, as the header Last-Modified does", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  const at = { Bucket: "bucket", Key: "key" };
  await region.clock.advance({ milliseconds: 1_987 });
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  await s3.send(new PutObjectCommand({ ...at, Body: "text" }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
  await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "text" }));
  const CopySource = "bucket/key";
  const copied = await s3.send(new CopyObjectCommand({ ...at, Key: "copy", CopySource }));
  const part = await s3.send(new UploadPartCopyCommand({ ...at, UploadId, PartNumber: 2, CopySource }));
  const told = [
    (await s3.send(new HeadObjectCommand(at))).LastModified,
    (await s3.send(new ListObjectsCommand(at))).Contents?.[0]?.LastModified,
    (await s3.send(new ListObjectsV2Command(at))).Contents?.[0]?.LastModified,
    (await s3.send(new ListObjectVersionsCommand(at))).Versions?.[0]?.LastModified,
    (await s3.send(new ListMultipartUploadsCommand(at))).Uploads?.[0]?.Initiated,
    (await s3.send(new ListPartsCommand({ ...at, UploadId }))).Parts?.[0]?.LastModified,
    (await s3.send(new ListBucketsCommand({}))).Buckets?.[0]?.CreationDate,
    copied.CopyObjectResult?.LastModified,
    part.CopyPartResult?.LastModified,
  ];
  assert.deepEqual(told, told.map(() => new Date(testEpoch + 1_000)));
});
