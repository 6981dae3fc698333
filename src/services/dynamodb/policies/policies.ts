/** PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { shownPolicy } from "../../../kernel/policy-principals.ts";
import { policyNotFound } from "../errors.ts";
import { onResource, requireResource } from "./arns.ts";
import { dropPolicy, policies, policyToKeep, putPolicy, type ResourcePolicy } from "./policy-rows.ts";

/** Says that there is to be no policy yet. */
const noPolicy = "NO_POLICY";

/** @evidence API Reference, PutResourcePolicy, ExpectedRevisionId */
function requireRevision(
  arn: string, before: ResourcePolicy | undefined, expected: string | undefined,
): void {
  if (expected === undefined) return;
  if (expected === noPolicy ? before === undefined : before?.revision === expected) return;
  if (!before) throw policyNotFound(arn);
  throw modelled(
    dynamodb.PolicyNotFoundException,
    `The expected revision id ${expected} does not match the current revision id of the policy.`,
  );
}

function revisionOf(ctx: Context, arn: string): ResourcePolicy | undefined {
  return ctx.db(policies).get(arn);
}

export const PutResourcePolicy = operation(dynamodb.PutResourcePolicy, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceArn);
    const document = policyToKeep(ctx, input.Policy);
    requireRevision(input.ResourceArn, revisionOf(ctx, input.ResourceArn), input.ExpectedRevisionId);
    return { RevisionId: putPolicy(ctx, input.ResourceArn, document).revision };
  },
});

export const GetResourcePolicy = operation(dynamodb.GetResourcePolicy, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceArn);
    const policy = revisionOf(ctx, input.ResourceArn);
    if (!policy) throw policyNotFound(input.ResourceArn);
    const Policy = shownPolicy(ctx.kernel.identity, policy.document);
    return { Policy, RevisionId: policy.revision };
  },
});

/** @evidence API Reference: without a policy it succeeds, unless a revision is expected */
export const DeleteResourcePolicy = operation(dynamodb.DeleteResourcePolicy, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceArn);
    const policy = revisionOf(ctx, input.ResourceArn);
    requireRevision(input.ResourceArn, policy, input.ExpectedRevisionId);
    if (!policy) return {};
    dropPolicy(ctx, input.ResourceArn);
    return { RevisionId: policy.revision };
  },
});
