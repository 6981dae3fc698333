/** Objects as the Amazon S3 Encryption Client stores them: an envelope whose data key KMS wrapped. */

import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { test } from "node:test";
import { CreateKeyCommand, DecryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { clientOf, makeBucket } from "../../../../test/s3-access.ts";

/** What the client binds its data keys to. */
const EncryptionContext = { "aws:x-amz-cek-alg": "AES/GCM/NoPadding" };
const tagBytes = 16;

interface Stored {
  readonly bytes: Buffer;
  readonly metadata: Record<string, string>;
}

/** @evidence Amazon S3 Encryption Client Developer Guide, "Content metadata": the names of version 2 */
async function putEncrypted(s3: S3Client, kms: KMSClient, KeyId: string, plain: Buffer): Promise<Buffer> {
  const wanted = { KeyId, KeySpec: "AES_256", EncryptionContext } as const;
  const dataKey = await kms.send(new GenerateDataKeyCommand(wanted));
  const iv = Buffer.alloc(12, 7);
  const cipher = createCipheriv("aes-256-gcm", dataKey.Plaintext ?? Buffer.alloc(0), iv);
  const Body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const Metadata = {
    "x-amz-key-v2": Buffer.from(dataKey.CiphertextBlob ?? []).toString("base64"),
    "x-amz-iv": iv.toString("base64"),
    "x-amz-matdesc": JSON.stringify(EncryptionContext),
    "x-amz-wrap-alg": "kms+context",
    "x-amz-cek-alg": "AES/GCM/NoPadding",
    "x-amz-tag-len": String(tagBytes * 8),
    "x-amz-unencrypted-content-length": String(plain.length),
  };
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "envelope", Body, Metadata }));
  return Body;
}

async function read(s3: S3Client): Promise<Stored> {
  const { Body, Metadata } = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "envelope" }));
  return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), metadata: Metadata ?? {} };
}

async function decrypt(kms: KMSClient, { bytes, metadata }: Stored): Promise<Buffer> {
  const from64 = (name: string) => Buffer.from(metadata[name] ?? "", "base64");
  const context = JSON.parse(metadata["x-amz-matdesc"] ?? "{}") as Record<string, string>;
  const { Plaintext } = await kms.send(
    new DecryptCommand({ CiphertextBlob: from64("x-amz-key-v2"), EncryptionContext: context }),
  );
  const cipher = createDecipheriv("aes-256-gcm", Plaintext ?? Buffer.alloc(0), from64("x-amz-iv"));
  cipher.setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([cipher.update(bytes.subarray(0, -tagBytes)), cipher.final()]);
}

test("s3-client-side-encryption: S3 keeps what the client encrypted, which KMS alone can open", async () => {
  await using region = await startRegion();
  const s3 = await makeBucket(region);
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const plain = Buffer.alloc(100_000, "what only the client reads ");
  const sent = await putEncrypted(s3, kms, KeyMetadata?.KeyId ?? "", plain);

  const stored = await read(s3);
  assert.deepEqual(stored.bytes, sent);
  assert.equal(stored.bytes.includes("what only the client"), false);
  assert.equal(stored.metadata["x-amz-wrap-alg"], "kms+context");
  assert.equal(stored.metadata["x-amz-unencrypted-content-length"], "100000");
  assert.deepEqual(await decrypt(kms, stored), plain);

  const credentials = await region.user("reader", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
  });
  assert.deepEqual((await read(clientOf(region, credentials))).bytes, sent);
  const withoutKey = region.client(KMSClient, { credentials });
  assert.match(await refusal(decrypt(withoutKey, stored)), /^AccessDeniedException: .*kms:Decrypt/);
  const otherContext = { ...stored.metadata, "x-amz-matdesc": "{}" };
  assert.match(
    await refusal(decrypt(kms, { bytes: stored.bytes, metadata: otherContext })),
    /^InvalidCiphertextException/,
  );
});
