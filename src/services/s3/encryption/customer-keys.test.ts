import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand,
  GetBucketEncryptionCommand, GetObjectCommand, HeadObjectCommand,
  PutBucketEncryptionCommand, PutBucketVersioningCommand, PutObjectCommand, S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { withDataFolder } from "../../../../test/data-folder.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const customerKey = Buffer.from("0123456789abcdefghijklmnopqrstuv");
const otherKey = Buffer.from("vutsrqponmlkjihgfedcba9876543210");

interface CustomerHeaders {
  SSECustomerAlgorithm?: string | undefined;
  SSECustomerKey?: string | undefined;
  SSECustomerKeyMD5?: string | undefined;
}

function headers(key: Buffer): CustomerHeaders {
  return {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: key.toString("base64"),
    SSECustomerKeyMD5: createHash("md5").update(key).digest("base64"),
  };
}

async function withOpenBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutBucketEncryptionCommand({
    Bucket,
    ServerSideEncryptionConfiguration: { Rules: [{ BlockedEncryptionTypes: { EncryptionType: ["NONE"] } }] },
  }));
  return s3;
}

function put(s3: S3Client, more: object, Body: string | Buffer = "text") {
  return s3.send(new PutObjectCommand({ Bucket, Key: "key", Body, ...more }));
}

async function textOf(s3: S3Client, more: object = {}): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "key", ...more }));
  return (await Body?.transformToString()) ?? "";
}

const missing = {
  name: "InvalidRequest",
  message:
    "The object was stored using a form of Server Side Encryption. The correct parameters must be provided " +
    "to retrieve the object.",
};
const wrong = {
  name: "AccessDenied",
  message:
    "Requests specifying Server Side Encryption with Customer provided keys must provide the correct " +
    "secret key.",
};

test("s3-sse-c-customer-key: who stored an object with a key reads it with that key", async () => {
  await using region = await startRegion();
  const s3 = await withOpenBucket(region);
  const own = headers(customerKey);
  const done = await put(s3, own);
  const { SSECustomerAlgorithm, SSECustomerKeyMD5 } = own;
  for (const answer of [done, await s3.send(new HeadObjectCommand({ Bucket, Key: "key", ...own }))]) {
    assert.deepEqual(
      [answer.SSECustomerAlgorithm, answer.SSECustomerKeyMD5, answer.ServerSideEncryption],
      [SSECustomerAlgorithm, SSECustomerKeyMD5, undefined],
    );
    assert.notEqual(answer.ETag, `"${createHash("md5").update("text").digest("hex")}"`);
  }
  assert.equal(await textOf(s3, own), "text");
  await assert.rejects(textOf(s3), missing);
  await assert.rejects(textOf(s3, headers(otherKey)), wrong);
  await assert.rejects(textOf(s3, headers(Buffer.from("short"))), wrong);
  for (const [given, status] of [[{}, 400], [headers(otherKey), 403]] as const) {
    await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: "key", ...given })), (error) => {
      assert.equal((error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode, status);
      return true;
    });
  }
  await put(s3, {});
  await assert.rejects(textOf(s3, own), {
    name: "InvalidRequest",
    message: "The encryption parameters are not applicable to this object.",
  });
});

test("each version may have a key of its own", async () => {
  await using region = await startRegion();
  const s3 = await withOpenBucket(region);
  const VersioningConfiguration = { Status: "Enabled" } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const { VersionId } = await put(s3, headers(customerKey), "first");
  await put(s3, headers(otherKey), "second");
  assert.equal(await textOf(s3, { VersionId, ...headers(customerKey) }), "first");
  assert.equal(await textOf(s3, headers(otherKey)), "second");
  await assert.rejects(textOf(s3, { VersionId, ...headers(otherKey) }), wrong);
});

test("each part of an upload comes with the key that the upload began with", async () => {
  await using region = await startRegion();
  const s3 = await withOpenBucket(region);
  const own = headers(customerKey);
  const begin = async (more: object) =>
    (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "key", ...more }))).UploadId;
  const UploadId = await begin(own);
  const part = (more: object, upload = UploadId) =>
    s3.send(new UploadPartCommand({
      Bucket, Key: "key", UploadId: upload, PartNumber: 1, Body: "part", ...more,
    }));
  const different = {
    name: "InvalidRequest",
    message:
      "The multipart upload initiate requested encryption. Subsequent part requests must include the " +
      "appropriate encryption parameters.",
  };
  await assert.rejects(part({}), different);
  await assert.rejects(part(own, await begin({})), different);
  await assert.rejects(part(headers(otherKey)), {
    name: "InvalidRequest",
    message: "The provided encryption parameters did not match the ones used originally.",
  });
  const { ETag, SSECustomerKeyMD5 } = await part(own);
  assert.equal(SSECustomerKeyMD5, own.SSECustomerKeyMD5);
  await s3.send(new CompleteMultipartUploadCommand({
    Bucket, Key: "key", UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
  }));
  assert.equal(await textOf(s3, own), "part");
  await assert.rejects(textOf(s3), missing);
});

test("a copy brings the key of its source, and another for itself", async () => {
  await using region = await startRegion();
  const s3 = await withOpenBucket(region);
  await put(s3, headers(customerKey));
  const copy = (more: object) =>
    s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: "bucket/key", ...more }));
  const { SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 } = headers(customerKey);
  const source = {
    CopySourceSSECustomerAlgorithm: SSECustomerAlgorithm, CopySourceSSECustomerKey: SSECustomerKey,
    CopySourceSSECustomerKeyMD5: SSECustomerKeyMD5,
  };
  await assert.rejects(copy({}), missing);
  const done = await copy({ ...source, ...headers(otherKey) });
  assert.equal(done.SSECustomerKeyMD5, headers(otherKey).SSECustomerKeyMD5);
  assert.equal(await textOf(s3, { Key: "copy", ...headers(otherKey) }), "text");
  assert.equal((await copy(source)).ServerSideEncryption, "AES256");
  assert.equal(await textOf(s3, { Key: "copy" }), "text");
});

test("the headers of a customer's key are looked at in S3's order", async () => {
  await using region = await startRegion();
  const s3 = await withOpenBucket(region);
  const own = headers(customerKey);
  const name = "InvalidArgument";
  const ArgumentName = "x-amz-server-side-encryption";
  const must = "Requests specifying Server Side Encryption with Customer provided keys must";
  const cases: readonly (readonly [object, object])[] = [
    [{ ...own, ServerSideEncryption: "AES256", SSECustomerAlgorithm: "AES512" }, {
      name, ArgumentName, ArgumentValue: "AES256",
      message:
        "Server Side Encryption with Customer provided key is incompatible with the encryption method " +
        "specified",
    }],
    [{ ...own, SSECustomerAlgorithm: undefined }, {
      name, ArgumentName, ArgumentValue: "null", message: `${must} provide a valid encryption algorithm.`,
    }],
    [{ ...own, SSECustomerAlgorithm: "aes256", SSECustomerKey: undefined }, {
      name: "InvalidEncryptionAlgorithmError", ArgumentName, ArgumentValue: "aes256",
      message: "The Encryption request you specified is not valid. Supported value: AES256.",
    }],
    [{ ...own, SSECustomerKey: undefined }, { name, message: `${must} provide an appropriate secret key.` }],
    [headers(Buffer.from("ten bytes!")), {
      name, message: "The secret key was invalid for the specified algorithm.",
    }],
  ];
  for (const [given, expected] of cases) await assert.rejects(put(s3, given), expected);
  // The client computes the MD5 by itself.
  let md5 = headers(otherKey).SSECustomerKeyMD5 ?? "";
  s3.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { headers: Record<string, string> };
      for (const header of Object.keys(request.headers)) {
        if (header.toLowerCase().endsWith("customer-key-md5")) request.headers[header] = md5;
      }
      return next(args);
    },
    { step: "build" },
  );
  await assert.rejects(put(s3, own), {
    name, ArgumentName, ArgumentValue: "null",
    message: "The calculated MD5 hash of the key did not match the hash that was provided.",
  });
  md5 = "";
  await assert.rejects(put(s3, own), {
    name, message: `${must} provide the client calculated MD5 of the secret key.`,
  });
});

test("s3-sse-c-https-required: a customer's key that comes over HTTP is refused", async () => {
  await using region = await startRegion();
  const s3 = await withOpenBucket(region);
  await put(s3, headers(customerKey));
  const plain = new S3Client({
    endpoint: await region.endpoint(), region: "us-east-1", forcePathStyle: true,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const refused = {
    name: "InvalidRequest",
    message:
      "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure " +
      "connection.",
  };
  await assert.rejects(put(plain, headers(customerKey)), refused);
  await assert.rejects(textOf(plain, headers(customerKey)), refused);
  await put(plain, {});
  plain.destroy();
});

test("new buckets block keys of customers until they are told not to", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const blocked = {
    name: "AccessDenied",
    message:
      "User: arn:aws:iam::000000000000:root is not authorized to perform: s3:PutObject on resource: " +
      '"arn:aws:s3:::bucket/key" because this bucket has blocked upload requests that specify Server Side ' +
      "Encryption with Customer provided keys (SSE-C). Please specify a different server-side encryption " +
      "type",
  };
  await assert.rejects(put(s3, headers(customerKey)), blocked);
  const configure = (rule: object) =>
    s3.send(new PutBucketEncryptionCommand({
      Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] },
    }));
  await configure({ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } });
  await assert.rejects(put(s3, headers(customerKey)), blocked);
  await configure({ BlockedEncryptionTypes: { EncryptionType: ["NONE"] } });
  await put(s3, headers(customerKey));
  const { ServerSideEncryptionConfiguration: shown } = await s3.send(
    new GetBucketEncryptionCommand({ Bucket }),
  );
  assert.deepEqual(shown?.Rules?.[0]?.BlockedEncryptionTypes, { EncryptionType: ["NONE"] });
  await configure({ BlockedEncryptionTypes: { EncryptionType: ["SSE-C"] } });
  await assert.rejects(put(s3, headers(customerKey)), blocked);
  assert.equal(await textOf(s3, headers(customerKey)), "text");
});

test("s3-sse-c-key-not-stored: neither the key nor its MD5 nor the content is on the disk", async () => {
  using data = withDataFolder();
  {
    await using region = await startRegion({ dataDir: data.path });
    const s3 = await withOpenBucket(region);
    for (const size of [5_000, 300_000]) {
      await put(s3, headers(customerKey), Buffer.alloc(size, "secret text "));
    }
  }
  const md5 = createHash("md5").update(customerKey).digest();
  assert.equal(data.holds(Bucket), true);
  for (const secret of [customerKey, customerKey.toString("base64"), md5, "secret text secret text"]) {
    assert.equal(data.holds(secret), false);
  }
  assert.equal(data.holds(md5.toString("base64")), false);
  await using region = await startRegion({ dataDir: data.path });
  const s3 = region.client(S3Client);
  await assert.rejects(textOf(s3), missing);
  assert.equal((await textOf(s3, headers(customerKey))).length, 300_000);
});
