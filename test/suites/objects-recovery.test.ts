/** Objects that were acknowledged are there whole, and nothing else is, also when the process is killed. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  AbortMultipartUploadCommand, GetObjectCommand, ListMultipartUploadsCommand, paginateListObjectsV2, S3Client,
} from "@aws-sdk/client-s3";
import { blobFiles } from "../blob-files.ts";
import { startRegion, type TestRegion } from "../region.ts";
import { killed } from "./killed-load.ts";
import { bodyOf } from "./objects-recovery-bodies.ts";

const program = fileURLToPath(import.meta.url).replace(".test.", "-load.");
const Bucket = "bucket";
const inlineBytesMax = 16 * 1024;

type Said = readonly [kind: string, key: string];

function keysOf(said: readonly Said[], kind: string): string[] {
  return said.filter(([each]) => each === kind).map(([, key]) => key);
}

interface Stored {
  readonly body: Buffer;
  readonly metadata: Record<string, string>;
}

async function everything(s3: S3Client): Promise<Map<string, Stored>> {
  const found = new Map<string, Stored>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    for (const { Key = "" } of Contents) {
      const { Body, Metadata = {} } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const body = Buffer.from((await Body?.transformToByteArray()) ?? []);
      found.set(Key, { body, metadata: Metadata });
    }
  }
  return found;
}

/** What the body of an object must be, by what is said of it. */
function expectedBody(key: string, { metadata }: Stored): Buffer {
  const { n, of } = metadata;
  return bodyOf(n === undefined ? (of ?? key) : `${key} ${n}`);
}

function requireWhole(found: ReadonlyMap<string, Stored>, said: readonly Said[]): void {
  const leaving = new Set(keysOf(said, "leaving"));
  for (const key of [...keysOf(said, "there"), ...keysOf(said, "copied")]) {
    assert.ok(found.has(key) || leaving.has(key), `${key} is lost`);
  }
  for (const key of keysOf(said, "gone")) assert.ok(!found.has(key), `${key} came back`);
  for (const text of keysOf(said, "replaced")) {
    const [key = "", number] = text.split(" ");
    assert.ok(Number(found.get(key)?.metadata["n"]) >= Number(number), `${key} is older than ${number}`);
  }
  for (const [key, stored] of found) {
    assert.ok(stored.body.equals(expectedBody(key, stored)), `${key} is not what was stored`);
  }
}

/** Every file is an object's, once the uploads that nobody will complete are given up. */
async function requireNoOrphans(
  region: TestRegion, s3: S3Client, found: ReadonlyMap<string, Stored>,
): Promise<void> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) {
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }
  const large = [...found.values()].filter(({ body }) => body.length > inlineBytesMax);
  assert.equal((await blobFiles(region)).length, large.length);
}

test("objects survive kill -9, whole, and nothing else does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "us-local-1-objects-"));
  try {
    const said: Said[] = [];
    for (const [round, saidMin] of [90, 400].entries()) {
      said.push(...(await killed<Said>(program, folder, round, saidMin)));
      await using region = await startRegion({ dataDir: folder });
      const s3 = region.client(S3Client);
      const found = await everything(s3);
      assert.ok(found.size > 0 && keysOf(said, "there").length > 0, "the load did too little");
      requireWhole(found, said);
      await requireNoOrphans(region, s3, found);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
