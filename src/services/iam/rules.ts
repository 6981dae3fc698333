/** What IAM is asked about before an operation on a user, group or role runs. */

import type { ReadContext } from "../../kernel/context.ts";
import type { ContextValue } from "../../iam/types.ts";
import { deniedByName } from "./errors.ts";
import { findRole, findUser, groupArn, roleArn, userArn } from "./principals.ts";

export type Conditions = Readonly<Record<string, ContextValue | undefined>>;

interface UserInput { readonly UserName: string }
interface GroupInput { readonly GroupName: string }
interface RoleInput { readonly RoleName: string }
interface CallerInput { readonly UserName?: string | undefined }

export const onUser = {
  resource: (input: UserInput, ctx: ReadContext) => userArn(ctx, input.UserName),
  denied: deniedByName,
};

export const onGroup = {
  resource: (input: GroupInput, ctx: ReadContext) => groupArn(ctx, input.GroupName),
  denied: deniedByName,
};

export const onRole = {
  resource: (input: RoleInput, ctx: ReadContext) => roleArn(ctx, input.RoleName),
  denied: deniedByName,
};

/** Operations whose `UserName` may be left out mean the caller's own user. */
export const onUserOrCaller = {
  resource(input: CallerInput, ctx: ReadContext): string {
    if (input.UserName !== undefined) return userArn(ctx, input.UserName);
    return ctx.caller.type === "IAMUser" || ctx.caller.type === "Root" ? ctx.caller.arn : "*";
  },
  denied: deniedByName,
};

/** For what looks at or changes permissions: the boundary there is now, and the policy in question. */
export const onUserPermissions = {
  ...onUser,
  conditions: (input: UserInput & { readonly PolicyArn?: string }, ctx: ReadContext): Conditions => ({
    "iam:permissionsboundary": findUser(ctx, input.UserName)?.boundaryArn, "iam:policyarn": input.PolicyArn,
  }),
};

export const onGroupPermissions = {
  ...onGroup,
  conditions: (input: GroupInput & { readonly PolicyArn?: string }): Conditions => (
    { "iam:policyarn": input.PolicyArn }
  ),
};

export const onRolePermissions = {
  ...onRole,
  conditions: (input: RoleInput & { readonly PolicyArn?: string }, ctx: ReadContext): Conditions => ({
    "iam:permissionsboundary": findRole(ctx, input.RoleName)?.boundaryArn, "iam:policyarn": input.PolicyArn,
  }),
};

/** For what sets a boundary: the one that is asked for. */
export function requestedBoundary(input: { readonly PermissionsBoundary?: string | undefined }): Conditions {
  return { "iam:permissionsboundary": input.PermissionsBoundary };
}

/**
 * Lists ask about everything below a path, though their actions have no resource type.
 *
 * @evidence recorded denials: "iam:ListUsers on resource: arn:aws:iam::…:user/"
 */
export function onPath(kind: "user" | "group" | "role" | "instance-profile") {
  return {
    resource: (input: { readonly PathPrefix?: string | undefined }, ctx: ReadContext) =>
      ctx.arn(`${kind}${input.PathPrefix ?? "/"}`),
  };
}
