import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  CreateBucketCommand, DeleteBucketInventoryConfigurationCommand, DeleteObjectCommand,
  GetBucketInventoryConfigurationCommand, GetObjectCommand, ListBucketInventoryConfigurationsCommand,
  ListObjectsV2Command, PutBucketInventoryConfigurationCommand, PutBucketPolicyCommand,
  PutBucketVersioningCommand, PutObjectCommand, S3Client, type InventoryConfiguration,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const Bucket = "source";
const day = 24 * 60 * 60;

/** @evidence S3 User Guide, "Granting permissions for Amazon S3 Inventory and Amazon S3 analytics" */
function policy(sourceArn = "arn:aws:s3:::source"): object {
  return {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "s3:PutObject",
      Resource: "arn:aws:s3:::reports/*",
      Condition: {
        ArnLike: { "aws:SourceArn": sourceArn },
        StringEquals: {
          "aws:SourceAccount": "000000000000", "s3:x-amz-acl": "bucket-owner-full-control",
        },
      },
    }],
  };
}

async function stage(region: TestRegion, document = policy()): Promise<S3Client> {
  const s3 = region.client(S3Client);
  for (const name of [Bucket, "reports"]) await s3.send(new CreateBucketCommand({ Bucket: name }));
  const Policy = JSON.stringify(document);
  await s3.send(new PutBucketPolicyCommand({ Bucket: "reports", Policy }));
  return s3;
}

function configuration(more: Partial<InventoryConfiguration> = {}): InventoryConfiguration {
  const S3BucketDestination = { Bucket: "arn:aws:s3:::reports", Format: "CSV" as const, Prefix: "all" };
  return {
    Id: "daily", IsEnabled: true, IncludedObjectVersions: "Current", Schedule: { Frequency: "Daily" },
    Destination: { S3BucketDestination }, ...more,
  };
}

function configure(s3: S3Client, more: Partial<InventoryConfiguration> = {}): Promise<unknown> {
  const InventoryConfiguration = configuration(more);
  return s3.send(
    new PutBucketInventoryConfigurationCommand({ Bucket, Id: "daily", InventoryConfiguration }),
  );
}

async function keys(s3: S3Client): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "reports" }));
  return Contents.map(({ Key = "" }) => Key);
}

async function bytes(s3: S3Client, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "reports", Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

interface Manifest {
  readonly fileSchema: string;
  readonly files: readonly { readonly key: string; readonly size: number; readonly MD5checksum: string }[];
}

/** The report of a minute, with each line as an object of its fields. */
async function report(s3: S3Client, folder: string): Promise<Record<string, string>[]> {
  const manifest = JSON.parse((await bytes(s3, `${folder}/manifest.json`)).toString()) as Manifest;
  const data = await bytes(s3, manifest.files[0]?.key ?? "");
  const names = manifest.fileSchema.split(", ");
  const lines = gunzipSync(data).toString().split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const values = line.slice(1, -1).split('","');
    assert.equal(values.length, names.length);
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? ""]));
  });
}

test("a daily report is laid out as S3's, with its manifest, checksum and symlink", async () => {
  await using region = await startRegion();
  const s3 = await stage(region);
  await s3.send(new PutObjectCommand({ Bucket, Key: "docs/a b(1).txt", Body: "one" }));
  await s3.send(new PutObjectCommand({ Bucket, Key: "other", Body: "two" }));
  await configure(s3, { Filter: { Prefix: "docs/" }, OptionalFields: ["ETag", "Size", "EncryptionStatus"] });
  await region.clock.advance({ seconds: day - 1 });
  assert.deepEqual(await keys(s3), []);
  await region.clock.advance({ seconds: 1 });
  await region.settled();
  const [data = "", ...others] = await keys(s3);
  assert.match(data, /^all\/source\/daily\/2026-01-02T00-00Z\/manifest.checksum$/);
  assert.match(others[1] ?? "", /^all\/source\/daily\/data\/[0-9a-f-]{36}\.csv\.gz$/);
  const folder = "all/source/daily/2026-01-02T00-00Z";
  const manifest = await bytes(s3, `${folder}/manifest.json`);
  const file = await bytes(s3, others[1] ?? "");
  const md5 = (of: Buffer): string => createHash("md5").update(of).digest("hex");
  assert.deepEqual(JSON.parse(manifest.toString()), {
    sourceBucket: "source", destinationBucket: "arn:aws:s3:::reports", version: "2016-11-30",
    creationTimestamp: String(Date.UTC(2026, 0, 2)), fileFormat: "CSV",
    fileSchema: "Bucket, Key, Size, ETag, EncryptionStatus",
    files: [{ key: others[1], size: file.length, MD5checksum: md5(file) }],
  });
  assert.equal((await bytes(s3, `${folder}/manifest.checksum`)).toString(), md5(manifest));
  assert.equal(
    (await bytes(s3, "all/source/daily/hive/dt=2026-01-02-00-00/symlink.txt")).toString(),
    `s3://reports/${others[1]}\n`,
  );
  assert.equal(
    gunzipSync(file).toString(),
    `"source","docs/a+b%281%29.txt","3","${md5(Buffer.from("one"))}","SSE-S3"\n`,
  );
});

test("a report of all versions has older ones and delete markers, and every field", async () => {
  await using region = await startRegion();
  const s3 = await stage(region);
  const VersioningConfiguration = { Status: "Enabled" as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const first = await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "1" }));
  const second = await s3.send(
    new PutObjectCommand({ Bucket, Key: "k", Body: "22", StorageClass: "INTELLIGENT_TIERING" }),
  );
  const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  await configure(s3, {
    IncludedObjectVersions: "All",
    OptionalFields: [
      "Size", "LastModifiedDate", "StorageClass", "ETag", "IsMultipartUploaded", "ReplicationStatus",
      "EncryptionStatus", "ObjectLockRetainUntilDate", "ObjectLockMode", "ObjectLockLegalHoldStatus",
      "IntelligentTieringAccessTier", "BucketKeyStatus", "ChecksumAlgorithm", "ObjectAccessControlList",
      "ObjectOwner", "LifecycleExpirationDate",
    ],
  });
  await region.clock.advance({ seconds: day });
  await region.settled();
  const lines = await report(s3, "all/source/daily/2026-01-02T00-00Z");
  assert.deepEqual(
    lines.map(({ VersionId, IsLatest, IsDeleteMarker, Size }) => [VersionId, IsLatest, IsDeleteMarker, Size]),
    [
      [marker.VersionId, "true", "true", ""],
      [second.VersionId, "false", "false", "2"],
      [first.VersionId, "false", "false", "1"],
    ],
  );
  const { ObjectAccessControlList = "", ObjectOwner, ...fields } = lines[1] ?? {};
  assert.deepEqual(fields, {
    Bucket, Key: "k", VersionId: second.VersionId, IsLatest: "false", IsDeleteMarker: "false", Size: "2",
    LastModifiedDate: "2026-01-01T00:00:00.000Z", ETag: "b6d767d2f8ed5d21a44b0e5886680cb9",
    StorageClass: "INTELLIGENT_TIERING", IsMultipartUploaded: "false", ReplicationStatus: "",
    EncryptionStatus: "SSE-S3", ObjectLockRetainUntilDate: "", ObjectLockMode: "",
    ObjectLockLegalHoldStatus: "", IntelligentTieringAccessTier: "FREQUENT", BucketKeyStatus: "DISABLED",
    ChecksumAlgorithm: "CRC32", LifecycleExpirationDate: "",
  });
  assert.deepEqual(JSON.parse(Buffer.from(ObjectAccessControlList, "base64").toString()), {
    version: "2022-11-10", status: "AVAILABLE",
    grants: [{ canonicalId: ObjectOwner, type: "CanonicalUser", permission: "FULL_CONTROL" }],
  });
});

test("more keys than a page has are all there, once", async () => {
  await using region = await startRegion();
  const s3 = await stage(region);
  const names = Array.from({ length: 1001 }, (_, at) => `key-${String(at).padStart(4, "0")}`);
  for (let at = 0; at < names.length; at += 50) {
    await Promise.all(
      names.slice(at, at + 50).map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: "x" }))),
    );
  }
  await configure(s3);
  await region.clock.advance({ seconds: day });
  await region.settled();
  const lines = await report(s3, "all/source/daily/2026-01-02T00-00Z");
  assert.deepEqual(lines.map(({ Key }) => Key), names);
});

test("the destination's policy decides, and the next report is tried when it is due", async () => {
  await using region = await startRegion();
  const s3 = await stage(region, policy("arn:aws:s3:::another"));
  await configure(s3);
  await region.clock.advance({ seconds: day });
  await region.settled();
  assert.deepEqual(await keys(s3), []);
  const Policy = JSON.stringify(policy());
  await s3.send(new PutBucketPolicyCommand({ Bucket: "reports", Policy }));
  await region.clock.advance({ seconds: day });
  await region.settled();
  const folders = (await keys(s3)).filter((key) => key.endsWith(".checksum"));
  assert.deepEqual(folders, ["all/source/daily/2026-01-03T00-00Z/manifest.checksum"]);
});

test("weekly reports come on Sundays after the first; a disabled configuration has none", async () => {
  await using region = await startRegion();
  const s3 = await stage(region);
  await configure(s3, { Schedule: { Frequency: "Weekly" } });
  for (let days = 0; days < 12; days += 1) {
    await region.clock.advance({ seconds: day });
    await region.settled();
  }
  const manifests = async (): Promise<string[]> =>
    (await keys(s3)).filter((key) => key.endsWith(".json")).map((key) => key.split("/")[3] ?? "");
  const sundays = ["2026-01-02T00-00Z", "2026-01-04T00-00Z", "2026-01-11T00-00Z"];
  assert.deepEqual(await manifests(), sundays);
  await configure(s3, { Schedule: { Frequency: "Weekly" }, IsEnabled: false });
  await region.clock.advance({ seconds: 14 * day });
  await region.settled();
  assert.deepEqual(await manifests(), sundays);
});

test("configurations are kept as they were put, and what is not one is refused", async () => {
  await using region = await startRegion();
  const s3 = await stage(region);
  await configure(s3);
  const { InventoryConfiguration } = await s3.send(
    new GetBucketInventoryConfigurationCommand({ Bucket, Id: "daily" }),
  );
  assert.deepEqual(InventoryConfiguration, configuration());
  const { InventoryConfigurationList } = await s3.send(
    new ListBucketInventoryConfigurationsCommand({ Bucket }),
  );
  assert.deepEqual(InventoryConfigurationList, [configuration()]);
  await s3.send(new DeleteBucketInventoryConfigurationCommand({ Bucket, Id: "daily" }));
  const gone = s3.send(new GetBucketInventoryConfigurationCommand({ Bucket, Id: "daily" }));
  await assert.rejects(gone, { name: "NoSuchConfiguration" });
  await region.clock.advance({ seconds: 2 * day });
  await region.settled();
  assert.deepEqual(await keys(s3), []);

  const asOrc = { Bucket: "arn:aws:s3:::reports", Format: "ORC" as const };
  const refused = configure(s3, { Destination: { S3BucketDestination: asOrc } });
  await assert.rejects(refused, { name: "NotImplemented" });
  const malformed: Partial<InventoryConfiguration>[] = [
    { Schedule: { Frequency: "Hourly" as "Daily" } },
    { IncludedObjectVersions: "constructor" as "All" },
    { OptionalFields: ["__proto__" as "Size"] },
    { Id: "another" },
  ];
  for (const more of malformed) await assert.rejects(configure(s3, more), { name: "MalformedXML" });
  const S3BucketDestination = { Bucket: "reports", Format: "CSV" as const };
  await assert.rejects(configure(s3, { Destination: { S3BucketDestination } }), {
    name: "InvalidS3DestinationBucket",
  });
});
