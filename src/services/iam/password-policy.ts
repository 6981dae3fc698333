/** The account's password policy: what passwords of users must be like. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { noSuchEntity, passwordPolicyViolation } from "./errors.ts";

export interface PasswordPolicyRow {
  readonly id: "policy";
  readonly minimumLength: number;
  readonly symbols: boolean;
  readonly numbers: boolean;
  readonly upperCase: boolean;
  readonly lowerCase: boolean;
  readonly usersMayChange: boolean;
  readonly ageMaxDays?: number;
  readonly reusePrevention?: number;
  readonly hardExpiry?: boolean;
}

/** One row, once the account has made a policy of its own. */
const passwordPolicies = table<PasswordPolicyRow>("iam.passwordPolicies", { key: (policy) => policy.id });

export function findPasswordPolicy(ctx: ReadContext): PasswordPolicyRow | undefined {
  return ctx.db(passwordPolicies).get("policy");
}

const upperCase = /[A-Z]/;
const lowerCase = /[a-z]/;
const number = /[0-9]/;
/** @evidence IAM API Reference, UpdateAccountPasswordPolicy, RequireSymbols */
const symbol = /[!@#$%^&*()_+\-=[\]{}|']/;

const defaultLength = 8;
const defaultKinds = 3;

/**
 * An account without a policy of its own has AWS's: eight characters, of three kinds out of four.
 *
 * @evidence IAM User Guide, Set an account password policy, "Default password policy"
 * @throws PasswordPolicyViolation
 */
export function checkPassword(ctx: ReadContext, password: string): void {
  const policy = findPasswordPolicy(ctx);
  const conforms = policy === undefined
    ? password.length >= defaultLength && kindsIn(password) >= defaultKinds
    : password.length >= policy.minimumLength
      && (!policy.upperCase || upperCase.test(password)) && (!policy.lowerCase || lowerCase.test(password))
      && (!policy.numbers || number.test(password)) && (!policy.symbols || symbol.test(password));
  if (!conforms) throw nonconforming();
}

export function nonconforming(): Error {
  return passwordPolicyViolation("Password does not conform to the account password policy.");
}

function kindsIn(password: string): number {
  return [upperCase, lowerCase, number, symbol].filter((kind) => kind.test(password)).length;
}

/** Replaces the whole policy: what is left out takes its default. */
export const UpdateAccountPasswordPolicy = operation(iam.UpdateAccountPasswordPolicy, {
  run(input, ctx) {
    const { MaxPasswordAge, PasswordReusePrevention, HardExpiry } = input;
    ctx.db(passwordPolicies).put({
      id: "policy",
      minimumLength: input.MinimumPasswordLength ?? 6,
      symbols: input.RequireSymbols ?? false,
      numbers: input.RequireNumbers ?? false,
      upperCase: input.RequireUppercaseCharacters ?? false,
      lowerCase: input.RequireLowercaseCharacters ?? false,
      usersMayChange: input.AllowUsersToChangePassword ?? false,
      ...(MaxPasswordAge !== undefined && { ageMaxDays: MaxPasswordAge }),
      ...(PasswordReusePrevention !== undefined && { reusePrevention: PasswordReusePrevention }),
      ...(HardExpiry !== undefined && { hardExpiry: HardExpiry }),
    });
    return {};
  },
});

export const GetAccountPasswordPolicy = operation(iam.GetAccountPasswordPolicy, {
  run(_, ctx) {
    const policy = findPasswordPolicy(ctx);
    if (policy === undefined) {
      throw noSuchEntity(`The Password Policy with domain name ${ctx.account} cannot be found.`);
    }
    return {
      PasswordPolicy: {
        MinimumPasswordLength: policy.minimumLength,
        RequireSymbols: policy.symbols,
        RequireNumbers: policy.numbers,
        RequireUppercaseCharacters: policy.upperCase,
        RequireLowercaseCharacters: policy.lowerCase,
        AllowUsersToChangePassword: policy.usersMayChange,
        ExpirePasswords: policy.ageMaxDays !== undefined,
        MaxPasswordAge: policy.ageMaxDays,
        PasswordReusePrevention: policy.reusePrevention,
        HardExpiry: policy.hardExpiry,
      },
    };
  },
});

export const DeleteAccountPasswordPolicy = operation(iam.DeleteAccountPasswordPolicy, {
  run(_, ctx) {
    if (!ctx.db(passwordPolicies).delete("policy")) {
      throw noSuchEntity("The account policy with name PasswordPolicy cannot be found.");
    }
    return {};
  },
});
