/**
 * Inputs of targets under a data key of the schedule's own KMS key.
 *
 * @evidence Scheduler User Guide, "Encryption at rest": GenerateDataKey and Decrypt on behalf of the caller,
 *   Decrypt under the execution role, encryption context `aws:scheduler:schedule:arn`
 */

import * as kms from "../../generated/kms.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { seal, sealingIvBytes, unseal } from "../../kernel/sealing.ts";
import { keyRefused } from "./errors.ts";
import type { SealedInput } from "./schedule-rows.ts";

function contextOf(arn: string): Record<string, string> {
  return { "aws:scheduler:schedule:arn": arn };
}

/** @throws ValidationException when the key does not serve */
export async function sealInput(
  ctx: BodyContext, arn: string, keyArn: string, text: string,
): Promise<SealedInput> {
  const { CiphertextBlob, Plaintext } = await ctx
    .call(kms.GenerateDataKey, { KeyId: keyArn, KeySpec: "AES_256", EncryptionContext: contextOf(arn) })
    .catch(refused);
  const message = seal(Buffer.from(text), Plaintext ?? Buffer.alloc(0), ctx.ids.bytes(sealingIvBytes));
  return { keyBlob: CiphertextBlob ?? Buffer.alloc(0), message };
}

function refused(cause: unknown): never {
  throw cause instanceof AwsError && cause.status < 500 ? keyRefused(cause.message) : cause;
}

export async function openInput(
  ctx: BodyContext, arn: string, { keyBlob, message }: SealedInput, as?: CallOptions,
): Promise<string> {
  const { Plaintext } = await ctx.call(
    kms.Decrypt, { CiphertextBlob: Buffer.from(keyBlob), EncryptionContext: contextOf(arn) }, as,
  );
  return unseal(message, Plaintext ?? Buffer.alloc(0)).toString();
}
