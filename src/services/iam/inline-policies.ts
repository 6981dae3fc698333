/** Inline policies: documents that belong to one user, group or role and go with it. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { inlinePoliciesTooLarge, noSuchInlinePolicy } from "./errors.ts";
import { listRows, type MarkedInput } from "./listing.ts";
import { checkDocument, documentSize, encodeDocument } from "./policy-documents.ts";
import { inlinePolicies, inlinePoliciesOf, type InlinePolicy } from "./policy-rows.ts";
import { requireGroup, requireRole, requireUser, type Principal } from "./principals.ts";
import { onGroup, onRole, onRolePermissions, onUser, onUserPermissions } from "./rules.ts";
import { refuseProtected } from "./protected-roles.ts";

/** Of all inline policies of a principal together. @evidence IAM User Guide, IAM and STS character limits */
const sizeMax = { user: 2_048, group: 5_120, role: 10_240 };

interface InlineInput {
  readonly PolicyName: string;
  readonly PolicyDocument: string;
}

function put(ctx: ReadContext, principal: Principal, input: InlineInput): void {
  checkDocument(input.PolicyDocument, "inline");
  const others = inlinePoliciesOf(ctx, principal.id).filter((policy) => policy.name !== input.PolicyName);
  const size = [input.PolicyDocument, ...others.map((policy) => policy.document)]
    .reduce((sum, document) => sum + documentSize(document), 0);
  const limit = sizeMax[principal.kind];
  if (size > limit) throw inlinePoliciesTooLarge(principal.kind, principal.name, limit);
  ctx.db(inlinePolicies).put({
    principalId: principal.id, name: input.PolicyName, document: input.PolicyDocument,
  });
}

function get(ctx: ReadContext, principal: Principal, policyName: string): InlinePolicy {
  const policy = ctx.db(inlinePolicies).get([principal.id, policyName]);
  if (policy === undefined) throw noSuchInlinePolicy(principal.kind, policyName);
  return policy;
}

function list(ctx: ReadContext, principal: Principal, input: MarkedInput) {
  const { items, marks } = listRows(input, `inline ${principal.id}`, {
    rows: ctx.db(inlinePolicies), range: { prefix: [principal.id] },
    key: (policy) => [policy.principalId, policy.name],
  });
  return { PolicyNames: items.map((policy) => policy.name), ...marks };
}

function remove(ctx: ReadContext, principal: Principal, policyName: string): void {
  get(ctx, principal, policyName);
  ctx.db(inlinePolicies).delete([principal.id, policyName]);
}

export const PutUserPolicy = operation(iam.PutUserPolicy, {
  ...onUserPermissions,
  run(input, ctx) {
    put(ctx, requireUser(ctx, input.UserName), input);
    return {};
  },
});

export const PutGroupPolicy = operation(iam.PutGroupPolicy, {
  ...onGroup,
  run(input, ctx) {
    put(ctx, requireGroup(ctx, input.GroupName), input);
    return {};
  },
});

export const PutRolePolicy = operation(iam.PutRolePolicy, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    refuseProtected(role);
    put(ctx, role, input);
    return {};
  },
});

export const GetUserPolicy = operation(iam.GetUserPolicy, {
  ...onUser,
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const { name, document } = get(ctx, user, input.PolicyName);
    return { UserName: user.name, PolicyName: name, PolicyDocument: encodeDocument(document) };
  },
});

export const GetGroupPolicy = operation(iam.GetGroupPolicy, {
  ...onGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, input.GroupName);
    const { name, document } = get(ctx, group, input.PolicyName);
    return { GroupName: group.name, PolicyName: name, PolicyDocument: encodeDocument(document) };
  },
});

export const GetRolePolicy = operation(iam.GetRolePolicy, {
  ...onRole,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    const { name, document } = get(ctx, role, input.PolicyName);
    return { RoleName: role.name, PolicyName: name, PolicyDocument: encodeDocument(document) };
  },
});

export const ListUserPolicies = operation(iam.ListUserPolicies, {
  ...onUser,
  run: (input, ctx) => list(ctx, requireUser(ctx, input.UserName), input),
});

export const ListGroupPolicies = operation(iam.ListGroupPolicies, {
  ...onGroup,
  run: (input, ctx) => list(ctx, requireGroup(ctx, input.GroupName), input),
});

export const ListRolePolicies = operation(iam.ListRolePolicies, {
  ...onRole,
  run: (input, ctx) => list(ctx, requireRole(ctx, input.RoleName), input),
});

export const DeleteUserPolicy = operation(iam.DeleteUserPolicy, {
  ...onUserPermissions,
  run(input, ctx) {
    remove(ctx, requireUser(ctx, input.UserName), input.PolicyName);
    return {};
  },
});

export const DeleteGroupPolicy = operation(iam.DeleteGroupPolicy, {
  ...onGroup,
  run(input, ctx) {
    remove(ctx, requireGroup(ctx, input.GroupName), input.PolicyName);
    return {};
  },
});

export const DeleteRolePolicy = operation(iam.DeleteRolePolicy, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    refuseProtected(role);
    remove(ctx, role, input.PolicyName);
    return {};
  },
});
