/** The condition keys of KMS. @evidence KMS Developer Guide, "Condition keys for AWS KMS" */

import type * as kms from "../../generated/kms.ts";
import type { ContextValue } from "../../iam/types.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { aliases } from "./alias-rows.ts";
import type { Key } from "./keys.ts";
import { primaryOf } from "./multi-region.ts";

export type Conditions = Record<string, ContextValue | undefined>;
type Input = Readonly<Record<string, unknown>>;

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
  "kms:granteeprincipal": "GranteePrincipal",
  "kms:retiringprincipal": "RetiringPrincipal",
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
  return principal && `${principal.slice(0, principal.indexOf("."))}.${ctx.region}.amazonaws.com`;
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

/** Of the key itself, of what it is made of, and of who asks. */
export function keyConditions(ctx: ReadContext, key: Key): Conditions {
  return {
    "kms:calleraccount": ctx.caller.account || undefined,
    "kms:viaservice": viaService(ctx),
    "kms:keyspec": key.spec,
    "kms:keyusage": key.usage,
    "kms:keyorigin": key.origin,
    "kms:multiregion": String(key.multiRegion !== undefined),
    ...(key.multiRegion && {
      "kms:multiregionkeytype": primaryOf(ctx, key.keyId).region === ctx.region ? "PRIMARY" : "REPLICA",
    }),
    "kms:resourcealiases": Array.from(
      ctx.db(aliases).by("key").list({ prefix: key.keyId }), (alias) => alias.name,
    ),
  };
}

function grantConditions(ctx: ReadContext, input: Input): Conditions {
  if (!Array.isArray(input["Operations"])) return {};
  const constraints = (input["Constraints"] ?? {}) as kms.GrantConstraints;
  const type = constraints.EncryptionContextEquals ? "EncryptionContextEquals"
    : constraints.EncryptionContextSubset ? "EncryptionContextSubset" : undefined;
  return {
    "kms:grantoperations": input["Operations"] as string[],
    "kms:grantisforawsresource": String(viaService(ctx) !== undefined),
    "kms:grantconstrainttype": type,
    ...encryptionContextConditions(type && constraints[type]),
  };
}

/** Everything that a request on a key says. */
export function requestConditions(ctx: ReadContext, key: Key, request: object): Conditions {
  const input = request as Input;
  const keyId = text(input["KeyId"]);
  const alias = keyId?.slice(Math.max(0, keyId.indexOf("alias/")));
  const conditions: Conditions = {
    ...keyConditions(ctx, key),
    "kms:requestalias": alias?.startsWith("alias/") ? alias : undefined,
    "kms:encryptionalgorithm": text(input["EncryptionAlgorithm"])
      ?? (key.usage === "ENCRYPT_DECRYPT" ? "SYMMETRIC_DEFAULT" : undefined),
    "kms:bypasspolicylockoutsafetycheck": text(input["BypassPolicyLockoutSafetyCheck"] ?? false),
    ...encryptionContextConditions(input["EncryptionContext"] as Record<string, string> | undefined),
    ...grantConditions(ctx, input),
  };
  for (const [condition, member] of Object.entries(membersByKey)) {
    const value = text(input[member]);
    if (value !== undefined) conditions[condition] = value;
  }
  const validTo = input["ValidTo"];
  if (typeof validTo === "number") conditions["kms:validto"] = String(Math.floor(validTo / 1000));
  return conditions;
}

/** CreateKey has no key yet, but what it will be is known. */
export function creationConditions(
  ctx: ReadContext, draft: Pick<Key, "spec" | "usage" | "origin"> & { readonly multiRegion: boolean },
  bypassLockoutCheck: boolean,
): Conditions {
  return {
    "kms:calleraccount": ctx.caller.account || undefined,
    "kms:viaservice": viaService(ctx),
    "kms:keyspec": draft.spec,
    "kms:keyusage": draft.usage,
    "kms:keyorigin": draft.origin,
    "kms:multiregion": String(draft.multiRegion),
    ...(draft.multiRegion && { "kms:multiregionkeytype": "PRIMARY" }),
    "kms:bypasspolicylockoutsafetycheck": String(bypassLockoutCheck),
  };
}
