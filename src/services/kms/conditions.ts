/** The condition keys of KMS. @evidence KMS Developer Guide, "Condition keys for AWS KMS" */

import type * as kms from "../../generated/kms.ts";
import type { ContextValue } from "../../iam/types.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { aliases } from "./alias-rows.ts";
import type { Key } from "./keys.ts";
import { lastUseOf } from "./last-use.ts";
import { primaryOf, readIn, type Cell } from "./multi-region.ts";

export type Conditions = Record<string, ContextValue | undefined>;
type Input = Readonly<Record<string, unknown>>;

const dayMilliseconds = 86_400_000;

/** Input members whose value is the condition key's, lower case. */
const membersByKey: Readonly<Record<string, string>> = {
  "kms:signingalgorithm": "SigningAlgorithm",
  "kms:macalgorithm": "MacAlgorithm",
  "kms:messagetype": "MessageType",
  "kms:keyagreementalgorithm": "KeyAgreementAlgorithm",
  "kms:datakeypairspec": "KeyPairSpec",
  "kms:wrappingalgorithm": "WrappingAlgorithm",
  "kms:wrappingkeyspec": "WrappingKeySpec",
  "kms:expirationmodel": "ExpirationModel",
  "kms:rotationperiodindays": "RotationPeriodInDays",
  "kms:schedulekeydeletionpendingwindowindays": "PendingWindowInDays",
  "kms:replicaregion": "ReplicaRegion",
  "kms:primaryregion": "PrimaryRegion",
  "kms:encryptionalgorithm": "EncryptionAlgorithm",
  "kms:bypasspolicylockoutsafetycheck": "BypassPolicyLockoutSafetyCheck",
  "kms:granteeprincipal": "GranteePrincipal",
  "kms:retiringprincipal": "RetiringPrincipal",
};

const symmetric = { EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
const rawMessage = { MessageType: "RAW" };

/**
 * What a request that leaves a parameter out is taken to say.
 *
 * @evidence KMS Developer Guide, "AWS KMS condition keys": a condition "works even when the parameter doesn't
 *   appear in the request, such as when you use the parameter's default value"
 */
const defaults: Readonly<Record<string, Input>> = {
  "kms:Encrypt": symmetric,
  "kms:Decrypt": symmetric,
  "kms:ReEncryptFrom": symmetric,
  "kms:ReEncryptTo": symmetric,
  "kms:GenerateDataKey": symmetric,
  "kms:GenerateDataKeyWithoutPlaintext": symmetric,
  "kms:GenerateDataKeyPair": symmetric,
  "kms:GenerateDataKeyPairWithoutPlaintext": symmetric,
  "kms:Sign": rawMessage,
  "kms:Verify": rawMessage,
  "kms:ImportKeyMaterial": { ExpirationModel: "KEY_MATERIAL_EXPIRES" },
  "kms:ScheduleKeyDeletion": { PendingWindowInDays: 30 },
  "kms:EnableKeyRotation": { RotationPeriodInDays: 365 },
  "kms:PutKeyPolicy": { BypassPolicyLockoutSafetyCheck: false },
};

function text(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value)
    : undefined;
}

/** `ssm.us-east-1.amazonaws.com` where the request came through a service. */
export function viaService(ctx: ReadContext): string | undefined {
  const { calledVia } = ctx.caller;
  const own = ctx.caller.type === "AWSService" ? ctx.caller.arn : undefined;
  const principal = calledVia[calledVia.length - 1] ?? own;
  return principal && `${principal.slice(0, principal.indexOf("."))}.${ctx.requestRegion}.amazonaws.com`;
}

export function encryptionContextConditions(
  context: Readonly<Record<string, string>> | undefined,
): Conditions {
  const conditions: Conditions = {};
  const pairs = Object.entries(context ?? {});
  for (const [key, value] of pairs) conditions[`kms:encryptioncontext:${key.toLowerCase()}`] = value;
  if (pairs.length > 0) conditions["kms:encryptioncontextkeys"] = pairs.map(([key]) => key);
  return conditions;
}

/**
 * Of the key itself, of what it is made of, and of who asks.
 *
 * @param cell where the key is, which need not be where the request works
 */
export function keyConditions(ctx: ReadContext, key: Key, cell: Cell = ctx): Conditions {
  return {
    "kms:calleraccount": ctx.caller.account || undefined,
    "kms:viaservice": viaService(ctx),
    "kms:keyspec": key.spec,
    "kms:keyusage": key.usage,
    "kms:keyorigin": key.origin,
    "kms:multiregion": String(key.multiRegion !== undefined),
    ...(key.multiRegion && {
      "kms:multiregionkeytype":
        primaryOf(ctx, key.keyId, cell).region === cell.region ? "PRIMARY" : "REPLICA",
    }),
    "kms:resourcealiases": readIn(ctx, cell, aliases, (rows) =>
      Array.from(rows.by("key").list({ prefix: key.keyId }), (alias) => alias.name)),
  };
}

function constraintConditions(constraints: kms.GrantConstraints | undefined): Conditions {
  const type = constraints?.EncryptionContextEquals ? "EncryptionContextEquals"
    : constraints?.EncryptionContextSubset ? "EncryptionContextSubset" : undefined;
  return { "kms:grantconstrainttype": type, ...encryptionContextConditions(type && constraints?.[type]) };
}

/** Retiring is asked about with the key, and with what the grant is constrained to. */
export function retirementConditions(
  ctx: ReadContext, key: Key, constraints: kms.GrantConstraints | undefined,
): Conditions {
  return { ...keyConditions(ctx, key), ...constraintConditions(constraints) };
}

/** @evidence KMS Developer Guide, "kms:GrantIsForAWSResource": CreateGrant, ListGrants and RevokeGrant */
function grantConditions(ctx: ReadContext, action: string, input: Input): Conditions {
  if (!/^kms:(?:Create|Revoke)Grant$|^kms:ListGrants$/.test(action)) return {};
  return {
    "kms:grantisforawsresource": String(viaService(ctx) !== undefined),
    "kms:grantoperations": input["Operations"] as string[] | undefined,
    ...constraintConditions(input["Constraints"] as kms.GrantConstraints | undefined),
  };
}

/**
 * Days since the last use, to protect keys that are used; a key that never was has none.
 *
 * @evidence KMS Developer Guide, "Determine past usage of a KMS key"
 */
function usageConditions(ctx: ReadContext, action: string, key: Key): Conditions {
  if (action !== "kms:DisableKey" && action !== "kms:ScheduleKeyDeletion") return {};
  const at = lastUseOf(ctx, key)?.use.at;
  const days = at === undefined ? undefined : String(Math.floor((ctx.clock.now() - at) / dayMilliseconds));
  return { "kms:trailingdayswithoutkeyusage": days };
}

function aliasIn(name: unknown): string | undefined {
  return typeof name === "string" ? /(?:^|:)(alias\/.*)$/.exec(name)?.[1] : undefined;
}

/**
 * Everything that a request on a key says.
 *
 * @param action the IAM action, which says what is meant by what the request leaves out
 * @param cell where the key is
 */
export function requestConditions(
  ctx: ReadContext, action: string, key: Key, request: object, cell: Cell = ctx,
): Conditions {
  const input = request as Input;
  const conditions: Conditions = {
    ...keyConditions(ctx, key, cell),
    "kms:requestalias": aliasIn(input["KeyId"]),
    ...encryptionContextConditions(input["EncryptionContext"] as Record<string, string> | undefined),
    ...grantConditions(ctx, action, input),
    ...usageConditions(ctx, action, key),
  };
  for (const [condition, member] of Object.entries(membersByKey)) {
    const value = text(input[member] ?? defaults[action]?.[member]);
    if (value !== undefined) conditions[condition] = value;
  }
  const validTo = input["ValidTo"];
  if (typeof validTo === "number") conditions["kms:validto"] = String(Math.floor(validTo / 1000));
  return conditions;
}

/** CreateKey has no key yet, but what it will be is known. */
export function creationConditions(
  ctx: ReadContext, draft: Pick<Key, "spec" | "usage" | "origin"> & { readonly multiRegion: boolean },
  bypassLockoutCheck: boolean, multiRegionKeyType: "PRIMARY" | "REPLICA" = "PRIMARY",
): Conditions {
  return {
    "kms:calleraccount": ctx.caller.account || undefined,
    "kms:viaservice": viaService(ctx),
    "kms:keyspec": draft.spec,
    "kms:keyusage": draft.usage,
    "kms:keyorigin": draft.origin,
    "kms:multiregion": String(draft.multiRegion),
    ...(draft.multiRegion && { "kms:multiregionkeytype": multiRegionKeyType }),
    "kms:bypasspolicylockoutsafetycheck": String(bypassLockoutCheck),
  };
}
