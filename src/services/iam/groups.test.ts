import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddUserToGroupCommand, AttachGroupPolicyCommand, CreateGroupCommand, CreatePolicyCommand,
  CreateRoleCommand, CreateUserCommand, DeleteGroupCommand, DeleteGroupPolicyCommand,
  DetachGroupPolicyCommand, GetGroupCommand, GetGroupPolicyCommand, IAMClient,
  ListAttachedGroupPoliciesCommand, ListGroupPoliciesCommand, ListGroupsCommand, ListGroupsForUserCommand,
  ListRolesCommand, PutGroupPolicyCommand, RemoveUserFromGroupCommand, UpdateGroupCommand,
} from "@aws-sdk/client-iam";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

const readOnly = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";

test("iam-groups-contain-users: members have the group's policies while they are members", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const asAlice = region.client(IAMClient, { credentials: await region.user("alice") });
  const listing = () => asAlice.send(new ListRolesCommand({}));
  const denied = ["AccessDenied", "User: arn:aws:iam::000000000000:user/alice is not authorized to " +
    "perform: iam:ListRoles on resource: arn:aws:iam::000000000000:role/ because no identity-based policy " +
    "allows the iam:ListRoles action", 403];
  assert.deepEqual(await refusal(listing()), denied);
  const { Group } = await iam.send(new CreateGroupCommand({ GroupName: "auditors" }));
  assert.match(Group?.GroupId ?? "", /^AGPA[A-Z2-7]{17}$/);
  await iam.send(new AttachGroupPolicyCommand({ GroupName: "auditors", PolicyArn: readOnly }));
  await iam.send(new AddUserToGroupCommand({ GroupName: "auditors", UserName: "alice" }));
  assert.deepEqual((await listing()).Roles, []);
  await iam.send(new RemoveUserFromGroupCommand({ GroupName: "auditors", UserName: "alice" }));
  assert.deepEqual(await refusal(listing()), denied);
});

test("iam-groups-contain-users: a group is no principal and is in no group", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateGroupCommand({ GroupName: "inner" }));
  await iam.send(new CreateGroupCommand({ GroupName: "outer" }));
  const nested = await refusal(iam.send(new AddUserToGroupCommand({
    GroupName: "outer", UserName: "inner",
  })));
  assert.deepEqual(nested, ["NoSuchEntity", "The user with name inner cannot be found.", 404]);
  const trusting = trust("ec2.amazonaws.com").replace(
    '{"Service":"ec2.amazonaws.com"}', '{"AWS":"arn:aws:iam::000000000000:group/inner"}');
  const [code] = await refusal(iam.send(new CreateRoleCommand({
    RoleName: "r", AssumeRolePolicyDocument: trusting,
  })));
  assert.equal(code, "MalformedPolicyDocument");
});

test("A group that exists or does not is named in the refusal", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateGroupCommand({ GroupName: "staff", Path: "/eu/" }));
  const taken = await refusal(iam.send(new CreateGroupCommand({ GroupName: "Staff" })));
  assert.deepEqual(taken, ["EntityAlreadyExists", "Group with name Staff already exists.", 409]);
  const absent = ["NoSuchEntity", "The group with name absent cannot be found.", 404];
  assert.deepEqual(await refusal(iam.send(new GetGroupCommand({ GroupName: "absent" }))), absent);
  assert.deepEqual(await refusal(iam.send(new DeleteGroupCommand({ GroupName: "absent" }))), absent);
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  const joining = iam.send(new AddUserToGroupCommand({ GroupName: "absent", UserName: "alice" }));
  assert.deepEqual(await refusal(joining), absent);
  const nobody = iam.send(new RemoveUserFromGroupCommand({ GroupName: "absent", UserName: "nobody" }));
  assert.deepEqual(
    await refusal(nobody),
    ["NoSuchEntity", "The user with name nobody cannot be found.", 404],
  );
  await iam.send(new RemoveUserFromGroupCommand({ GroupName: "staff", UserName: "alice" }));
});

test("A renamed group keeps its members and its policies", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateGroupCommand({ GroupName: "staff" }));
  await iam.send(new CreateUserCommand({ UserName: "bob" }));
  await iam.send(new CreateUserCommand({ UserName: "Alice" }));
  for (const UserName of ["bob", "Alice", "bob"]) await iam.send(new AddUserToGroupCommand({
    GroupName: "staff", UserName,
  }));
  await iam.send(new UpdateGroupCommand({ GroupName: "staff", NewGroupName: "people", NewPath: "/eu/" }));
  const { Group, Users, IsTruncated } = await iam.send(new GetGroupCommand({ GroupName: "people" }));
  assert.equal(Group?.Arn, "arn:aws:iam::000000000000:group/eu/people");
  assert.deepEqual(Users?.map((user) => user.UserName), ["Alice", "bob"]);
  assert.equal(IsTruncated, false);
  const first = await iam.send(new GetGroupCommand({ GroupName: "people", MaxItems: 1 }));
  assert.equal(first.IsTruncated, true);
  const second = await iam.send(new GetGroupCommand({
    GroupName: "people", MaxItems: 1, Marker: first.Marker,
  }));
  assert.deepEqual(second.Users?.map((user) => user.UserName), ["bob"]);
  const { Groups } = await iam.send(new ListGroupsForUserCommand({ UserName: "bob" }));
  assert.deepEqual(Groups?.map((group) => group.GroupName), ["people"]);
  assert.deepEqual((await iam.send(new ListGroupsCommand({ PathPrefix: "/us" }))).Groups, []);
});

test("A user is in ten groups at most", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  for (let index = 0; index <= 10; index++) {
    const GroupName = `group${index}`;
    await iam.send(new CreateGroupCommand({ GroupName }));
    const joining = iam.send(new AddUserToGroupCommand({ GroupName, UserName: "alice" }));
    if (index < 10) await joining;
    else {
      const text = "Cannot exceed quota for GroupsPerUser: 10";
      assert.deepEqual(await refusal(joining), ["LimitExceeded", text, 409]);
    }
  }
});

test("A group is deleted only when it is empty and bare", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const GroupName = "staff";
  await iam.send(new CreateGroupCommand({ GroupName }));
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  await iam.send(new AddUserToGroupCommand({ GroupName, UserName: "alice" }));
  await iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn: readOnly }));
  const PolicyDocument = JSON.stringify(allow("sqs:*"));
  await iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName: "inline", PolicyDocument }));
  const refused = async (first: string) => assert.deepEqual(
    await refusal(iam.send(new DeleteGroupCommand({ GroupName }))),
    ["DeleteConflict", `Cannot delete entity, must ${first} first.`, 409],
  );
  await refused("remove users from group");
  await iam.send(new RemoveUserFromGroupCommand({ GroupName, UserName: "alice" }));
  await refused("detach all policies");
  await iam.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn: readOnly }));
  await refused("delete policies");
  await iam.send(new DeleteGroupPolicyCommand({ GroupName, PolicyName: "inline" }));
  await iam.send(new DeleteGroupCommand({ GroupName }));
});

test("A group's inline and managed policies are kept apart", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const GroupName = "staff";
  const PolicyDocument = JSON.stringify(allow("sqs:*"));
  await iam.send(new CreateGroupCommand({ GroupName }));
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: "managed", PolicyDocument }));
  await iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn: Policy?.Arn }));
  await iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName: "inline", PolicyDocument }));
  const inline = await iam.send(new ListGroupPoliciesCommand({ GroupName }));
  assert.deepEqual(inline.PolicyNames, ["inline"]);
  const managed = await iam.send(new ListAttachedGroupPoliciesCommand({ GroupName }));
  assert.deepEqual(managed.AttachedPolicies, [{ PolicyName: "managed", PolicyArn: Policy?.Arn }]);
  const got = await iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName: "inline" }));
  assert.equal(decodeURIComponent(got.PolicyDocument ?? ""), PolicyDocument);
  const absent = await refusal(iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName: "absent" })));
  assert.deepEqual(absent, ["NoSuchEntity", "The group policy with name absent cannot be found.", 404]);
});
