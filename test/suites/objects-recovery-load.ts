/** What the recovery of objects kills: a region that stores, replaces, copies and deletes, many at once. */

import { writeSync } from "node:fs";
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand,
  DeleteObjectCommand, PutObjectCommand, S3Client, UploadPartCommand,
} from "@aws-sdk/client-s3";
import { startRegion } from "../region.ts";
import { bodyOf } from "./objects-recovery-bodies.ts";

const [folder = "", round = "0"] = process.argv.slice(2);
const Bucket = "bucket";

/** Written at once: what is only in a buffer would die with the process. */
function say(kind: string, key: string): void {
  writeSync(1, `${JSON.stringify([kind, key])}\n`);
}

const region = await startRegion({ dataDir: folder, seed: `objects ${round}` });
const s3 = region.client(S3Client);
await s3.send(new CreateBucketCommand({ Bucket }));

async function store(key: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: bodyOf(key) }));
  say("there", key);
}

async function replace(worker: number, number: number): Promise<void> {
  const Key = `replaced-${round}-${worker}`;
  const name = `${Key} ${number}`;
  const Metadata = { n: String(number) };
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: bodyOf(name), Metadata }));
  say("replaced", name);
}

async function inParts(Key: string): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const sent = { Bucket, Key, UploadId, PartNumber: 1 };
  await s3.send(new UploadPartCommand({ ...sent, Body: bodyOf("another body, which is replaced") }));
  const { ETag } = await s3.send(new UploadPartCommand({ ...sent, Body: bodyOf(Key) }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
  say("there", Key);
}

async function copyAndDelete(key: string): Promise<void> {
  const source = `${key}-source`;
  await store(source);
  const copy = { Bucket, Key: key, CopySource: `${Bucket}/${source}` };
  const Metadata = { of: source };
  await s3.send(new CopyObjectCommand({ ...copy, MetadataDirective: "REPLACE", Metadata }));
  say("copied", key);
  say("leaving", source);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: source }));
  say("gone", source);
}

async function work(worker: number): Promise<never> {
  for (let number = 0; ; number += 1) {
    const key = `${round}-${worker}-${number}`;
    await store(`small-${key}`);
    await store(`large-${key}`);
    await replace(worker, number);
    await inParts(`large-parts-${key}`);
    await copyAndDelete(`large-copy-${key}`);
  }
}

await Promise.all(Array.from({ length: 12 }, (_, worker) => work(worker)));
