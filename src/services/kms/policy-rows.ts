/** Key policies as they are kept, and the checks that each must pass. */

import { validatePolicy } from "../../iam/parse.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { keptPolicy } from "../../kernel/policy-principals.ts";
import { table } from "../../store/types.ts";
import { limitExceeded, malformedPolicy } from "./errors.ts";
import { keyArn, type Key } from "./keys.ts";
import { managedKeyPolicy } from "./managed-keys.ts";
import { readIn } from "./multi-region.ts";

export interface KeyPolicy {
  readonly keyId: string;
  readonly document: string;
}

export const keyPolicies = table<KeyPolicy>("kms.keyPolicies", { key: (row) => row.keyId });

/** @evidence KMS Developer Guide, "Resource quotas", Key policy document size */
const documentBytesMax = 32_768;

/**
 * What KMS gives to a key that is created without a policy. Its spacing is unverified, see NOTES.md.
 *
 * @evidence recorded AWS answer to ReplicateKey, ReplicaPolicy: the same members in the same order
 */
export function defaultKeyPolicy(account: string): string {
  return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::${account}:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`;
}

/** Aliases have no policy of their own: who may use their names is left to the account. */
function aliasPolicy(account: string): string {
  return defaultKeyPolicy(account);
}

/** The policy that decides about an ARN of KMS's, wherever its cell is. */
export function resourcePolicyOf(arn: string, ctx: ReadContext): string | undefined {
  const { service, account = "", region = "", resource = "" } = parseArn(arn) ?? {};
  if (service !== "kms") return undefined;
  if (resource.startsWith("alias/")) return aliasPolicy(account);
  const keyId = resource.slice("key/".length);
  return readIn(ctx, { account, region }, keyPolicies, (rows) => rows.get(keyId)?.document)
    ?? managedKeyPolicy(ctx, account, region, keyId);
}

/**
 * Statements without an action or a resource are accepted, and mean nothing.
 *
 * @evidence KMS API Reference, PutKeyPolicy
 */
const tolerated = new Set(["Missing required field Action", "Missing required field Resource"]);

function documentToKeep(ctx: ReadContext, document: string): string {
  if (Buffer.byteLength(document) > documentBytesMax) {
    throw limitExceeded(`Key policy document size quota is ${documentBytesMax} bytes.`);
  }
  const problem = validatePolicy(document, "resource", { resourceElement: "optional" })
    .find(({ message }) => !tolerated.has(message));
  if (problem) throw malformedPolicy(problem.message);
  return keptPolicy(ctx.kernel.identity, document, () =>
    malformedPolicy("Policy contains a statement with one or more invalid principals."));
}

/**
 * Puts the policy, and takes it back with the whole transaction where it would lock the caller out.
 *
 * @evidence KMS API Reference, PutKeyPolicy, BypassPolicyLockoutSafetyCheck
 */
export function putKeyPolicy(ctx: Context, key: Key, document: string, bypassLockoutCheck: boolean): void {
  ctx.db(keyPolicies).put({ keyId: key.keyId, document: documentToKeep(ctx, document) });
  if (bypassLockoutCheck || ctx.isAllowed({ action: "kms:PutKeyPolicy", resource: keyArn(ctx, key) })) return;
  throw malformedPolicy("The new key policy will not allow you to update the key policy in the future.");
}
