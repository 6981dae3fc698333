import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, CreateRoleCommand,
  DeleteInstanceProfileCommand, DeleteRoleCommand, GetInstanceProfileCommand, IAMClient,
  ListInstanceProfilesCommand, ListInstanceProfilesForRoleCommand, ListInstanceProfileTagsCommand,
  RemoveRoleFromInstanceProfileCommand, TagInstanceProfileCommand, UntagInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

const AssumeRolePolicyDocument = trust("ec2.amazonaws.com");
const InstanceProfileName = "web";

test("An instance profile holds one role, which cannot go while it is held", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { InstanceProfile } = await iam.send(new CreateInstanceProfileCommand({
    InstanceProfileName, Path: "/x/",
  }));
  assert.match(InstanceProfile?.InstanceProfileId ?? "", /^AIPA[A-Z2-7]{17}$/);
  assert.equal(InstanceProfile?.Arn, "arn:aws:iam::000000000000:instance-profile/x/web");
  assert.deepEqual(InstanceProfile?.Roles, []);
  const absent = iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "absent" }));
  assert.deepEqual(
    await refusal(absent),
    ["NoSuchEntity", "The role with name absent cannot be found.", 404],
  );

  await iam.send(new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument }));
  await iam.send(new CreateRoleCommand({ RoleName: "other", AssumeRolePolicyDocument }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "worker" }));
  const second = iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "other" }));
  assert.deepEqual(await refusal(second),
    ["LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409]);
  const text = "Cannot delete entity, must remove roles from instance profile first.";
  const conflict = ["DeleteConflict", text, 409];
  assert.deepEqual(await refusal(iam.send(new DeleteRoleCommand({ RoleName: "worker" }))), conflict);
  assert.deepEqual(await refusal(iam.send(new DeleteInstanceProfileCommand({
    InstanceProfileName,
  }))), conflict);
  const forRole = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName: "worker" }));
  assert.deepEqual(forRole.InstanceProfiles?.map((profile) => profile.Roles?.[0]?.RoleName), ["worker"]);

  const wrong = iam.send(new RemoveRoleFromInstanceProfileCommand({
    InstanceProfileName, RoleName: "other",
  }));
  assert.deepEqual(await refusal(wrong),
    ["NoSuchEntity", "Role other in Instance Profile web cannot be found.", 404]);
  await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName: "worker" }));
  await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
  assert.deepEqual(await refusal(iam.send(new GetInstanceProfileCommand({ InstanceProfileName }))),
    ["NoSuchEntity", "Instance Profile web cannot be found.", 404]);
});

test("Names of instance profiles are unique, and lists can be narrowed by path", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName, Path: "/eu/" }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "api" }));
  assert.deepEqual(await refusal(iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "WEB" }))),
    ["EntityAlreadyExists", "Instance Profile WEB already exists.", 409]);
  const all = await iam.send(new ListInstanceProfilesCommand({}));
  assert.deepEqual(all.InstanceProfiles?.map((profile) => profile.InstanceProfileName), ["api", "web"]);
  const european = await iam.send(new ListInstanceProfilesCommand({ PathPrefix: "/eu/" }));
  assert.deepEqual(european.InstanceProfiles?.map((profile) => profile.InstanceProfileName), ["web"]);
});

test("Tag keys of instance profiles differ by case, and are listed by key", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
  const got = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName }));
  assert.deepEqual(got.InstanceProfile?.Tags, []);
  const Tags = [{ Key: "a", Value: "1" }, { Key: "A", Value: "2" }];
  await iam.send(new TagInstanceProfileCommand({ InstanceProfileName, Tags }));
  const listed = await iam.send(new ListInstanceProfileTagsCommand({ InstanceProfileName }));
  assert.deepEqual(listed.Tags, [{ Key: "A", Value: "2" }, { Key: "a", Value: "1" }]);
  await iam.send(new UntagInstanceProfileCommand({ InstanceProfileName, TagKeys: ["a"] }));
  const left = await iam.send(new ListInstanceProfileTagsCommand({ InstanceProfileName }));
  assert.deepEqual(left.Tags, [{ Key: "A", Value: "2" }]);
});

test("Adding a role to an instance profile needs iam:PassRole for EC2", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
  const without = region.client(IAMClient, {
    credentials: await region.user("without", allow("iam:AddRoleToInstanceProfile")),
  });
  const adding = new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "worker" });
  assert.deepEqual(await refusal(without.send(adding)), [
    "AccessDenied", "User: arn:aws:iam::000000000000:user/without is not authorized to perform: " +
    "iam:PassRole on resource: arn:aws:iam::000000000000:role/worker because no identity-based policy " +
    "allows the iam:PassRole action", 403,
  ]);
  const passing = {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "iam:AddRoleToInstanceProfile", Resource: "*" },
      {
        Effect: "Allow", Action: "iam:PassRole", Resource: "arn:aws:iam::000000000000:role/worker",
        Condition: { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } },
      },
    ],
  };
  const withIt = region.client(IAMClient, { credentials: await region.user("with", passing) });
  await withIt.send(adding);
});
