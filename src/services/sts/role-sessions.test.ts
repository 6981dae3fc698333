import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AttachRolePolicyCommand, CreateRoleCommand, CreateUserCommand, GetUserCommand, IAMClient, ListRolesCommand,
  ListUsersCommand, PutRolePolicyCommand, UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand, GetCallerIdentityCommand, STSClient, type AssumeRoleCommandInput,
} from "@aws-sdk/client-sts";
import { allow } from "../../../test/policies.ts";
import { startRegion, type TestCredentials, type TestRegion } from "../../../test/region.ts";
import { refusal } from "../iam/test-policies.ts";

const roleArn = (name: string, account = "000000000000") => `arn:aws:iam::${account}:role/${name}`;

interface TrustRules {
  readonly actions?: string[];
  readonly condition?: object;
  readonly principal?: object;
}

/** A role with a policy that any principal of the account may be let into. */
async function makeRole(
  region: TestRegion, RoleName: string, policy: object, rules: TrustRules = {},
): Promise<string> {
  const iam = region.client(IAMClient);
  await iam.send(new CreateRoleCommand({
    RoleName,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Effect: "Allow", Principal: rules.principal ?? { AWS: "arn:aws:iam::000000000000:root" },
        Action: rules.actions ?? ["sts:AssumeRole"], ...(rules.condition && { Condition: rules.condition }),
      }],
    }),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName, PolicyName: "inline", PolicyDocument: JSON.stringify(policy),
  }));
  return roleArn(RoleName);
}

async function assume(
  region: TestRegion, credentials: TestCredentials | undefined, input: Partial<AssumeRoleCommandInput>,
): Promise<TestCredentials> {
  const sts = credentials ? region.client(STSClient, { credentials }) : region.client(STSClient);
  const { Credentials } = await sts.send(new AssumeRoleCommand({
    RoleSessionName: "session", RoleArn: undefined, ...input,
  }));
  return {
    accessKeyId: Credentials?.AccessKeyId ?? "", secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
}

const notAuthorized = (user: string, action: string, role: string, why: string) => ["AccessDenied",
  `User: arn:aws:iam::000000000000:user/${user} is not authorized to perform: ${action} on resource: ${role} `
  + `because no ${why} allows the ${action} action`, 403];

test("iam-role-temporary-switch: a role's session may what the role may, until it expires", async () => {
  await using region = await startRegion();
  const RoleArn = await makeRole(region, "reader", allow("iam:ListUsers"));
  const alice = await region.user("alice", allow(["sts:AssumeRole", "iam:ListRoles"]));
  const sts = region.client(STSClient, { credentials: alice });
  const answer = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "work" }));
  assert.match(answer.Credentials?.AccessKeyId ?? "", /^ASIA[A-Z2-7]{16}$/);
  assert.deepEqual(answer.Credentials?.Expiration, new Date("2026-01-01T01:00:00Z"));
  assert.equal(answer.AssumedRoleUser?.Arn, "arn:aws:sts::000000000000:assumed-role/reader/work");
  assert.match(answer.AssumedRoleUser?.AssumedRoleId ?? "", /^AROA[A-Z2-7]{17}:work$/);
  const credentials = await assume(region, alice, { RoleArn });
  const iam = region.client(IAMClient, { credentials });
  await iam.send(new ListUsersCommand({}));
  assert.equal((await refusal(iam.send(new ListRolesCommand({}))))[0], "AccessDenied");
  const identity = await region.client(STSClient, { credentials }).send(new GetCallerIdentityCommand({}));
  assert.equal(identity.Arn, "arn:aws:sts::000000000000:assumed-role/reader/session");
  await region.clock.advance({ hours: 1 });
  const expired = await refusal(iam.send(new ListUsersCommand({})));
  assert.deepEqual(expired, ["ExpiredToken", "The security token included in the request is expired", 403]);
});

test("iam-resource-based-policies: only whom the trust policy lets in gets a session", async () => {
  await using region = await startRegion();
  const open = await makeRole(region, "open", allow("iam:ListUsers"));
  const closed = await makeRole(region, "closed", allow("iam:ListUsers"), {
    principal: { Service: "ec2.amazonaws.com" },
  });
  const alice = await region.user("alice", allow("sts:AssumeRole"));
  const bob = await region.user("bob");
  const named = await makeRole(region, "named", allow("iam:ListUsers"), {
    principal: { AWS: "arn:aws:iam::000000000000:user/bob" },
  });
  await assume(region, alice, { RoleArn: open });
  await assume(region, bob, { RoleArn: named });
  const trust = "role trust policy";
  assert.deepEqual(await refusal(assume(region, alice, { RoleArn: closed })),
    notAuthorized("alice", "sts:AssumeRole", closed, trust));
  assert.deepEqual(await refusal(assume(region, bob, { RoleArn: open })),
    notAuthorized("bob", "sts:AssumeRole", open, "identity-based policy"));
  const absent = roleArn("absent");
  assert.deepEqual(await refusal(assume(region, alice, { RoleArn: absent })),
    notAuthorized("alice", "sts:AssumeRole", absent, trust));
  const user = await refusal(assume(region, alice, { RoleArn: "arn:aws:iam::000000000000:user/alice" }));
  assert.equal(user[0], "AccessDenied");
});

test("iam-cli-create-role-trust: an account's root lets in its users who may, and nobody else", async () => {
  await using region = await startRegion();
  const member = region.client(IAMClient, { credentials: region.root("222222222222") });
  await member.send(new CreateRoleCommand({
    RoleName: "OrganizationAccess",
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "sts:AssumeRole" }],
    }),
  }));
  const RoleArn = roleArn("OrganizationAccess", "222222222222");
  const credentials = await assume(region, await region.user("alice", allow("sts:AssumeRole")), { RoleArn });
  const identity = await region.client(STSClient, { credentials }).send(new GetCallerIdentityCommand({}));
  assert.equal(identity.Account, "222222222222");
  const bob = await region.user("bob");
  assert.deepEqual(await refusal(assume(region, bob, { RoleArn })),
    notAuthorized("bob", "sts:AssumeRole", RoleArn, "identity-based policy"));
  const stranger = await refusal(assume(region, region.root("333333333333"), { RoleArn }));
  assert.equal(stranger[0], "AccessDenied");
});

test("Root keys may assume roles, so that scripts written for emulators work", async () => {
  await using region = await startRegion();
  const RoleArn = await makeRole(region, "reader", allow("iam:ListUsers"));
  await assume(region, undefined, { RoleArn });
});

test("sts-session-policies-limit: a session may what both the role and the passed policy allow", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const RoleArn = await makeRole(region, "admin", allow("*"));
  const alice = await region.user("alice", allow("sts:AssumeRole"));
  const client = async (input: Partial<AssumeRoleCommandInput>) =>
    region.client(IAMClient, { credentials: await assume(region, alice, { RoleArn, ...input }) });
  const narrow = await client({ Policy: JSON.stringify(allow("iam:ListUsers")) });
  await narrow.send(new ListUsersCommand({}));
  const refused = await refusal(narrow.send(new ListRolesCommand({})));
  assert.match(refused[1], /because no session policy allows the iam:ListRoles action$/);
  const managed = await client({ PolicyArns: [{ arn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }] });
  await managed.send(new ListRolesCommand({}));
  assert.equal((await refusal(managed.send(new CreateUserCommand({ UserName: "x" }))))[0], "AccessDenied");
  const malformed = await refusal(assume(region, alice, { RoleArn, Policy: "{}" }));
  assert.deepEqual(malformed, ["MalformedPolicyDocument", "Syntax errors in policy.", 400]);
  const many = Array.from({ length: 11 }, () => ({ arn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }));
  assert.equal((await refusal(assume(region, alice, { RoleArn, PolicyArns: many })))[0], "ValidationError");
  const long = JSON.stringify(allow(`iam:${"x".repeat(2_400)}`));
  assert.deepEqual(await refusal(assume(region, alice, { RoleArn, Policy: long })), ["PackedPolicyTooLarge",
    "Packed policy consumes 122% of allotted space, please use smaller policy.", 400]);
  await iam.send(new ListUsersCommand({}));
});

test("sts-session-policies-grant-nothing: a passed policy does not widen what the role may", async () => {
  await using region = await startRegion();
  const RoleArn = await makeRole(region, "reader", allow("iam:ListRoles"));
  const credentials = await assume(region, await region.user("alice", allow("sts:AssumeRole")),
    { RoleArn, Policy: JSON.stringify(allow("iam:*")) });
  const iam = region.client(IAMClient, { credentials });
  await iam.send(new ListRolesCommand({}));
  assert.equal((await refusal(iam.send(new ListUsersCommand({}))))[0], "AccessDenied");
});

test("A session lasts as long as its role allows, and an hour when it comes from a session", async () => {
  await using region = await startRegion();
  const RoleArn = await makeRole(region, "first", allow("sts:AssumeRole"));
  const second = await makeRole(region, "second", allow("sts:AssumeRole"));
  const iam = region.client(IAMClient);
  const alice = await region.user("alice", allow("sts:AssumeRole"));
  assert.deepEqual(await refusal(assume(region, alice, { RoleArn, DurationSeconds: 3_601 })),
    ["ValidationError",
    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400]);
  await iam.send(new UpdateRoleCommand({ RoleName: "first", MaxSessionDuration: 43_200 }));
  await iam.send(new UpdateRoleCommand({ RoleName: "second", MaxSessionDuration: 43_200 }));
  const credentials = await assume(region, alice, { RoleArn, DurationSeconds: 43_200 });
  await assume(region, credentials, { RoleArn: second, DurationSeconds: 3_600 });
  assert.deepEqual(await refusal(assume(region, credentials, { RoleArn: second, DurationSeconds: 3_601 })), [
    "ValidationError",
    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
      400]);
  assert.equal((await refusal(assume(region, alice, { RoleArn, DurationSeconds: 899 })))[0],
    "ValidationError");
});

test("A trust policy may ask for an external id", async () => {
  await using region = await startRegion();
  const RoleArn = await makeRole(region, "partner", allow("iam:ListUsers"), {
    condition: { StringEquals: { "sts:ExternalId": "secret-1" } },
  });
  const alice = await region.user("alice", allow("sts:AssumeRole"));
  await assume(region, alice, { RoleArn, ExternalId: "secret-1" });
  for (const ExternalId of [undefined, "secret-2"]) {
    assert.equal((await refusal(assume(region, alice, { RoleArn, ExternalId })))[0], "AccessDenied");
  }
});

test("Session tags need sts:TagSession, replace the role's, and decide", async () => {
  await using region = await startRegion();
  const policy = {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Action: "iam:ListUsers", Resource: "*",
      Condition: { StringEquals: { "aws:PrincipalTag/team": "blue" } },
    }],
  };
  const RoleArn = await makeRole(region, "tagged", policy, { actions: ["sts:AssumeRole", "sts:TagSession"] });
  const plain = await makeRole(region, "plain", policy);
  const alice = await region.user("alice", allow(["sts:AssumeRole", "sts:TagSession"]));
  const Tags = [{ Key: "Team", Value: "blue" }];
  const asBlue = region.client(IAMClient, { credentials: await assume(region, alice, { RoleArn, Tags }) });
  await asBlue.send(new ListUsersCommand({}));
  const untagged = region.client(IAMClient, { credentials: await assume(region, alice, { RoleArn }) });
  assert.equal((await refusal(untagged.send(new ListUsersCommand({}))))[0], "AccessDenied");
  assert.deepEqual(await refusal(assume(region, alice, { RoleArn: plain, Tags })),
    notAuthorized("alice", "sts:TagSession", plain, "role trust policy"));
  const doubled = [...Tags, { Key: "team", Value: "red" }];
  assert.deepEqual(await refusal(assume(region, alice, { RoleArn, Tags: doubled })), ["ValidationError",
    "Duplicate tag keys found. Please note that Tag keys are case insensitive.", 400]);
  assert.deepEqual(await refusal(assume(region, alice, { RoleArn, Tags, TransitiveTagKeys: ["other"] })), [
    "ValidationError", "The specified transitive tag key must be included in the requested tags.", 400]);
});

test("Transitive tags go on to the next role, and can't be set anew there", async () => {
  await using region = await startRegion();
  const actions = ["sts:AssumeRole", "sts:TagSession"];
  const first = await makeRole(region, "first", allow(actions), { actions });
  const second = await makeRole(region, "second", {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Action: "iam:ListUsers", Resource: "*",
      Condition: { StringEquals: { "aws:PrincipalTag/team": "blue" },
        Null: { "aws:PrincipalTag/cost": "true" } },
    }],
  }, { actions });
  const alice = await region.user("alice", allow(actions));
  const chained = await assume(region, alice, {
    RoleArn: first, Tags: [{ Key: "team", Value: "blue" }, { Key: "cost", Value: "1" }],
      TransitiveTagKeys: ["team"],
  });
  const credentials = await assume(region, chained, { RoleArn: second });
  await region.client(IAMClient, { credentials }).send(new ListUsersCommand({}));
  const anew =
    await refusal(assume(region, chained, { RoleArn: second, Tags: [{ Key: "Team", Value: "red" }] }));
  assert.deepEqual(anew,
    ["ValidationError", "One of the specified transitive tag keys can't be set because it "
    + "conflicts with a transitive tag key from the calling session.", 400]);
});

test("A source identity needs its own permission, stays, and can't be changed", async () => {
  await using region = await startRegion();
  const actions = ["sts:AssumeRole", "sts:SetSourceIdentity"];
  const first = await makeRole(region, "first", allow(actions), { actions });
  const second = await makeRole(region, "second", allow("iam:ListUsers"), { actions });
  const plain = await makeRole(region, "plain", allow("iam:ListUsers"));
  const alice = await region.user("alice", allow(actions));
  const credentials = await assume(region, alice, { RoleArn: first, SourceIdentity: "alice" });
  const sts = region.client(STSClient, { credentials });
  const { SourceIdentity } =
    await sts.send(new AssumeRoleCommand({ RoleArn: second, RoleSessionName: "next" }));
  assert.equal(SourceIdentity, "alice");
  const other = await refusal(assume(region, credentials, { RoleArn: second, SourceIdentity: "mallory" }));
  assert.deepEqual(other, ["AccessDenied", "The source identity of a session cannot be changed.", 403]);
  assert.equal((await refusal(assume(region, credentials, { RoleArn: plain })))[0], "AccessDenied");
});

test("A managed policy on a role takes effect in its sessions", async () => {
  await using region = await startRegion();
  const RoleArn = await makeRole(region, "reader", allow("sqs:ListQueues"));
  await region.client(IAMClient).send(new AttachRolePolicyCommand({
    RoleName: "reader", PolicyArn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
  }));
  const credentials = await assume(region, await region.user("alice", allow("sts:AssumeRole")), { RoleArn });
  const { User } =
    await region.client(IAMClient, { credentials }).send(new GetUserCommand({ UserName: "alice" }));
  assert.equal(User?.UserName, "alice");
});
