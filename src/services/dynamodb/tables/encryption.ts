/** Tables under a KMS key: which keys can be used, and whose leave that takes. */

import * as kms from "../../../generated/kms.ts";
import type { SSESpecification } from "../../../generated/dynamodb.ts";
import { asynchronousJob } from "../../../jobs/job.ts";
import { parseArn } from "../../../kernel/arn.ts";
import type { BodyContext, Context, ReadContext } from "../../../kernel/context.ts";
import { AwsError, unmodelled } from "../../../kernel/errors.ts";
import { invalidParameters, validation } from "../errors.ts";

export const managedKey = "alias/aws/dynamodb";

/** A key that a table may be encrypted with. */
export interface UsableKey {
  readonly keyArn: string;
  /** The leave to use a key of the customer's. */
  readonly grantId?: string;
}

/**
 * Whether a table is to have a KMS key. AWS's own key, which is no key of the account, needs none.
 *
 * @evidence recorded refusals; `{}` and `{SSEType: KMS}` are taken as no and yes
 */
export function wantsKey(given: SSESpecification | undefined): boolean {
  if (!given) return false;
  const { Enabled: enabled, SSEType: type, KMSMasterKeyId: keyId } = given;
  if (enabled === false) {
    if (type !== undefined) throw invalidParameters("SSEType can not be specified if Enabled is false");
    if (keyId !== undefined) {
      throw invalidParameters("KMSMasterKeyId can not be specified if Enabled is false");
    }
    return false;
  }
  if (type === "AES256") throw invalidParameters("SSEType AES256 is not supported");
  if (keyId !== undefined && type === undefined) {
    throw invalidParameters("SSEType KMS is required if KMSMasterKeyId is specified");
  }
  return enabled === true || type === "KMS";
}

/** What the keys of a table's items are bound to. */
export function encryptionContext(ctx: ReadContext, tableName: string): Record<string, string> {
  return { "aws:dynamodb:tableName": tableName, "aws:dynamodb:subscriberId": ctx.account };
}

/** KMS's refusals as DynamoDB passes them on. */
export function translated(ctx: BodyContext, cause: AwsError, region = ctx.region): AwsError {
  const kind = cause.shape ?? cause.code;
  const described = (name: string): string =>
    `com.amazonaws.services.kms.model.${name}: ${cause.message} (Service: AWSKMS; Status Code: 400; ` +
    `Error Code: ${kind}; Request ID: ${ctx.requestId}; Proxy: null)`;
  const elsewhere = region === ctx.region ? "" : ` for region ${region}`;
  switch (kind) {
    case "DisabledException":
      return validation(`KMS key disabled error: ${described(kind)}`);
    case "AccessDeniedException":
      return unmodelled(
        "AccessDeniedException", `KMS key access denied error: ${described("AWSKMSException")}`,
      );
    default:
      return validation(`KMS validation error${elsewhere}: ${described(kind)}`);
  }
}

/**
 * The key, and leave to use it, here or in another region.
 *
 * @evidence Developer Guide, "DynamoDB encryption at rest: How it works", Authorizing DynamoDB to use your
 *   key: the caller needs kms:DescribeKey and kms:CreateGrant; the encryption context of the grant
 */
export async function requireUsableKey(
  ctx: BodyContext, keyId: string, tableName: string, region = ctx.region,
): Promise<UsableKey> {
  try {
    const { KeyMetadata: key } = await ctx.call(kms.DescribeKey, { KeyId: keyId }, { region });
    const keyArn = key?.Arn ?? "";
    if (key?.KeyManager === "AWS") return { keyArn };
    const principal = "dynamodb.amazonaws.com";
    const { GrantId } = await ctx.call(kms.CreateGrant, {
      KeyId: keyArn,
      GranteePrincipal: principal,
      RetiringPrincipal: principal,
      Operations: [
        "Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "RetireGrant", "DescribeKey",
      ],
      Constraints: { EncryptionContextSubset: encryptionContext(ctx, tableName) },
    }, { region });
    return { keyArn, ...(GrantId !== undefined && { grantId: GrantId }) };
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause.status >= 500) throw cause;
    throw translated(ctx, cause, region);
  }
}

/** A table that is gone, or has another key, gives its leave back. */
export const retireGrant = asynchronousJob<{ readonly keyArn: string; readonly grantId: string }>(
  "dynamodb.retireGrant", async ({ keyArn, grantId }, ctx) => {
    try {
      const region = parseArn(keyArn)?.region ?? ctx.region;
      await ctx.call(kms.RetireGrant, { KeyId: keyArn, GrantId: grantId }, { as: "service", region });
    } catch (cause) {
      // The key or the grant may be gone already, which is what was wanted.
      if (!(cause instanceof AwsError) || cause.status >= 500) throw cause;
    }
  },
);

export function giveBack(ctx: Context, { keyArn, grantId }: UsableKey): void {
  if (grantId !== undefined) ctx.schedule(retireGrant, { at: ctx.clock.now(), input: { keyArn, grantId } });
}

/** One transaction; when it refuses what the key was for, the leave to use it is given back. */
export function withKey<Result>(
  ctx: BodyContext, key: UsableKey | undefined, work: (within: Context) => Result,
): Result {
  try {
    return ctx.transaction(work);
  } catch (cause) {
    if (key) ctx.transaction((within) => giveBack(within, key));
    throw cause;
  }
}

/** Keys by their regions. */
export type Keys = ReadonlyMap<string, UsableKey>;

/** Work that takes keys one by one; when it is refused, the leave to use those it had is given back. */
export async function withKeys<Result>(
  ctx: BodyContext, work: (keys: Map<string, UsableKey>) => Promise<Result>,
): Promise<Result> {
  const keys = new Map<string, UsableKey>();
  try {
    return await work(keys);
  } catch (cause) {
    ctx.transaction((within) => keys.forEach((key) => giveBack(within, key)));
    throw cause;
  }
}
