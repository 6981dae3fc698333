/** Versions of managed policies: five at most, of which one decides. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { findAwsManagedPolicy, prettyDocument } from "./aws-managed-policies.ts";
import { deleteConflict, noSuchPolicyVersion, tooManyVersions } from "./errors.ts";
import { listItems } from "./listing.ts";
import { checkPolicySize, onPolicy, refuseAwsManaged } from "./policies.ts";
import { checkDocument, encodeDocument } from "./policy-documents.ts";
import {
  checkPolicyArn, policies, policyVersions, requireOwnPolicy, versionIdOf, versionNumberOf, type Policy,
  type PolicyVersion,
} from "./policy-rows.ts";

const versionsMax = 5;

function requireVersion(
  ctx: ReadContext, arn: string, versionId: string,
): { readonly policy: Policy; readonly version: PolicyVersion } {
  checkPolicyArn(arn);
  const policy = ctx.db(policies).get(arn);
  const number = versionNumberOf(versionId);
  const version = number === undefined ? undefined : ctx.db(policyVersions).get([arn, number]);
  if (policy === undefined || version === undefined) throw noSuchPolicyVersion(arn, versionId);
  return { policy, version };
}

/** As lists show it: without the document. */
export function describeVersion(policy: Policy, version: PolicyVersion): iam.PolicyVersion {
  return {
    VersionId: versionIdOf(version.number), IsDefaultVersion: version.number === policy.defaultVersion,
    CreateDate: version.createdAt,
  };
}

export const CreatePolicyVersion = operation(iam.CreatePolicyVersion, {
  ...onPolicy,
  run(input, ctx) {
    refuseAwsManaged(ctx, "iam:CreatePolicyVersion", input.PolicyArn);
    const policy = requireOwnPolicy(ctx, input.PolicyArn);
    checkDocument(input.PolicyDocument, "managed");
    checkPolicySize(input.PolicyDocument);
    const versions = ctx.db(policyVersions).count({ prefix: [policy.arn] });
    if (versions >= versionsMax) throw tooManyVersions(versionsMax);

    const now = ctx.clock.now();
    const number = policy.latestVersion + 1;
    const version = ctx.db(policyVersions).put({
      policyArn: policy.arn, number, document: input.PolicyDocument, createdAt: now,
    });
    const changed = ctx.db(policies).put({
      ...policy, latestVersion: number, updatedAt: now, ...(input.SetAsDefault && { defaultVersion: number }),
    });
    return { PolicyVersion: describeVersion(changed, version) };
  },
});

/** Of AWS's policies this region has the current version alone. */
export const GetPolicyVersion = operation(iam.GetPolicyVersion, {
  ...onPolicy,
  run(input, ctx) {
    const managed = findAwsManagedPolicy(input.PolicyArn);
    if (managed !== undefined && managed.versionId === input.VersionId) {
      return {
        PolicyVersion: {
          Document: encodeDocument(prettyDocument(managed)), VersionId: managed.versionId,
          IsDefaultVersion: true, CreateDate: managed.updatedAt,
        },
      };
    }
    const { policy, version } = requireVersion(ctx, input.PolicyArn, input.VersionId);
    const Document = encodeDocument(version.document);
    return { PolicyVersion: { Document, ...describeVersion(policy, version) } };
  },
});

/** Newest first. @evidence recorded answers of ListPolicyVersions */
export const ListPolicyVersions = operation(iam.ListPolicyVersions, {
  ...onPolicy,
  run(input, ctx) {
    checkPolicyArn(input.PolicyArn);
    const managed = findAwsManagedPolicy(input.PolicyArn);
    if (managed !== undefined) {
      const current = { VersionId: managed.versionId, IsDefaultVersion: true, CreateDate: managed.updatedAt };
      return { Versions: [current], IsTruncated: false };
    }
    const policy = requireOwnPolicy(ctx, input.PolicyArn);
    const newestFirst = [...ctx.db(policyVersions).list({ prefix: [policy.arn] })].reverse();
    const { items, marks } = listItems(input, "ListPolicyVersions", newestFirst);
    return { Versions: items.map((version) => describeVersion(policy, version)), ...marks };
  },
});

export const SetDefaultPolicyVersion = operation(iam.SetDefaultPolicyVersion, {
  ...onPolicy,
  run(input, ctx) {
    refuseAwsManaged(ctx, "iam:SetDefaultPolicyVersion", input.PolicyArn);
    const { policy, version } = requireVersion(ctx, input.PolicyArn, input.VersionId);
    ctx.db(policies).put({ ...policy, defaultVersion: version.number, updatedAt: ctx.clock.now() });
    return {};
  },
});

export const DeletePolicyVersion = operation(iam.DeletePolicyVersion, {
  ...onPolicy,
  run(input, ctx) {
    refuseAwsManaged(ctx, "iam:DeletePolicyVersion", input.PolicyArn);
    const { policy, version } = requireVersion(ctx, input.PolicyArn, input.VersionId);
    if (version.number === policy.defaultVersion) {
      throw deleteConflict("Cannot delete the default version of a policy.");
    }
    ctx.db(policyVersions).delete([policy.arn, version.number]);
    return {};
  },
});
