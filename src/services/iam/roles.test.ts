import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AttachRolePolicyCommand, CreateRoleCommand, DeleteRoleCommand, DeleteRolePolicyCommand,
  DetachRolePolicyCommand, GetRoleCommand, IAMClient, ListRolesCommand, ListRoleTagsCommand,
  PutRolePolicyCommand, TagRoleCommand, UntagRoleCommand, UpdateAssumeRolePolicyCommand, UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from "@aws-sdk/client-iam";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

const AssumeRolePolicyDocument = trust("ec2.amazonaws.com");
const encoded = encodeURIComponent(AssumeRolePolicyDocument).replaceAll("*", "%2A");

test("A new role answers the least, and GetRole everything", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName: "worker", Path: "/svc/", AssumeRolePolicyDocument, Description: "does work",
    MaxSessionDuration: 7200,
    Tags: [{ Key: "b", Value: "2" }, { Key: "a", Value: "1" }],
  }));
  assert.match(Role?.RoleId ?? "", /^AROA[A-Z2-7]{17}$/);
  const least = {
    Path: "/svc/", RoleName: "worker", RoleId: Role?.RoleId, Arn: "arn:aws:iam::000000000000:role/svc/worker",
    CreateDate: new Date("2026-01-01T00:00:00Z"), AssumeRolePolicyDocument: encoded,
  };
  assert.deepEqual(Role, { ...least, Tags: [{ Key: "b", Value: "2" }, { Key: "a", Value: "1" }] });
  const got = await iam.send(new GetRoleCommand({ RoleName: "worker" }));
  const listed = { ...least, Description: "does work", MaxSessionDuration: 7200 };
  assert.deepEqual(got.Role, {
    ...listed, Tags: [{ Key: "a", Value: "1" }, { Key: "b", Value: "2" }], RoleLastUsed: {},
  });
  assert.deepEqual((await iam.send(new ListRolesCommand({}))).Roles, [listed]);
});

test("A role that exists or does not is named in the refusal", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const absent = ["NoSuchEntity", "The role with name absent cannot be found.", 404];
  assert.deepEqual(await refusal(iam.send(new GetRoleCommand({ RoleName: "absent" }))), absent);
  assert.deepEqual(await refusal(iam.send(new UpdateRoleCommand({ RoleName: "absent" }))), absent);
  assert.deepEqual(await refusal(iam.send(new DeleteRoleCommand({ RoleName: "absent" }))), absent);
  await iam.send(new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument }));
  const taken = await refusal(iam.send(new CreateRoleCommand({
    RoleName: "WORKER", AssumeRolePolicyDocument,
  })));
  assert.deepEqual(taken, ["EntityAlreadyExists", "Role with name WORKER already exists.", 409]);
});

test("UpdateRole leaves alone what it is not told", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const RoleName = "worker";
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  await iam.send(new UpdateRoleCommand({ RoleName, Description: "first", MaxSessionDuration: 43_200 }));
  const updated = await iam.send(new UpdateRoleDescriptionCommand({ RoleName, Description: "second" }));
  assert.equal(updated.Role?.Description, "second");
  assert.equal(updated.Role?.MaxSessionDuration, undefined);
  await iam.send(new UpdateRoleCommand({ RoleName }));
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  assert.deepEqual([Role?.Description, Role?.MaxSessionDuration], ["second", 43_200]);
});

test("Trust policies are checked in AWS's words, and have 2048 characters at most", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const RoleName = "worker";
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  const update = (document: string) =>
    iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: document }));
  const refused = async (document: string, text: string) => assert.deepEqual(
    await refusal(update(document)), ["MalformedPolicyDocument", text, 400]);
  await refused("{", "This policy contains invalid Json");
  await refused(AssumeRolePolicyDocument.replace("sts:AssumeRole", "s3:GetObject"),
    "AssumeRole policy may only specify STS AssumeRole actions.");
  const withResource = AssumeRolePolicyDocument.replace('"Effect"', '"Resource":"*","Effect"');
  await refused(withResource, "Has prohibited field Resource");

  const padded = (size: number) => {
    const document = AssumeRolePolicyDocument.replace('"Effect"', '"Sid":"","Effect"');
    return document.replace('"Sid":""', `"Sid":"${"x".repeat(size - document.length)}"`);
  };
  await update(`${padded(2_048)}\n   `);
  const tooLong = await refusal(update(padded(2_049)));
  assert.deepEqual(tooLong, ["LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409]);
});

test("A role is deleted only when it is bare", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const RoleName = "worker";
  const PolicyArn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  const PolicyDocument = JSON.stringify(allow("sqs:*"));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "inline", PolicyDocument }));
  const refused = async (first: string) => assert.deepEqual(
    await refusal(iam.send(new DeleteRoleCommand({ RoleName }))),
    ["DeleteConflict", `Cannot delete entity, must ${first} first.`, 409],
  );
  await refused("detach all policies");
  await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
  await refused("delete policies");
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "inline" }));
  await iam.send(new DeleteRoleCommand({ RoleName }));
});

test("Tags of a role are set, replaced, paged and removed", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const RoleName = "worker";
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  await iam.send(new TagRoleCommand({
    RoleName, Tags: [{ Key: "a", Value: "1" }, { Key: "b", Value: "2" }],
  }));
  await iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: "a", Value: "" }] }));
  const first = await iam.send(new ListRoleTagsCommand({ RoleName, MaxItems: 1 }));
  assert.deepEqual([first.Tags, first.IsTruncated], [[{ Key: "a", Value: "" }], true]);
  const second = await iam.send(new ListRoleTagsCommand({ RoleName, MaxItems: 1, Marker: first.Marker }));
  assert.deepEqual([second.Tags, second.IsTruncated], [[{ Key: "b", Value: "2" }], false]);
  await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ["A", "B"] }));
  assert.deepEqual((await iam.send(new ListRoleTagsCommand({ RoleName }))).Tags, []);
});

test("A refusal about a role that has a name says so in IAM's own way", async () => {
  await using region = await startRegion();
  const asAlice = region.client(IAMClient, { credentials: await region.user("alice") });
  await region.client(IAMClient).send(new CreateRoleCommand({
    RoleName: "worker", Path: "/svc/", AssumeRolePolicyDocument,
  }));
  const who = "User: arn:aws:iam::000000000000:user/alice is not authorized to perform:";
  assert.deepEqual(await refusal(asAlice.send(new GetRoleCommand({ RoleName: "worker" }))), [
    "AccessDenied",
    `${who} iam:GetRole on resource: role worker because no identity-based policy allows the iam:GetRole ` +
    "action", 403,
  ]);
  const making = asAlice.send(new CreateRoleCommand({ RoleName: "other", AssumeRolePolicyDocument }));
  assert.deepEqual(await refusal(making), [
    "AccessDenied", `${who} iam:CreateRole on resource: arn:aws:iam::000000000000:role/other because no ` +
    "identity-based policy allows the iam:CreateRole action", 403,
  ]);
});
