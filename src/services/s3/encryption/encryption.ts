/** Under which key an object's body rests, and what requests and answers say of it. */

import type * as s3 from "../../../generated/s3.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { Bucket } from "../buckets/table.ts";
import {
  encryptWithCustomerKey, hasCustomerKey, matchCustomerKey, openWithCustomerKey, refuseCustomerKey,
  type CustomerKeyInput,
} from "./customer-keys.ts";
import {
  invalidEncryptionContext, keyNeedsKms, otherEncryptionThanUpload, partNeedsSameEncryption, unknownMethod,
} from "./errors.ts";
import { newKmsKey, openKmsKey, type KeyPurpose, type KmsEncryption, type KmsRequest } from "./kms-keys.ts";
import type { ObjectEncryption, ObjectVersion } from "../objects/version.ts";

export interface EncryptionInput extends CustomerKeyInput {
  readonly Bucket: string;
  readonly Key: string;
  readonly ServerSideEncryption?: s3.ServerSideEncryption | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly SSEKMSEncryptionContext?: string | undefined;
  readonly BucketKeyEnabled?: boolean | undefined;
  /** Of a copy. */
  readonly CopySource?: string | undefined;
}

/** What answers say of the encryption. */
export interface EncryptionOutput {
  readonly ServerSideEncryption?: s3.ServerSideEncryption;
  readonly SSECustomerAlgorithm?: string;
  readonly SSECustomerKeyMD5?: string;
  readonly SSEKMSKeyId?: string;
  readonly BucketKeyEnabled?: boolean;
}

export interface Encryption {
  /** Of the object: 32 bytes, and 64 where it is encrypted twice. The keys of its pieces come from it. */
  readonly key: Buffer;
  /** Absent for keys of S3's own. */
  readonly stored?: ObjectEncryption;
  readonly output: EncryptionOutput;
}

const own: EncryptionOutput = { ServerSideEncryption: "AES256" };

/** The key of all objects that S3 keeps the key of. */
export function ownKey(kernel: Kernel): Buffer {
  return kernel.keyFor("s3 objects");
}

function ownEncryption(ctx: BodyContext): Encryption {
  return { key: ownKey(ctx.kernel), output: own };
}

/** The key that is meant where a request or a bucket asks for KMS and names none. */
const managedKey = "alias/aws/s3";

/**
 * How a new object is encrypted: as the request says, or else as its bucket does.
 *
 * @throws InvalidArgument, InvalidEncryptionAlgorithmError, InvalidRequest, AccessDenied,
 *   KMS.NotFoundException …
 * @evidence S3 API Reference, PutObject, the x-amz-server-side-encryption headers
 */
export async function chooseEncryption(
  ctx: BodyContext,
  bucket: Bucket,
  input: EncryptionInput,
  purpose: KeyPurpose = "object",
): Promise<Encryption> {
  if (hasCustomerKey(input)) return encryptWithCustomerKey(ctx, bucket, input);
  const request = kmsRequest(bucket, input);
  if (!request) return ownEncryption(ctx);
  const { key, stored } = await newKmsKey(ctx, { ...request, purpose });
  return { key, stored, output: kmsOutput(stored) };
}

/** What is to be asked of KMS; undefined for keys of S3's own. */
function kmsRequest(bucket: Bucket, input: EncryptionInput): KmsRequest | undefined {
  const { ServerSideEncryption: asked, SSEKMSKeyId: askedKey, SSEKMSEncryptionContext: text } = input;
  const rule = bucket.encryption;
  const standard = rule?.ApplyServerSideEncryptionByDefault;
  const algorithm: string = asked ?? standard?.SSEAlgorithm ?? "AES256";
  if (algorithm !== "aws:kms" && algorithm !== "aws:kms:dsse") {
    if (algorithm !== "AES256") throw unknownMethod(algorithm);
    if (askedKey !== undefined || text !== undefined) throw keyNeedsKms(asked ?? "null");
    return undefined;
  }
  if (asked === undefined && askedKey !== undefined) throw keyNeedsKms("null");
  const named = askedKey ?? (asked === undefined ? standard?.KMSMasterKeyID : undefined);
  const usesBucketKey = input.BucketKeyEnabled ?? rule?.BucketKeyEnabled ?? false;
  return {
    bucket: input.Bucket,
    key: input.Key,
    algorithm,
    keyId: named === undefined || named === "" ? managedKey : named,
    context: text === undefined ? undefined : parseContext(text),
    // Bucket keys are not there for two layers.
    usesBucketKey: usesBucketKey && algorithm === "aws:kms",
  };
}

/** @evidence S3 API Reference, PutObject, x-amz-server-side-encryption-context */
function parseContext(text: string): Record<string, string> {
  let parsed: unknown;
  try {
    const bytes = Buffer.from(text, "base64");
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalidEncryptionContext(text);
  }
  const isMap =
    typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) &&
    Object.values(parsed).every((value) => typeof value === "string");
  if (!isMap) throw invalidEncryptionContext(text);
  return parsed as Record<string, string>;
}

function kmsOutput({ algorithm, keyId, usesBucketKey }: KmsEncryption): EncryptionOutput {
  return {
    ServerSideEncryption: algorithm,
    SSEKMSKeyId: keyId,
    ...(usesBucketKey && { BucketKeyEnabled: true }),
  };
}

export type DecryptionInput = CustomerKeyInput;

type Encrypted = Pick<ObjectVersion, "bucket" | "key" | "encryption">;

/** The key of a stored object, for who may have it. @throws as `chooseEncryption` */
export async function openEncryption(
  ctx: BodyContext,
  version: Encrypted,
  input: DecryptionInput,
): Promise<Encryption> {
  const stored = version.encryption;
  if (stored?.algorithm === "customer") return openWithCustomerKey(ctx, stored, input);
  refuseCustomerKey(ctx, input);
  if (!stored) return ownEncryption(ctx);
  const key = await openKmsKey(ctx, version, stored);
  return { key, stored, output: kmsOutput(stored) };
}

/** What is said of a stored object to who does not read it, and needs no key of KMS's for that. */
export function describeEncryption(
  ctx: BodyContext,
  version: Encrypted,
  input: DecryptionInput,
): Pick<Encryption, "output"> {
  const stored = version.encryption;
  if (stored?.algorithm === "customer") return openWithCustomerKey(ctx, stored, input);
  refuseCustomerKey(ctx, input);
  return { output: encryptionShown(version) };
}

/**
 * The key of an upload's object, for one of its parts.
 *
 * @throws InvalidRequest where the part comes with another customer's key than the upload, or with none
 */
export async function openUploadEncryption(
  ctx: BodyContext,
  draft: Encrypted,
  input: DecryptionInput,
): Promise<Encryption> {
  const stored = draft.encryption;
  const isCustomers = stored?.algorithm === "customer";
  if (hasCustomerKey(input) !== isCustomers) throw partNeedsSameEncryption();
  if (!isCustomers) return openEncryption(ctx, draft, input);
  const encryption = matchCustomerKey(ctx, stored, input);
  if (!encryption) throw otherEncryptionThanUpload();
  return encryption;
}

/** What is said of an object to who brings no key for it. */
export function encryptionShown({ encryption: stored }: Encrypted): EncryptionOutput {
  if (!stored) return own;
  return stored.algorithm === "customer" ? {} : kmsOutput(stored);
}

interface CopyInput {
  readonly CopySourceSSECustomerAlgorithm?: string | undefined;
  readonly CopySourceSSECustomerKey?: string | undefined;
  readonly CopySourceSSECustomerKeyMD5?: string | undefined;
}

/** The key that a copy brings for its source. */
export function sourceDecryption(input: CopyInput): DecryptionInput {
  return {
    SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
    SSECustomerKey: input.CopySourceSSECustomerKey,
    SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
  };
}

/** Only of what S3 keeps the key of is the entity tag a hash of the content. */
export function tagIsHash(encryption: Pick<Encryption, "stored">): boolean {
  return encryption.stored === undefined;
}
