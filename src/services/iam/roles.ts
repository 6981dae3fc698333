/** IAM roles: permissions that those whom the trust policy names may take on for a while. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { shownPolicy } from "../../kernel/policy-principals.ts";
import { tagNew } from "../../kernel/tags.ts";
import { boundaryIfAny, checkBoundary } from "./boundaries.ts";
import { principalExists, quotaExceeded, stillInUse } from "./errors.ts";
import { instanceProfiles } from "./instance-profile-rows.ts";
import { listRows } from "./listing.ts";
import { documentSize, encodeDocument, keptTrustPolicy } from "./policy-documents.ts";
import { attachments, inlinePolicies } from "./policy-rows.ts";
import { arnOf, findRole, namePosition, requireRole, roles, type Role } from "./principals.ts";
import { refuseProtected } from "./protected-roles.ts";
import { onPath, onRole, onRolePermissions, requestedBoundary } from "./rules.ts";
import { addTags, checkTags, listTags, removeTags, tagsIfAny } from "./tagging.ts";

const rolesMax = 1_000;
const trustPolicySizeMax = 2_048;
const sessionSecondsDefault = 3_600;

/** As it is shown within other things, and when it is made. @evidence recorded answers of CreateRole */
export function describeRole(ctx: ReadContext, role: Role): iam.Role {
  return {
    Path: role.path, RoleName: role.name, RoleId: role.id, Arn: arnOf(ctx, role), CreateDate: role.createdAt,
    AssumeRolePolicyDocument: encodeDocument(shownPolicy(ctx.kernel.identity, role.trustPolicy)),
  };
}

function descriptionIfAny(role: Role): { Description?: string } {
  return role.description === undefined ? {} : { Description: role.description };
}

/** As ListRoles shows it: without boundary, tags and last use. @evidence IAM API Reference, ListRoles */
function describeListedRole(ctx: ReadContext, role: Role): iam.Role {
  return {
    ...describeRole(ctx, role), ...descriptionIfAny(role), MaxSessionDuration: role.maxSessionDurationSeconds,
  };
}

/** Empty when it has not been used. @evidence recorded answers of GetRole */
export function lastUsed(ctx: ReadContext, role: Role): iam.RoleLastUsed {
  const use = ctx.kernel.lastUse(ctx.account, arnOf(ctx, role));
  return use === undefined ? {} : { LastUsedDate: use.at, Region: use.region };
}

function trustPolicyOf(ctx: ReadContext, document: string): string {
  const kept = keptTrustPolicy(ctx, document);
  if (documentSize(document) > trustPolicySizeMax) throw quotaExceeded("ACLSizePerRole", trustPolicySizeMax);
  return kept;
}

export const CreateRole = operation(iam.CreateRole, {
  resource: (input, ctx) => ctx.arn(`role${input.Path ?? "/"}${input.RoleName}`),
  conditions: requestedBoundary,

  run(input, ctx) {
    checkTags(input.Tags, "ignoring-case");
    if (findRole(ctx, input.RoleName)) throw principalExists("Role", input.RoleName);
    const trustPolicy = trustPolicyOf(ctx, input.AssumeRolePolicyDocument);
    checkBoundary(ctx, input.PermissionsBoundary);
    const rows = ctx.db(roles);
    if (rows.count() >= rolesMax) throw quotaExceeded("RolesPerAccount", rolesMax);

    const role = rows.put({
      kind: "role", id: ctx.ids.unique("AROA", 17), name: input.RoleName, path: input.Path ?? "/",
      createdAt: ctx.clock.now(), trustPolicy,
      maxSessionDurationSeconds: input.MaxSessionDuration ?? sessionSecondsDefault,
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.PermissionsBoundary !== undefined && { boundaryArn: input.PermissionsBoundary }),
    });
    tagNew(ctx, "iam:TagRole", arnOf(ctx, role), input.Tags);
    return {
      Role: {
        ...describeRole(ctx, role), ...boundaryIfAny(role), ...(input.Tags?.length && { Tags: input.Tags }),
      },
    };
  },
});

export const GetRole = operation(iam.GetRole, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    return {
      Role: {
        ...describeListedRole(ctx, role), ...boundaryIfAny(role), ...tagsIfAny(ctx, arnOf(ctx, role)),
        RoleLastUsed: lastUsed(ctx, role),
      },
    };
  },
});

export const ListRoles = operation(iam.ListRoles, {
  ...onPath("role"),
  run(input, ctx) {
    const prefix = input.PathPrefix ?? "/";
    const { items, marks } = listRows(input, "ListRoles", {
      rows: ctx.db(roles).by("name"), key: namePosition, keep: (role) => role.path.startsWith(prefix),
    });
    return { Roles: items.map((role) => describeListedRole(ctx, role)), ...marks };
  },
});

/**
 * What is left out stays as it is. Of a service-linked role the description may change.
 *
 * @evidence recorded answers of UpdateRole
 * @evidence Terraform's AWS provider, acceptance test of aws_iam_service_linked_role, description
 */
export const UpdateRole = operation(iam.UpdateRole, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    if (input.MaxSessionDuration !== undefined) refuseProtected(role);
    ctx.db(roles).put({
      ...role,
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.MaxSessionDuration !== undefined && { maxSessionDurationSeconds: input.MaxSessionDuration }),
    });
    return {};
  },
});

export const UpdateRoleDescription = operation(iam.UpdateRoleDescription, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    const changed = ctx.db(roles).put({ ...role, description: input.Description });
    return { Role: { ...describeRole(ctx, changed), ...descriptionIfAny(changed) } };
  },
});

export const UpdateAssumeRolePolicy = operation(iam.UpdateAssumeRolePolicy, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    refuseProtected(role);
    ctx.db(roles).put({ ...role, trustPolicy: trustPolicyOf(ctx, input.PolicyDocument) });
    return {};
  },
});

export const DeleteRole = operation(iam.DeleteRole, {
  ...onRolePermissions,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    refuseProtected(role);
    const { id } = role;
    if (ctx.db(instanceProfiles).by("role").count({ prefix: [id] }) > 0) {
      throw stillInUse("remove roles from instance profile");
    }
    if (ctx.db(attachments).count({ prefix: [id] }) > 0) throw stillInUse("detach all policies");
    if (ctx.db(inlinePolicies).count({ prefix: [id] }) > 0) throw stillInUse("delete policies");
    ctx.db(roles).delete(id);
    ctx.tags(arnOf(ctx, role)).clear();
    return {};
  },
});

/**
 * Service-linked roles may have tags.
 *
 * @evidence Terraform's AWS provider, acceptance test of aws_iam_service_linked_role, tags
 */
export const TagRole = operation(iam.TagRole, {
  ...onRole,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    addTags(ctx, arnOf(ctx, role), input.Tags, "ignoring-case");
    return {};
  },
});

export const UntagRole = operation(iam.UntagRole, {
  ...onRole,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    removeTags(ctx, arnOf(ctx, role), input.TagKeys, "ignoring-case");
    return {};
  },
});

export const ListRoleTags = operation(iam.ListRoleTags, {
  ...onRole,
  run: (input, ctx) => listTags(ctx, arnOf(ctx, requireRole(ctx, input.RoleName)), input),
});
