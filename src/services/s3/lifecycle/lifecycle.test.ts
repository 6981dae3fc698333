import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, CreateMultipartUploadCommand, DeleteBucketLifecycleCommand, DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand, GetObjectCommand, HeadObjectCommand, ListMultipartUploadsCommand,
  ListObjectsV2Command, ListObjectVersionsCommand, ListPartsCommand, PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand, PutBucketVersioningCommand, PutObjectCommand,
  PutObjectLegalHoldCommand, PutObjectTaggingCommand, RestoreObjectCommand, S3Client, UploadPartCommand,
  type Event, type LifecycleRule, type PutObjectCommandInput, type TransitionDefaultMinimumObjectSize,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { withDataFolder } from "../../../../test/data-folder.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const day = 24 * 60 * 60 * 1000;
/** Ten o'clock of the first day. */
const morning = { hours: 10 };

async function withBucket(region: TestRegion, versioning?: "Enabled" | "Suspended"): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  if (versioning) await version(s3, versioning);
  await region.clock.advance(morning);
  return s3;
}

const version = (s3: S3Client, Status: "Enabled" | "Suspended") =>
  s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));

type Given = Partial<LifecycleRule>;

function configure(s3: S3Client, rules: readonly Given[], size?: TransitionDefaultMinimumObjectSize) {
  const Rules = rules.map((rule) => ({
    Status: "Enabled" as const, ...(rule.Prefix === undefined && { Filter: {} }), ...rule,
  })) as LifecycleRule[];
  return s3.send(new PutBucketLifecycleConfigurationCommand({
    Bucket, LifecycleConfiguration: { Rules }, TransitionDefaultMinimumObjectSize: size,
  }));
}

function put(s3: S3Client, Key: string, more: Partial<PutObjectCommandInput> = {}) {
  return s3.send(new PutObjectCommand({ Bucket, Key, Body: "text", ...more }));
}

async function keys(s3: S3Client): Promise<string[]> {
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
  return (Contents ?? []).map(({ Key }) => Key ?? "");
}

async function classOf(s3: S3Client, Key: string): Promise<string> {
  return (await s3.send(new HeadObjectCommand({ Bucket, Key }))).StorageClass ?? "STANDARD";
}

/** `key` for a version, `key!` for a delete marker, the latest with an asterisk. */
async function versionsOf(s3: S3Client): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  const mark = (key = "", isLatest = false, kind = "") => `${key}${kind}${isLatest ? "*" : ""}`;
  return [
    ...Versions.map(({ Key, IsLatest }) => mark(Key, IsLatest)),
    ...DeleteMarkers.map(({ Key, IsLatest }) => mark(Key, IsLatest, "!")),
  ].sort();
}

test("objects expire at the midnight after their days, by prefix, tag and size", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await configure(s3, [
    { ID: "logs", Filter: { Prefix: "logs/" }, Expiration: { Days: 3 } },
    { ID: "tagged", Filter: { Tag: { Key: "keep", Value: "no" } }, Expiration: { Days: 1 } },
    {
      ID: "sized",
      Filter: { And: { Prefix: "data/", ObjectSizeGreaterThan: 10, ObjectSizeLessThan: 20 } },
      Expiration: { Days: 1 },
    },
    { ID: "off", Status: "Disabled", Expiration: { Days: 1 } },
  ]);
  const answer = await put(s3, "logs/a");
  const expected = 'expiry-date="Mon, 05 Jan 2026 00:00:00 GMT", rule-id="logs"';
  assert.equal(answer.Expiration, expected);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "logs/a" }));
  assert.equal(head.Expiration, expected);
  assert.equal((await s3.send(new GetObjectCommand({ Bucket, Key: "logs/a" }))).Expiration, expected);
  const named = await s3.send(new HeadObjectCommand({ Bucket, Key: "logs/a", VersionId: "null" }));
  assert.equal(named.Expiration, undefined);
  assert.equal((await put(s3, "other")).Expiration, undefined);
  await put(s3, "tagged", { Tagging: "keep=no&more=1" });
  await put(s3, "kept", { Tagging: "keep=yes" });
  for (const size of [10, 11, 19, 20]) await put(s3, `data/${size}`, { Body: Buffer.alloc(size) });
  await region.clock.advance({ days: 1, hours: 13, minutes: 59, seconds: 59, milliseconds: 999 });
  assert.equal((await keys(s3)).length, 8);
  await region.clock.advance({ milliseconds: 1 });
  assert.deepEqual(await keys(s3), ["data/10", "data/20", "kept", "logs/a", "other"]);
  await s3.send(new PutObjectTaggingCommand({
    Bucket, Key: "kept", Tagging: { TagSet: [{ Key: "keep", Value: "no" }] },
  }));
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await keys(s3), ["data/10", "data/20", "logs/a", "other"]);
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await keys(s3), ["data/10", "data/20", "other"]);
});

test("a date is for what is there and for what comes later", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await put(s3, "before");
  await configure(s3, [{ Expiration: { Date: new Date(testEpoch + 2 * day) } }]);
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await keys(s3), ["before"]);
  await region.clock.advance({ hours: 14 });
  assert.deepEqual(await keys(s3), []);
  await put(s3, "after");
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await keys(s3), []);
});

test("a bucket that keeps versions gets delete markers, and loses old versions by other rules", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region, "Enabled");
  await configure(s3, [{ Expiration: { Days: 1 }, NoncurrentVersionExpiration: { NoncurrentDays: 2 } }]);
  await put(s3, "key");
  await put(s3, "key");
  await region.clock.advance({ days: 1, hours: 14 });
  assert.deepEqual(await versionsOf(s3), ["key", "key", "key!*"]);
  // The older one has not been current since the first day, the other since the marker came.
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await versionsOf(s3), ["key", "key!*"]);
  await region.clock.advance({ days: 2 });
  // The marker, alone and of age, goes as well: at the midnight after it is alone.
  await region.clock.advance({ days: 2 });
  assert.deepEqual(await versionsOf(s3), []);
});

test("with versioning suspended the null version is replaced by a delete marker", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region, "Enabled");
  await put(s3, "kept");
  await version(s3, "Suspended");
  await put(s3, "lost");
  await configure(s3, [{ Expiration: { Days: 1 } }]);
  await region.clock.advance({ days: 1, hours: 14 });
  assert.deepEqual(await versionsOf(s3), ["kept", "kept!*", "lost!*"]);
});

test("some newer versions stay, whatever their age", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region, "Enabled");
  await configure(s3, [{
    NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 5 },
  }]);
  for (let count = 0; count < 10; count += 1) await put(s3, "key");
  await region.clock.advance({ days: 10 });
  assert.equal((await versionsOf(s3)).length, 6);
});

test("a delete marker that stands alone goes, where a rule says so", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region, "Enabled");
  await configure(s3, [{ Expiration: { ExpiredObjectDeleteMarker: true } }]);
  await put(s3, "covered");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "covered" }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "alone" }));
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await versionsOf(s3), ["covered", "covered!*"]);
  const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  const VersionId = Versions?.[0]?.VersionId;
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "covered", VersionId }));
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await versionsOf(s3), []);
});

test("what is locked does not expire until it may", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  await region.clock.advance(morning);
  await configure(s3, [{ NoncurrentVersionExpiration: { NoncurrentDays: 1 } }]);
  await put(s3, "retained", {
    ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: new Date(testEpoch + 5.5 * day),
  });
  await put(s3, "held", { ObjectLockLegalHoldStatus: "ON" });
  const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: "held" }));
  await put(s3, "retained");
  await put(s3, "held");
  await region.clock.advance({ days: 5 });
  assert.deepEqual(await versionsOf(s3), ["held", "held*", "retained", "retained*"]);
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await versionsOf(s3), ["held", "held*", "retained*"]);
  const VersionId = Versions?.[0]?.VersionId;
  await s3.send(new PutObjectLegalHoldCommand({
    Bucket, Key: "held", VersionId, LegalHold: { Status: "OFF" },
  }));
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await versionsOf(s3), ["held*", "retained*"]);
});

test("s3-standard-ia: objects move to colder classes in their order, and small ones do not", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await configure(s3, [
    {
      Filter: { Prefix: "a/" },
      Transitions: [
        { Days: 30, StorageClass: "STANDARD_IA" }, { Days: 60, StorageClass: "GLACIER_IR" },
        { Days: 90, StorageClass: "GLACIER" },
      ],
      Expiration: { Days: 120 },
    },
    {
      Filter: { And: { Prefix: "b/", ObjectSizeGreaterThan: 1 } },
      Transitions: [{ Days: 0, StorageClass: "GLACIER_IR" }],
    },
  ]);
  const Body = Buffer.alloc(128 * 1024, "x");
  await put(s3, "a/large", { Body });
  await put(s3, "a/cold", { Body, StorageClass: "DEEP_ARCHIVE" });
  await put(s3, "a/small", { Body: Body.subarray(1) });
  await put(s3, "b/small");
  await put(s3, "direct", { StorageClass: "STANDARD_IA" });
  assert.equal(await classOf(s3, "direct"), "STANDARD_IA");
  await s3.send(new GetObjectCommand({ Bucket, Key: "direct" }));
  const classes = async () =>
    Promise.all(["a/large", "a/cold", "a/small", "b/small"].map((key) => classOf(s3, key)));
  await region.clock.advance({ hours: 14 });
  assert.deepEqual(await classes(), ["STANDARD", "DEEP_ARCHIVE", "STANDARD", "GLACIER_IR"]);
  await region.clock.advance({ days: 30 });
  assert.deepEqual(await classes(), ["STANDARD_IA", "DEEP_ARCHIVE", "STANDARD", "GLACIER_IR"]);
  await region.clock.advance({ days: 30 });
  assert.deepEqual(await classes(), ["GLACIER_IR", "DEEP_ARCHIVE", "STANDARD", "GLACIER_IR"]);
  const read = await s3.send(new GetObjectCommand({ Bucket, Key: "a/large" }));
  assert.equal((await read.Body?.transformToByteArray())?.length, Body.length);
  await region.clock.advance({ days: 30 });
  assert.deepEqual(await classes(), ["GLACIER", "DEEP_ARCHIVE", "STANDARD", "GLACIER_IR"]);
  await region.clock.advance({ days: 30 });
  assert.deepEqual(await keys(s3), ["b/small", "direct"]);
});

test("small objects may go to the archive where the configuration lets each class decide", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region, "Enabled");
  await configure(
    s3,
    [
      { Filter: { Prefix: "a" }, Transitions: [{ Days: 1, StorageClass: "DEEP_ARCHIVE" }] },
      { Filter: { Prefix: "b" }, Transitions: [{ Days: 1, StorageClass: "GLACIER_IR" }] },
      {
        Filter: { Prefix: "c" },
        NoncurrentVersionTransitions: [
          { NoncurrentDays: 1, StorageClass: "GLACIER", NewerNoncurrentVersions: 1 },
        ],
      },
    ],
    "varies_by_storage_class",
  );
  for (const key of ["a", "b", "c", "c", "c"]) await put(s3, key);
  await region.clock.advance({ days: 2 });
  const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  assert.deepEqual(
    Versions?.map(({ Key, StorageClass }) => `${Key} ${StorageClass}`),
    ["a DEEP_ARCHIVE", "b STANDARD", "c STANDARD", "c STANDARD", "c GLACIER"],
  );
});

test("uploads that nobody completes are aborted, which they say from the beginning", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await configure(s3, [{
    ID: "clean", Filter: { Prefix: "a/" }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
  }]);
  const begin = (Key: string) => s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const first = await begin("a/first");
  const AbortDate = new Date(testEpoch + 3 * day);
  assert.deepEqual([first.AbortDate, first.AbortRuleId], [AbortDate, "clean"]);
  const other = await begin("b/other");
  assert.equal(other.AbortDate, undefined);
  const named = { Bucket, Key: "a/first", UploadId: first.UploadId };
  await s3.send(new UploadPartCommand({ ...named, PartNumber: 1, Body: "part" }));
  assert.deepEqual((await s3.send(new ListPartsCommand(named))).AbortDate, AbortDate);
  for (let index = 0; index < 25; index += 1) await begin(`a/${index}`);
  await region.clock.advance({ days: 1 });
  await begin("a/later");
  await region.clock.advance({ days: 1, hours: 14 });
  const left = async () => {
    const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    return Uploads?.map(({ Key }) => Key);
  };
  assert.deepEqual(await left(), ["a/later", "b/other"]);
  await region.clock.advance({ days: 1 });
  assert.deepEqual(await left(), ["b/other"]);
});

test("what rules do is told to who listens", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({
    QueueName: "queue",
    Attributes: {
      MessageRetentionPeriod: "1209600",
      Policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{
          Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sqs:SendMessage",
          Resource: "*",
        }],
      }),
    },
  }));
  const Events: Event[] = [
    "s3:LifecycleExpiration:*", "s3:LifecycleTransition", "s3:ObjectRestore:*", "s3:ObjectTagging:*",
  ];
  await s3.send(new PutBucketNotificationConfigurationCommand({
    Bucket,
    NotificationConfiguration: {
      QueueConfigurations: [{ QueueArn: "arn:aws:sqs:us-east-1:000000000000:queue", Events }],
    },
  }));
  await configure(s3, [
    { Filter: { Prefix: "a" }, Expiration: { Days: 1 } },
    { Filter: { Prefix: "b" }, Transitions: [{ Days: 1, StorageClass: "GLACIER" }] },
  ], "varies_by_storage_class");
  await put(s3, "a");
  await put(s3, "b");
  await s3.send(new PutObjectTaggingCommand({ Bucket, Key: "a", Tagging: { TagSet: [] } }));
  await region.clock.advance({ days: 2 });
  await s3.send(new RestoreObjectCommand({ Bucket, Key: "b", RestoreRequest: { Days: 1 } }));
  await region.clock.advance({ days: 3 });
  const events: string[] = [];
  for (;;) {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (!Messages?.length) break;
    for (const { Body, ReceiptHandle } of Messages) {
      const { Records } = JSON.parse(Body ?? "{}") as {
        Records?: Record<string, Record<string, string>>[];
      };
      for (const { eventName, userIdentity, requestParameters } of Records ?? []) {
        const who = userIdentity?.["principalId"]?.replace(/[0-9a-f]{64}/, "owner");
        events.push(`${String(eventName)} ${who} ${requestParameters?.["sourceIPAddress"]}`);
      }
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
  const own = "s3.amazonaws.com";
  const asked = "AWS:000000000000 127.0.0.1";
  assert.deepEqual(events.sort(), [
    `LifecycleExpiration:Delete ${own} ${own}`, `LifecycleTransition ${own} ${own}`,
    `ObjectRestore:Completed AmazonCustomer:owner ${own}`, `ObjectRestore:Delete ${own} ${own}`,
    `ObjectRestore:Post ${asked}`, `ObjectTagging:Put ${asked}`,
  ]);
});

test("many objects expire, page by page, also after a restart", async () => {
  using data = withDataFolder();
  const keyCount = 170;
  {
    await using region = await startRegion({ dataDir: data.path });
    const s3 = await withBucket(region, "Enabled");
    for (let round = 0; round < 2; round += 1) {
      await Promise.all(Array.from({ length: keyCount }, (_, index) => put(s3, `key${index}`)));
    }
    await put(s3, "other");
    await configure(s3, [{
      Filter: { Prefix: "key" },
      Expiration: { Days: 1 }, NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    }]);
  }
  await using region = await startRegion({ dataDir: data.path });
  region.clock.freeze(testEpoch + day / 2);
  const s3 = region.client(S3Client);
  await region.clock.advance({ days: 1, hours: 12 });
  const left = await versionsOf(s3);
  assert.equal(left.filter((name) => name.startsWith("key") && !name.endsWith("!*")).length, keyCount);
  assert.deepEqual(await keys(s3), ["other"]);
  await region.clock.advance({ days: 5 });
  assert.deepEqual(await versionsOf(s3), ["other*"]);
});

test("a lifecycle configuration is given back with ids, and taken away", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const get = () => s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  const none = {
    name: "NoSuchLifecycleConfiguration", message: "The lifecycle configuration does not exist",
    BucketName: Bucket,
  };
  await assert.rejects(get(), none);
  const done = await configure(s3, [{ Expiration: { Days: 1 } }, { ID: "own", Expiration: { Days: 2 } }]);
  assert.equal(done.TransitionDefaultMinimumObjectSize, "all_storage_classes_128K");
  const { Rules, TransitionDefaultMinimumObjectSize } = await get();
  assert.equal(TransitionDefaultMinimumObjectSize, "all_storage_classes_128K");
  assert.match(Rules?.[0]?.ID ?? "", /^[A-Za-z0-9+/]{48}$/);
  assert.deepEqual(Rules?.[1], { ID: "own", Filter: {}, Status: "Enabled", Expiration: { Days: 2 } });
  await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
  await assert.rejects(get(), none);
  await put(s3, "key");
  await region.clock.advance({ days: 3 });
  assert.deepEqual(await keys(s3), ["key"]);
});
