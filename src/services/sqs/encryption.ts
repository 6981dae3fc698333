/** Queues with a KMS key: whoever sends or receives must be allowed to use the key. */

import * as kms from "../../generated/kms.ts";
import * as sqs from "../../generated/sqs.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { keyArn } from "../../kernel/key-arn.ts";
import { AwsError, modelled, type ErrorToken } from "../../kernel/errors.ts";
import { table } from "../../store/types.ts";
import { requireQueue } from "./addresses.ts";
import { numberOf, type Queue } from "./queue-table.ts";

type Purpose = "send" | "receive";

/** A data key that SQS goes on using for a principal without asking KMS again. */
interface DataKey {
  readonly queueId: string;
  readonly keyId: string;
  readonly purpose: Purpose;
  readonly principalArn: string;
  readonly expiresAt: number;
}

const dataKeys = table<DataKey>("sqs.dataKeys", {
  key: (row) => [row.queueId, row.keyId, row.purpose, row.principalArn],
});

/**
 * The encrypted data key that messages of a queue were last sent under: what a receiver must be able to
 * decrypt.
 */
interface SealedKey {
  readonly queueId: string;
  readonly keyId: string;
  readonly ciphertext: Uint8Array;
}

const sealedKeys = table<SealedKey>("sqs.sealedKeys", { key: (row) => [row.queueId, row.keyId] });

/**
 * The key that AWS manages for SQS. Its policy lets every caller of SQS in the account use it, about whom KMS
 * need not be asked; other accounts, and services such as SNS, it does not.
 *
 * @evidence SQS Developer Guide, "Configure KMS permissions for AWS services": those need a customer's key
 */
const managedKey = "alias/aws/sqs";

/** @throws KmsAccessDenied */
function requireManagedKey({ account, caller, region }: Context, purpose: Purpose): void {
  if (caller.type !== "AWSService" && caller.account === account) return;
  const action = purpose === "send" ? "kms:GenerateDataKey" : "kms:Decrypt";
  throw modelled(
    sqs.KmsAccessDenied,
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ` +
      `${keyArn({ account, region }, managedKey)} because no resource-based policy allows the ` +
      `${action} action`,
  );
}

const translations: Readonly<Record<string, ErrorToken>> = {
  AccessDeniedException: sqs.KmsAccessDenied,
  DisabledException: sqs.KmsDisabled,
  InvalidKeyUsageException: sqs.KmsInvalidKeyUsage,
  KMSInvalidStateException: sqs.KmsInvalidState,
  NotFoundException: sqs.KmsNotFound,
};

interface Question {
  readonly keyId: string;
  readonly purpose: Purpose;
  readonly encryptionContext: Record<string, string>;
  /** What to decrypt, for a receiver. */
  readonly ciphertext?: Uint8Array;
}

/**
 * What KMS must be asked first; undefined when nothing. A queue that nothing was sent to has nothing to
 * decrypt.
 */
function questionFor(ctx: Context, queue: Queue, purpose: Purpose): Question | undefined {
  const keyId = queue.attributes["KmsMasterKeyId"];
  if (keyId === undefined) return undefined;
  if (keyId === managedKey) {
    requireManagedKey(ctx, purpose);
    return undefined;
  }
  const known = ctx.db(dataKeys).get([queue.id, keyId, purpose, ctx.caller.arn]);
  if (known && known.expiresAt > ctx.clock.now()) return undefined;
  const encryptionContext = { "aws:sqs:arn": ctx.arn(queue.name) };
  if (purpose === "send") return { keyId, purpose, encryptionContext };
  const sealed = ctx.db(sealedKeys).get([queue.id, keyId]);
  return sealed && { keyId, purpose, encryptionContext, ciphertext: sealed.ciphertext };
}

/**
 * @evidence SQS Developer Guide, Key management: a producer needs kms:GenerateDataKey and kms:Decrypt, a
 *   consumer kms:Decrypt; the encryption context is the ARN of the queue
 */
async function askKey(ctx: BodyContext, question: Question): Promise<Uint8Array> {
  const { encryptionContext: EncryptionContext } = question;
  const KeyId = keyArn(ctx, question.keyId);
  try {
    const sealed = question.ciphertext ??
      (await ctx.call(kms.GenerateDataKey, { KeyId, KeySpec: "AES_256", EncryptionContext })).CiphertextBlob;
    const CiphertextBlob = Buffer.from(sealed ?? []);
    await ctx.call(kms.Decrypt, { CiphertextBlob, EncryptionContext });
    return CiphertextBlob;
  } catch (error) {
    const token = error instanceof AwsError ? translations[error.shape ?? error.code] : undefined;
    if (!token || !(error instanceof AwsError)) throw error;
    throw modelled(token, error.message);
  }
}

/** @evidence SQS Developer Guide, Key management: a data key is reused for KmsDataKeyReusePeriodSeconds */
function rememberKey(ctx: Context, queue: Queue, question: Question, ciphertext: Uint8Array): void {
  const { keyId, purpose } = question;
  const seconds = numberOf(queue, "KmsDataKeyReusePeriodSeconds");
  const expiresAt = ctx.clock.now() + seconds * 1000;
  ctx.db(dataKeys).put({ queueId: queue.id, keyId, purpose, principalArn: ctx.caller.arn, expiresAt });
  if (purpose === "send") ctx.db(sealedKeys).put({ queueId: queue.id, keyId, ciphertext });
}

/** Undefined, and nothing done, where KMS has to be asked first. */
export function atOnce<T>(
  within: Context, queueUrl: string, purpose: Purpose, work: (queue: Queue) => T,
): T | undefined {
  const queue = requireQueue(within, queueUrl);
  return questionFor(within, queue, purpose) ? undefined : work(queue);
}

export type Attempt<T> = { readonly done: T } | { readonly question: Question };

/** Runs `work` on the queue in one transaction, unless KMS has to be asked first. */
export function attempt<T>(
  ctx: BodyContext, queueUrl: string, purpose: Purpose, work: (within: Context, queue: Queue) => T,
): Attempt<T> {
  return ctx.transaction((within) => {
    const queue = requireQueue(within, queueUrl);
    const question = questionFor(within, queue, purpose);
    return question ? { question } : { done: work(within, queue) };
  });
}

/** Asks KMS, so that the next attempt need not. */
export async function answer(ctx: BodyContext, queueUrl: string, question: Question): Promise<void> {
  const ciphertext = await askKey(ctx, question);
  ctx.transaction((within) => rememberKey(within, requireQueue(within, queueUrl), question, ciphertext));
}

/** Both, for operations that have nothing else to wait for. */
export async function withKey<T>(
  ctx: BodyContext, queueUrl: string, purpose: Purpose, work: (within: Context, queue: Queue) => T,
): Promise<T> {
  for (;;) {
    const outcome = attempt(ctx, queueUrl, purpose, work);
    if ("done" in outcome) return outcome.done;
    await answer(ctx, queueUrl, outcome.question);
  }
}

/** Returns false while some is left. */
export function forgetDataKeys(ctx: Context, queueId: string, limit: number): boolean {
  const known = [...ctx.db(dataKeys).list({ prefix: [queueId], limit })];
  for (const row of known) ctx.db(dataKeys).delete([row.queueId, row.keyId, row.purpose, row.principalArn]);
  const sealed = [...ctx.db(sealedKeys).list({ prefix: [queueId], limit })];
  for (const row of sealed) ctx.db(sealedKeys).delete([row.queueId, row.keyId]);
  return known.length < limit && sealed.length < limit;
}
