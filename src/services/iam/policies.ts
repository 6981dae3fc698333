/** The account's own managed policies, and AWS's beside them: created, described, tagged, deleted. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { tagNew } from "../../kernel/tags.ts";
import { findAwsManagedPolicy, isAwsManagedArn, type AwsManagedPolicy } from "./aws-managed-policies.ts";
import { accessDenied, deleteConflict, deniedByName, policyNameTaken, quotaExceeded } from "./errors.ts";
import { checkDocument, documentSize } from "./policy-documents.ts";
import {
  attachments, checkPolicyArn, policies, policyVersions, requireOwnPolicy, versionIdOf, type Policy,
} from "./policy-rows.ts";
import { roles, users } from "./principals.ts";
import { addTags, checkTags, listTags, removeTags, sortedTags } from "./tagging.ts";

const policiesMax = 1_500;
/** @evidence IAM User Guide, IAM and STS character limits */
const documentSizeMax = 6_144;

/** For what names one managed policy. */
export const onPolicy = {
  resource: (input: { readonly PolicyArn: string }) => input.PolicyArn,
  denied: deniedByName,
};

/**
 * AWS's policies belong to nobody's account: root may not change them either.
 *
 * @throws AccessDenied
 */
export function refuseAwsManaged(ctx: ReadContext, action: string, arn: string): void {
  if (!isAwsManagedArn(arn)) return;
  const who = ctx.caller.arn;
  throw accessDenied(`User: ${who} is not authorized to perform: ${action} on resource: policy ${arn}`);
}

export function checkPolicySize(document: string): void {
  if (documentSize(document) > documentSizeMax) throw quotaExceeded("PolicySize", documentSizeMax);
}

export function boundaryUses(ctx: ReadContext, arn: string): number {
  const use = { prefix: [arn] };
  return ctx.db(users).by("boundary").count(use) + ctx.db(roles).by("boundary").count(use);
}

function usage(ctx: ReadContext, arn: string) {
  return {
    AttachmentCount: ctx.db(attachments).by("policy").count({ prefix: [arn] }),
    PermissionsBoundaryUsageCount: boundaryUses(ctx, arn),
    IsAttachable: true,
  };
}

/** As lists show it: without description and tags. */
export function describePolicy(ctx: ReadContext, policy: Policy): iam.Policy {
  return {
    PolicyName: policy.name, PolicyId: policy.id, Arn: policy.arn, Path: policy.path,
    DefaultVersionId: versionIdOf(policy.defaultVersion), ...usage(ctx, policy.arn),
    CreateDate: policy.createdAt, UpdateDate: policy.updatedAt,
  };
}

export function describeAwsPolicy(ctx: ReadContext, policy: AwsManagedPolicy): iam.Policy {
  return {
    PolicyName: policy.name, PolicyId: policy.id, Arn: policy.arn, Path: policy.path,
    DefaultVersionId: policy.versionId, ...usage(ctx, policy.arn),
    CreateDate: policy.createdAt, UpdateDate: policy.updatedAt,
  };
}

export const CreatePolicy = operation(iam.CreatePolicy, {
  resource: (input, ctx) => ctx.arn(`policy${input.Path ?? "/"}${input.PolicyName}`),
  denied: deniedByName,

  run(input, ctx) {
    checkTags(input.Tags, "exact");
    const rows = ctx.db(policies);
    const namesake = rows.by("name").first({ prefix: [input.PolicyName.toLowerCase()] });
    if (namesake !== undefined) throw policyNameTaken(input.PolicyName);
    checkDocument(input.PolicyDocument, "managed");
    checkPolicySize(input.PolicyDocument);
    if (rows.count() >= policiesMax) throw quotaExceeded("PoliciesPerAccount", policiesMax);

    const now = ctx.clock.now();
    const path = input.Path ?? "/";
    const policy = rows.put({
      arn: ctx.arn(`policy${path}${input.PolicyName}`), id: ctx.ids.unique("ANPA", 17),
      name: input.PolicyName, path,
      ...(input.Description !== undefined && { description: input.Description }),
      defaultVersion: 1, latestVersion: 1, createdAt: now, updatedAt: now,
    });
    ctx.db(policyVersions).put({
      policyArn: policy.arn, number: 1, document: input.PolicyDocument, createdAt: now,
    });
    tagNew(ctx, "iam:TagPolicy", policy.arn, input.Tags);
    return { Policy: { ...describePolicy(ctx, policy), ...(input.Tags?.length && { Tags: input.Tags }) } };
  },
});

export const GetPolicy = operation(iam.GetPolicy, {
  ...onPolicy,
  run(input, ctx) {
    checkPolicyArn(input.PolicyArn);
    const managed = findAwsManagedPolicy(input.PolicyArn);
    if (managed !== undefined) return { Policy: { ...describeAwsPolicy(ctx, managed), Tags: [] } };
    const policy = requireOwnPolicy(ctx, input.PolicyArn);
    const { description } = policy;
    return {
      Policy: {
        ...describePolicy(ctx, policy), ...(description !== undefined && { Description: description }),
        Tags: sortedTags(ctx, policy.arn),
      },
    };
  },
});

export const DeletePolicy = operation(iam.DeletePolicy, {
  ...onPolicy,
  run(input, ctx) {
    refuseAwsManaged(ctx, "iam:DeletePolicy", input.PolicyArn);
    const { arn } = requireOwnPolicy(ctx, input.PolicyArn);
    const attached = ctx.db(attachments).by("policy").first({ prefix: [arn] }) !== undefined;
    if (attached || boundaryUses(ctx, arn) > 0) {
      throw deleteConflict("Cannot delete a policy attached to entities.");
    }
    const versions = [...ctx.db(policyVersions).list({ prefix: [arn] })];
    if (versions.length > 1) {
      throw deleteConflict("This policy has more than one version. Before you delete a policy, you must " +
        "delete the policy's versions. The default version is deleted with the policy.");
    }
    for (const version of versions) ctx.db(policyVersions).delete([arn, version.number]);
    ctx.db(policies).delete(arn);
    ctx.tags(arn).clear();
    return {};
  },
});

export const TagPolicy = operation(iam.TagPolicy, {
  ...onPolicy,
  run(input, ctx) {
    refuseAwsManaged(ctx, "iam:TagPolicy", input.PolicyArn);
    addTags(ctx, requireOwnPolicy(ctx, input.PolicyArn).arn, input.Tags, "exact");
    return {};
  },
});

export const UntagPolicy = operation(iam.UntagPolicy, {
  ...onPolicy,
  run(input, ctx) {
    refuseAwsManaged(ctx, "iam:UntagPolicy", input.PolicyArn);
    removeTags(ctx, requireOwnPolicy(ctx, input.PolicyArn).arn, input.TagKeys, "exact");
    return {};
  },
});

export const ListPolicyTags = operation(iam.ListPolicyTags, {
  ...onPolicy,
  run(input, ctx) {
    if (findAwsManagedPolicy(input.PolicyArn) !== undefined) return { Tags: [], IsTruncated: false };
    return listTags(ctx, requireOwnPolicy(ctx, input.PolicyArn).arn, input);
  },
});
