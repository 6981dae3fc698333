/** Login profiles: users' passwords for the console. */

import { scryptSync, timingSafeEqual } from "node:crypto";
import * as iam from "../../generated/iam.ts";
import { modelled } from "../../kernel/errors.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { loginProfiles, type LoginProfile } from "./credential-rows.ts";
import { owningUser } from "./credential-owner.ts";
import { accessDenied, alreadyExists, noSuchLoginProfile, validationError } from "./errors.ts";
import { checkPassword, findPasswordPolicy, nonconforming } from "./password-policy.ts";
import { requireUser, type User } from "./principals.ts";
import { onUser, onUserOrCaller } from "./rules.ts";

const hashBytes = 32;
/** As many as a password policy can ask for. */
const earlierMax = 24;

function hashOf(password: string, salt: string): string {
  return scryptSync(password, Buffer.from(salt, "hex"), hashBytes).toString("hex");
}

function isPassword(profile: LoginProfile, password: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(password, profile.salt)), Buffer.from(profile.hash));
}

function requireProfile(ctx: ReadContext, user: User): LoginProfile {
  const profile = ctx.db(loginProfiles).get(user.id);
  if (profile === undefined) throw noSuchLoginProfile(user.name);
  return profile;
}

function describe(user: User, profile: LoginProfile): iam.LoginProfile {
  return { UserName: user.name, CreateDate: profile.createdAt, PasswordResetRequired: profile.resetRequired };
}

/** @throws PasswordPolicyViolation */
function withPassword(ctx: ReadContext, profile: LoginProfile, password: string): LoginProfile {
  checkPassword(ctx, password);
  const hash = hashOf(password, profile.salt);
  const prevented = findPasswordPolicy(ctx)?.reusePrevention ?? 0;
  if ([profile.hash, ...profile.earlierHashes].slice(0, prevented).includes(hash)) throw nonconforming();
  return {
    ...profile, hash, changedAt: ctx.clock.now(),
    earlierHashes: [profile.hash, ...profile.earlierHashes].slice(0, earlierMax),
  };
}

export const CreateLoginProfile = operation(iam.CreateLoginProfile, {
  ...onUserOrCaller,
  run(input, ctx) {
    const user = owningUser(ctx, input.UserName);
    if (ctx.db(loginProfiles).has(user.id)) {
      throw alreadyExists(`Login Profile for user ${user.name} already exists.`);
    }
    if (input.Password === undefined) throw validationError("Password can not be empty!");
    checkPassword(ctx, input.Password);
    const now = ctx.clock.now();
    const salt = ctx.ids.hex(32);
    const profile = ctx.db(loginProfiles).put({
      userId: user.id, createdAt: now, changedAt: now, resetRequired: input.PasswordResetRequired ?? false,
      salt, hash: hashOf(input.Password, salt), earlierHashes: [],
    });
    return { LoginProfile: describe(user, profile) };
  },
});

export const GetLoginProfile = operation(iam.GetLoginProfile, {
  ...onUserOrCaller,
  run(input, ctx) {
    const user = owningUser(ctx, input.UserName);
    return { LoginProfile: describe(user, requireProfile(ctx, user)) };
  },
});

export const UpdateLoginProfile = operation(iam.UpdateLoginProfile, {
  ...onUser,
  run(input, ctx) {
    const profile = requireProfile(ctx, requireUser(ctx, input.UserName));
    const changed = input.Password === undefined ? profile : withPassword(ctx, profile, input.Password);
    const resetRequired = input.PasswordResetRequired ?? profile.resetRequired;
    ctx.db(loginProfiles).put({ ...changed, resetRequired });
    return {};
  },
});

export const DeleteLoginProfile = operation(iam.DeleteLoginProfile, {
  ...onUserOrCaller,
  run(input, ctx) {
    const user = owningUser(ctx, input.UserName);
    requireProfile(ctx, user);
    ctx.db(loginProfiles).delete(user.id);
    return {};
  },
});

/**
 * Users may change their own password where the account's password policy lets everybody, or a policy of
 * theirs does.
 *
 * @evidence IAM User Guide, Permit IAM users to change their own passwords
 */
export const ChangePassword = operation(iam.ChangePassword, {
  access: "signed",
  resource: (_, ctx) => (ctx.caller.type === "IAMUser" ? ctx.caller.arn : "*"),

  run(input, ctx) {
    if (ctx.caller.type !== "IAMUser") {
      throw modelled(iam.InvalidUserTypeException, "Only IAM Users can change their own password.");
    }
    if (findPasswordPolicy(ctx)?.usersMayChange !== true) {
      ctx.authorize({ action: "iam:ChangePassword", resource: ctx.caller.arn });
    }
    const user = owningUser(ctx, undefined);
    const profile = requireProfile(ctx, user);
    if (!isPassword(profile, input.OldPassword)) throw accessDenied("The old password was incorrect.");
    ctx.db(loginProfiles).put({ ...withPassword(ctx, profile, input.NewPassword), resetRequired: false });
    return {};
  },
});
