import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddUserToGroupCommand, AttachUserPolicyCommand, CreateAccessKeyCommand, CreateGroupCommand,
  CreateLoginProfileCommand, CreateUserCommand, DeleteAccessKeyCommand, DeleteLoginProfileCommand,
  DeleteUserCommand, DeleteUserPolicyCommand, DetachUserPolicyCommand, GetUserCommand, IAMClient,
  ListUsersCommand, ListUserTagsCommand, paginateListUsers, PutUserPolicyCommand, RemoveUserFromGroupCommand,
  TagUserCommand, UntagUserCommand, UpdateUserCommand,
} from "@aws-sdk/client-iam";
import { allow } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

test("iam-cli-create-user: a user has an AIDA id, an ARN and a date, and its name is taken", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { User } = await iam.send(new CreateUserCommand({ UserName: "alice" }));
  assert.match(User?.UserId ?? "", /^AIDA[A-Z2-7]{17}$/);
  assert.deepEqual(User, {
    Path: "/", UserName: "alice", UserId: User?.UserId, Arn: "arn:aws:iam::000000000000:user/alice",
    CreateDate: new Date("2026-01-01T00:00:00Z"),
  });
  const again = await refusal(iam.send(new CreateUserCommand({ UserName: "alice" })));
  assert.deepEqual(again, ["EntityAlreadyExists", "User with name alice already exists.", 409]);
  const otherCase = await refusal(iam.send(new CreateUserCommand({ UserName: "ALICE" })));
  assert.deepEqual(otherCase, ["EntityAlreadyExists", "User with name ALICE already exists.", 409]);
});

test("iam-global-view: a user made through one region is there through every other", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice", allow("iam:GetUser"));
  const elsewhere = region.client(IAMClient, { region: "eu-west-1", credentials: alice });
  const { User } = await elsewhere.send(new GetUserCommand({ UserName: "alice" }));
  assert.equal(User?.Arn, "arn:aws:iam::000000000000:user/alice");
});

test("iam-users-are-people: a user has a key of its own and a password of its own", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice", allow("iam:GetUser"));
  await region.client(IAMClient).send(new CreateLoginProfileCommand({
    UserName: "alice", Password: "Correct-horse1",
  }));
  const { User } = await region.client(IAMClient, { credentials: alice }).send(new GetUserCommand({}));
  assert.equal(User?.Arn, "arn:aws:iam::000000000000:user/alice");
});

test("A user that is not there is named in the refusal", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const expected = ["NoSuchEntity", "The user with name nobody cannot be found.", 404];
  assert.deepEqual(await refusal(iam.send(new GetUserCommand({ UserName: "nobody" }))), expected);
  assert.deepEqual(await refusal(iam.send(new UpdateUserCommand({ UserName: "nobody" }))), expected);
  assert.deepEqual(await refusal(iam.send(new DeleteUserCommand({ UserName: "nobody" }))), expected);
  const pollution = await refusal(iam.send(new GetUserCommand({ UserName: "__proto__" })));
  assert.deepEqual(pollution, ["NoSuchEntity", "The user with name __proto__ cannot be found.", 404]);
});

test("GetUser without a name answers who asks, root included", async () => {
  await using region = await startRegion();
  const { User: root } = await region.client(IAMClient).send(new GetUserCommand({}));
  assert.equal(root?.Arn, "arn:aws:iam::000000000000:root");
  assert.equal(root?.UserId, "000000000000");
  assert.equal(root?.UserName, undefined);
});

test("A user that moves keeps its id, its key, its policies and its tags", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const keys = await region.user("alice", allow("iam:GetUser"));
  await iam.send(new TagUserCommand({ UserName: "alice", Tags: [{ Key: "team", Value: "blue" }] }));
  const before = await iam.send(new GetUserCommand({ UserName: "alice" }));
  await iam.send(new UpdateUserCommand({ UserName: "alice", NewUserName: "alicia", NewPath: "/staff/" }));
  const { User } = await region.client(IAMClient, { credentials: keys }).send(new GetUserCommand({}));
  assert.deepEqual(User, {
    Path: "/staff/", UserName: "alicia", UserId: before.User?.UserId, CreateDate: before.User?.CreateDate,
    Arn: "arn:aws:iam::000000000000:user/staff/alicia", Tags: [{ Key: "team", Value: "blue" }],
  });
  const old = await refusal(iam.send(new GetUserCommand({ UserName: "alice" })));
  assert.deepEqual(old, ["NoSuchEntity", "The user with name alice cannot be found.", 404]);
  await iam.send(new UpdateUserCommand({ UserName: "alicia", NewUserName: "Alicia" }));
  await iam.send(new CreateUserCommand({ UserName: "bob" }));
  const taken = await refusal(iam.send(new UpdateUserCommand({ UserName: "bob", NewUserName: "ALICIA" })));
  assert.deepEqual(taken, ["EntityAlreadyExists", "User with name ALICIA already exists.", 409]);
});

test("Users are listed by name, by path, and a page at a time", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const paths = { carol: "/", Bob: "/staff/", alice: "/staff/it/", dave: "/other/" };
  for (const [UserName, Path] of Object.entries(paths)) await iam.send(new CreateUserCommand({
    UserName, Path,
  }));
  const names: string[][] = [];
  for await (const page of paginateListUsers({ client: iam, pageSize: 2 }, {})) {
    names.push((page.Users ?? []).map((user) => user.UserName ?? ""));
  }
  assert.deepEqual(names, [["alice", "Bob"], ["carol", "dave"]]);
  const staff = await iam.send(new ListUsersCommand({ PathPrefix: "/staff/" }));
  assert.deepEqual(staff.Users?.map((user) => user.UserName), ["alice", "Bob"]);
  assert.equal(staff.IsTruncated, false);
  assert.equal(staff.Marker, undefined);
  const invented = await refusal(iam.send(new ListUsersCommand({ Marker: "invented" })));
  assert.deepEqual(invented, ["ValidationError", "Invalid Marker.", 400]);
});

test("A user is deleted only when nothing of it is left", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const UserName = "alice";
  const PolicyArn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
  const inline = { UserName, PolicyName: "inline", PolicyDocument: JSON.stringify(allow("sqs:*")) };
  await iam.send(new PutUserPolicyCommand(inline));
  await iam.send(new CreateGroupCommand({ GroupName: "staff" }));
  await iam.send(new AddUserToGroupCommand({ UserName, GroupName: "staff" }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  await iam.send(new CreateLoginProfileCommand({ UserName, Password: "Correct-horse1" }));
  const refused = async (first: string) => assert.deepEqual(
    await refusal(iam.send(new DeleteUserCommand({ UserName }))),
    ["DeleteConflict", `Cannot delete entity, must ${first} first.`, 409],
  );
  await refused("detach all policies");
  await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn }));
  await refused("delete policies");
  await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName: "inline" }));
  await refused("remove users from group");
  await iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName: "staff" }));
  await refused("delete access keys");
  await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: AccessKey?.AccessKeyId }));
  await refused("delete login profile");
  await iam.send(new DeleteLoginProfileCommand({ UserName }));
  await iam.send(new DeleteUserCommand({ UserName }));
  const gone = await refusal(iam.send(new GetUserCommand({ UserName })));
  assert.deepEqual(gone, ["NoSuchEntity", "The user with name alice cannot be found.", 404]);
});

test("Tag keys of users do not differ by case", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const UserName = "alice";
  const doubled = [{ Key: "Team", Value: "blue" }, { Key: "TEAM", Value: "red" }];
  const refused = await refusal(iam.send(new CreateUserCommand({ UserName, Tags: doubled })));
  const text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
  assert.deepEqual(refused, ["InvalidInput", text, 400]);
  const { User } = await iam.send(new CreateUserCommand({
    UserName, Tags: [{ Key: "Team", Value: "blue" }],
  }));
  assert.deepEqual(User?.Tags, [{ Key: "Team", Value: "blue" }]);
  await iam.send(new TagUserCommand({
    UserName, Tags: [{ Key: "team", Value: "red" }, { Key: "__proto__", Value: "" }],
  }));
  const { Tags } = await iam.send(new ListUserTagsCommand({ UserName }));
  assert.deepEqual(Tags, [{ Key: "Team", Value: "red" }, { Key: "__proto__", Value: "" }]);
  await iam.send(new UntagUserCommand({ UserName, TagKeys: ["TEAM", "absent"] }));
  const left = await iam.send(new ListUserTagsCommand({ UserName }));
  assert.deepEqual(left.Tags, [{ Key: "__proto__", Value: "" }]);
  const fifty = Array.from({ length: 50 }, (_, index) => ({ Key: `key${index}`, Value: "" }));
  const many = await refusal(iam.send(new TagUserCommand({ UserName, Tags: fifty })));
  assert.deepEqual(many, ["LimitExceeded", "The number of tags has reached the maximum limit.", 409]);
});
