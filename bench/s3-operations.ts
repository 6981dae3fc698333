/** What the benchmark asks of S3: objects of 4 KB. */

import { CreateBucketCommand, PutObjectCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { BenchOperation } from "./operations.ts";

const bucket = "bench";
const body = "four kilobytes of content ".repeat(160).slice(0, 4096);

export async function withBucket(options: S3ClientConfig): Promise<{ s3: S3Client; bucket: string }> {
  const s3 = new S3Client({
    ...options, forcePathStyle: true, requestChecksumCalculation: "WHEN_REQUIRED",
  });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return { s3, bucket };
}

/** Over and over the same few keys, as caches and state files are written. */
export async function putOperation(options: S3ClientConfig): Promise<BenchOperation> {
  await withBucket(options);
  return {
    name: "s3 PutObject, 4 KB",
    service: "s3",
    floorShare: 0.25,
    headers: { "content-type": "text/plain" },
    method: "PUT",
    path: `/${bucket}/put`,
    bodies: [body],
  };
}

export async function getOperation(options: S3ClientConfig): Promise<BenchOperation> {
  const { s3 } = await withBucket(options);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "get", Body: body }));
  return {
    name: "s3 GetObject, 4 KB",
    service: "s3",
    floorShare: 0.4,
    headers: {},
    method: "GET",
    path: `/${bucket}/get`,
    bodies: [""],
  };
}
