/**
 * Values under data keys of KMS, with the caller's permissions for the key.
 *
 * @evidence Secrets Manager User Guide, "Secret encryption and decryption": GenerateDataKey and Decrypt with
 *   the encryption context `SecretARN`, `SecretVersionId`
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import * as kms from "../../generated/kms.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { decryptionFailure, defaultKeyAcrossAccounts, encryptionFailure, kmsDenied } from "./errors.ts";
import { arnIn, type Sealed, type Secret, type SecretVersion } from "./secret-rows.ts";

const ivBytes = 12;
const tagBytes = 16;

type Named = Pick<Secret, "name" | "suffix" | "kmsKeyId" | "replicas">;

function encryptionContext(
  ctx: BodyContext, secret: Named, versionId: string, region: string,
): Record<string, string> {
  return { SecretARN: arnIn(region, ctx.account, secret), SecretVersionId: versionId };
}

/** A key of the secret's own account, wherever the caller is from. */
function keyArn(ctx: BodyContext, region: string, keyId: string | undefined): string {
  const id = keyId ?? "alias/aws/secretsmanager";
  if (id.startsWith("arn:")) return id;
  const resource = id.startsWith("alias/") ? id : `key/${id}`;
  return formatArn({ service: "kms", region, account: ctx.account, resource });
}

function refused(cause: unknown, failure: () => AwsError): unknown {
  if (!(cause instanceof AwsError) || cause.status >= 500) return cause;
  return cause.code === "AccessDeniedException" ? kmsDenied() : failure();
}

function requireReachable(ctx: BodyContext, keyId: string | undefined): void {
  if (keyId === undefined && ctx.caller.account !== ctx.account) throw defaultKeyAcrossAccounts();
}

export async function seal(
  ctx: BodyContext, secret: Named, versionId: string, value: Buffer, region: string,
  keyId: string | undefined,
): Promise<Sealed> {
  requireReachable(ctx, keyId);
  try {
    const { CiphertextBlob, Plaintext } = await ctx.call(kms.GenerateDataKey, {
      KeyId: keyArn(ctx, region, keyId),
      KeySpec: "AES_256",
      EncryptionContext: encryptionContext(ctx, secret, versionId, region),
    }, { region });
    if (!CiphertextBlob || !Plaintext) throw encryptionFailure();
    const iv = ctx.ids.bytes(ivBytes);
    const cipher = createCipheriv("aes-256-gcm", Plaintext, iv);
    const body = Buffer.concat([cipher.update(value), cipher.final()]);
    return { keyBlob: CiphertextBlob, message: Buffer.concat([iv, cipher.getAuthTag(), body]) };
  } catch (cause) {
    throw refused(cause, encryptionFailure);
  }
}

export interface SealedEverywhere {
  readonly sealed: Record<string, Sealed>;
  /** By Region: why its key did not seal the value. The primary's key must. */
  readonly failures: ReadonlyMap<string, string>;
}

/** For the Region of the secret and for each of its replicas, under the key of each. */
export async function sealEverywhere(
  ctx: BodyContext, secret: Named, versionId: string, value: Buffer,
): Promise<SealedEverywhere> {
  const sealed = { [ctx.region]: await seal(ctx, secret, versionId, value, ctx.region, secret.kmsKeyId) };
  const failures = new Map<string, string>();
  for (const { region, kmsKeyId } of secret.replicas) {
    try {
      sealed[region] = await seal(ctx, secret, versionId, value, region, kmsKeyId);
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      failures.set(region, cause.message);
    }
  }
  return { sealed, failures };
}

/** @throws AccessDeniedException, DecryptionFailure */
export async function unseal(ctx: BodyContext, secret: Named, version: SecretVersion): Promise<Buffer> {
  requireReachable(ctx, secret.kmsKeyId);
  const sealed = version.sealed[ctx.region];
  if (!sealed) throw decryptionFailure();
  try {
    const { Plaintext } = await ctx.call(kms.Decrypt, {
      CiphertextBlob: Buffer.from(sealed.keyBlob),
      EncryptionContext: encryptionContext(ctx, secret, version.versionId, ctx.region),
    });
    const message = Buffer.from(sealed.message);
    const bodyStart = ivBytes + tagBytes;
    const iv = message.subarray(0, ivBytes);
    const decipher = createDecipheriv(
      "aes-256-gcm", Plaintext ?? Buffer.alloc(32), iv, { authTagLength: tagBytes },
    );
    decipher.setAuthTag(message.subarray(ivBytes, bodyStart));
    return Buffer.concat([decipher.update(message.subarray(bodyStart)), decipher.final()]);
  } catch (cause) {
    throw refused(cause, decryptionFailure);
  }
}
