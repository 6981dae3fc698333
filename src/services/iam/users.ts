/** IAM users: people, and what they carry in the account. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { tagNew } from "../../kernel/tags.ts";
import { boundaryIfAny, checkBoundary } from "./boundaries.ts";
import { credentialOwner } from "./credential-owner.ts";
import { principalExists, quotaExceeded, stillInUse } from "./errors.ts";
import { listRows } from "./listing.ts";
import { arnOf, findUser, namePosition, requireUser, users, type User } from "./principals.ts";
import { onPath, onUser, onUserOrCaller, requestedBoundary } from "./rules.ts";
import { addTags, checkTags, listTags, moveTags, removeTags, tagsIfAny } from "./tagging.ts";
import { userDependants } from "./user-dependants.ts";

const usersMax = 5_000;

/** As lists show it: without boundary and tags. */
export function describeUser(ctx: ReadContext, user: User): iam.User {
  return {
    Path: user.path, UserName: user.name, UserId: user.id, Arn: arnOf(ctx, user), CreateDate: user.createdAt,
  };
}

/** The account's own identity has no name and no path. @evidence recorded answers of GetUser to root */
function describeRoot(ctx: ReadContext): iam.User {
  const root = { UserId: ctx.account, Arn: ctx.arn("root"), CreateDate: accountCreatedAt };
  // The model requires names of users, and AWS leaves them out for root.
  return root as iam.User;
}

/** Accounts of this region are as old as IAM: nothing in it can have happened earlier. */
const accountCreatedAt = Date.UTC(2011, 4, 3);

export const CreateUser = operation(iam.CreateUser, {
  resource: (input, ctx) => ctx.arn(`user${input.Path ?? "/"}${input.UserName}`),
  conditions: requestedBoundary,

  run(input, ctx) {
    checkTags(input.Tags, "ignoring-case");
    if (findUser(ctx, input.UserName)) throw principalExists("User", input.UserName);
    checkBoundary(ctx, input.PermissionsBoundary);
    const rows = ctx.db(users);
    if (rows.count() >= usersMax) throw quotaExceeded("UsersPerAccount", usersMax);

    const user = rows.put({
      kind: "user", id: ctx.ids.unique("AIDA", 17), name: input.UserName, path: input.Path ?? "/",
      createdAt: ctx.clock.now(),
      ...(input.PermissionsBoundary !== undefined && { boundaryArn: input.PermissionsBoundary }),
    });
    tagNew(ctx, "iam:TagUser", arnOf(ctx, user), input.Tags);
    return {
      User: {
        ...describeUser(ctx, user), ...boundaryIfAny(user), ...(input.Tags?.length && { Tags: input.Tags }),
      },
    };
  },
});

/** Without a name: the caller, which may be the account's root. */
export const GetUser = operation(iam.GetUser, {
  ...onUserOrCaller,
  run(input, ctx) {
    const owner = credentialOwner(ctx, input.UserName);
    if (owner.kind === "root") return { User: describeRoot(ctx) };
    const tags = tagsIfAny(ctx, arnOf(ctx, owner));
    return { User: { ...describeUser(ctx, owner), ...boundaryIfAny(owner), ...tags } };
  },
});

export const ListUsers = operation(iam.ListUsers, {
  ...onPath("user"),
  run(input, ctx) {
    const prefix = input.PathPrefix ?? "/";
    const { items, marks } = listRows(input, "ListUsers", {
      rows: ctx.db(users).by("name"), key: namePosition, keep: (user) => user.path.startsWith(prefix),
    });
    return { Users: items.map((user) => describeUser(ctx, user)), ...marks };
  },
});

/** Id, credentials, groups and policies stay; the ARN changes. */
export const UpdateUser = operation(iam.UpdateUser, {
  resource: (input, ctx) => {
    const user = findUser(ctx, input.UserName);
    const now = arnOf(ctx, user ?? { kind: "user", path: "/", name: input.UserName });
    const then = arnOf(ctx, {
      kind: "user", path: input.NewPath ?? user?.path ?? "/",
      name: input.NewUserName ?? user?.name ?? input.UserName,
    });
    return now === then ? now : [now, then];
  },
  denied: onUser.denied,

  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const name = input.NewUserName ?? user.name;
    const other = findUser(ctx, name);
    if (other !== undefined && other.id !== user.id) throw principalExists("User", name);
    const changed = ctx.db(users).put({ ...user, name, path: input.NewPath ?? user.path });
    moveTags(ctx, arnOf(ctx, user), arnOf(ctx, changed));
    return {};
  },
});

export const DeleteUser = operation(iam.DeleteUser, {
  ...onUser,
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const first = userDependants.find((dependant) => dependant.has(ctx, user.id));
    if (first !== undefined) throw stillInUse(first.first);
    ctx.db(users).delete(user.id);
    ctx.tags(arnOf(ctx, user)).clear();
    return {};
  },
});

export const TagUser = operation(iam.TagUser, {
  ...onUser,
  run(input, ctx) {
    addTags(ctx, arnOf(ctx, requireUser(ctx, input.UserName)), input.Tags, "ignoring-case");
    return {};
  },
});

export const UntagUser = operation(iam.UntagUser, {
  ...onUser,
  run(input, ctx) {
    removeTags(ctx, arnOf(ctx, requireUser(ctx, input.UserName)), input.TagKeys, "ignoring-case");
    return {};
  },
});

export const ListUserTags = operation(iam.ListUserTags, {
  ...onUser,
  run: (input, ctx) => listTags(ctx, arnOf(ctx, requireUser(ctx, input.UserName)), input),
});
