import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddRoleToInstanceProfileCommand, AddUserToGroupCommand, AttachUserPolicyCommand, CreateAccountAliasCommand,
  CreateGroupCommand, CreateInstanceProfileCommand, CreatePolicyCommand, CreateRoleCommand,
  CreateUserCommand, DeleteAccountAliasCommand, GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand, IAMClient, ListAccountAliasesCommand, paginateGetAccountAuthorizationDetails,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

test("An account has one alias, which no other account has", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const other = region.client(IAMClient, { credentials: region.root("111122223333") });
  assert.deepEqual((await iam.send(new ListAccountAliasesCommand({}))).AccountAliases, []);
  await iam.send(new CreateAccountAliasCommand({ AccountAlias: "first" }));
  await iam.send(new CreateAccountAliasCommand({ AccountAlias: "second" }));
  assert.deepEqual((await iam.send(new ListAccountAliasesCommand({}))).AccountAliases, ["second"]);
  assert.deepEqual(await refusal(other.send(new CreateAccountAliasCommand({ AccountAlias: "second" }))),
    ["EntityAlreadyExists", "The account alias second already exists.", 409]);
  await other.send(new CreateAccountAliasCommand({ AccountAlias: "first" }));
  await iam.send(new DeleteAccountAliasCommand({ AccountAlias: "second" }));
  assert.deepEqual(await refusal(iam.send(new DeleteAccountAliasCommand({ AccountAlias: "second" }))),
    ["NoSuchEntity", "The Account Alias second cannot be found.", 404]);
});

test("The summary counts what there is beside what there may be", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  await iam.send(new CreateGroupCommand({ GroupName: "staff" }));
  const { SummaryMap = {} } = await iam.send(new GetAccountSummaryCommand({}));
  assert.deepEqual(
    [SummaryMap.Users, SummaryMap.Groups, SummaryMap.UsersQuota, SummaryMap.AccessKeysPerUserQuota],
    [1, 1, 5_000, 2],
  );
});

test("The authorization details hold everything about permissions, by kind and by page", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const PolicyDocument = JSON.stringify(allow("sqs:*"));
  const Tags = [{ Key: "team", Value: "blue" }];
  await iam.send(new CreateUserCommand({ UserName: "alice", Tags }));
  await iam.send(new CreateGroupCommand({ GroupName: "staff" }));
  await iam.send(new AddUserToGroupCommand({ GroupName: "staff", UserName: "alice" }));
  const readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess";
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn: readOnly }));
  await iam.send(new CreateRoleCommand({
    RoleName: "worker", AssumeRolePolicyDocument: trust("ec2.amazonaws.com"),
  }));
  await iam.send(new PutRolePolicyCommand({ RoleName: "worker", PolicyName: "inline", PolicyDocument }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "web" }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "web", RoleName: "worker" }));
  await iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument }));

  const all = await iam.send(new GetAccountAuthorizationDetailsCommand({}));
  assert.deepEqual(
    all.UserDetailList?.map((user) => [user.UserName, user.GroupList, user.Tags]),
    [["alice", ["staff"], Tags]],
  );
  assert.deepEqual(
    all.UserDetailList?.[0]?.AttachedManagedPolicies,
    [{ PolicyName: "ReadOnlyAccess", PolicyArn: readOnly }],
  );
  assert.deepEqual(all.GroupDetailList?.map((group) => group.GroupName), ["staff"]);
  const role = all.RoleDetailList?.[0];
  assert.deepEqual(role?.InstanceProfileList?.map((profile) => profile.InstanceProfileName), ["web"]);
  assert.equal(decodeURIComponent(role?.RolePolicyList?.[0]?.PolicyDocument ?? ""), PolicyDocument);
  assert.deepEqual(all.Policies?.map((policy) => policy.PolicyName), ["work", "ReadOnlyAccess"]);
  assert.equal(all.Policies?.[0]?.PolicyVersionList?.[0]?.VersionId, "v1");

  const roles = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ["Role"] }));
  assert.deepEqual([roles.UserDetailList, roles.RoleDetailList?.length, roles.Policies], [[], 1, []]);
  let pages = 0;
  for await (const page of paginateGetAccountAuthorizationDetails({ client: iam, pageSize: 1 }, {})) {
    pages += 1;
    const lists = [page.UserDetailList, page.GroupDetailList, page.RoleDetailList, page.Policies];
    assert.equal(lists.reduce((sum, list) => sum + (list?.length ?? 0), 0), 1);
  }
  assert.equal(pages, 5);
});
