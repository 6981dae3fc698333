/** Sharing of parameters: PutResourcePolicy, GetResourcePolicies, DeleteResourcePolicy. */

import { createHash } from "node:crypto";
import * as ssm from "../../generated/ssm.ts";
import { validatePolicy } from "../../iam/parse.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { keptPolicy, shownPolicy } from "../../kernel/policy-principals.ts";
import { pageOf } from "../../kernel/page.ts";
import {
  invalidNextToken, malformedResourcePolicy, resourceNotFound, resourcePolicyConflict, resourcePolicyInvalid,
  resourcePolicyLimit, resourcePolicyNotFound,
} from "./errors.ts";
import { findLatest, findName } from "./parameter-rows.ts";
import { resourcePolicies, type ResourcePolicy } from "./resource-policy-rows.ts";

/** @evidence SSM API Reference, PutResourcePolicy, ResourcePolicyLimitExceededException */
const documentBytesMax = 1024;

type Named = { readonly ResourceArn: string };

/** The ARN of a parameter of this cell. */
function requireShareable(input: Named, ctx: ReadContext): string {
  const arn = parseArn(input.ResourceArn);
  if (arn?.service !== "ssm") throw resourcePolicyInvalid(["ResourceArn"], "The resource ARN isn't valid.");
  if (arn.resource.startsWith("opsitemgroup/")) {
    throw notImplemented("Resource policies of ssm OpsItemGroups");
  }
  const isHere =
    arn.account === ctx.account && arn.region === ctx.region && arn.resource.startsWith("parameter/");
  const path = arn.resource.slice("parameter/".length);
  const name = isHere ? findName(ctx, path) : undefined;
  const parameter = name === undefined ? undefined : findLatest(ctx, name);
  if (!parameter) throw resourceNotFound();
  if (parameter.tier !== "Advanced") {
    throw resourcePolicyInvalid(
      ["ResourceArn"], "Only parameters in the advanced-parameter tier can be shared.",
    );
  }
  return input.ResourceArn;
}

/** @evidence none: how AWS answers principals that do not exist is not recorded */
function documentToKeep(ctx: ReadContext, document: string): string {
  if (Buffer.byteLength(document) > documentBytesMax) {
    throw resourcePolicyLimit(
      "PolicySize", documentBytesMax, "A policy can't be greater than 1024 bytes in size.",
    );
  }
  const [problem] = validatePolicy(document, "resource");
  if (problem) throw malformedResourcePolicy(problem.message);
  return keptPolicy(ctx.kernel.identity, document, (name) =>
    malformedResourcePolicy(`Invalid principal in policy: "AWS":"${name}"`));
}

/** To change or to delete a policy, one names its id and the hash of what one has seen. */
function requireCurrent(
  row: ResourcePolicy | undefined, id: string | undefined, hash: string | undefined,
): ResourcePolicy {
  if (!row || row.policyId !== id) throw resourcePolicyNotFound();
  if (row.hash !== hash) throw resourcePolicyConflict();
  return row;
}

export const PutResourcePolicy = operation(ssm.PutResourcePolicy, {
  resource: (input) => input.ResourceArn,

  run(input, ctx) {
    const arn = requireShareable(input, ctx);
    const document = documentToKeep(ctx, input.Policy);
    const existing = ctx.db(resourcePolicies).get(arn);
    const isUpdate = input.PolicyId !== undefined || input.PolicyHash !== undefined;
    if (isUpdate) requireCurrent(existing, input.PolicyId, input.PolicyHash);
    else if (existing) throw resourcePolicyLimit(
      "PolicyCount", 1, "Only one policy can be attached to a resource.",
    );
    const hash = createHash("sha256").update(input.Policy).digest("hex");
    const policyId = existing?.policyId ?? ctx.ids.uuid();
    ctx.db(resourcePolicies).put({ arn, policyId, hash, document });
    return { PolicyId: policyId, PolicyHash: hash };
  },
});

export const GetResourcePolicies = operation(ssm.GetResourcePolicies, {
  resource: (input) => input.ResourceArn,

  run(input, ctx) {
    const row = ctx.db(resourcePolicies).get(requireShareable(input, ctx));
    const { items, next } = pageOf(row ? [row] : [], {
      limit: input.MaxResults ?? 50,
      token: input.NextToken,
      scope: `ssm:GetResourcePolicies ${input.ResourceArn}`,
      invalid: invalidNextToken,
    });
    const Policies = items.map(({ policyId, hash, document }) =>
      ({ PolicyId: policyId, PolicyHash: hash, Policy: shownPolicy(ctx.kernel.identity, document) }));
    return { Policies, NextToken: next };
  },
});

export const DeleteResourcePolicy = operation(ssm.DeleteResourcePolicy, {
  resource: (input) => input.ResourceArn,

  run(input, ctx) {
    const arn = requireShareable(input, ctx);
    requireCurrent(ctx.db(resourcePolicies).get(arn), input.PolicyId, input.PolicyHash);
    ctx.db(resourcePolicies).delete(arn);
    return {};
  },
});
