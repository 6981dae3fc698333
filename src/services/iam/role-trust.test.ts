import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, DeleteRoleCommand, DeleteRolePolicyCommand,
  GetRoleCommand, IAMClient, ListUsersCommand, PutRolePolicyCommand, PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand, GetCallerIdentityCommand, STSClient, type Credentials,
} from "@aws-sdk/client-sts";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion, type TestCredentials, type TestRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

const member = "111122223333";
const RoleArn = `arn:aws:iam::${member}:role/access`;
const assume = new AssumeRoleCommand({ RoleArn, RoleSessionName: "audit" });

async function memberUser(region: TestRegion): Promise<TestCredentials> {
  const iam = region.client(IAMClient, { credentials: region.root(member) });
  const UserName = "trusted";
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify(allow("sts:AssumeRole"));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "inline", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
}

function keys(credentials: Credentials | undefined) {
  return {
    accessKeyId: credentials?.AccessKeyId ?? "", secretAccessKey: credentials?.SecretAccessKey ?? "",
    sessionToken: credentials?.SessionToken ?? "",
  };
}

test("iam-cli-create-role-trust: a role lets in the principals of the account that it trusts", async () => {
  await using region = await startRegion();
  const inMember = region.client(IAMClient, { credentials: region.root(member) });
  await inMember.send(new CreateRoleCommand({
    RoleName: "access", AssumeRolePolicyDocument: trust("000000000000"),
  }));

  const credentials = await region.user("allowed", allow("sts:AssumeRole", RoleArn));
  const allowed = region.client(STSClient, { credentials });
  const { Credentials: given } = await allowed.send(assume);
  const session = region.client(STSClient, { credentials: keys(given) });
  const { Account, Arn } = await session.send(new GetCallerIdentityCommand({}));
  assert.deepEqual([Account, Arn], [member, `arn:aws:sts::${member}:assumed-role/access/audit`]);

  const without = region.client(STSClient, { credentials: await region.user("without") });
  assert.deepEqual(await refusal(without.send(assume)), [
    "AccessDenied", "User: arn:aws:iam::000000000000:user/without is not authorized to perform: " +
    `sts:AssumeRole on resource: ${RoleArn} because no identity-based policy allows the ` +
    "sts:AssumeRole action", 403,
  ]);
});

test("iam-users-are-people: STS knows a user by its key", async () => {
  await using region = await startRegion();
  const sts = region.client(STSClient, { credentials: await region.user("alice") });
  const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
  assert.equal(Arn, "arn:aws:iam::000000000000:user/alice");
});

test("A role session may do what the role's policies allow, and the role knows its use", async () => {
  await using region = await startRegion();
  const inMember = region.client(IAMClient, { credentials: region.root(member) });
  const RoleName = "access";
  await inMember.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust(member) }));
  const PolicyDocument = JSON.stringify(allow("iam:ListUsers"));
  await inMember.send(new PutRolePolicyCommand({ RoleName, PolicyName: "listing", PolicyDocument }));
  assert.deepEqual((await inMember.send(new GetRoleCommand({ RoleName }))).Role?.RoleLastUsed, {});

  const worker = await region.user("worker", allow("sts:AssumeRole"));
  const elsewhere = region.client(STSClient, { credentials: worker });
  const [code] = await refusal(elsewhere.send(assume));
  assert.equal(code, "AccessDenied");

  const trusted = region.client(STSClient, { credentials: await memberUser(region) });
  const { Credentials: given } = await trusted.send(assume);
  const session = region.client(IAMClient, { credentials: keys(given) });
  assert.equal((await session.send(new ListUsersCommand({}))).Users?.length, 1);
  const used = await inMember.send(new GetRoleCommand({ RoleName }));
  assert.deepEqual(
    used.Role?.RoleLastUsed,
    { LastUsedDate: new Date("2026-01-01T00:00:00Z"), Region: "us-east-1" },
  );

  await inMember.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "listing" }));
  assert.deepEqual(await refusal(session.send(new ListUsersCommand({}))), [
    "AccessDenied", `User: arn:aws:sts::${member}:assumed-role/access/audit is not authorized to perform: ` +
    `iam:ListUsers on resource: arn:aws:iam::${member}:user/ because no identity-based policy allows the ` +
    "iam:ListUsers action", 403,
  ]);
  await inMember.send(new DeleteRoleCommand({ RoleName }));
  await inMember.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust(member) }));
  await inMember.send(new PutRolePolicyCommand({ RoleName, PolicyName: "listing", PolicyDocument }));
  const [afterwards] = await refusal(session.send(new ListUsersCommand({})));
  assert.equal(afterwards, "InvalidClientTokenId");
});
