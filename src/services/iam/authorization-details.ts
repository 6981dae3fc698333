/** Everything about permissions in an account, in one list. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { attachedPolicies } from "./attachments.ts";
import { findAwsManagedPolicy, prettyDocument, type AwsManagedPolicy } from "./aws-managed-policies.ts";
import { boundaryIfAny } from "./boundaries.ts";
import { describeGroup, groupsOf } from "./groups.ts";
import { profilesOfRole } from "./instance-profiles.ts";
import { compareText, listItems } from "./listing.ts";
import { describeAwsPolicy, describePolicy } from "./policies.ts";
import { encodeDocument } from "./policy-documents.ts";
import { attachments, inlinePoliciesOf, policies, policyVersions, type Policy } from "./policy-rows.ts";
import { describeVersion } from "./policy-versions.ts";
import { arnOf, groups, roles, users, type Group, type Role, type User } from "./principals.ts";
import { describeRole, lastUsed } from "./roles.ts";
import { sortedTags } from "./tagging.ts";
import { describeUser } from "./users.ts";

type Entry =
  | { readonly type: "User"; readonly row: User }
  | { readonly type: "Group"; readonly row: Group }
  | { readonly type: "Role"; readonly row: Role }
  | { readonly type: "LocalManagedPolicy"; readonly row: Policy }
  | { readonly type: "AWSManagedPolicy"; readonly row: AwsManagedPolicy };

function inline(ctx: ReadContext, principalId: string): iam.PolicyDetail[] {
  return inlinePoliciesOf(ctx, principalId)
    .map(({ name, document }) => ({ PolicyName: name, PolicyDocument: encodeDocument(document) }));
}

function userDetail(ctx: ReadContext, user: User): iam.UserDetail {
  return {
    ...describeUser(ctx, user), UserPolicyList: inline(ctx, user.id),
    GroupList: groupsOf(ctx, user.id).map((group) => group.name),
    AttachedManagedPolicies: attachedPolicies(ctx, user), ...boundaryIfAny(user),
    Tags: sortedTags(ctx, arnOf(ctx, user)),
  };
}

function groupDetail(ctx: ReadContext, group: Group): iam.GroupDetail {
  return {
    ...describeGroup(ctx, group), GroupPolicyList: inline(ctx, group.id),
    AttachedManagedPolicies: attachedPolicies(ctx, group),
  };
}

function roleDetail(ctx: ReadContext, role: Role): iam.RoleDetail {
  return {
    ...describeRole(ctx, role), InstanceProfileList: profilesOfRole(ctx, role.id),
    RolePolicyList: inline(ctx, role.id),
    AttachedManagedPolicies: attachedPolicies(ctx, role), ...boundaryIfAny(role),
    Tags: sortedTags(ctx, arnOf(ctx, role)), RoleLastUsed: lastUsed(ctx, role),
  };
}

function ownPolicyDetail(ctx: ReadContext, policy: Policy): iam.ManagedPolicyDetail {
  const versions = [...ctx.db(policyVersions).list({ prefix: [policy.arn] })].reverse();
  return {
    ...describePolicy(ctx, policy),
    ...(policy.description !== undefined && { Description: policy.description }),
    PolicyVersionList: versions.map((version) => ({
      Document: encodeDocument(version.document), ...describeVersion(policy, version),
    })),
  };
}

function awsPolicyDetail(ctx: ReadContext, policy: AwsManagedPolicy): iam.ManagedPolicyDetail {
  return {
    ...describeAwsPolicy(ctx, policy),
    PolicyVersionList: [{
      Document: encodeDocument(prettyDocument(policy)), VersionId: policy.versionId, IsDefaultVersion: true,
      CreateDate: policy.updatedAt,
    }],
  };
}

/** Of AWS's policies those that are in use. */
function awsPoliciesInUse(ctx: ReadContext): AwsManagedPolicy[] {
  const arns = new Set<string>();
  for (const { policyArn } of ctx.db(attachments).list()) arns.add(policyArn);
  for (const { boundaryArn } of ctx.db(users).by("boundary").list()) if (boundaryArn) arns.add(boundaryArn);
  for (const { boundaryArn } of ctx.db(roles).by("boundary").list()) if (boundaryArn) arns.add(boundaryArn);
  return [...arns].flatMap((arn) => findAwsManagedPolicy(arn) ?? [])
    .sort((a, b) => compareText(a.name, b.name));
}

function entries(ctx: ReadContext, wanted: (type: iam.EntityType) => boolean): Entry[] {
  const all: Entry[] = [];
  if (wanted("User")) for (const row of ctx.db(users).by("name").list()) all.push({ type: "User", row });
  if (wanted("Group")) for (const row of ctx.db(groups).by("name").list()) all.push({ type: "Group", row });
  if (wanted("Role")) for (const row of ctx.db(roles).by("name").list()) all.push({ type: "Role", row });
  if (wanted("LocalManagedPolicy")) {
    for (const row of ctx.db(policies).by("name").list()) all.push({ type: "LocalManagedPolicy", row });
  }
  if (wanted("AWSManagedPolicy")) {
    for (const row of awsPoliciesInUse(ctx)) all.push({ type: "AWSManagedPolicy", row });
  }
  return all;
}

export const GetAccountAuthorizationDetails = operation(iam.GetAccountAuthorizationDetails, {
  run(input, ctx) {
    const filter = input.Filter;
    const all = entries(ctx, (type) => filter === undefined || filter.length === 0 || filter.includes(type));
    const { items, marks } = listItems(input, "GetAccountAuthorizationDetails", all);
    return {
      UserDetailList: items.flatMap((entry) => entry.type === "User" ? userDetail(ctx, entry.row) : []),
      GroupDetailList: items.flatMap((entry) => entry.type === "Group" ? groupDetail(ctx, entry.row) : []),
      RoleDetailList: items.flatMap((entry) => entry.type === "Role" ? roleDetail(ctx, entry.row) : []),
      Policies: items.flatMap((entry) => {
        if (entry.type === "LocalManagedPolicy") return ownPolicyDetail(ctx, entry.row);
        return entry.type === "AWSManagedPolicy" ? awsPolicyDetail(ctx, entry.row) : [];
      }),
      ...marks,
    };
  },
});
