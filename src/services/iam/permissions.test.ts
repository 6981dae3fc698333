import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddUserToGroupCommand, AttachGroupPolicyCommand, AttachUserPolicyCommand, CreateGroupCommand,
  CreatePolicyCommand, CreatePolicyVersionCommand, CreateUserCommand, DeleteUserPermissionsBoundaryCommand,
  DeleteUserPolicyCommand, DetachUserPolicyCommand, GetPolicyCommand, GetUserCommand, GetUserPolicyCommand,
  IAMClient, ListAttachedUserPoliciesCommand, ListGroupsCommand, ListRolesCommand, ListUserPoliciesCommand,
  ListUsersCommand, PutGroupPolicyCommand, PutUserPermissionsBoundaryCommand, PutUserPolicyCommand,
  SetDefaultPolicyVersionCommand, TagUserCommand,
} from "@aws-sdk/client-iam";
import { allow, deny } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

const who = "User: arn:aws:iam::000000000000:user/alice is not authorized to perform:";
const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";

function inline(PolicyName: string, document: object) {
  return new PutUserPolicyCommand({
    UserName: "alice", PolicyName, PolicyDocument: JSON.stringify(document),
  });
}

function denied(action: string, resource: string, reason?: string) {
  const why = reason ?? `because no identity-based policy allows the ${action} action`;
  return ["AccessDenied", `${who} ${action} on resource: ${resource} ${why}`, 403];
}

const usersPath = "arn:aws:iam::000000000000:user/";
const groupsPath = "arn:aws:iam::000000000000:group/";

test("iam-policies-define-allow-deny: what a policy allows is allowed, and a deny beats it", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const alice = region.client(IAMClient, { credentials: await region.user("alice") });
  assert.deepEqual(await refusal(alice.send(new ListUsersCommand({}))), denied("iam:ListUsers", usersPath));
  assert.deepEqual(await refusal(alice.send(new GetUserCommand({}))), denied("iam:GetUser", "user alice"));

  await iam.send(inline("one", allow("iam:GetUser", "arn:aws:iam::000000000000:user/alice")));
  assert.equal((await alice.send(new GetUserCommand({}))).User?.UserName, "alice");
  await iam.send(new CreateUserCommand({ UserName: "bob", Path: "/staff/" }));
  assert.deepEqual(await refusal(alice.send(new GetUserCommand({
    UserName: "bob",
  }))), denied("iam:GetUser", "user bob"));
  assert.deepEqual(await refusal(alice.send(new ListUsersCommand({}))), denied("iam:ListUsers", usersPath));

  await iam.send(inline("two", deny("iam:Get*")));
  assert.deepEqual(await refusal(alice.send(new GetUserCommand({}))),
    denied("iam:GetUser", "user alice", "with an explicit deny in an identity-based policy"));
  await iam.send(new DeleteUserPolicyCommand({ UserName: "alice", PolicyName: "two" }));
  assert.equal((await alice.send(new GetUserCommand({}))).User?.UserName, "alice");
});

test("an inline policy without a version is of the older one, which has no variables", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const alice = region.client(IAMClient, { credentials: await region.user("alice") });
  const Statement = { Effect: "Allow", Action: "iam:GetUser", Resource: `${usersPath}alice` };
  await iam.send(inline("old", { Statement }));
  assert.equal((await alice.send(new GetUserCommand({}))).User?.UserName, "alice");
  await iam.send(inline("old", { Statement: { ...Statement, Resource: `${usersPath}\${aws:username}` } }));
  assert.deepEqual(await refusal(alice.send(new GetUserCommand({}))), denied("iam:GetUser", "user alice"));
  const managed = new CreatePolicyCommand({
    PolicyName: "old", PolicyDocument: JSON.stringify({ Statement }),
  });
  assert.deepEqual(await refusal(iam.send(managed)), [
    "MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater.", 400,
  ]);
});

test("iam-identity-based-managed-and-inline: each kind grants, and lists keep them apart", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const alice = region.client(IAMClient, { credentials: await region.user("alice") });
  const PolicyDocument = JSON.stringify(allow("iam:ListUsers"));
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: "managed", PolicyDocument }));
  const PolicyArn = Policy?.Arn;
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn }));
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn }));
  await iam.send(inline("inline", allow("iam:ListGroups")));
  await iam.send(new CreateGroupCommand({ GroupName: "staff" }));
  await iam.send(new AddUserToGroupCommand({ GroupName: "staff", UserName: "alice" }));
  const shared = JSON.stringify(allow("iam:ListRoles"));
  await iam.send(new PutGroupPolicyCommand({
    GroupName: "staff", PolicyName: "shared", PolicyDocument: shared,
  }));
  await alice.send(new ListUsersCommand({}));
  await alice.send(new ListGroupsCommand({}));
  await alice.send(new ListRolesCommand({}));

  const attached = await iam.send(new ListAttachedUserPoliciesCommand({ UserName: "alice" }));
  assert.deepEqual(attached.AttachedPolicies, [{ PolicyName: "managed", PolicyArn }]);
  const named = await iam.send(new ListUserPoliciesCommand({ UserName: "alice" }));
  assert.deepEqual(named.PolicyNames, ["inline"]);
  const got = await iam.send(new GetUserPolicyCommand({ UserName: "alice", PolicyName: "inline" }));
  assert.deepEqual(JSON.parse(decodeURIComponent(got.PolicyDocument ?? "")), allow("iam:ListGroups"));

  await iam.send(new DetachUserPolicyCommand({ UserName: "alice", PolicyArn }));
  assert.deepEqual(await refusal(alice.send(new ListUsersCommand({}))), denied("iam:ListUsers", usersPath));
  assert.deepEqual(await refusal(iam.send(new DetachUserPolicyCommand({ UserName: "alice", PolicyArn }))),
    ["NoSuchEntity", `Policy ${PolicyArn} was not found.`, 404]);
});

test("Only a managed policy's default version decides", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const alice = region.client(IAMClient, { credentials: await region.user("alice") });
  const { Policy } = await iam.send(new CreatePolicyCommand({
    PolicyName: "managed", PolicyDocument: JSON.stringify(allow("iam:ListUsers")),
  }));
  const PolicyArn = Policy?.Arn;
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn }));
  const PolicyDocument = JSON.stringify(allow("iam:ListGroups"));
  await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument }));
  assert.deepEqual(
    await refusal(alice.send(new ListGroupsCommand({}))),
    denied("iam:ListGroups", groupsPath),
  );
  await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: "v2" }));
  await alice.send(new ListGroupsCommand({}));
  assert.deepEqual(await refusal(alice.send(new ListUsersCommand({}))), denied("iam:ListUsers", usersPath));
});

test("iam-cli-attach-user-policy: ReadOnlyAccess lets a user read everything and write nothing", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const alice = region.client(IAMClient, { credentials: await region.user("alice") });
  const PolicyArn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn }));
  await alice.send(new ListUsersCommand({}));
  assert.equal((await alice.send(new GetPolicyCommand({ PolicyArn }))).Policy?.AttachmentCount, 1);
  assert.deepEqual(await refusal(alice.send(new CreateUserCommand({ UserName: "bob" }))),
    denied("iam:CreateUser", "arn:aws:iam::000000000000:user/bob"));
  assert.deepEqual(await refusal(alice.send(new AttachUserPolicyCommand({
    UserName: "alice", PolicyArn: administrator,
  }))),
    denied("iam:AttachUserPolicy", "user alice"));
});

test("iam-permissions-boundary-maximum: beyond the boundary an administrator may do nothing", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const alice = region.client(IAMClient, { credentials: await region.user("alice") });
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn: administrator }));
  await alice.send(new ListGroupsCommand({}));
  const { Policy } = await iam.send(new CreatePolicyCommand({
    PolicyName: "limit", PolicyDocument: JSON.stringify(allow("iam:ListUsers")),
  }));
  const PermissionsBoundary = Policy?.Arn;
  await iam.send(new PutUserPermissionsBoundaryCommand({ UserName: "alice", PermissionsBoundary }));
  await alice.send(new ListUsersCommand({}));
  assert.deepEqual(await refusal(alice.send(new ListGroupsCommand({}))),
    denied("iam:ListGroups", groupsPath, "because no permissions boundary allows the iam:ListGroups action"));
  const { User } = await iam.send(new GetUserCommand({ UserName: "alice" }));
  assert.deepEqual(User?.PermissionsBoundary,
    { PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: PermissionsBoundary });
  await iam.send(new DeleteUserPermissionsBoundaryCommand({ UserName: "alice" }));
  await alice.send(new ListGroupsCommand({}));
});

test("iam-permissions-boundary-grants-nothing: a boundary alone allows no call", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const alice = region.client(IAMClient, { credentials: await region.user("alice") });
  await iam.send(new PutUserPermissionsBoundaryCommand({
    UserName: "alice", PermissionsBoundary: administrator,
  }));
  assert.deepEqual(await refusal(alice.send(new ListUsersCommand({}))), denied("iam:ListUsers", usersPath));
});

test("A boundary must be a managed policy that is there", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  const put = (PermissionsBoundary: string) =>
    refusal(iam.send(new PutUserPermissionsBoundaryCommand({ UserName: "alice", PermissionsBoundary })));
  const absent = "arn:aws:iam::000000000000:policy/absent";
  assert.deepEqual(await put(absent),
    ["NoSuchEntity", `Scope ARN: ${absent} does not exist or is not attachable.`, 404]);
  const noPolicy = "arn:aws:iam::000000000000:not_a_policy/x";
  assert.deepEqual(await put(noPolicy), ["InvalidInput", `ARN ${noPolicy} is not valid.`, 400]);
});

test("Ten managed policies can be attached, and 2048 characters be inline", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const PolicyDocument = JSON.stringify(allow("sqs:*"));
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  for (let index = 0; index <= 10; index++) {
    const { Policy } = await iam.send(new CreatePolicyCommand({
      PolicyName: `policy${index}`, PolicyDocument,
    }));
    const attaching = iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn: Policy?.Arn }));
    if (index < 10) await attaching;
    else {
      assert.deepEqual(
        await refusal(attaching), ["LimitExceeded", "Cannot exceed quota for PoliciesPerUser: 10", 409]);
    }
  }
  const sized = (size: number) =>
    PolicyDocument.replace("sqs:*", `sqs:${"a".repeat(size - PolicyDocument.length + 1)}`);
  const put = (PolicyName: string, size: number) => iam.send(new PutUserPolicyCommand({
    UserName: "alice", PolicyName, PolicyDocument: `${sized(size)}\n  `,
  }));
  await put("a", 1_024);
  await put("b", 1_024);
  await put("b", 1_024);
  assert.deepEqual(await refusal(put("b", 1_025)),
    ["LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user alice", 409]);
});

test("What is attached must be there, and an ARN be one", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateGroupCommand({ GroupName: "staff" }));
  const attach = (PolicyArn: string) =>
    refusal(iam.send(new AttachGroupPolicyCommand({ GroupName: "staff", PolicyArn })));
  const absent = "arn:aws:iam::000000000000:policy/absent";
  assert.deepEqual(await attach(absent),
    ["NoSuchEntity", `Policy ${absent} does not exist or is not attachable.`, 404]);
  assert.deepEqual(await attach("longpolicynamebutnoarn"),
    ["ValidationError", "ARN longpolicynamebutnoarn is not valid.", 400]);
  assert.deepEqual(await attach("arn:aws:iam::aws:policy/aws-service-role/AWSSupportServiceRolePolicy"),
    ["PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.", 400]);
});

test("Conditions see the policy that is attached and the tags of the user", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const credentials = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Action: "iam:AttachUserPolicy", Resource: "*",
      Condition: {
        ArnEquals: { "iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess" },
        StringEquals: { "iam:ResourceTag/team": "blue" },
      },
    }],
  });
  const alice = region.client(IAMClient, { credentials });
  await iam.send(new CreateUserCommand({ UserName: "bob" }));
  const attach = (PolicyArn: string) => alice.send(new AttachUserPolicyCommand({
    UserName: "bob", PolicyArn,
  }));
  const readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess";
  assert.deepEqual(await refusal(attach(readOnly)), denied("iam:AttachUserPolicy", "user bob"));
  await iam.send(new TagUserCommand({ UserName: "bob", Tags: [{ Key: "team", Value: "blue" }] }));
  assert.deepEqual(await refusal(attach(administrator)), denied("iam:AttachUserPolicy", "user bob"));
  await attach(readOnly);
});
