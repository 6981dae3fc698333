/** Data keys from KMS (SSE-KMS, DSSE-KMS), and the bucket-level keys that save asking for them. */

import { createHash, createHmac } from "node:crypto";
import * as kms from "../../../generated/kms.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { seal, sealingIvBytes, unseal } from "../../../kernel/sealing.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { asynchronousJob } from "../../../jobs/job.ts";
import { table } from "../../../store/types.ts";
import { bucketArn, objectArn } from "../buckets/table.ts";
import { needsSignature, refusedByKms } from "./errors.ts";
import type { ObjectEncryption } from "../objects/version.ts";

export type KmsEncryption = Extract<ObjectEncryption, { algorithm: "aws:kms" | "aws:kms:dsse" }>;

type KmsContext = Readonly<Record<string, string>>;

/** Keys of replicas are encrypted by KMS and not made there, so that the permission is another one. */
export type KeyPurpose = "object" | "replica";

export interface KmsRequest {
  readonly bucket: string;
  readonly key: string;
  readonly algorithm: KmsEncryption["algorithm"];
  /** As it was named: id, ARN, alias, ARN of an alias. */
  readonly keyId: string;
  readonly context: KmsContext | undefined;
  readonly usesBucketKey: boolean;
  readonly purpose?: KeyPurpose;
}

export interface KmsDataKey {
  readonly key: Buffer;
  readonly stored: KmsEncryption;
}

const dataKeyBytes = 32;

/** A key that KMS gave out, for a while, to one requester. */
interface BucketKey {
  readonly bucket: string;
  /** What it is found by: the key it was asked of, or its encrypted form. */
  readonly name: string;
  readonly requester: string;
  readonly keyId: string;
  readonly wrappedKey: Buffer;
  /** Under a key of S3's own. */
  readonly sealedKey: Buffer;
  readonly expiresAt: number;
}

export const bucketKeys = table<BucketKey>("s3.bucketKeys", {
  key: (row) => [row.bucket, row.name, row.requester],
});

/** AWS says no more than that the key is short-lived. */
const bucketKeyMilliseconds = 5 * 60_000;

/**
 * A new key for an object. Under a bucket key it is drawn here, and rests under the bucket's.
 *
 * @evidence S3 User Guide, "Using server-side encryption with AWS KMS keys", "Encryption context";
 *   "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys"
 */
export async function newKmsKey(ctx: BodyContext, request: KmsRequest): Promise<KmsDataKey> {
  requireSigned(ctx);
  const { algorithm, context, usesBucketKey } = request;
  const asked = usesBucketKey ? await bucketKeyFor(ctx, request) : await generate(ctx, request);
  const stored = {
    algorithm, keyId: asked.keyId, wrappedKey: asked.wrappedKey, usesBucketKey, ...(context && { context }),
  };
  if (!usesBucketKey) return { key: layered(ctx, algorithm, asked.key), stored };
  const key = ctx.ids.bytes(dataKeyBytes);
  const sealedKey = seal(key, asked.key, ctx.ids.bytes(sealingIvBytes));
  return { key, stored: { ...stored, sealedKey } };
}

/** The key of an object that rests under one of KMS's. @throws AccessDenied, KMS.DisabledException … */
export async function openKmsKey(
  ctx: BodyContext,
  object: { readonly bucket: string; readonly key: string },
  stored: KmsEncryption,
): Promise<Buffer> {
  requireSigned(ctx);
  const { sealedKey } = stored;
  const dataKey = stored.usesBucketKey
    ? await openBucketKey(ctx, object, stored)
    : await decrypt(ctx, object, stored);
  return sealedKey ? unseal(sealedKey, dataKey) : layered(ctx, stored.algorithm, dataKey);
}

/** Puts the key of an object under another one of KMS's; its body stays as it is. */
export async function rewrapKey(ctx: BodyContext, request: KmsRequest, key: Buffer): Promise<KmsEncryption> {
  const asked = request.usesBucketKey ? await bucketKeyFor(ctx, request) : await generate(ctx, request);
  return {
    algorithm: request.algorithm,
    keyId: asked.keyId,
    wrappedKey: asked.wrappedKey,
    usesBucketKey: request.usesBucketKey,
    sealedKey: seal(key, asked.key, ctx.ids.bytes(sealingIvBytes)),
  };
}

/** @evidence boto/boto3#2680: an object under a KMS key is not to be had with a signature of version 2 */
function requireSigned({ origin, caller }: BodyContext): void {
  const isUnsigned = origin.authenticationMethod === "None" && caller.type === "Anonymous";
  if (isUnsigned || origin.isOlderSignature) throw needsSignature();
}

/**
 * Two layers take two keys: that of KMS, and one of S3's own.
 *
 * @evidence S3 User Guide, "Using dual-layer server-side encryption with AWS KMS keys"
 */
function layered(ctx: BodyContext, algorithm: KmsEncryption["algorithm"], dataKey: Buffer): Buffer {
  if (algorithm === "aws:kms") return dataKey;
  const outer = createHmac("sha256", ctx.kernel.keyFor("s3 outer layer")).update(dataKey).digest();
  return Buffer.concat([dataKey, outer]);
}

function contextOf(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  context: KmsContext | undefined,
  usesBucketKey: boolean,
): Record<string, string> {
  return { ...context, "aws:s3:arn": usesBucketKey ? bucketArn(bucket) : objectArn(bucket, key) };
}

interface Asked {
  readonly key: Buffer;
  readonly wrappedKey: Buffer;
  /** ARN. */
  readonly keyId: string;
}

async function generate(ctx: BodyContext, request: KmsRequest): Promise<Asked> {
  if (request.purpose === "replica") return encryptOwn(ctx, request);
  const answer = await throughKms(
    ctx.call(kms.GenerateDataKey, {
      KeyId: request.keyId,
      KeySpec: "AES_256",
      EncryptionContext: contextOf(request, request.context, request.usesBucketKey),
    }),
  );
  const { Plaintext, CiphertextBlob, KeyId } = answer;
  return {
    key: Buffer.from(Plaintext ?? []), wrappedKey: Buffer.from(CiphertextBlob ?? []), keyId: KeyId ?? "",
  };
}

/**
 * A role that replicates needs `kms:Encrypt` for the keys of replicas.
 *
 * @evidence S3 User Guide, "Replicating encrypted objects", "Granting additional permissions"
 */
async function encryptOwn(ctx: BodyContext, request: KmsRequest): Promise<Asked> {
  const key = ctx.ids.bytes(dataKeyBytes);
  const { CiphertextBlob, KeyId } = await throughKms(
    ctx.call(kms.Encrypt, {
      KeyId: request.keyId,
      Plaintext: key,
      EncryptionContext: contextOf(request, request.context, request.usesBucketKey),
    }),
  );
  return { key, wrappedKey: Buffer.from(CiphertextBlob ?? []), keyId: KeyId ?? "" };
}

async function decrypt(
  ctx: BodyContext,
  object: { readonly bucket: string; readonly key: string },
  { keyId, wrappedKey, context, usesBucketKey }: KmsEncryption,
): Promise<Buffer> {
  const { Plaintext } = await throughKms(
    ctx.call(kms.Decrypt, {
      KeyId: keyId,
      CiphertextBlob: Buffer.from(wrappedKey),
      EncryptionContext: contextOf(object, context, usesBucketKey),
    }),
  );
  return Buffer.from(Plaintext ?? []);
}

async function throughKms<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause.status >= 500) throw cause;
    throw refusedByKms(cause);
  }
}

async function bucketKeyFor(ctx: BodyContext, request: KmsRequest): Promise<Asked> {
  const { bucket, keyId, context } = request;
  const name = `for ${keyId} ${context ? digest(JSON.stringify(context)) : ""}`;
  const known = findBucketKey(ctx, bucket, name);
  if (known) return known;
  const asked = await generate(ctx, request);
  ctx.transaction((within) => {
    rememberBucketKey(within, bucket, name, asked);
    rememberBucketKey(within, bucket, wrappedName(asked.wrappedKey), asked);
  });
  return asked;
}

async function openBucketKey(
  ctx: BodyContext,
  object: { readonly bucket: string; readonly key: string },
  stored: KmsEncryption,
): Promise<Buffer> {
  const { wrappedKey, keyId } = stored;
  const name = wrappedName(wrappedKey);
  const known = findBucketKey(ctx, object.bucket, name);
  if (known) return known.key;
  const key = await decrypt(ctx, object, stored);
  const asked = { key, wrappedKey: Buffer.from(wrappedKey), keyId };
  ctx.transaction((within) => rememberBucketKey(within, object.bucket, name, asked));
  return key;
}

function wrappedName(wrappedKey: Uint8Array): string {
  return `of ${digest(wrappedKey)}`;
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Roles in sessions with different policies are different requesters.
 *
 * @evidence S3 User Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys"
 */
function requesterOf({ caller }: BodyContext | Context): string {
  const { session, roleArn, arn } = caller;
  const policies = [...(session?.policies ?? []), ...(session?.policyArns ?? [])];
  return `${roleArn ?? arn} ${policies.length > 0 ? digest(JSON.stringify(policies)) : ""}`;
}

function findBucketKey(ctx: BodyContext, bucket: string, name: string): Asked | undefined {
  const row = ctx.reading(() => ctx.db(bucketKeys).get([bucket, name, requesterOf(ctx)]));
  if (!row || row.expiresAt <= ctx.clock.now()) return undefined;
  const key = unseal(row.sealedKey, ctx.kernel.keyFor("s3 bucket keys"));
  return { key, wrappedKey: Buffer.from(row.wrappedKey), keyId: row.keyId };
}

function rememberBucketKey(ctx: Context, bucket: string, name: string, asked: Asked): void {
  const { key, wrappedKey, keyId } = asked;
  const expiresAt = ctx.clock.now() + bucketKeyMilliseconds;
  const sealing = ctx.kernel.keyFor("s3 bucket keys");
  const sealedKey = seal(key, sealing, ctx.ids.bytes(sealingIvBytes));
  ctx.db(bucketKeys).put({
    bucket, name, requester: requesterOf(ctx), keyId, wrappedKey, sealedKey, expiresAt,
  });
  ctx.schedule(forgetBucketKeys, { at: expiresAt, id: bucket, input: { bucket } });
}

const rowsAtOnce = 500;

/** Scheduled anew with each key: it runs when the last has expired. */
export const forgetBucketKeys = asynchronousJob<{ readonly bucket: string }>(
  "s3.forgetBucketKeys",
  async ({ bucket }, ctx) => {
    while (!ctx.transaction((within) => dropBucketKeys(within, bucket))) await Promise.resolve();
  },
);

/** @returns false while some are left */
export function dropBucketKeys(ctx: Context, bucket: string): boolean {
  const rows = [...ctx.db(bucketKeys).list({ prefix: [bucket], limit: rowsAtOnce })];
  for (const { name, requester } of rows) ctx.db(bucketKeys).delete([bucket, name, requester]);
  return rows.length < rowsAtOnce;
}
