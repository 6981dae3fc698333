/** SSH public keys: how users reach CodeCommit's repositories over SSH. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { duplicatePublicKey, invalidPublicKey, noSuchPublicKey } from "./credential-errors.ts";
import { owningUser } from "./credential-owner.ts";
import { invalidInput, quotaExceeded } from "./errors.ts";
import { listItems } from "./listing.ts";
import { requireUser, type User } from "./principals.ts";
import { sshPublicKeys, type SshPublicKey } from "./public-key-rows.ts";
import { onUser, onUserOrCaller } from "./rules.ts";
import { fingerprintOf, pemText, readRsaPublicKey, sshText } from "./ssh-rsa.ts";

/** @evidence IAM User Guide, IAM and AWS STS quotas: SSH public keys per IAM user */
const keysMax = 5;

function statusOf(key: SshPublicKey): iam.statusType {
  return key.active ? "Active" : "Inactive";
}

function describe(user: User, key: SshPublicKey, body: string): iam.SSHPublicKey {
  return {
    UserName: user.name, SSHPublicKeyId: key.id, Fingerprint: key.fingerprint, SSHPublicKeyBody: body,
    Status: statusOf(key), UploadDate: key.uploadedAt,
  };
}

function keysOf(ctx: ReadContext, userId: string): SshPublicKey[] {
  return [...ctx.db(sshPublicKeys).by("user").list({ prefix: [userId] })];
}

function requireKey(ctx: ReadContext, user: User, id: string): SshPublicKey {
  const key = ctx.db(sshPublicKeys).get(id);
  if (key?.userId !== user.id) throw noSuchPublicKey(id);
  return key;
}

export const UploadSSHPublicKey = operation(iam.UploadSSHPublicKey, {
  ...onUser,
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const parsed = readRsaPublicKey(input.SSHPublicKeyBody);
    if (parsed === undefined) throw invalidPublicKey();
    const held = keysOf(ctx, user.id);
    const fingerprint = fingerprintOf(parsed);
    if (held.some((key) => key.fingerprint === fingerprint)) throw duplicatePublicKey();
    if (held.length >= keysMax) throw quotaExceeded("SSHPublicKeysPerUser", keysMax);
    const key = ctx.db(sshPublicKeys).put({
      id: ctx.ids.unique("APKA", 17), userId: user.id, body: input.SSHPublicKeyBody, fingerprint,
        active: true,
      uploadedAt: ctx.clock.now(),
    });
    return { SSHPublicKey: describe(user, key, key.body) };
  },
});

export const GetSSHPublicKey = operation(iam.GetSSHPublicKey, {
  ...onUser,
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const key = requireKey(ctx, user, input.SSHPublicKeyId);
    const parsed = readRsaPublicKey(key.body);
    if (parsed === undefined) throw invalidPublicKey();
    return {
      SSHPublicKey: describe(user, key, input.Encoding === "PEM" ? pemText(parsed) : sshText(parsed)),
    };
  },
});

export const ListSSHPublicKeys = operation(iam.ListSSHPublicKeys, {
  ...onUserOrCaller,
  run(input, ctx) {
    const user = owningUser(ctx, input.UserName);
    const { items, marks } = listItems(input, `ssh keys ${user.id}`, keysOf(ctx, user.id));
    return {
      SSHPublicKeys: items.map((key) => ({
        UserName: user.name, SSHPublicKeyId: key.id, Status: statusOf(key), UploadDate: key.uploadedAt,
      })),
      ...marks,
    };
  },
});

export const UpdateSSHPublicKey = operation(iam.UpdateSSHPublicKey, {
  ...onUser,
  run(input, ctx) {
    const key = requireKey(ctx, requireUser(ctx, input.UserName), input.SSHPublicKeyId);
    if (input.Status === "Expired") throw invalidInput("An SSH public key is either Active or Inactive.");
    ctx.db(sshPublicKeys).put({ ...key, active: input.Status === "Active" });
    return {};
  },
});

export const DeleteSSHPublicKey = operation(iam.DeleteSSHPublicKey, {
  ...onUser,
  run(input, ctx) {
    const key = requireKey(ctx, requireUser(ctx, input.UserName), input.SSHPublicKeyId);
    ctx.db(sshPublicKeys).delete(key.id);
    return {};
  },
});
