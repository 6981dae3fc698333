/** Topics with a KMS key: whoever publishes must be allowed to use the key. */

import * as kms from "../../generated/kms.ts";
import * as sns from "../../generated/sns.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { keyArn } from "../../kernel/key-arn.ts";
import { AwsError, modelled, type ErrorToken } from "../../kernel/errors.ts";
import { table } from "../../store/types.ts";
import type { Topic } from "./topic-table.ts";

/** A data key that SNS goes on using for a principal without asking KMS again. */
interface DataKey {
  readonly topicId: string;
  readonly keyId: string;
  readonly principalArn: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

const dataKeys = table<DataKey>("sns.dataKeys", { key: (row) => [row.topicId, row.keyId, row.principalArn] });

/** @evidence SNS Developer Guide, "Key management": a data key is reused for up to 5 minutes */
const reuseMilliseconds = 300_000;

/**
 * The key that AWS manages for SNS. Its policy lets every caller of SNS in the account use it, about whom KMS
 * need not be asked; other accounts, and services such as S3, it does not.
 *
 * @evidence SNS Developer Guide, "Enable compatibility between event sources from AWS services and encrypted
 *   topics": those need a customer's key
 */
const managedKey = "alias/aws/sns";

/** @throws KMSAccessDeniedException */
function requireManagedKey({ account, caller, region }: Context): void {
  if (caller.type !== "AWSService" && caller.account === account) return;
  throw modelled(
    sns.KMSAccessDeniedException,
    `User: ${caller.arn} is not authorized to perform: kms:GenerateDataKey on resource: ` +
      `${keyArn({ account, region }, managedKey)} because no resource-based policy allows the ` +
      "kms:GenerateDataKey action",
  );
}

const translations: Readonly<Record<string, ErrorToken>> = {
  AccessDeniedException: sns.KMSAccessDeniedException,
  DisabledException: sns.KMSDisabledException,
  KMSInvalidStateException: sns.KMSInvalidStateException,
  NotFoundException: sns.KMSNotFoundException,
};

/** The key that must be asked about first; undefined when none. */
export function keyToAsk(ctx: Context, topic: Topic): string | undefined {
  const keyId = topic.attributes["KmsMasterKeyId"];
  if (keyId === undefined) return undefined;
  if (keyId === managedKey) {
    requireManagedKey(ctx);
    return undefined;
  }
  const known = ctx.db(dataKeys).get([topic.id, keyId, ctx.caller.arn]);
  return known && known.expiresAt > ctx.clock.now() ? undefined : keyId;
}

/**
 * @evidence SNS Developer Guide, "Key management": a publisher needs kms:GenerateDataKey* and kms:Decrypt;
 *   the encryption context is the ARN of the topic
 */
export async function askKey(ctx: BodyContext, topic: Topic, keyId: string): Promise<void> {
  const EncryptionContext = { "aws:sns:topicArn": ctx.arn(topic.name) };
  try {
    const { CiphertextBlob } = await ctx.call(kms.GenerateDataKey, {
      KeyId: keyArn(ctx, keyId), KeySpec: "AES_256", EncryptionContext,
    });
    await ctx.call(kms.Decrypt, { CiphertextBlob: Buffer.from(CiphertextBlob ?? []), EncryptionContext });
  } catch (error) {
    const token = error instanceof AwsError ? translations[error.shape ?? error.code] : undefined;
    if (!token || !(error instanceof AwsError)) throw error;
    throw modelled(token, error.message);
  }
  const expiresAt = ctx.clock.now() + reuseMilliseconds;
  const principalArn = ctx.caller.arn;
  const known = { topicId: topic.id, keyId, principalArn, expiresAt };
  ctx.transaction((within) => within.db(dataKeys).put(known));
}
