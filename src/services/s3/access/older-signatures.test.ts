/** URLs as boto3 and version 1 of the aws CLI presign them in us-east-1. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { startRegion, type TestCredentials, type TestRegion } from "../../../../test/region.ts";
import { letsEverybodyRead, makeBucket, objects, putPolicy } from "../../../../test/s3-access.ts";

const mayEverything = {
  Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
};

interface Asked {
  readonly method?: string;
  readonly seconds?: number;
  /** What the text to sign has between the time and the resource. */
  readonly headers?: Readonly<Record<string, string>>;
}

async function presigned(region: TestRegion, by: TestCredentials, asked: Asked = {}): Promise<string> {
  const { method = "GET", seconds = 60, headers = {} } = asked;
  const expires = String(Math.floor(region.engine.clock.now() / 1_000) + seconds);
  const amz = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`).join("");
  const signature = createHmac("sha1", by.secretAccessKey)
    .update(`${method}\n\n\n${expires}\n${amz}/bucket/key`)
    .digest("base64");
  const query = new URLSearchParams({
    AWSAccessKeyId: by.accessKeyId, Signature: signature, Expires: expires, ...headers,
  });
  return `${await region.endpoint()}/bucket/key?${query.toString()}`;
}

async function sent(url: string, more: RequestInit = {}): Promise<string> {
  const answer = await fetch(url, more);
  const text = await answer.text();
  const found = /<Code>(.*?)<\/Code><Message>(.*?)<\/Message>/.exec(text);
  return `${answer.status} ${found ? `${found[1] ?? ""}: ${found[2] ?? ""}` : text}`.trim();
}

const root: TestCredentials = { accessKeyId: "test", secretAccessKey: "test" };
const mismatch =
  "403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you " +
  "provided. Check your key and signing method.";

test("s3-signed-urls: a URL of version 2 is valid for as long as it says, for what was signed", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const alice = await region.user("alice", mayEverything);
  for (const by of [root, alice]) {
    const url = await presigned(region, by);
    assert.equal(await sent(url), "200 content");
    assert.equal(await sent(url.replace("/key", "/other")), mismatch);
    assert.equal(await sent(url, { method: "PUT", body: "x" }), mismatch);
  }
  const short = await presigned(region, alice, { seconds: 5 });
  await region.clock.advance({ seconds: 6 });
  assert.equal(await sent(short), "403 AccessDenied: Request has expired");
  const unknown = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" };
  assert.equal(
    await sent(await presigned(region, unknown)),
    "403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.",
  );
  const upload = await presigned(region, alice, { method: "PUT", headers: { "x-amz-meta-a": "b" } });
  assert.equal(await sent(upload, { method: "PUT", body: Buffer.from("put") }), "200");
  const { Body, Metadata } = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "key" }));
  assert.equal(await Body?.transformToString(), "put");
  assert.deepEqual(Metadata, { a: "b" });
});

test("a URL of version 2 gives what its user may, and nothing that lies under a KMS key", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region, { isOpen: true });
  const nobody = await region.user("nobody");
  assert.match(await sent(await presigned(region, nobody)), /^403 AccessDenied: User: .* is not authorized/);
  const alice = await region.user("alice", mayEverything);
  const Condition = { StringEquals: { "s3:signatureversion": "AWS" } };
  await putPolicy(s3, letsEverybodyRead, {
    Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: objects, Condition,
  });
  assert.match(await sent(await presigned(region, alice)), /^403 AccessDenied: .* explicit deny/);
  await putPolicy(s3, letsEverybodyRead);
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
  await s3.send(new PutObjectCommand({
    Bucket: "bucket", Key: "key", Body: "secret",
    ServerSideEncryption: "aws:kms", SSEKMSKeyId: KeyMetadata?.KeyId,
  }));
  assert.equal(
    await sent(await presigned(region, alice)),
    "400 InvalidArgument: Requests specifying Server Side Encryption with AWS KMS managed keys require AWS " +
      "Signature Version 4.",
  );
});
