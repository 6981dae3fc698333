/** Instance profiles: how a role gets onto an EC2 instance. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { tagNew } from "../../kernel/tags.ts";
import {
  alreadyExists, deniedByName, noSuchEntity, noSuchInstanceProfile, quotaExceeded, stillInUse,
} from "./errors.ts";
import { instanceProfiles, type InstanceProfile } from "./instance-profile-rows.ts";
import { listRows } from "./listing.ts";
import { arnOf, namePosition, requireRole, roles } from "./principals.ts";
import { describeRole } from "./roles.ts";
import { onPath, onRole } from "./rules.ts";
import { addTags, checkTags, listTags, removeTags, sortedTags } from "./tagging.ts";
import { refuseProtected } from "./protected-roles.ts";

const profilesMax = 1_000;

function findProfile(ctx: ReadContext, name: string): InstanceProfile | undefined {
  return ctx.db(instanceProfiles).by("name").first({ prefix: [name.toLowerCase()] });
}

function requireProfile(ctx: ReadContext, name: string): InstanceProfile {
  const profile = findProfile(ctx, name);
  if (profile === undefined) throw noSuchInstanceProfile(name);
  return profile;
}

function profileArn(ctx: ReadContext, profile: Pick<InstanceProfile, "path" | "name">): string {
  return ctx.arn(`instance-profile${profile.path}${profile.name}`);
}

const onProfile = {
  resource(input: { readonly InstanceProfileName: string }, ctx: ReadContext): string {
    const name = input.InstanceProfileName;
    return profileArn(ctx, findProfile(ctx, name) ?? { path: "/", name });
  },
  denied: deniedByName,
};

/** As lists show it: without tags. */
export function describeProfile(ctx: ReadContext, profile: InstanceProfile): iam.InstanceProfile {
  const role = profile.roleId === undefined ? undefined : ctx.db(roles).get(profile.roleId);
  return {
    Path: profile.path, InstanceProfileName: profile.name, InstanceProfileId: profile.id,
    Arn: profileArn(ctx, profile), CreateDate: profile.createdAt,
    Roles: role === undefined ? [] : [describeRole(ctx, role)],
  };
}

export function profilesOfRole(ctx: ReadContext, roleId: string): iam.InstanceProfile[] {
  return [...ctx.db(instanceProfiles).by("role").list({ prefix: [roleId] })]
    .map((profile) => describeProfile(ctx, profile));
}

export const CreateInstanceProfile = operation(iam.CreateInstanceProfile, {
  resource: (input, ctx) => profileArn(ctx, { path: input.Path ?? "/", name: input.InstanceProfileName }),

  run(input, ctx) {
    checkTags(input.Tags, "exact");
    const name = input.InstanceProfileName;
    if (findProfile(ctx, name)) throw alreadyExists(`Instance Profile ${name} already exists.`);
    const rows = ctx.db(instanceProfiles);
    if (rows.count() >= profilesMax) throw quotaExceeded("InstanceProfilesPerAccount", profilesMax);
    const profile = rows.put({
      id: ctx.ids.unique("AIPA", 17), name, path: input.Path ?? "/", createdAt: ctx.clock.now(),
    });
    tagNew(ctx, "iam:TagInstanceProfile", profileArn(ctx, profile), input.Tags);
    return {
      InstanceProfile: { ...describeProfile(ctx, profile), ...(input.Tags?.length && { Tags: input.Tags }) },
    };
  },
});

export const GetInstanceProfile = operation(iam.GetInstanceProfile, {
  ...onProfile,
  run(input, ctx) {
    const profile = requireProfile(ctx, input.InstanceProfileName);
    return {
      InstanceProfile: { ...describeProfile(ctx, profile), Tags: sortedTags(ctx, profileArn(ctx, profile)) },
    };
  },
});

export const ListInstanceProfiles = operation(iam.ListInstanceProfiles, {
  ...onPath("instance-profile"),
  run(input, ctx) {
    const prefix = input.PathPrefix ?? "/";
    const { items, marks } = listRows(input, "ListInstanceProfiles", {
      rows: ctx.db(instanceProfiles).by("name"), key: namePosition,
      keep: (profile) => profile.path.startsWith(prefix),
    });
    return { InstanceProfiles: items.map((profile) => describeProfile(ctx, profile)), ...marks };
  },
});

export const ListInstanceProfilesForRole = operation(iam.ListInstanceProfilesForRole, {
  ...onRole,
  run(input, ctx) {
    const role = requireRole(ctx, input.RoleName);
    const { items, marks } = listRows(input, `profiles ${role.id}`, {
      rows: ctx.db(instanceProfiles).by("role"), range: { prefix: [role.id] },
      key: (profile) => [role.id, ...namePosition(profile)],
    });
    return { InstanceProfiles: items.map((profile) => describeProfile(ctx, profile)), ...marks };
  },
});

/** Whoever adds a role hands its permissions to every instance with the profile, hence `iam:PassRole`. */
export const AddRoleToInstanceProfile = operation(iam.AddRoleToInstanceProfile, {
  ...onProfile,
  run(input, ctx) {
    const profile = requireProfile(ctx, input.InstanceProfileName);
    const role = requireRole(ctx, input.RoleName);
    refuseProtected(role);
    ctx.authorize({
      action: "iam:PassRole", resource: arnOf(ctx, role),
      conditions: { "iam:passedtoservice": "ec2.amazonaws.com" },
    });
    if (profile.roleId !== undefined) throw quotaExceeded("InstanceSessionsPerInstanceProfile", 1);
    ctx.db(instanceProfiles).put({ ...profile, roleId: role.id });
    return {};
  },
});

export const RemoveRoleFromInstanceProfile = operation(iam.RemoveRoleFromInstanceProfile, {
  ...onProfile,
  run(input, ctx) {
    const profile = requireProfile(ctx, input.InstanceProfileName);
    const role = requireRole(ctx, input.RoleName);
    const { roleId, ...rest } = profile;
    if (roleId !== role.id) {
      throw noSuchEntity(`Role ${role.name} in Instance Profile ${profile.name} cannot be found.`);
    }
    ctx.db(instanceProfiles).put(rest);
    return {};
  },
});

export const DeleteInstanceProfile = operation(iam.DeleteInstanceProfile, {
  ...onProfile,
  run(input, ctx) {
    const profile = requireProfile(ctx, input.InstanceProfileName);
    if (profile.roleId !== undefined) throw stillInUse("remove roles from instance profile");
    ctx.db(instanceProfiles).delete(profile.id);
    ctx.tags(profileArn(ctx, profile)).clear();
    return {};
  },
});

export const TagInstanceProfile = operation(iam.TagInstanceProfile, {
  ...onProfile,
  run(input, ctx) {
    addTags(ctx, profileArn(ctx, requireProfile(ctx, input.InstanceProfileName)), input.Tags, "exact");
    return {};
  },
});

export const UntagInstanceProfile = operation(iam.UntagInstanceProfile, {
  ...onProfile,
  run(input, ctx) {
    removeTags(ctx, profileArn(ctx, requireProfile(ctx, input.InstanceProfileName)), input.TagKeys, "exact");
    return {};
  },
});

export const ListInstanceProfileTags = operation(iam.ListInstanceProfileTags, {
  ...onProfile,
  run: (input, ctx) => listTags(ctx, profileArn(ctx, requireProfile(ctx, input.InstanceProfileName)), input),
});
