/** Grants: leave for a principal to use a key, without a change to the key's policy. */

import * as kms from "../../generated/kms.ts";
import type { GrantListEntry } from "../../generated/kms.ts";
import { parseArn } from "../../kernel/arn.ts";
import { uniqueIdOf } from "../../kernel/auth/caller.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page, pageOf } from "../../kernel/page.ts";
import { isUniqueId } from "../../kernel/policy-principals.ts";
import { retirementConditions } from "./conditions.ts";
import {
  accessDenied, dryRunSucceeded, goneMember, gonePrincipal, grantNotFound, invalidGrantId, invalidMarker,
  limitExceeded, malformedArn, noSuchPrincipal, retiringNotFound, validation,
} from "./errors.ts";
import {
  grants, grantTokenOf, readGrantToken, requireGrantToken, requireGrantTokens, type Grant,
} from "./grant-rows.ts";
import { accountIn, keyRules, requireKey, sharedKey } from "./key-ids.ts";
import { grantOperationsOf, isSymmetricEncryption } from "./key-specs.ts";
import { keyArn, requireUsable, type Key } from "./keys.ts";

/** @evidence KMS Developer Guide, "Resource quotas" */
const grantsPerKeyMax = 50_000;
const pageSizeMax = 100;
const pageSizeDefault = 50;

/**
 * How a grant keeps a principal: users, roles and sessions, which must be there, by their unique ids.
 *
 * @param goneId the refusal of a unique id that nobody has any more
 * @throws InvalidArnException
 * @evidence recorded AWS answers, radkawar/stackd, testdata/aws/kms/grants.json, for all texts
 */
function keptPrincipal(ctx: ReadContext, principal: string, goneId: () => Error): string {
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(principal)) return principal;
  const { identity } = ctx.kernel;
  if (isUniqueId(principal)) {
    if (identity.arnOfUniqueId(principal) === undefined) throw goneId();
    return principal;
  }
  const { service, resource = "" } = parseArn(principal) ?? {};
  const isSessionWithPath = /^assumed-role\/[^/]+\/[^/]+\//.test(resource);
  if ((service !== "iam" && service !== "sts") || isSessionWithPath) throw malformedArn(principal);
  if (!identity.principalExists(principal)) throw noSuchPrincipal(principal);
  return identity.uniqueIdOf(principal) ?? principal;
}

function keptIfAny(ctx: ReadContext, principal: string | undefined, goneId: () => Error): string | undefined {
  return principal === undefined ? undefined : keptPrincipal(ctx, principal, goneId);
}

function shownPrincipal(ctx: ReadContext, kept: string): string {
  return ctx.kernel.identity.arnOfUniqueId(kept) ?? kept;
}

function requireGrantable(key: Key, input: kms.CreateGrantRequest): void {
  const possible = grantOperationsOf(key.spec, key.usage);
  const impossible = input.Operations.find((name) => !possible.has(name));
  if (impossible) {
    throw validation(`Grant operation ${impossible} is not valid for a key with usage ${key.usage}.`);
  }
  if (input.Operations.length === 0) throw validation("Operations must not be empty.");
  if (input.Constraints && Object.keys(input.Constraints).length > 0 && !isSymmetricEncryption(key.spec)) {
    throw validation("Grant constraints are valid only for symmetric encryption KMS keys.");
  }
}

/** What makes two grants of one name the same. @evidence KMS API Reference, CreateGrant, Name */
function essence(grant: Grant): string {
  const { granteePrincipal, retiringPrincipal, operations, constraints } = grant;
  type Pairs = Record<string, string> | undefined;
  const pairs = (context: Pairs): unknown => context && Object.entries(context).sort();
  return JSON.stringify([
    granteePrincipal, retiringPrincipal, [...operations].sort(),
    pairs(constraints?.EncryptionContextEquals), pairs(constraints?.EncryptionContextSubset),
  ]);
}

function sameGrant(ctx: ReadContext, grant: Grant): Grant | undefined {
  if (grant.name === undefined) return undefined;
  const range = { prefix: [grant.keyId, grant.granteePrincipal] };
  for (const known of ctx.db(grants).by("grantee").list(range)) {
    if (known.name === grant.name && essence(known) === essence(grant)) return known;
  }
  return undefined;
}

export const CreateGrant = operation(kms.CreateGrant, {
  ...keyRules<kms.CreateGrantRequest>(sharedKey("CreateGrant")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, sharedKey("CreateGrant"));
    requireUsable(ctx, key);
    const granteePrincipal =
      keptPrincipal(ctx, input.GranteePrincipal, () => goneMember("GranteePrincipal"));
    const retiringPrincipal =
      keptIfAny(ctx, input.RetiringPrincipal, () => goneMember("RetiringPrincipal"));
    requireGrantable(key, input);
    requireGrantTokens(ctx, input.GrantTokens);
    if (ctx.db(grants).count({ prefix: [key.keyId] }) >= grantsPerKeyMax) {
      throw limitExceeded(`Grants per key quota for this account in this region is ${grantsPerKeyMax}.`);
    }
    if (input.DryRun) throw dryRunSucceeded();
    const draft: Grant = {
      keyId: key.keyId,
      grantId: ctx.ids.hex(64),
      name: input.Name,
      createdAt: ctx.clock.now(),
      granteePrincipal,
      retiringPrincipal,
      issuingAccount: `arn:aws:iam::${ctx.caller.account}:root`,
      operations: [...new Set(input.Operations)],
      constraints: input.Constraints,
    };
    const grant = sameGrant(ctx, draft) ?? ctx.db(grants).put(draft);
    const token = grantTokenOf(ctx, { keyArn: keyArn(ctx, key), grantId: grant.grantId });
    return { GrantToken: token, GrantId: grant.grantId };
  },
});

function shown(ctx: ReadContext, grant: Grant): GrantListEntry {
  return {
    KeyId: keyArn(ctx, grant),
    GrantId: grant.grantId,
    Name: grant.name ?? "",
    CreationDate: grant.createdAt,
    GranteePrincipal: shownPrincipal(ctx, grant.granteePrincipal),
    RetiringPrincipal: grant.retiringPrincipal && shownPrincipal(ctx, grant.retiringPrincipal),
    IssuingAccount: grant.issuingAccount,
    Operations: [...grant.operations],
    Constraints: grant.constraints,
  };
}

function answer(
  ctx: ReadContext, found: { items: Grant[]; next: string | undefined },
): kms.ListGrantsResponse {
  return {
    Grants: found.items.map((grant) => shown(ctx, grant)),
    Truncated: found.next !== undefined,
    NextMarker: found.next,
  };
}

export const ListGrants = operation(kms.ListGrants, {
  ...keyRules<kms.ListGrantsRequest>(sharedKey("ListGrants")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, sharedKey("ListGrants"));
    if (input.GrantId !== undefined && !ctx.db(grants).has([key.keyId, input.GrantId])) {
      throw invalidGrantId();
    }
    const grantee = keptIfAny(ctx, input.GranteePrincipal, gonePrincipal);
    return answer(ctx, page({
      rows: ctx.db(grants),
      range: { prefix: [key.keyId] },
      key: (grant) => [grant.keyId, grant.grantId],
      keep: (grant) => (input.GrantId ?? grant.grantId) === grant.grantId
        && (grantee ?? grant.granteePrincipal) === grant.granteePrincipal,
      limit: Math.min(input.Limit ?? pageSizeDefault, pageSizeMax),
      token: input.Marker,
      scope: `kms.ListGrants ${key.keyId}`,
      invalid: invalidMarker,
    }));
  },
});

export const ListRetirableGrants = operation(kms.ListRetirableGrants, {
  run(input, ctx) {
    const { RetiringPrincipal: retiring } = input;
    const prefix = keptPrincipal(ctx, retiring, () => retiringNotFound(retiring));
    const all = [...ctx.db(grants).by("retiring").list({ prefix })];
    return answer(ctx, pageOf(all, {
      limit: Math.min(input.Limit ?? pageSizeDefault, pageSizeMax),
      token: input.Marker,
      scope: `kms.ListRetirableGrants ${input.RetiringPrincipal}`,
      invalid: invalidMarker,
    }));
  },
});

function requireGrant(ctx: Context, keyId: string, grantId: string): Grant {
  const grant = ctx.db(grants).get([keyId, grantId]);
  if (!grant) throw grantNotFound(grantId);
  return grant;
}

export const RevokeGrant = operation(kms.RevokeGrant, {
  ...keyRules<kms.RevokeGrantRequest>(sharedKey("RevokeGrant")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, sharedKey("RevokeGrant"));
    requireGrant(ctx, key.keyId, input.GrantId);
    if (input.DryRun) throw dryRunSucceeded();
    ctx.db(grants).delete([key.keyId, input.GrantId]);
    return {};
  },
});

/** The grant itself says who may retire it. @evidence KMS API Reference, RetireGrant */
function requireRetirer(ctx: Context, key: Key, grant: Grant): void {
  const { caller } = ctx;
  const names = [caller.arn, uniqueIdOf(caller), caller.principalId];
  const isRoot = caller.type === "Root" && caller.account === ctx.account;
  const isRetiring = grant.retiringPrincipal !== undefined && names.includes(grant.retiringPrincipal);
  const isGrantee = grant.operations.includes("RetireGrant") && names.includes(grant.granteePrincipal);
  if (isRoot || isRetiring || isGrantee) return;
  const conditions = retirementConditions(ctx, key, grant.constraints);
  if (ctx.isAllowed({ action: "kms:RetireGrant", resource: keyArn(ctx, grant), conditions })) return;
  throw accessDenied(
    `User: ${caller.arn} is not authorized to perform: kms:RetireGrant on resource: ${keyArn(ctx, grant)}`,
  );
}

export const RetireGrant = operation(kms.RetireGrant, {
  access: "signed",
  owner: (input) => ({ account: accountIn(input.KeyId ?? readGrantToken(input.GrantToken ?? "")?.keyArn) }),

  run(input, ctx) {
    const byToken = input.GrantToken === undefined ? undefined : requireGrantToken(ctx, input.GrantToken);
    const keyName = byToken?.keyArn ?? input.KeyId;
    const grantId = byToken?.grantId ?? input.GrantId;
    if (keyName === undefined || grantId === undefined) {
      throw validation("Must specify a grant token, or a key ID and a grant ID.");
    }
    const key = requireKey(ctx, keyName, sharedKey("RetireGrant"));
    const grant = requireGrant(ctx, key.keyId, grantId);
    requireRetirer(ctx, key, grant);
    if (input.DryRun) throw dryRunSucceeded();
    ctx.db(grants).delete([grant.keyId, grant.grantId]);
    return {};
  },
});
