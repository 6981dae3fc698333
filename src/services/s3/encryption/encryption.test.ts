import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import {
  CreateKeyCommand, DescribeKeyCommand, DisableKeyCommand, KMSClient, PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import {
  CreateBucketCommand, DeleteBucketEncryptionCommand, GetBucketEncryptionCommand, GetObjectCommand,
  HeadObjectCommand, PutBucketEncryptionCommand, PutObjectCommand, S3Client, UpdateObjectEncryptionCommand,
  type PutObjectCommandInput, type ServerSideEncryptionRule,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { withDataFolder } from "../../../../test/data-folder.ts";

const Bucket = "bucket";
const md5 = (content: string | Buffer) => createHash("md5").update(content).digest("hex");

async function withBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3;
}

async function configure(s3: S3Client, rule: ServerSideEncryptionRule): Promise<void> {
  const ServerSideEncryptionConfiguration = { Rules: [rule] };
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
}

async function textOf(s3: S3Client, Key: string, more: object = {}): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return (await Body?.transformToString()) ?? "";
}

function put(s3: S3Client, Key: string, more: Partial<PutObjectCommandInput> = {}) {
  return s3.send(new PutObjectCommand({ Bucket, Key, Body: "text", ...more }));
}

async function newKey(region: TestRegion): Promise<string> {
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? "";
}

/** What KMS was asked, oldest first. */
async function kmsCalls(region: TestRegion, EventName: string): Promise<Record<string, string>[]> {
  const trail = region.client(CloudTrailClient);
  const { Events } = await trail.send(new LookupEventsCommand({
    LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: EventName }],
  }));
  return (Events ?? []).reverse().map(({ CloudTrailEvent }) => {
    const event = JSON.parse(CloudTrailEvent ?? "{}") as {
      requestParameters: { encryptionContext: Record<string, string> };
    };
    return event.requestParameters.encryptionContext;
  });
}

test("s3-sse-s3-header: objects rest encrypted by a key of S3's, asked for or not", async () => {
  using data = withDataFolder();
  const plain = Buffer.alloc(40_000, "nobody reads this on the disk ");
  {
    await using region = await startRegion({ dataDir: data.path });
    const s3 = await withBucket(region);
    for (const ServerSideEncryption of ["AES256", undefined] as const) {
      for (const Body of [plain, plain.subarray(0, 1000)]) {
        const done = await put(s3, "key", { Body, ServerSideEncryption });
        assert.equal(done.ServerSideEncryption, "AES256");
        const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
        assert.equal(head.ServerSideEncryption, "AES256");
        assert.equal(head.ETag, `"${md5(Body)}"`);
      }
    }
    await put(s3, "large", { Body: plain });
    for (const method of ["sse-s3", "aes256", "aws:fsx"]) {
      await assert.rejects(put(s3, "key", { ServerSideEncryption: method as never }), {
        name: "InvalidArgument",
        message: "The encryption method specified is not supported",
        ArgumentName: "x-amz-server-side-encryption",
        ArgumentValue: method,
      });
    }
    await assert.rejects(put(s3, "key", { ServerSideEncryption: "AES256", SSEKMSKeyId: "id" }), {
      name: "InvalidArgument",
      message:
        "Server Side Encryption with AWS KMS managed key requires HTTP header " +
        "x-amz-server-side-encryption : aws:kms",
    });
  }
  assert.equal(data.holds(Buffer.from("large")), true);
  assert.equal(data.holds(Buffer.from("nobody reads this")), false);
});

test("s3-four-encryption-methods: each gives back what was stored, and says which it is", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await configure(s3, { BlockedEncryptionTypes: { EncryptionType: ["NONE"] } });
  const SSECustomerKey = Buffer.alloc(32, "k").toString("base64");
  const customer = {
    SSECustomerAlgorithm: "AES256", SSECustomerKey,
    SSECustomerKeyMD5: createHash("md5").update(Buffer.alloc(32, "k")).digest("base64"),
  };
  for (const [method, read] of [
    [{ ServerSideEncryption: "AES256" }, {}], [{ ServerSideEncryption: "aws:kms" }, {}],
    [{ ServerSideEncryption: "aws:kms:dsse" }, {}], [customer, customer],
    [{ Metadata: { "x-amz-key-v2": "wrapped", "x-amz-cek-alg": "AES/GCM/NoPadding" } }, {}],
  ] as const) {
    await put(s3, "key", method);
    assert.equal(await textOf(s3, "key", read), "text");
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "key", ...read }));
    const asked = "ServerSideEncryption" in method ? method.ServerSideEncryption : "AES256";
    const isCustomers = "SSECustomerKey" in method;
    assert.equal(head.ServerSideEncryption, isCustomers ? undefined : asked);
    assert.equal(head.SSECustomerAlgorithm, isCustomers ? "AES256" : undefined);
    assert.equal(head.SSEKMSKeyId !== undefined, asked.startsWith("aws:kms"));
    // What a client encrypted is to S3 an object with metadata.
    assert.deepEqual(head.Metadata, "Metadata" in method ? method.Metadata : {});
  }
});

test("a policy can demand an encryption of who uploads", async () => {
  await using region = await startRegion();
  await withBucket(region);
  const user = region.client(S3Client, {
    credentials: await region.user("user", {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: ["s3:*", "kms:*"], Resource: "*" },
        {
          Effect: "Deny", Action: "s3:PutObject", Resource: "*",
          Condition: { StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" } },
        },
      ],
    }),
  });
  await assert.rejects(put(user, "key"), { name: "AccessDenied" });
  await assert.rejects(put(user, "key", { ServerSideEncryption: "AES256" }), { name: "AccessDenied" });
  await put(user, "key", { ServerSideEncryption: "aws:kms" });
});

test("s3-sse-kms-header: the data key comes from KMS, with the caller's permissions", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const arn = await newKey(region);
  const keyId = arn.slice(arn.indexOf("/") + 1);
  const kms = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: keyId } as const;
  const done = await put(s3, "key", kms);
  assert.equal(done.ServerSideEncryption, "aws:kms");
  assert.equal(done.SSEKMSKeyId, arn);
  assert.equal(done.BucketKeyEnabled, undefined);
  assert.notEqual(done.ETag, `"${md5("text")}"`);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
  assert.deepEqual([head.ServerSideEncryption, head.SSEKMSKeyId, head.ETag], ["aws:kms", arn, done.ETag]);
  assert.equal(await textOf(s3, "key"), "text");
  assert.equal(await textOf(s3, "key", { Range: "bytes=1-2" }), "ex");

  const reader = region.client(S3Client, {
    credentials: await region.user("reader", {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
    }),
  });
  const denied = (action: string) => ({
    name: "AccessDenied",
    message:
      `User: arn:aws:iam::000000000000:user/reader is not authorized to perform: kms:${action} on ` +
      `resource: ${arn} because no identity-based policy allows the kms:${action} action`,
  });
  await assert.rejects(textOf(reader, "key"), denied("Decrypt"));
  await assert.rejects(put(reader, "other", kms), denied("GenerateDataKey"));
  await reader.send(new HeadObjectCommand({ Bucket, Key: "key" }));

  const client = region.client(KMSClient);
  await client.send(new DisableKeyCommand({ KeyId: keyId }));
  const disabled = { name: "KMS.DisabledException", message: `${arn} is disabled.` };
  await assert.rejects(textOf(s3, "key"), disabled);
  await assert.rejects(put(s3, "key", kms), disabled);
  await client.send(new ScheduleKeyDeletionCommand({ KeyId: keyId }));
  await assert.rejects(textOf(s3, "key"), {
    name: "KMS.KMSInvalidStateException",
    message: `${arn} is pending deletion.`,
  });
});

test("keys that KMS does not know are refused in its words", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const withKey = (SSEKMSKeyId: string) => put(s3, "key", { ServerSideEncryption: "aws:kms", SSEKMSKeyId });
  await assert.rejects(withKey("fake-key-id"), {
    name: "KMS.NotFoundException", message: "Invalid keyId 'fake-key-id'",
  });
  const unknown = "arn:aws:kms:us-east-1:000000000000:key/134f2428-cec1-4b25-a1ae-9048164dba47";
  await assert.rejects(withKey(unknown), {
    name: "KMS.NotFoundException", message: `Key '${unknown}' does not exist`,
  });
  await assert.rejects(withKey(unknown.replace("us-east-1", "us-west-2")), {
    name: "KMS.NotFoundException", message: "Invalid arn us-west-2",
  });
  for (const context of ["not base64 of JSON", "W10=", "eyJhIjoxfQ==", "bnVsbA==", "/w=="]) {
    await assert.rejects(
      put(s3, "key", { ServerSideEncryption: "aws:kms", SSEKMSEncryptionContext: context }),
      {
        name: "InvalidArgument",
        message:
          "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding " +
          "JSON which represents a string-string map",
      },
    );
  }
});

test("s3-sse-kms-user-control-audit: the trail shows each use of the key, and what for", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const done = await put(s3, "key", {
    ServerSideEncryption: "aws:kms",
    SSEKMSEncryptionContext: Buffer.from('{"team":"blue","__proto__":"x"}').toString("base64"),
  });
  const managed = await region.client(KMSClient).send(new DescribeKeyCommand({ KeyId: "alias/aws/s3" }));
  assert.equal(done.SSEKMSKeyId, managed.KeyMetadata?.Arn);
  assert.equal(await textOf(s3, "key"), "text");
  const context = JSON.parse(
    '{"team":"blue","__proto__":"x","aws:s3:arn":"arn:aws:s3:::bucket/key"}',
  ) as Record<string, string>;
  assert.deepEqual(await kmsCalls(region, "GenerateDataKey"), [context]);
  assert.deepEqual(await kmsCalls(region, "Decrypt"), [context]);
});

test("s3-sse-kms-user-control-audit: who changes the key's policy decides who reads", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const KeyId = await newKey(region);
  await put(s3, "key", { ServerSideEncryption: "aws:kms", SSEKMSKeyId: KeyId });
  const Action = ["s3:GetObject", "kms:Decrypt"];
  const credentials = await region.user("reader", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }],
  });
  const reader = region.client(S3Client, { credentials });
  const manage = (NotAction: string) => {
    const root = { AWS: "arn:aws:iam::000000000000:root" };
    const Statement = [{ Effect: "Allow", Principal: root, NotAction, Resource: "*" }];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    return region.client(KMSClient).send(new PutKeyPolicyCommand({ KeyId, Policy }));
  };
  assert.equal(await textOf(reader, "key"), "text");
  await manage("kms:Decrypt");
  await assert.rejects(textOf(reader, "key"), { name: "AccessDenied", message: /kms:Decrypt/ });
  await manage("kms:CreateGrant");
  assert.equal(await textOf(reader, "key"), "text");
});

test("a bucket key saves asking KMS for a while, once a requester", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const byDefault = { SSEAlgorithm: "aws:kms", KMSMasterKeyID: await newKey(region) } as const;
  await configure(s3, { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: true });
  for (const key of ["a", "b", "c"]) {
    const done = await put(s3, key);
    assert.deepEqual([done.BucketKeyEnabled, done.ServerSideEncryption], [true, "aws:kms"]);
    assert.equal(await textOf(s3, key), "text");
  }
  const context = { "aws:s3:arn": "arn:aws:s3:::bucket" };
  assert.deepEqual(await kmsCalls(region, "GenerateDataKey"), [context]);
  assert.deepEqual(await kmsCalls(region, "Decrypt"), []);

  const stranger = region.client(S3Client, {
    credentials: await region.user("stranger", {
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
    }),
  });
  await assert.rejects(textOf(stranger, "a"), { name: "AccessDenied" });

  await region.clock.advance({ minutes: 6 });
  assert.equal(await textOf(s3, "a"), "text");
  assert.equal(await textOf(s3, "b"), "text");
  await put(s3, "d");
  assert.equal((await kmsCalls(region, "GenerateDataKey")).length, 2);
  assert.equal((await kmsCalls(region, "Decrypt")).length, 2);

  assert.equal((await put(s3, "e", { BucketKeyEnabled: false })).BucketKeyEnabled, undefined);
  assert.equal((await kmsCalls(region, "GenerateDataKey")).length, 3);
});

test("two layers of encryption are two, and have no bucket key", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const Body = region.engine.ids.bytes(200_000);
  const done = await put(s3, "key", { Body, ServerSideEncryption: "aws:kms:dsse", BucketKeyEnabled: true });
  assert.deepEqual([done.ServerSideEncryption, done.BucketKeyEnabled], ["aws:kms:dsse", undefined]);
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key: "key", Range: "bytes=70001-180005" }));
  assert.deepEqual(
    Buffer.from((await answer.Body?.transformToByteArray()) ?? []),
    Body.subarray(70_001, 180_006),
  );
});

test("s3-default-encryption: a bucket always has one, and it is applied", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const rules = async () =>
    (await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration?.Rules;
  const standard = {
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" },
    BucketKeyEnabled: false,
    BlockedEncryptionTypes: { EncryptionType: ["SSE-C"] },
  };
  assert.deepEqual(await rules(), [standard]);
  const arn = await newKey(region);
  const byDefault = { SSEAlgorithm: "aws:kms", KMSMasterKeyID: arn.slice(arn.indexOf("/") + 1) } as const;
  await configure(s3, { ApplyServerSideEncryptionByDefault: byDefault });
  assert.deepEqual(await rules(), [{ ...standard, ApplyServerSideEncryptionByDefault: byDefault }]);
  const done = await put(s3, "key");
  assert.deepEqual([done.ServerSideEncryption, done.SSEKMSKeyId], ["aws:kms", arn]);
  assert.equal((await put(s3, "plain", { ServerSideEncryption: "AES256" })).ServerSideEncryption, "AES256");
  await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));
  assert.deepEqual(await rules(), [standard]);
  assert.equal((await put(s3, "key")).ServerSideEncryption, "AES256");
  assert.equal(await textOf(s3, "key"), "text");
});

test("a bucket's encryption is refused where it is none", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } } as const;
  const malformed = {
    name: "MalformedXML",
    message: "The XML you provided was not well-formed or did not validate against our published schema",
  };
  for (const Rules of [
    [], [rule, rule], [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aes" as never } }],
    [{ BlockedEncryptionTypes: { EncryptionType: ["SSE-S3" as never] } }],
  ]) {
    await assert.rejects(
      s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } })),
      malformed,
    );
  }
  await assert.rejects(
    configure(s3, { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256", KMSMasterKeyID: "id" } }),
    {
      name: "InvalidArgument",
      message:
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
      ArgumentName: "ApplyServerSideEncryptionByDefault",
    },
  );
});

test("an object is put under another key without touching its body", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const [first, second] = [await newKey(region), await newKey(region)];
  const before = await put(s3, "key");
  const update = (KMSKeyArn: string, BucketKeyEnabled = false) =>
    s3.send(new UpdateObjectEncryptionCommand({
      Bucket, Key: "key", ObjectEncryption: { SSEKMS: { KMSKeyArn, BucketKeyEnabled } },
    }));
  for (const [arn, withBucketKey] of [[first, false], [second, true], [first, true]] as const) {
    await update(arn, withBucketKey);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
    assert.deepEqual(
      [head.SSEKMSKeyId, head.BucketKeyEnabled, head.ETag],
      [arn, withBucketKey || undefined, before.ETag],
    );
    assert.equal(await textOf(s3, "key"), "text");
  }
  await region.client(KMSClient).send(new DisableKeyCommand({ KeyId: first }));
  await region.clock.advance({ minutes: 6 });
  await assert.rejects(textOf(s3, "key"), { name: "KMS.DisabledException" });
  await assert.rejects(update(second.replace("000000000000", "111111111111")), {
    name: "AccessDenied",
    message:
      "The AWS KMS key in the request must be owned by the same account as the bucket. Modify the request " +
      "to specify a KMS key from the same account, and then try again.",
  });
  await put(s3, "key", { ServerSideEncryption: "aws:kms:dsse" });
  await assert.rejects(update(second), {
    name: "InvalidRequest",
    message:
      "The UpdateObjectEncryption operation doesn't support source objects with the encryption type " +
      "DSSE-KMS or SSE-C. Only source objects encrypted with SSE-S3 or SSE-KMS are supported.",
  });
});
