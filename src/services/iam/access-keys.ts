/** Access keys of users and of root: two each. */

import * as iam from "../../generated/iam.ts";
import { accessKeyId } from "../../kernel/auth/access-key-id.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { accessKeys, type AccessKey } from "./credential-rows.ts";
import { credentialOwner, type RootOwner } from "./credential-owner.ts";
import { accessDenied, deniedByName, invalidInput, noSuchAccessKey, quotaExceeded } from "./errors.ts";
import { listItems } from "./listing.ts";
import { arnOf, users, type User } from "./principals.ts";
import { onUserOrCaller } from "./rules.ts";

const keysMax = 2;
/** In base64, forty characters. */
const secretBytes = 30;

function statusOf(key: AccessKey): iam.statusType {
  return key.active ? "Active" : "Inactive";
}

function requireKey(ctx: ReadContext, owner: User | RootOwner, id: string): AccessKey {
  const key = ctx.db(accessKeys).get(id);
  if (key?.ownerId !== owner.id) throw noSuchAccessKey(id);
  return key;
}

export const CreateAccessKey = operation(iam.CreateAccessKey, {
  ...onUserOrCaller,
  run(input, ctx) {
    const owner = credentialOwner(ctx, input.UserName);
    const rows = ctx.db(accessKeys);
    const held = rows.by("owner").count({ prefix: [owner.id] });
    if (held >= keysMax) throw quotaExceeded("AccessKeysPerUser", keysMax);
    const key = rows.put({
      id: accessKeyId("AKIA", ctx.account, (count) => ctx.ids.bytes(count)),
      ownerId: owner.id, secret: ctx.ids.bytes(secretBytes).toString("base64"), active: true,
      createdAt: ctx.clock.now(),
    });
    return {
      AccessKey: {
        UserName: owner.name, AccessKeyId: key.id, Status: statusOf(key), SecretAccessKey: key.secret,
        CreateDate: key.createdAt,
      },
    };
  },
});

/** Oldest first. */
export const ListAccessKeys = operation(iam.ListAccessKeys, {
  ...onUserOrCaller,
  run(input, ctx) {
    const owner = credentialOwner(ctx, input.UserName);
    const all = [...ctx.db(accessKeys).by("owner").list({ prefix: [owner.id] })];
    const { items, marks } = listItems(input, `keys ${owner.id}`, all);
    return {
      AccessKeyMetadata: items.map((key) => ({
        UserName: owner.name, AccessKeyId: key.id, Status: statusOf(key), CreateDate: key.createdAt,
      })),
      ...marks,
    };
  },
});

export const UpdateAccessKey = operation(iam.UpdateAccessKey, {
  ...onUserOrCaller,
  run(input, ctx) {
    const key = requireKey(ctx, credentialOwner(ctx, input.UserName), input.AccessKeyId);
    if (input.Status === "Expired") throw invalidInput("An access key is either Active or Inactive.");
    ctx.db(accessKeys).put({ ...key, active: input.Status === "Active" });
    return {};
  },
});

export const DeleteAccessKey = operation(iam.DeleteAccessKey, {
  ...onUserOrCaller,
  run(input, ctx) {
    const key = requireKey(ctx, credentialOwner(ctx, input.UserName), input.AccessKeyId);
    ctx.db(accessKeys).delete(key.id);
    return {};
  },
});

/**
 * Keys of other accounts and keys that do not exist are refused in the same words: nobody can try them out.
 *
 * @evidence recorded answers of GetAccessKeyLastUsed
 */
export const GetAccessKeyLastUsed = operation(iam.GetAccessKeyLastUsed, {
  resource(input, ctx) {
    const user = ctx.db(users).get(ctx.db(accessKeys).get(input.AccessKeyId)?.ownerId ?? "");
    return user === undefined ? "*" : arnOf(ctx, user);
  },
  denied: deniedByName,

  run(input, ctx) {
    const key = ctx.db(accessKeys).get(input.AccessKeyId);
    if (key === undefined) {
      throw accessDenied(`User: ${ctx.caller.arn} is not authorized to perform iam:GetAccessKeyLastUsed ` +
        `on resource: access key ${input.AccessKeyId}`);
    }
    const use = ctx.kernel.lastUse(ctx.account, key.id);
    return {
      UserName: ctx.db(users).get(key.ownerId)?.name ?? "root",
      AccessKeyLastUsed: use === undefined ? { ServiceName: "N/A", Region: "N/A" }
        : { LastUsedDate: use.at, ServiceName: use.service, Region: use.region },
    };
  },
});
