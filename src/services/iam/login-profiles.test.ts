import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ChangePasswordCommand, CreateLoginProfileCommand, CreateUserCommand, DeleteAccountPasswordPolicyCommand,
  DeleteLoginProfileCommand, GetAccountPasswordPolicyCommand, GetLoginProfileCommand, IAMClient,
  UpdateAccountPasswordPolicyCommand, UpdateLoginProfileCommand,
} from "@aws-sdk/client-iam";
import { allow } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

const UserName = "alice";
const Password = "Correct-horse1";
const nonconforming = [
  "PasswordPolicyViolation", "Password does not conform to the account password policy.", 400,
];

test("A user has one login profile, which can be changed and deleted", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const nobody = iam.send(new CreateLoginProfileCommand({ UserName: "nobody", Password }));
  assert.deepEqual(
    await refusal(nobody),
    ["NoSuchEntity", "The user with name nobody cannot be found.", 404],
  );
  await iam.send(new CreateUserCommand({ UserName }));
  const absent = ["NoSuchEntity", "Login Profile for User alice cannot be found.", 404];
  assert.deepEqual(await refusal(iam.send(new GetLoginProfileCommand({ UserName }))), absent);
  const made = await iam.send(new CreateLoginProfileCommand({ UserName, Password }));
  const profile = { UserName, CreateDate: new Date("2026-01-01T00:00:00Z"), PasswordResetRequired: false };
  assert.deepEqual(made.LoginProfile, profile);
  assert.deepEqual(await refusal(iam.send(new CreateLoginProfileCommand({ UserName, Password }))),
    ["EntityAlreadyExists", "Login Profile for user alice already exists.", 409]);
  await iam.send(new UpdateLoginProfileCommand({ UserName, PasswordResetRequired: true }));
  const got = await iam.send(new GetLoginProfileCommand({ UserName }));
  assert.deepEqual(got.LoginProfile, { ...profile, PasswordResetRequired: true });
  await iam.send(new DeleteLoginProfileCommand({ UserName }));
  assert.deepEqual(await refusal(iam.send(new DeleteLoginProfileCommand({ UserName }))), absent);
});

test("Without a policy of the account, passwords have eight characters of three kinds", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName }));
  const create = (password: string) => iam.send(new CreateLoginProfileCommand({
    UserName, Password: password,
  }));
  for (const password of ["Short-1", "onlylowercase", "lower-case-only"]) {
    assert.deepEqual(await refusal(create(password)), nonconforming);
  }
  await create("lower-case1");
});

test("The account's password policy takes defaults for what it is not told, and can be deleted", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const absent = ["NoSuchEntity", "The Password Policy with domain name 000000000000 cannot be found.", 404];
  assert.deepEqual(await refusal(iam.send(new GetAccountPasswordPolicyCommand({}))), absent);
  assert.deepEqual(await refusal(iam.send(new DeleteAccountPasswordPolicyCommand({}))),
    ["NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.", 404]);
  await iam.send(new UpdateAccountPasswordPolicyCommand({}));
  const { PasswordPolicy } = await iam.send(new GetAccountPasswordPolicyCommand({}));
  assert.deepEqual(PasswordPolicy, {
    MinimumPasswordLength: 6, RequireSymbols: false, RequireNumbers: false, RequireUppercaseCharacters: false,
    RequireLowercaseCharacters: false, AllowUsersToChangePassword: false, ExpirePasswords: false,
  });
  await iam.send(new UpdateAccountPasswordPolicyCommand({ MaxPasswordAge: 60, HardExpiry: true }));
  const strict = await iam.send(new GetAccountPasswordPolicyCommand({}));
  assert.deepEqual(
    [strict.PasswordPolicy?.ExpirePasswords, strict.PasswordPolicy?.MaxPasswordAge],
    [true, 60],
  );
  await iam.send(new DeleteAccountPasswordPolicyCommand({}));
  assert.deepEqual(await refusal(iam.send(new GetAccountPasswordPolicyCommand({}))), absent);
});

test("Each requirement of the account's password policy counts", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new UpdateAccountPasswordPolicyCommand({
    MinimumPasswordLength: 10, RequireSymbols: true, RequireNumbers: true, RequireUppercaseCharacters: true,
    RequireLowercaseCharacters: true,
  }));
  const create = (password: string) => iam.send(new CreateLoginProfileCommand({
    UserName, Password: password,
  }));
  for (const password of ["Abcdef-12", "abcdefg-12", "ABCDEFG-12", "Abcdefgh12", "Abcdefgh-+"]) {
    assert.deepEqual(await refusal(create(password)), nonconforming, password);
  }
  await create("Abcdefg-12");
});

test("Users change their password when a policy of theirs or the account's lets them", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const alice = region.client(IAMClient, { credentials: await region.user(UserName, allow("iam:GetUser")) });
  await iam.send(new CreateLoginProfileCommand({ UserName, Password, PasswordResetRequired: true }));
  const change = (OldPassword: string, NewPassword: string) =>
    alice.send(new ChangePasswordCommand({ OldPassword, NewPassword }));
  const [code] = await refusal(change(Password, "Another-horse1"));
  assert.equal(code, "AccessDenied");
  await iam.send(new UpdateAccountPasswordPolicyCommand({
    AllowUsersToChangePassword: true, PasswordReusePrevention: 2,
  }));
  assert.deepEqual(await refusal(change("Wrong-horse1", "Another-horse1")),
    ["AccessDenied", "The old password was incorrect.", 403]);
  await change(Password, "Another-horse1");
  const { LoginProfile } = await iam.send(new GetLoginProfileCommand({ UserName }));
  assert.equal(LoginProfile?.PasswordResetRequired, false);
  assert.deepEqual(await refusal(change("Another-horse1", Password)), nonconforming);
  await change("Another-horse1", "Third-horse1");
  await change("Third-horse1", Password);
  assert.deepEqual(await refusal(iam.send(new ChangePasswordCommand({ OldPassword: "a", NewPassword: "b" }))),
    ["InvalidUserType", "Only IAM Users can change their own password.", 400]);
});
