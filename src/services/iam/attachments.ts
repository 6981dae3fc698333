/** Managed policies on users, groups and roles. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { noSuchPolicy, policyNotAttachable, quotaExceeded } from "./errors.ts";
import { compareText, listItems, type MarkedInput } from "./listing.ts";
import {
  attachedArns, attachments, checkPolicyArn, policyExists, policyNameOf, policyPathOf,
  refuseServiceRolePolicy,
} from "./policy-rows.ts";
import { requireGroup, requireRole, requireUser, type Principal } from "./principals.ts";
import {
  onGroup, onGroupPermissions, onRole, onRolePermissions, onUser, onUserPermissions,
} from "./rules.ts";
import { refuseProtected } from "./protected-roles.ts";

/** @evidence IAM User Guide, IAM and AWS STS quotas: managed policies attached to a user, group or role */
const attachedMax = 10;
const quotaNames = { user: "PoliciesPerUser", group: "PoliciesPerGroup", role: "PoliciesPerRole" };

/** Attaching what is attached already changes nothing. */
function attach(ctx: ReadContext, principal: Principal, policyArn: string): void {
  checkPolicyArn(policyArn);
  if (!policyExists(ctx, policyArn)) throw policyNotAttachable(policyArn);
  refuseServiceRolePolicy(policyArn);
  const rows = ctx.db(attachments);
  if (rows.has([principal.id, policyArn])) return;
  if (rows.count({ prefix: [principal.id] }) >= attachedMax) {
    throw quotaExceeded(quotaNames[principal.kind], attachedMax);
  }
  rows.put({ principalId: principal.id, kind: principal.kind, policyArn });
}

function detach(ctx: ReadContext, principal: Principal, policyArn: string): void {
  checkPolicyArn(policyArn);
  if (!ctx.db(attachments).delete([principal.id, policyArn])) throw noSuchPolicy(policyArn);
}

/** By name. */
export function attachedPolicies(
  ctx: ReadContext, principal: Principal, pathPrefix = "/",
): iam.AttachedPolicy[] {
  return attachedArns(ctx, principal.id)
    .filter((arn) => policyPathOf(arn).startsWith(pathPrefix))
    .map((arn) => ({ PolicyName: policyNameOf(arn), PolicyArn: arn }))
    .sort((a, b) => compareText(a.PolicyName, b.PolicyName));
}

function listAttached(
  ctx: ReadContext, principal: Principal, input: MarkedInput & { readonly PathPrefix?: string | undefined },
) {
  const all = attachedPolicies(ctx, principal, input.PathPrefix);
  const { items, marks } = listItems(input, `attached ${principal.id}`, all);
  return { AttachedPolicies: items, ...marks };
}

export const AttachUserPolicy = operation(iam.AttachUserPolicy, {
  ...onUserPermissions,
  run(input, ctx) {
    attach(ctx, requireUser(ctx, input.UserName), input.PolicyArn);
    return {};
  },
});

export const AttachGroupPolicy = operation(iam.AttachGroupPolicy, {
  ...onGroupPermissions,
  run(input, ctx) {
    attach(ctx, requireGroup(ctx, input.GroupName), input.PolicyArn);
    return {};
  },
});

export const AttachRolePolicy = operation(iam.AttachRolePolicy, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    refuseProtected(role);
    attach(ctx, role, input.PolicyArn);
    return {};
  },
});

export const DetachUserPolicy = operation(iam.DetachUserPolicy, {
  ...onUserPermissions,
  run(input, ctx) {
    detach(ctx, requireUser(ctx, input.UserName), input.PolicyArn);
    return {};
  },
});

export const DetachGroupPolicy = operation(iam.DetachGroupPolicy, {
  ...onGroupPermissions,
  run(input, ctx) {
    detach(ctx, requireGroup(ctx, input.GroupName), input.PolicyArn);
    return {};
  },
});

export const DetachRolePolicy = operation(iam.DetachRolePolicy, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    refuseProtected(role);
    detach(ctx, role, input.PolicyArn);
    return {};
  },
});

export const ListAttachedUserPolicies = operation(iam.ListAttachedUserPolicies, {
  ...onUser,
  run: (input, ctx) => listAttached(ctx, requireUser(ctx, input.UserName), input),
});

export const ListAttachedGroupPolicies = operation(iam.ListAttachedGroupPolicies, {
  ...onGroup,
  run: (input, ctx) => listAttached(ctx, requireGroup(ctx, input.GroupName), input),
});

export const ListAttachedRolePolicies = operation(iam.ListAttachedRolePolicies, {
  ...onRole,
  run: (input, ctx) => listAttached(ctx, requireRole(ctx, input.RoleName), input),
});
