import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutBucketInventoryConfigurationCommand,
  PutBucketPolicyCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { parquetReadObjects } from "hyparquet";
import { effort } from "../../../../test/effort.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { objects } from "../objects/version-table.ts";

async function withBuckets(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  for (const Bucket of ["source", "reports"]) await s3.send(new CreateBucketCommand({ Bucket }));
  const Statement = [{
    Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "s3:PutObject",
    Resource: "arn:aws:s3:::reports/*",
  }];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket: "reports", Policy }));
  return s3;
}

test("others have their turn while the report of a large bucket is written", async () => {
  await using region = await startRegion();
  const s3 = await withBuckets(region);
  await s3.send(new PutObjectCommand({ Bucket: "source", Key: "first", Body: "" }));
  region.engine.store.transact({ account: "000000000000", region: "us-east-1" }, (transaction) => {
    const rows = transaction.rows(objects);
    const first = rows.get(["source", "first"]);
    assert.ok(first);
    for (let at = 0; at < 20_000; at++) rows.put({ ...first, key: `key-${at}` });
  });
  const S3BucketDestination = { Bucket: "arn:aws:s3:::reports", Format: "Parquet" as const };
  await s3.send(new PutBucketInventoryConfigurationCommand({
    Bucket: "source", Id: "all",
    InventoryConfiguration: {
      Id: "all", IsEnabled: true, IncludedObjectVersions: "Current", Schedule: { Frequency: "Daily" },
      Destination: { S3BucketDestination },
    },
  }));
  const begun = effort();
  let longest = 0;
  let last = begun;
  const look = (): void => {
    const now = effort();
    longest = Math.max(longest, now - last);
    last = now;
    immediate = setImmediate(look);
  };
  let immediate = setImmediate(look);
  await region.clock.advance({ seconds: 24 * 60 * 60 });
  await region.settled();
  clearImmediate(immediate);
  const all = effort() - begun;
  assert.ok(longest < all / 4, `one turn took ${longest} of ${all} seconds`);
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: "reports" }));
  assert.equal(KeyCount, 4);
});

test("a report as Parquet has columns of their types, and keys as they are", async () => {
  await using region = await startRegion();
  const s3 = await withBuckets(region);
  for (const [Key, Body] of [["a b,ü", "four"], ["empty", ""]] as const) {
    await s3.send(new PutObjectCommand({ Bucket: "source", Key, Body }));
  }
  const S3BucketDestination = { Bucket: "arn:aws:s3:::reports", Format: "Parquet" as const };
  await s3.send(new PutBucketInventoryConfigurationCommand({
    Bucket: "source", Id: "all",
    InventoryConfiguration: {
      Id: "all", IsEnabled: true, IncludedObjectVersions: "All", Schedule: { Frequency: "Daily" },
      OptionalFields: ["Size", "LastModifiedDate", "ETag", "ObjectLockRetainUntilDate"],
      Destination: { S3BucketDestination },
    },
  }));
  await region.clock.advance({ seconds: 24 * 60 * 60 });
  await region.settled();
  const read = async (Key: string): Promise<Uint8Array> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "reports", Key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  };
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "reports" }));
  const manifestKey = Contents.find(({ Key = "" }) => Key.endsWith("manifest.json"))?.Key ?? "";
  const manifest = JSON.parse(Buffer.from(await read(manifestKey)).toString()) as {
    fileFormat: string; fileSchema: string; files: { key: string; size: number }[];
  };
  assert.equal(manifest.fileFormat, "Parquet");
  assert.equal(
    manifest.fileSchema,
    "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); " +
      "optional binary version_id (UTF8); optional boolean is_latest; optional boolean is_delete_marker; " +
      "optional int64 size; optional int64 last_modified_date (TIMESTAMP_MILLIS); " +
      "optional binary e_tag (UTF8); optional int64 object_lock_retain_until_date (TIMESTAMP_MILLIS);}",
  );
  const [data] = manifest.files;
  assert.match(data?.key ?? "", /^source\/all\/data\/[0-9a-f-]{36}\.parquet$/);
  const bytes = await read(data?.key ?? "");
  assert.equal(bytes.length, data?.size);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const row = { bucket: "source", version_id: null, is_latest: true, is_delete_marker: false };
  const more = { last_modified_date: new Date(Date.UTC(2026, 0, 1)), object_lock_retain_until_date: null };
  assert.deepEqual(
    (await parquetReadObjects({ file })).map((each) => Object.fromEntries(Object.entries(each).map(
      ([name, value]: [string, unknown]) => [name, value ?? null],
    ))),
    [
      { ...row, key: "a b,ü", size: 4n, e_tag: "8cbad96aced40b3838dd9f07f6ef5772", ...more },
      { ...row, key: "empty", size: 0n, e_tag: "d41d8cd98f00b204e9800998ecf8427e", ...more },
    ],
  );
});
