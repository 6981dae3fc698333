/** Key policies: each key has one, and its name is `default`. */

import * as kms from "../../generated/kms.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import { shownPolicy } from "../../kernel/policy-principals.ts";
import { invalidMarker, policyNotFound } from "./errors.ts";
import { keyRules, ownKey, requireKey } from "./key-ids.ts";
import { keyArn } from "./keys.ts";
import { putKeyPolicy, resourcePolicyOf } from "./policy-rows.ts";

const policyName = "default";

function requireName(name: string | undefined): void {
  if (name !== undefined && name !== policyName) throw policyNotFound();
}

export const GetKeyPolicy = operation(kms.GetKeyPolicy, {
  ...keyRules<kms.GetKeyPolicyRequest>(ownKey("GetKeyPolicy")),

  run(input, ctx) {
    requireName(input.PolicyName);
    const key = requireKey(ctx, input.KeyId, ownKey("GetKeyPolicy"));
    const policy = resourcePolicyOf(keyArn(ctx, key), ctx);
    return {
      Policy: policy && shownPolicy(ctx.kernel.identity, policy), PolicyName: policyName,
    };
  },
});

export const PutKeyPolicy = operation(kms.PutKeyPolicy, {
  ...keyRules<kms.PutKeyPolicyRequest>(ownKey("PutKeyPolicy")),

  run(input, ctx) {
    requireName(input.PolicyName);
    const key = requireKey(ctx, input.KeyId, ownKey("PutKeyPolicy"));
    putKeyPolicy(ctx, key, input.Policy, input.BypassPolicyLockoutSafetyCheck ?? false);
    return {};
  },
});

export const ListKeyPolicies = operation(kms.ListKeyPolicies, {
  ...keyRules<kms.ListKeyPoliciesRequest>(ownKey("ListKeyPolicies")),

  run(input, ctx) {
    requireKey(ctx, input.KeyId, ownKey("ListKeyPolicies"));
    const found = pageOf([policyName], {
      limit: input.Limit ?? 100, token: input.Marker, scope: "kms.ListKeyPolicies", invalid: invalidMarker,
    });
    return { PolicyNames: found.items, Truncated: found.next !== undefined, NextMarker: found.next };
  },
});
