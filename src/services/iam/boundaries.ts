/** Permissions boundaries: a managed policy that limits what a user's or role's own policies can give. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { boundaryNotAttachable, invalidInput, noBoundary } from "./errors.ts";
import { isPolicyArn, policyExists, refuseServiceRolePolicy } from "./policy-rows.ts";
import { requireRole, requireUser, roles, users, type Role, type User } from "./principals.ts";
import { onRole, onRolePermissions, onUser, onUserPermissions, requestedBoundary } from "./rules.ts";
import { refuseProtected } from "./protected-roles.ts";

/** @throws InvalidInput, NoSuchEntity */
export function checkBoundary(ctx: ReadContext, arn: string | undefined): void {
  if (arn === undefined) return;
  if (!isPolicyArn(arn)) throw invalidInput(`ARN ${arn} is not valid.`);
  if (!policyExists(ctx, arn)) throw boundaryNotAttachable(arn);
  refuseServiceRolePolicy(arn);
}

/**
 * An answer's `PermissionsBoundary`, left out when there is none. The model's only type is
 * `PermissionsBoundaryPolicy`, and AWS answers `Policy`.
 *
 * @evidence recorded answers of CreateRole and GetRole
 */
export function boundaryIfAny(principal: User | Role): Pick<iam.User, "PermissionsBoundary"> {
  if (principal.boundaryArn === undefined) return {};
  const PermissionsBoundaryType = "Policy" as iam.PermissionsBoundaryAttachmentType;
  return { PermissionsBoundary: { PermissionsBoundaryType, PermissionsBoundaryArn: principal.boundaryArn } };
}

function withoutBoundary<P extends User | Role>(principal: P): Omit<P, "boundaryArn"> {
  const { boundaryArn, ...rest } = principal;
  if (boundaryArn === undefined) throw noBoundary(principal.kind, principal.name);
  return rest;
}

export const PutUserPermissionsBoundary = operation(iam.PutUserPermissionsBoundary, {
  ...onUser,
  conditions: requestedBoundary,
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    checkBoundary(ctx, input.PermissionsBoundary);
    ctx.db(users).put({ ...user, boundaryArn: input.PermissionsBoundary });
    return {};
  },
});

export const PutRolePermissionsBoundary = operation(iam.PutRolePermissionsBoundary, {
  ...onRole,
  conditions: requestedBoundary,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    refuseProtected(role);
    checkBoundary(ctx, input.PermissionsBoundary);
    ctx.db(roles).put({ ...role, boundaryArn: input.PermissionsBoundary });
    return {};
  },
});

export const DeleteUserPermissionsBoundary = operation(iam.DeleteUserPermissionsBoundary, {
  ...onUserPermissions,
  run(input, ctx) {
    ctx.db(users).put(withoutBoundary(requireUser(ctx, input.UserName)));
    return {};
  },
});

export const DeleteRolePermissionsBoundary = operation(iam.DeleteRolePermissionsBoundary, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    refuseProtected(role);
    ctx.db(roles).put(withoutBoundary(role));
    return {};
  },
});
