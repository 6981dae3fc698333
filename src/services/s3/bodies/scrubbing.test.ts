import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startRegion } from "../../../../test/region.ts";

const arn = "arn:aws:s3:::bucket/large (version null)";

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "us-local-1-scrub-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The one body that is in a file. */
function blobOf(dataDir: string): string {
  const files = readdirSync(join(dataDir, "blobs"), { recursive: true, withFileTypes: true });
  const [file] = files.filter((entry) => entry.isFile());
  return join(file?.parentPath ?? file?.path ?? "", file?.name ?? "");
}

test("bodies are read again: one that changed on the disk, or is gone, is named", async (t) => {
  const dataDir = temporary(t);
  await using region = await startRegion({ dataDir });
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  for (const [Key, size] of [["small", 10], ["large", 300_000], ["empty", 0]] as const) {
    await s3.send(new PutObjectCommand({ Bucket: "bucket", Key, Body: Buffer.alloc(size, Key) }));
  }
  const endpoint = await region.endpoint();
  const scrub = async (): Promise<unknown> => {
    const headers = { "content-type": "application/json" };
    return (await fetch(`${endpoint}/_local/v1/scrub`, { method: "POST", headers })).json();
  };
  assert.deepEqual(await scrub(), { checked: 3, damaged: [] });

  const path = blobOf(dataDir);
  const bytes = readFileSync(path);
  bytes[1_000] = (bytes[1_000] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const changed = { of: arn, damage: "does not match its CRC32 checksum" };
  assert.deepEqual(await scrub(), { checked: 3, damaged: [changed] });

  writeFileSync(path, bytes.subarray(0, 100));
  assert.deepEqual(await scrub(), { checked: 3, damaged: [{ of: arn, damage: "has 100 bytes of 300000" }] });

  rmSync(path);
  const { damaged } = (await scrub()) as { damaged: { of: string; damage: string }[] };
  assert.equal(damaged.length, 1);
  assert.match(damaged[0]?.damage ?? "", /^cannot be read: ENOENT/);
});
