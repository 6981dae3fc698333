import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand, GetObjectRetentionCommand, HeadObjectCommand, PutBucketVersioningCommand,
  PutObjectCommand, PutObjectLegalHoldCommand, PutObjectLockConfigurationCommand, PutObjectRetentionCommand,
  S3Client, type ObjectLockConfiguration, type ObjectLockRetentionMode, type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { startRegion, testEpoch, type TestRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const Key = "key";
const day = 24 * 60 * 60 * 1000;
const inDays = (days: number) => new Date(testEpoch + days * day);

async function withLockBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  return s3;
}

async function put(s3: S3Client, more: Partial<PutObjectCommandInput> = {}): Promise<string> {
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "text", ...more }));
  return VersionId ?? "";
}

const remove = (s3: S3Client, more: object) =>
  s3.send(new DeleteObjectCommand({ Bucket, Key, ...more }));

const retain = (s3: S3Client, Mode: ObjectLockRetentionMode, RetainUntilDate: Date, more: object = {}) =>
  s3.send(new PutObjectRetentionCommand({ Bucket, Key, Retention: { Mode, RetainUntilDate }, ...more }));

const configure = (s3: S3Client, ObjectLockConfiguration: ObjectLockConfiguration) =>
  s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));

const byDefault = (rule: object): ObjectLockConfiguration =>
  ({ ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: rule } });

const locked = { name: "AccessDenied", message: "Access Denied because object protected by object lock." };
const malformed = {
  name: "MalformedXML",
  message: "The XML you provided was not well-formed or did not validate against our published schema",
};
const noLock = { name: "InvalidRequest", message: "Bucket is missing Object Lock Configuration" };

test("a bucket's lock needs versioning, which then cannot be suspended", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const get = () => s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
  await assert.rejects(get(), {
    name: "ObjectLockConfigurationNotFoundError",
    message: "Object Lock configuration does not exist for this bucket",
    BucketName: Bucket,
  });
  await assert.rejects(configure(s3, { ObjectLockEnabled: "Enabled" }), {
    name: "InvalidBucketState",
    message: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
  });
  const version = (Status: "Enabled" | "Suspended") =>
    s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  await version("Enabled");
  await configure(s3, byDefault({ Mode: "GOVERNANCE", Days: 1 }));
  assert.deepEqual((await get()).ObjectLockConfiguration, byDefault({ Mode: "GOVERNANCE", Days: 1 }));
  await configure(s3, { ObjectLockEnabled: "Enabled" });
  assert.deepEqual((await get()).ObjectLockConfiguration, { ObjectLockEnabled: "Enabled" });
  await assert.rejects(version("Suspended"), {
    name: "InvalidBucketState",
    message:
      "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
  });
  await version("Enabled");
});

test("a lock configuration that is none is refused", async () => {
  await using region = await startRegion();
  const s3 = await withLockBucket(region);
  const Mode = "GOVERNANCE";
  for (const configuration of [
    {}, { ObjectLockEnabled: "Disabled" as never }, { Rule: byDefault({ Mode, Days: 1 }).Rule },
    { ObjectLockEnabled: "Enabled", Rule: {} }, byDefault({}), byDefault({ Mode }),
    byDefault({ Mode, Days: 1, Years: 1 }), byDefault({ Days: 1 }),
    byDefault({ Mode: "governance", Days: 1 }),
  ] as ObjectLockConfiguration[]) {
    await assert.rejects(configure(s3, configuration), malformed);
  }
  for (const [member, value, problem] of [
    ["Days", 0, "must be a positive integer value."], ["Days", -1, "must be a positive integer value."],
    ["Years", 0, "must be a positive integer value."], ["Days", 36_501, "too large."],
    ["Years", 101, "too large."],
  ] as const) {
    await assert.rejects(configure(s3, byDefault({ Mode, [member]: value })), {
      name: "InvalidArgument",
      message: `Default retention period ${problem}`,
      ArgumentName: member,
      ArgumentValue: String(value),
    });
  }
  await configure(s3, byDefault({ Mode, Days: 36_500 }));
  await configure(s3, byDefault({ Mode, Years: 100 }));
});

test("governance holds until its day, or until who may gets past it", async () => {
  await using region = await startRegion();
  const s3 = await withLockBucket(region);
  const first = await put(s3);
  const get = (VersionId: string) => s3.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }));
  await assert.rejects(get(first), {
    name: "NoSuchObjectLockConfiguration",
    message: "The specified object does not have a ObjectLock configuration",
    Key,
  });
  await retain(s3, "GOVERNANCE", inDays(10));
  assert.deepEqual((await get(first)).Retention, { Mode: "GOVERNANCE", RetainUntilDate: inDays(10) });
  await assert.rejects(remove(s3, { VersionId: first }), locked);
  await assert.rejects(remove(s3, { VersionId: first, BypassGovernanceRetention: false }), locked);
  await assert.rejects(retain(s3, "GOVERNANCE", inDays(9)), locked);
  await assert.rejects(retain(s3, "COMPLIANCE", inDays(10)), locked);
  await assert.rejects(s3.send(new PutObjectRetentionCommand({ Bucket, Key, Retention: {} })), locked);
  await retain(s3, "GOVERNANCE", inDays(11));
  await retain(s3, "GOVERNANCE", inDays(2), { BypassGovernanceRetention: true });

  const allowed = ["s3:PutObjectRetention", "s3:DeleteObjectVersion"];
  const user = region.client(S3Client, {
    credentials: await region.user("user", {
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: allowed, Resource: "*" }],
    }),
  });
  await retain(user, "GOVERNANCE", inDays(3));
  for (const attempt of [
    () => remove(user, { VersionId: first, BypassGovernanceRetention: true }),
    () => retain(user, "GOVERNANCE", inDays(2), { BypassGovernanceRetention: true }),
  ]) {
    await assert.rejects(attempt(), {
      name: "AccessDenied",
      message:
        "User: arn:aws:iam::000000000000:user/user is not authorized to perform: " +
        's3:BypassGovernanceRetention on resource: "arn:aws:s3:::bucket/key" because no identity-based ' +
        "policy allows the s3:BypassGovernanceRetention action",
    });
  }
  const second = await put(s3, { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: inDays(2) });
  await remove(s3, { VersionId: second, BypassGovernanceRetention: true });

  const marker = await remove(s3, {});
  assert.equal(marker.DeleteMarker, true);
  await remove(s3, { VersionId: marker.VersionId });
  await region.clock.advance({ milliseconds: 3 * 86_400_000 - 1 });
  await assert.rejects(remove(s3, { VersionId: first }), locked);
  await region.clock.advance({ milliseconds: 1 });
  await remove(s3, { VersionId: first });
});

test("compliance holds against everybody until its day", async () => {
  await using region = await startRegion();
  const s3 = await withLockBucket(region);
  const VersionId = await put(s3, { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: inDays(5) });
  const bypass = { BypassGovernanceRetention: true };
  await assert.rejects(remove(s3, { VersionId, ...bypass }), locked);
  await assert.rejects(retain(s3, "COMPLIANCE", inDays(4), bypass), locked);
  await assert.rejects(retain(s3, "GOVERNANCE", inDays(9), bypass), locked);
  await assert.rejects(
    s3.send(new PutObjectRetentionCommand({ Bucket, Key, Retention: {}, ...bypass })),
    locked,
  );
  await retain(s3, "COMPLIANCE", inDays(6));
  await region.clock.advance({ days: 5 });
  await assert.rejects(remove(s3, { VersionId }), locked);
  await region.clock.advance({ days: 1 });
  await remove(s3, { VersionId });
});

test("a legal hold holds until it is taken away", async () => {
  await using region = await startRegion();
  const s3 = await withLockBucket(region);
  const VersionId = await put(s3);
  const get = () => s3.send(new GetObjectLegalHoldCommand({ Bucket, Key }));
  const hold = (Status: "ON" | "OFF") =>
    s3.send(new PutObjectLegalHoldCommand({ Bucket, Key, LegalHold: { Status } }));
  await assert.rejects(get(), { name: "NoSuchObjectLockConfiguration" });
  await assert.rejects(hold("on" as never), malformed);
  await hold("ON");
  assert.deepEqual((await get()).LegalHold, { Status: "ON" });
  await region.clock.advance({ days: 1_000 });
  await assert.rejects(remove(s3, { VersionId, BypassGovernanceRetention: true }), locked);
  const { Errors } = await s3.send(new DeleteObjectsCommand({
    Bucket, BypassGovernanceRetention: true, Delete: { Objects: [{ Key, VersionId }] },
  }));
  assert.deepEqual(Errors, [{ Key, VersionId, Code: "AccessDenied", Message: locked.message }]);
  await hold("OFF");
  assert.deepEqual((await get()).LegalHold, { Status: "OFF" });
  await remove(s3, { VersionId });
});

test("new objects get the retention of their bucket unless they bring their own", async () => {
  await using region = await startRegion();
  const s3 = await withLockBucket(region);
  await configure(s3, byDefault({ Mode: "COMPLIANCE", Years: 2 }));
  await put(s3);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  assert.deepEqual([head.ObjectLockMode, head.ObjectLockRetainUntilDate], ["COMPLIANCE", inDays(730)]);
  assert.equal(head.ObjectLockLegalHoldStatus, undefined);
  await put(s3, {
    ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: inDays(1), ObjectLockLegalHoldStatus: "ON",
  });
  const own = await s3.send(new GetObjectCommand({ Bucket, Key }));
  assert.deepEqual(
    [own.ObjectLockMode, own.ObjectLockRetainUntilDate, own.ObjectLockLegalHoldStatus],
    ["GOVERNANCE", inDays(1), "ON"],
  );
  const reader = region.client(S3Client, {
    credentials: await region.user("reader", {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["s3:GetObject", "s3:GetObjectLegalHold"], Resource: "*" }],
    }),
  });
  const seen = await reader.send(new HeadObjectCommand({ Bucket, Key }));
  assert.deepEqual(
    [seen.ObjectLockMode, seen.ObjectLockRetainUntilDate, seen.ObjectLockLegalHoldStatus],
    [undefined, undefined, "ON"],
  );
});

test("locks that make no sense are refused", async () => {
  await using region = await startRegion();
  const s3 = await withLockBucket(region);
  await put(s3);
  const ObjectLockMode = "GOVERNANCE";
  const both = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied";
  const name = "InvalidArgument";
  for (const [given, expected] of [
    [{ ObjectLockMode }, { name, message: both, ArgumentName: "x-amz-object-lock-retain-until-date" }],
    [{ ObjectLockRetainUntilDate: inDays(1) }, {
      name, message: both, ArgumentName: "x-amz-object-lock-mode",
    }],
    [{ ObjectLockMode: "governance" as never, ObjectLockRetainUntilDate: inDays(1) }, {
      name, message: "Unknown wormMode directive.", ArgumentName: "x-amz-object-lock-mode",
      ArgumentValue: "governance",
    }],
    [{ ObjectLockMode, ObjectLockRetainUntilDate: inDays(0) }, {
      name, message: "The retain until date must be in the future!",
      ArgumentName: "x-amz-object-lock-retain-until-date",
    }],
    [{ ObjectLockLegalHoldStatus: "on" as never }, {
      name, message: "Legal Hold must be either of 'ON' or 'OFF'", ArgumentName:
        "x-amz-object-lock-legal-hold",
    }],
  ] as const) {
    await assert.rejects(put(s3, given), expected);
  }
  await assert.rejects(retain(s3, ObjectLockMode, new Date("2020-01-01T00:00:00Z")), {
    name,
    message: "The retain until date must be in the future!",
    ArgumentName: "RetainUntilDate",
    ArgumentValue: "Tue Dec 31 16:00:00 PST 2019",
  });
  await assert.rejects(retain(s3, ObjectLockMode, undefined as never), malformed);
  await assert.rejects(s3.send(new PutObjectRetentionCommand({ Bucket, Key })), malformed);
  const unchecked = region.client(S3Client, { requestChecksumCalculation: "WHEN_REQUIRED" });
  await assert.rejects(put(unchecked, { ObjectLockLegalHoldStatus: "ON" }), {
    name: "InvalidRequest",
    message:
      "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock " +
      "parameters",
  });

  await s3.send(new CreateBucketCommand({ Bucket: "plain" }));
  await s3.send(new PutObjectCommand({ Bucket: "plain", Key, Body: "text" }));
  for (const attempt of [
    () => put(s3, { Bucket: "plain", ObjectLockLegalHoldStatus: "ON" }),
    () => retain(s3, ObjectLockMode, inDays(1), { Bucket: "plain" }),
    () => s3.send(new GetObjectRetentionCommand({ Bucket: "plain", Key })),
    () => s3.send(new GetObjectLegalHoldCommand({ Bucket: "plain", Key })),
  ]) {
    await assert.rejects(attempt() as Promise<unknown>, noLock);
  }
  const bypass = {
    name,
    message: "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
    ArgumentName: "x-amz-bypass-governance-retention",
  };
  const BypassGovernanceRetention = true;
  await assert.rejects(remove(s3, { Bucket: "plain", BypassGovernanceRetention }), bypass);
  await assert.rejects(
    s3.send(new DeleteObjectsCommand({
      Bucket: "plain", BypassGovernanceRetention, Delete: { Objects: [{ Key }] },
    })),
    bypass,
  );
});

test("policies limit for how long may be locked", async () => {
  await using region = await startRegion();
  const s3 = await withLockBucket(region);
  await put(s3);
  const user = region.client(S3Client, {
    credentials: await region.user("user", {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "s3:*", Resource: "*" },
        {
          Effect: "Deny", Action: ["s3:PutObjectRetention"], Resource: "*",
          Condition: { NumericGreaterThan: { "s3:object-lock-remaining-retention-days": "10" } },
        },
        {
          Effect: "Deny", Action: "s3:PutObjectRetention", Resource: "*",
          Condition: { StringEquals: { "s3:object-lock-mode": "COMPLIANCE" } },
        },
      ],
    }),
  });
  const ObjectLockMode = "GOVERNANCE";
  await retain(user, ObjectLockMode, inDays(10));
  await assert.rejects(retain(user, ObjectLockMode, inDays(10.5)), { name: "AccessDenied" });
  await assert.rejects(retain(user, "COMPLIANCE", inDays(1)), { name: "AccessDenied" });
  await put(user, { ObjectLockMode, ObjectLockRetainUntilDate: inDays(10) });
  await assert.rejects(put(user, { ObjectLockMode, ObjectLockRetainUntilDate: inDays(11) }), {
    name: "AccessDenied",
  });
});
