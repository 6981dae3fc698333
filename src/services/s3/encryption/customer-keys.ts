/** Keys that customers bring with each request, and that are never kept (SSE-C). */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { BodyContext } from "../../../kernel/context.ts";
import { objectArn, type Bucket } from "../buckets/table.ts";
import {
  customerKeysBlocked, invalidCustomerKey, missingCustomerAlgorithm, missingCustomerKey,
  missingCustomerKeyMd5, needsCustomerKey, needsSecureConnection, parametersNotApplicable, twoMethods,
  unknownCustomerAlgorithm, wrongCustomerKey, wrongCustomerKeyMd5,
} from "./errors.ts";
import type { Encryption } from "./encryption.ts";
import type { ObjectEncryption } from "../objects/version.ts";

export interface CustomerKeyInput {
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
}

interface CustomerKey {
  readonly key: Buffer;
  /** Base64, as answers repeat it. */
  readonly md5: string;
}

const algorithm = "AES256";
const keyBytes = 32;
const saltBytes = 16;

export function hasCustomerKey(input: CustomerKeyInput): boolean {
  const { SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 } = input;
  return (SSECustomerAlgorithm ?? SSECustomerKey ?? SSECustomerKeyMD5) !== undefined;
}

/**
 * The headers of a request, in the order in which S3 looks at them.
 *
 * @evidence recorded answers: the MD5 is compared before the length is, which a read leaves to the comparison
 *   of keys; what is asked of the connection comes first
 */
function requireCustomerKey(ctx: BodyContext, input: CustomerKeyInput, method?: string): CustomerKey {
  const { SSECustomerAlgorithm: given, SSECustomerKey: text, SSECustomerKeyMD5: md5 } = input;
  if (!ctx.origin.secureTransport) throw needsSecureConnection();
  if (method !== undefined) throw twoMethods(method);
  if (given === undefined || given === "") throw missingCustomerAlgorithm();
  if (given !== algorithm) throw unknownCustomerAlgorithm(given);
  if (text === undefined || text === "") throw missingCustomerKey();
  if (md5 === undefined || md5 === "") throw missingCustomerKeyMd5();
  const key = Buffer.from(text, "base64");
  if (createHash("md5").update(key).digest("base64") !== md5) throw wrongCustomerKeyMd5();
  return { key, md5 };
}

/** @evidence S3 User Guide, "Blocking or unblocking SSE-C": blocked in new buckets since April 2026 */
function isBlocked({ encryption }: Bucket): boolean {
  const types = encryption?.BlockedEncryptionTypes?.EncryptionType;
  return types === undefined || types.includes("SSE-C");
}

interface Writing extends CustomerKeyInput {
  readonly Bucket: string;
  readonly Key: string;
  readonly ServerSideEncryption?: string | undefined;
  /** Of a copy: it is named in the refusal. */
  readonly CopySource?: string | undefined;
}

export function encryptWithCustomerKey(ctx: BodyContext, bucket: Bucket, input: Writing): Encryption {
  const { key, md5 } = requireCustomerKey(ctx, input, input.ServerSideEncryption);
  if (key.length !== keyBytes) throw invalidCustomerKey();
  requireCustomerKeysAllowed(ctx, bucket, input);
  const salt = ctx.ids.bytes(saltBytes);
  const stored = { algorithm: "customer", salt, proof: proofOf(salt, key) } as const;
  return { key, stored, output: answered(md5) };
}

/** @throws AccessDenied where they are blocked, also to replicas */
export function requireCustomerKeysAllowed(
  ctx: BodyContext,
  bucket: Bucket,
  input: Pick<Writing, "Bucket" | "Key" | "CopySource">,
): void {
  if (!isBlocked(bucket)) return;
  const action = input.CopySource === undefined ? "s3:PutObject" : "s3:CopyObject";
  throw customerKeysBlocked(ctx.caller.arn, action, objectArn(input.Bucket, input.Key));
}

/** Tells whether a key is the right one, and nothing of the key. */
function proofOf(salt: Buffer, key: Buffer): Buffer {
  return createHmac("sha256", salt).update(key).digest();
}

function answered(md5: string): Encryption["output"] {
  return { SSECustomerAlgorithm: algorithm, SSECustomerKeyMD5: md5 };
}

type CustomerEncryption = Extract<ObjectEncryption, { algorithm: "customer" }>;

/** @throws InvalidRequest without a key, AccessDenied with another one */
export function openWithCustomerKey(
  ctx: BodyContext,
  stored: CustomerEncryption,
  input: CustomerKeyInput,
): Encryption {
  if (!hasCustomerKey(input)) throw needsCustomerKey();
  const encryption = matchCustomerKey(ctx, stored, input);
  if (!encryption) throw wrongCustomerKey();
  return encryption;
}

/** Undefined when it is another key. */
export function matchCustomerKey(
  ctx: BodyContext,
  stored: CustomerEncryption,
  input: CustomerKeyInput,
): Encryption | undefined {
  const { key, md5 } = requireCustomerKey(ctx, input);
  const isRight = timingSafeEqual(proofOf(Buffer.from(stored.salt), key), Buffer.from(stored.proof));
  return isRight ? { key, stored, output: answered(md5) } : undefined;
}

/** An object that rests under no key of the customer's is not asked for with one. */
export function refuseCustomerKey(ctx: BodyContext, input: CustomerKeyInput): void {
  if (!hasCustomerKey(input)) return;
  requireCustomerKey(ctx, input);
  throw parametersNotApplicable();
}
