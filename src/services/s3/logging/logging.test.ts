import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteBucketCommand, DeleteObjectsCommand, GetBucketLoggingCommand,
  GetObjectCommand, ListObjectsV2Command, PutBucketAclCommand, PutBucketLoggingCommand,
  PutBucketPolicyCommand, PutBucketVersioningCommand, PutBucketWebsiteCommand, PutObjectCommand, S3Client,
  type LoggingEnabled,
} from "@aws-sdk/client-s3";
import { withDataFolder } from "../../../../test/data-folder.ts";
import { http } from "../../../../test/http.ts";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const deliveryPolicy = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "logging.s3.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: "arn:aws:s3:::logs/*",
      Condition: {
        ArnLike: { "aws:SourceArn": "arn:aws:s3:::bucket" },
        StringEquals: { "aws:SourceAccount": "000000000000" },
      },
    },
  ],
};

async function start(region: TestRegion, more: Partial<LoggingEnabled> = {}): Promise<S3Client> {
  const s3 = region.client(S3Client);
  for (const Bucket of ["bucket", "logs"]) await s3.send(new CreateBucketCommand({ Bucket }));
  const Policy = JSON.stringify(deliveryPolicy);
  await s3.send(new PutBucketPolicyCommand({ Bucket: "logs", Policy }));
  await log(s3, more);
  return s3;
}

async function log(s3: S3Client, more: Partial<LoggingEnabled> = {}): Promise<void> {
  const LoggingEnabled = { TargetBucket: "logs", TargetPrefix: "log/", ...more };
  const input = { Bucket: "bucket", BucketLoggingStatus: { LoggingEnabled } };
  await s3.send(new PutBucketLoggingCommand(input));
}

interface Delivered {
  readonly keys: readonly string[];
  /** The fields of each line. */
  readonly lines: readonly (readonly string[])[];
}

async function delivered(s3: S3Client): Promise<Delivered> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "logs" }));
  const keys = Contents.map(({ Key = "" }) => Key);
  const texts = await Promise.all(
    keys.map(async (Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: "logs", Key }));
      return (await Body?.transformToString()) ?? "";
    }),
  );
  const lines = texts.join("").split("\n").filter((line) => line !== "");
  return { keys, lines: lines.map((line) => line.match(/\[[^\]]*\]|"[^"]*"|\S+/g) ?? []) };
}

const minutes = { minutes: 5 };
/** Fields of a line, by their place in it. */
const field = {
  owner: 0, bucket: 1, time: 2, ip: 3, requester: 4, operation: 6, key: 7, uri: 8, status: 9, error: 10,
  bytesSent: 11, objectSize: 12, userAgent: 16, versionId: 17, signature: 19, authentication: 21, host: 22,
} as const;

function columns({ lines }: Delivered, ...names: (keyof typeof field)[]): string[] {
  return lines.map((line) => names.map((name) => line[field[name]]).join(" "));
}

test("s3-access-logs-other-bucket: requests become lines of objects in another bucket", async () => {
  await using region = await startRegion();
  const s3 = await start(region);
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "a key", Body: "0123456789" }));
  await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "a key", Range: "bytes=2-4" }));
  await refusal(s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "missing" })));
  await http(region, "/bucket/a%20key", { headers: { "user-agent": 'evil" agent', host: "localhost:1" } });
  assert.deepEqual((await delivered(s3)).keys, []);
  await region.clock.advance(minutes);
  const found = await delivered(s3);
  assert.match(found.keys.join(), /^log\/2026-01-01-00-05-00-[0-9A-F]{16}$/);
  assert.deepEqual(columns(found, "operation", "key", "status", "error", "objectSize", "authentication"), [
    "REST.PUT.LOGGING_STATUS - 200 - - AuthHeader",
    "REST.PUT.OBJECT a%20key 200 - 10 AuthHeader",
    "REST.GET.OBJECT a%20key 206 - 10 AuthHeader",
    "REST.GET.OBJECT missing 404 NoSuchKey - AuthHeader",
    "REST.GET.OBJECT a%20key 403 AccessDenied - -",
  ]);
  for (const line of found.lines) assert.equal(line.length, 27);
  const [, put, get, , anonymous] = found.lines;
  assert.equal(put?.[field.bucket], "bucket");
  assert.equal(put?.[field.time], "[01/Jan/2026:00:00:00 +0000]");
  assert.equal(put?.[field.owner], put?.[field.requester]);
  assert.equal(get?.[field.bytesSent], "3");
  assert.equal(get?.[field.signature], "SigV4");
  assert.equal(get?.[field.uri], '"GET /a%20key?x-id=GetObject HTTP/1.1"');
  assert.equal(anonymous?.[field.requester], "-");
  assert.equal(anonymous?.[field.userAgent], '"evil%22 agent"');
  assert.equal(anonymous?.[field.host], "localhost");
  // Nothing more happened, and nothing more is delivered.
  await region.clock.advance({ hours: 1 });
  assert.equal((await delivered(s3)).keys.length, 1);
});

test("users are logged by their ARNs, deletions one by one, copies where they are read too", async () => {
  await using region = await startRegion();
  const s3 = await start(region);
  const allow = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] };
  const user = region.client(S3Client, { credentials: await region.user("user", allow) });
  await user.send(new PutObjectCommand({ Bucket: "bucket", Key: "one", Body: "1" }));
  const Objects = [{ Key: "one" }, { Key: "two ä" }];
  await user.send(new CopyObjectCommand({ Bucket: "logs", Key: "copy", CopySource: "bucket/one" }));
  await user.send(new DeleteObjectsCommand({ Bucket: "bucket", Delete: { Objects } }));
  await region.clock.advance(minutes);
  const { keys, lines } = await delivered(s3);
  assert.equal(keys.length, 2);
  const log = { keys, lines: lines.filter((line) => line.length === 27).slice(1) };
  assert.deepEqual(columns(log, "operation", "key", "status", "requester"), [
    "REST.PUT.OBJECT one 200 arn:aws:iam::000000000000:user/user",
    "REST.COPY.OBJECT_GET one 200 arn:aws:iam::000000000000:user/user",
    "REST.POST.MULTI_OBJECT_DELETE - 200 arn:aws:iam::000000000000:user/user",
    "BATCH.DELETE.OBJECT one 204 arn:aws:iam::000000000000:user/user",
    "BATCH.DELETE.OBJECT two%20%C3%A4 204 arn:aws:iam::000000000000:user/user",
  ]);
});

test("websites and preflights are logged as what they are", async () => {
  await using region = await startRegion();
  const s3 = await start(region);
  const WebsiteConfiguration = { IndexDocument: { Suffix: "index.html" } };
  await s3.send(new PutBucketWebsiteCommand({ Bucket: "bucket", WebsiteConfiguration }));
  await http(region, "/page", { host: "bucket.s3-website.localhost" });
  await http(region, "/bucket/key", { method: "OPTIONS", headers: { origin: "http://a.com" } });
  await http(region, "/bucket", { method: "POST", headers: { "content-type": "text/html" }, body: "x" });
  await region.clock.advance(minutes);
  assert.deepEqual(columns(await delivered(s3), "operation", "key", "status", "error").slice(1), [
    "REST.PUT.WEBSITE - 200 -",
    "WEBSITE.GET.OBJECT page 404 NoSuchKey",
    "REST.OPTIONS.PREFLIGHT key 403 AccessForbidden",
    "REST.POST.BUCKET - 412 PreconditionFailed",
  ]);
});

test("keys may be partitioned by the day of the events or of the delivery", async () => {
  await using region = await startRegion();
  const s3 = await start(region, {
    TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: "EventTime" } },
  });
  await region.clock.advance({ hours: 24 });
  const [first] = (await delivered(s3)).keys;
  const folder = "log/000000000000/us-east-1/bucket/2026/01";
  assert.match(first ?? "", new RegExp(`^${folder}/01/2026-01-01-00-00-00-[0-9A-F]{16}$`));
  await log(s3, { TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: "DeliveryTime" } } });
  await region.clock.advance(minutes);
  const [, second] = (await delivered(s3)).keys;
  assert.match(second ?? "", new RegExp(`^${folder}/02/2026-01-02-00-05-00-[0-9A-F]{16}$`));
});

test("what may not be delivered is lost, and what comes later is not", async () => {
  await using region = await startRegion();
  const s3 = await start(region);
  const denied = { ...deliveryPolicy.Statement[0], Principal: { Service: "sqs.amazonaws.com" } };
  const put = (Statement: object) =>
    s3.send(new PutBucketPolicyCommand({
      Bucket: "logs", Policy: JSON.stringify({ Version: "2012-10-17", Statement: [Statement] }),
    }));
  await put(denied);
  await region.clock.advance(minutes);
  assert.deepEqual((await delivered(s3)).keys, []);
  await put({ ...deliveryPolicy.Statement[0] });
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "" }));
  await region.clock.advance(minutes);
  assert.deepEqual(columns(await delivered(s3), "operation"), ["REST.PUT.OBJECT"]);
  // A bucket that goes takes the rest of its log with it.
  await s3.send(new DeleteObjectsCommand({ Bucket: "bucket", Delete: { Objects: [{ Key: "key" }] } }));
  await s3.send(new DeleteBucketCommand({ Bucket: "bucket" }));
  await region.clock.advance(minutes);
  assert.equal((await delivered(s3)).keys.length, 1);
});

test("targets are checked, and where lists count, the log delivery group must be on them", async () => {
  await using region = await startRegion();
  const s3 = await start(region);
  const set = (TargetBucket: string, more: object = {}) => refusal(log(s3, { TargetBucket, ...more }));
  assert.equal(
    await set("nobodys"),
    "InvalidTargetBucketForLogging: The target bucket for logging does not exist",
  );
  const other = region.client(S3Client, { credentials: region.root("111122223333") });
  await other.send(new CreateBucketCommand({ Bucket: "others" }));
  assert.equal(
    await set("others"),
    "InvalidTargetBucketForLogging: The owner for the bucket to be logged and the target bucket must be " +
      "the same.",
  );
  const ireland = region.client(S3Client, { region: "eu-west-1" });
  const CreateBucketConfiguration = { LocationConstraint: "eu-west-1" as const };
  await ireland.send(new CreateBucketCommand({ Bucket: "ireland", CreateBucketConfiguration }));
  assert.equal(
    await set("ireland"),
    "CrossLocationLoggingProhibitted: Cross S3 location logging not allowed. ",
  );
  await s3.send(new CreateBucketCommand({ Bucket: "listed", ObjectOwnership: "ObjectWriter" }));
  assert.equal(
    await set("listed"),
    "InvalidTargetBucketForLogging: You must give the log-delivery group WRITE and READ_ACP permissions to " +
      "the target bucket",
  );
  await s3.send(new PutBucketAclCommand({ Bucket: "listed", ACL: "log-delivery-write" as "private" }));
  assert.equal(await set("listed"), "no refusal");
  const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket: "bucket" }));
  assert.equal(LoggingEnabled?.TargetBucket, "listed");
  await region.clock.advance(minutes);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: "listed" }));
  assert.equal(Contents?.length, 1);

  await s3.send(new PutBucketLoggingCommand({ Bucket: "bucket", BucketLoggingStatus: {} }));
  const off = await s3.send(new GetBucketLoggingCommand({ Bucket: "bucket" }));
  assert.equal(off.LoggingEnabled, undefined);
});

test("what was logged before a restart is delivered after it", async () => {
  using folder = withDataFolder();
  {
    await using region = await startRegion({ dataDir: folder.path });
    const s3 = await start(region);
    await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "" }));
  }
  await using region = await startRegion({ dataDir: folder.path });
  await region.clock.advance(minutes);
  const shown = columns(await delivered(region.client(S3Client)), "operation", "key");
  assert.deepEqual(shown, ["REST.PUT.LOGGING_STATUS -", "REST.PUT.OBJECT key"]);
});

test("a line names the version that a request is about", async () => {
  await using region = await startRegion();
  const s3 = await start(region);
  const VersioningConfiguration = { Status: "Enabled" } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket: "bucket", VersioningConfiguration }));
  const { VersionId = "" } = await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "" }));
  await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "key", VersionId }));
  await region.clock.advance(minutes);
  const shown = columns(await delivered(s3), "operation", "versionId");
  assert.deepEqual(shown.slice(-2), ["REST.PUT.OBJECT -", `REST.GET.OBJECT ${VersionId}`]);
});
