/** A full disk: what cannot be stored is refused, and what was acknowledged stays. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  CreateBucketCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand,
  ListObjectsV2Command, ListPartsCommand, PutObjectCommand, S3Client, UploadPartCommand,
} from "@aws-sdk/client-s3";
import { blobFiles } from "../blob-files.ts";
import { startRegion } from "../region.ts";

const Bucket = "bucket";
const sizeMiB = 4;
const slowDown = { name: "SlowDown", message: "Please reduce your request rate." };

function mounted(folder: string): boolean {
  mkdirSync(folder, { recursive: true });
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "tmpfs", folder]);
  return status === 0;
}

test("s3: on a full disk uploads are refused, and nothing is lost", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "us-local-1-full-"));
  let blobs = "";
  try {
    await using region = await startRegion({ dataDir });
    blobs = join(region.engine.store.folder, "blobs");
    if (!mounted(blobs)) {
      t.skip("no file system of its own can be mounted here");
      return;
    }
    const s3 = region.client(S3Client);
    await s3.send(new CreateBucketCommand({ Bucket }));
    const Body = Buffer.alloc(1_300_000, "body ");
    const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    const stored = ["0", "1", "2"];
    for (const key of stored) await put(key);
    for (const key of ["3", "1"]) await assert.rejects(put(key), slowDown);
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts" }));
    const part = { Bucket, Key: "parts", UploadId, PartNumber: 1, Body: Buffer.alloc(2_000_000) };
    await assert.rejects(s3.send(new UploadPartCommand(part)), slowDown);
    assert.equal((await s3.send(new ListPartsCommand({ Bucket, Key: "parts", UploadId }))).Parts, undefined);

    // What fits into a row needs no file.
    await s3.send(new PutObjectCommand({ Bucket, Key: "small", Body: "small" }));
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual(Contents?.map(({ Key }) => Key), [...stored, "small"]);
    for (const Key of stored) {
      const object = await s3.send(new GetObjectCommand({ Bucket, Key }));
      assert.ok(Buffer.from((await object.Body?.transformToByteArray()) ?? []).equals(Body));
    }
    assert.equal((await blobFiles(region)).length, stored.length);

    for (const Key of stored) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await region.engine.settled();
    await put("3");
  } finally {
    if (blobs !== "") spawnSync("umount", [blobs]);
    rmSync(dataDir, { recursive: true, force: true });
  }
});
