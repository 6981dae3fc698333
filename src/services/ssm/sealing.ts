/**
 * SecureString values, through KMS and with the caller's permissions for the key.
 *
 * @evidence KMS Developer Guide, "How AWS Systems Manager Parameter Store uses AWS KMS": standard parameters
 *   are
 *   encrypted by KMS itself, advanced ones under a data key; the encryption context is the parameter's ARN
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import * as kms from "../../generated/kms.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { refusedByKms } from "./errors.ts";
import { parameterArn } from "./names.ts";
import type { ParameterVersion } from "./parameter-rows.ts";

export const defaultKeyId = "alias/aws/ssm";

const ivBytes = 12;
const tagBytes = 16;

export interface Sealed {
  readonly value: string;
  readonly sealing: "direct" | "envelope";
}

function contextOf(ctx: BodyContext, name: string): Record<string, string> {
  return { PARAMETER_ARN: parameterArn(ctx, name) };
}

async function throughKms<T>(ctx: BodyContext, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof AwsError) throw refusedByKms(cause, ctx.requestId);
    throw cause;
  }
}

export async function seal(
  ctx: BodyContext, name: string, keyId: string, plaintext: string, tier: ParameterVersion["tier"],
): Promise<Sealed> {
  const EncryptionContext = contextOf(ctx, name);
  const bytes = Buffer.from(plaintext);
  if (tier === "Standard") {
    const { CiphertextBlob = Buffer.alloc(0) } = await throughKms(
      ctx, ctx.call(kms.Encrypt, { KeyId: keyId, Plaintext: bytes, EncryptionContext }),
    );
    return { value: CiphertextBlob.toString("base64"), sealing: "direct" };
  }
  const { CiphertextBlob = Buffer.alloc(0), Plaintext = Buffer.alloc(0) } = await throughKms(
    ctx, ctx.call(kms.GenerateDataKey, { KeyId: keyId, KeySpec: "AES_256", EncryptionContext }),
  );
  const iv = ctx.ids.bytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", Plaintext, iv);
  const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(CiphertextBlob.length);
  const message = Buffer.concat([length, CiphertextBlob, iv, cipher.getAuthTag(), body]);
  return { value: message.toString("base64"), sealing: "envelope" };
}

export async function unseal(ctx: BodyContext, version: ParameterVersion): Promise<string> {
  const EncryptionContext = contextOf(ctx, version.name);
  const message = Buffer.from(version.value, "base64");
  const decrypt = async (CiphertextBlob: Buffer): Promise<Buffer> => {
    const { Plaintext } = await throughKms(ctx, ctx.call(kms.Decrypt, { CiphertextBlob, EncryptionContext }));
    return Plaintext ?? Buffer.alloc(0);
  };
  if (version.sealing !== "envelope") return (await decrypt(message)).toString();
  const keyEnd = 2 + message.readUInt16BE(0);
  const key = await decrypt(message.subarray(2, keyEnd));
  const tagStart = keyEnd + ivBytes;
  const bodyStart = tagStart + tagBytes;
  const decipher = createDecipheriv(
    "aes-256-gcm", key, message.subarray(keyEnd, tagStart), { authTagLength: tagBytes },
  );
  decipher.setAuthTag(message.subarray(tagStart, bodyStart));
  return Buffer.concat([decipher.update(message.subarray(bodyStart)), decipher.final()]).toString();
}
