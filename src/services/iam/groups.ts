/** IAM groups: users who share policies. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { principalExists, quotaExceeded, stillInUse } from "./errors.ts";
import { compareText, listItems, listRows } from "./listing.ts";
import { memberships } from "./membership-rows.ts";
import { attachments, inlinePolicies } from "./policy-rows.ts";
import {
  arnOf, findGroup, groups, namePosition, requireGroup, requireUser, users, type Group, type Named, type User,
} from "./principals.ts";
import { onGroup, onPath, onUser } from "./rules.ts";
import { describeUser } from "./users.ts";

const groupsMax = 300;
const groupsPerUserMax = 10;

export function describeGroup(ctx: ReadContext, group: Group): iam.Group {
  return {
    Path: group.path, GroupName: group.name, GroupId: group.id, Arn: arnOf(ctx, group),
    CreateDate: group.createdAt,
  };
}

function byName(a: Named, b: Named): number {
  return compareText(a.name.toLowerCase(), b.name.toLowerCase());
}

function membersOf(ctx: ReadContext, group: Group): User[] {
  return [...ctx.db(memberships).list({ prefix: [group.id] })]
    .flatMap(({ userId }) => ctx.db(users).get(userId) ?? []).sort(byName);
}

export function groupsOf(ctx: ReadContext, userId: string): Group[] {
  return [...ctx.db(memberships).by("user").list({ prefix: [userId] })]
    .flatMap(({ groupId }) => ctx.db(groups).get(groupId) ?? []).sort(byName);
}

export const CreateGroup = operation(iam.CreateGroup, {
  resource: (input, ctx) => ctx.arn(`group${input.Path ?? "/"}${input.GroupName}`),

  run(input, ctx) {
    if (findGroup(ctx, input.GroupName)) throw principalExists("Group", input.GroupName);
    const rows = ctx.db(groups);
    if (rows.count() >= groupsMax) throw quotaExceeded("GroupsPerAccount", groupsMax);
    const group = rows.put({
      kind: "group", id: ctx.ids.unique("AGPA", 17), name: input.GroupName, path: input.Path ?? "/",
      createdAt: ctx.clock.now(),
    });
    return { Group: describeGroup(ctx, group) };
  },
});

/** The group and, page by page, its users. */
export const GetGroup = operation(iam.GetGroup, {
  ...onGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, input.GroupName);
    const { items, marks } = listItems(input, `members ${group.id}`, membersOf(ctx, group));
    const members = items.map((user) => describeUser(ctx, user));
    return { Group: describeGroup(ctx, group), Users: members, ...marks };
  },
});

export const ListGroups = operation(iam.ListGroups, {
  ...onPath("group"),
  run(input, ctx) {
    const prefix = input.PathPrefix ?? "/";
    const { items, marks } = listRows(input, "ListGroups", {
      rows: ctx.db(groups).by("name"), key: namePosition, keep: (group) => group.path.startsWith(prefix),
    });
    return { Groups: items.map((group) => describeGroup(ctx, group)), ...marks };
  },
});

export const UpdateGroup = operation(iam.UpdateGroup, {
  resource: (input, ctx) => {
    const group = findGroup(ctx, input.GroupName);
    const now = arnOf(ctx, group ?? { kind: "group", path: "/", name: input.GroupName });
    const then = arnOf(ctx, {
      kind: "group", path: input.NewPath ?? group?.path ?? "/",
      name: input.NewGroupName ?? group?.name ?? input.GroupName,
    });
    return now === then ? now : [now, then];
  },
  denied: onGroup.denied,

  run(input, ctx) {
    const group = requireGroup(ctx, input.GroupName);
    const name = input.NewGroupName ?? group.name;
    const other = findGroup(ctx, name);
    if (other !== undefined && other.id !== group.id) throw principalExists("Group", name);
    ctx.db(groups).put({ ...group, name, path: input.NewPath ?? group.path });
    return {};
  },
});

export const DeleteGroup = operation(iam.DeleteGroup, {
  ...onGroup,
  run(input, ctx) {
    const { id } = requireGroup(ctx, input.GroupName);
    if (ctx.db(memberships).count({ prefix: [id] }) > 0) throw stillInUse("remove users from group");
    if (ctx.db(attachments).count({ prefix: [id] }) > 0) throw stillInUse("detach all policies");
    if (ctx.db(inlinePolicies).count({ prefix: [id] }) > 0) throw stillInUse("delete policies");
    ctx.db(groups).delete(id);
    return {};
  },
});

/** The user is looked for before the group. @evidence recorded answers of RemoveUserFromGroup */
export const AddUserToGroup = operation(iam.AddUserToGroup, {
  ...onGroup,
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const group = requireGroup(ctx, input.GroupName);
    const rows = ctx.db(memberships);
    if (rows.has([group.id, user.id])) return {};
    if (rows.by("user").count({ prefix: [user.id] }) >= groupsPerUserMax) {
      throw quotaExceeded("GroupsPerUser", groupsPerUserMax);
    }
    rows.put({ groupId: group.id, userId: user.id });
    return {};
  },
});

/** Removing who is no member succeeds. @evidence recorded answers of RemoveUserFromGroup */
export const RemoveUserFromGroup = operation(iam.RemoveUserFromGroup, {
  ...onGroup,
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const group = requireGroup(ctx, input.GroupName);
    ctx.db(memberships).delete([group.id, user.id]);
    return {};
  },
});

export const ListGroupsForUser = operation(iam.ListGroupsForUser, {
  ...onUser,
  run(input, ctx) {
    const { id } = requireUser(ctx, input.UserName);
    const { items, marks } = listItems(input, `groups ${id}`, groupsOf(ctx, id));
    return { Groups: items.map((group) => describeGroup(ctx, group)), ...marks };
  },
});
