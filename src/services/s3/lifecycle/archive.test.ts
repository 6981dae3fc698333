import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteBucketIntelligentTieringConfigurationCommand,
  GetBucketIntelligentTieringConfigurationCommand, GetObjectCommand, HeadObjectCommand,
  ListBucketIntelligentTieringConfigurationsCommand, ListObjectsV2Command,
  PutBucketIntelligentTieringConfigurationCommand, PutObjectCommand, RestoreObjectCommand, S3Client,
  type IntelligentTieringConfiguration, type RestoreRequest, type StorageClass, type Tier,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const Key = "key";
const large = Buffer.alloc(128 * 1024, "x");

async function withObject(region: TestRegion, StorageClass: StorageClass): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  await region.clock.advance({ hours: 10 });
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: large, StorageClass }));
  return s3;
}

/** To its end: nothing reads on when the region stops. */
async function read(s3: S3Client, Key = "key"): Promise<void> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  await Body?.transformToByteArray();
}

const head = (s3: S3Client, Key = "key") => s3.send(new HeadObjectCommand({ Bucket, Key }));

async function restore(s3: S3Client, request: RestoreRequest): Promise<number | undefined> {
  const RestoreRequest = request;
  const done = await s3.send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest }));
  return done.$metadata.httpStatusCode;
}

const within = (Days: number, tier: Tier): RestoreRequest => ({ Days, GlacierJobParameters: { Tier: tier } });
const outOfReach = {
  name: "InvalidObjectState", message: "The operation is not valid for the object's storage class",
};
const inProgress = { name: "RestoreAlreadyInProgress", message: "Object restore is already in progress" };

test("an archived object is read once it is restored, for as many days as asked", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, "GLACIER");
  await assert.rejects(read(s3), { ...outOfReach, StorageClass: "GLACIER" });
  const copy = () => s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: "bucket/key" }));
  await assert.rejects(copy(), {
    name: "InvalidObjectState", message: "Operation is not valid for the source object's storage class",
  });
  assert.equal((await head(s3)).Restore, undefined);
  assert.equal(await restore(s3, { Days: 2 }), 202);
  assert.equal((await head(s3)).Restore, 'ongoing-request="true"');
  await assert.rejects(restore(s3, { Days: 2 }), inProgress);
  await region.clock.advance({ hours: 4, minutes: 59 });
  await assert.rejects(read(s3), outOfReach);
  await region.clock.advance({ minutes: 1 });
  await read(s3);
  await copy();
  assert.equal((await head(s3, "copy")).StorageClass, undefined);
  const restored = await head(s3);
  assert.equal(restored.StorageClass, "GLACIER");
  assert.equal(restored.Restore, 'ongoing-request="false", expiry-date="Sun, 04 Jan 2026 00:00:00 GMT"');
  const { Contents } = await s3.send(
    new ListObjectsV2Command({ Bucket, Prefix: Key, OptionalObjectAttributes: ["RestoreStatus"] }),
  );
  assert.deepEqual(Contents?.[0]?.RestoreStatus, {
    IsRestoreInProgress: false, RestoreExpiryDate: new Date("2026-01-04T00:00:00Z"),
  });
  assert.equal(await restore(s3, { Days: 4 }), 200);
  assert.match((await head(s3)).Restore ?? "", /Tue, 06 Jan 2026/);
  await region.clock.advance({ days: 4, hours: 8 });
  await read(s3);
  await region.clock.advance({ hours: 1 });
  await assert.rejects(read(s3), outOfReach);
  assert.equal((await head(s3)).Restore, undefined);
});

test("how long a restoration takes goes by class and tier, and it may be sped up", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, "DEEP_ARCHIVE");
  await assert.rejects(restore(s3, within(1, "Expedited")), {
    name: "InvalidArgument", message: "Retrieval option is not supported by this storage class",
  });
  assert.equal(await restore(s3, within(1, "Bulk")), 202);
  await assert.rejects(restore(s3, within(1, "Bulk")), inProgress);
  assert.equal(await restore(s3, within(1, "Standard")), 202);
  await region.clock.advance({ hours: 12 });
  await read(s3);

  await s3.send(new PutObjectCommand({ Bucket, Key, Body: large, StorageClass: "GLACIER" }));
  await restore(s3, within(1, "Expedited"));
  await region.clock.advance({ minutes: 5 });
  await read(s3);
  for (const [request, code] of [
    [{}, "MalformedXML"], [{ Days: 0 }, "InvalidArgument"], [{ Days: 2 ** 31 }, "MalformedXML"],
    [within(1, "Fast" as Tier), "MalformedXML"],
  ] as const) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: large, StorageClass: "GLACIER" }));
    await assert.rejects(restore(s3, request), { name: code });
  }
});

test("a restoration for more days than there are dates lasts until the last of them", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, "GLACIER");
  assert.equal(await restore(s3, { Days: 2 ** 31 - 1 }), 202);
  await region.clock.advance({ hours: 5 });
  assert.match((await head(s3)).Restore ?? "", /expiry-date="Fri, 31 Dec 9999 00:00:00 GMT"$/);
});

test("only what is archived is restored", async () => {
  await using region = await startRegion();
  for (const [index, storageClass] of (["STANDARD", "GLACIER_IR"] as const).entries()) {
    const s3 = region.client(S3Client);
    if (index === 0) await withObject(region, storageClass);
    else await s3.send(new PutObjectCommand({ Bucket, Key, Body: large, StorageClass: storageClass }));
    await read(s3);
    await assert.rejects(restore(s3, { Days: 1 }), {
      name: "InvalidObjectState", message: "Restore is not allowed for the object's current storage class",
    });
  }
});

const configuration: IntelligentTieringConfiguration = {
  Id: "archive",
  Status: "Enabled",
  Tierings: [{ Days: 90, AccessTier: "ARCHIVE_ACCESS" }, { Days: 180, AccessTier: "DEEP_ARCHIVE_ACCESS" }],
};

const configure = (s3: S3Client, more: object = {}, Id = "archive") =>
  s3.send(new PutBucketIntelligentTieringConfigurationCommand({
    Bucket, Id, IntelligentTieringConfiguration: { ...configuration, ...more },
  }));

test("what nobody reads moves to the archive tiers, and comes back for good", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, "INTELLIGENT_TIERING");
  await s3.send(new PutObjectCommand({
    Bucket, Key: "small", Body: large.subarray(1), StorageClass: "INTELLIGENT_TIERING",
  }));
  await configure(s3);
  await region.clock.advance({ days: 80 });
  await read(s3);
  await region.clock.advance({ days: 90 });
  assert.equal((await head(s3)).ArchiveStatus, undefined);
  await region.clock.advance({ days: 1 });
  assert.equal((await head(s3)).ArchiveStatus, "ARCHIVE_ACCESS");
  await assert.rejects(read(s3), {
    ...outOfReach, StorageClass: "INTELLIGENT_TIERING", AccessTier: "ARCHIVE_ACCESS",
  });
  await region.clock.advance({ days: 90 });
  assert.equal((await head(s3)).ArchiveStatus, "DEEP_ARCHIVE_ACCESS");
  await read(s3, "small");
  assert.equal(await restore(s3, { GlacierJobParameters: { Tier: "Standard" } }), 202);
  assert.equal((await head(s3)).Restore, 'ongoing-request="true"');
  await region.clock.advance({ hours: 12 });
  await read(s3);
  const back = await head(s3);
  assert.deepEqual([back.ArchiveStatus, back.Restore], [undefined, undefined]);
  await region.clock.advance({ days: 91 });
  assert.equal((await head(s3)).ArchiveStatus, "ARCHIVE_ACCESS");
});

test("configurations of Intelligent-Tiering are kept, listed and checked", async () => {
  await using region = await startRegion();
  const s3 = await withObject(region, "STANDARD");
  const named = { Bucket, Id: "archive" };
  const missing = { name: "NoSuchConfiguration", message: "The specified configuration does not exist." };
  const get = () => s3.send(new GetBucketIntelligentTieringConfigurationCommand(named));
  await assert.rejects(get(), missing);
  const Filter = { And: { Prefix: "a/", Tags: [{ Key: "k", Value: "v" }] } };
  await configure(s3, { Filter });
  assert.deepEqual((await get()).IntelligentTieringConfiguration, { ...configuration, Filter });
  await configure(s3, { Id: "other" }, "other");
  const list = await s3.send(new ListBucketIntelligentTieringConfigurationsCommand({ Bucket }));
  assert.deepEqual(list.IntelligentTieringConfigurationList?.map(({ Id }) => Id), ["archive", "other"]);
  assert.equal(list.IsTruncated, false);
  const [archive] = configuration.Tierings ?? [];
  for (const more of [
    { Id: "different" }, { Tierings: [] }, { Tierings: [archive, archive] }, { Status: "On" },
    { Tierings: [{ Days: 90, AccessTier: "constructor" }] },
  ]) {
    await assert.rejects(configure(s3, more), { name: "MalformedXML" });
  }
  for (const [AccessTier, Days] of [
    ["ARCHIVE_ACCESS", 89], ["ARCHIVE_ACCESS", 731], ["DEEP_ARCHIVE_ACCESS", 179],
  ]) {
    await assert.rejects(configure(s3, { Tierings: [{ AccessTier, Days }] }), { name: "InvalidArgument" });
  }
  await s3.send(new DeleteBucketIntelligentTieringConfigurationCommand(named));
  await assert.rejects(get(), missing);
  await assert.rejects(s3.send(new DeleteBucketIntelligentTieringConfigurationCommand(named)), missing);
});
