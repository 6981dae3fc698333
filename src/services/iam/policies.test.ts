import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AttachRolePolicyCommand, AttachUserPolicyCommand, CreatePolicyCommand, CreatePolicyVersionCommand,
  CreateRoleCommand, CreateUserCommand, DeletePolicyCommand, DeletePolicyVersionCommand,
  DetachUserPolicyCommand, GetPolicyCommand, GetPolicyVersionCommand, IAMClient,
  ListEntitiesForPolicyCommand, ListPoliciesCommand, ListPoliciesGrantingServiceAccessCommand,
  ListPolicyTagsCommand, ListPolicyVersionsCommand, paginateListPolicies, PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand, SetDefaultPolicyVersionCommand, TagPolicyCommand, type ListPoliciesCommandInput,
} from "@aws-sdk/client-iam";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

const PolicyDocument = JSON.stringify(allow("sqs:*"));
const PolicyArn = "arn:aws:iam::000000000000:policy/work";

test("iam-policy-json-documents: a document comes back as it was, percent-encoded", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const document = '{ "Version": "2012-10-17",\n "Statement": {"Sid": "It1", "Effect": "Allow", ' +
    '"Action": "s3:Get*", "Resource": "arn:aws:s3:::b/(!\')~*"} }';
  const { Policy } = await iam.send(new CreatePolicyCommand({
    PolicyName: "work", PolicyDocument: document,
  }));
  assert.match(Policy?.PolicyId ?? "", /^ANPA[A-Z2-7]{17}$/);
  assert.deepEqual(Policy, {
    PolicyName: "work", PolicyId: Policy?.PolicyId, Arn: PolicyArn, Path: "/", DefaultVersionId: "v1",
    AttachmentCount: 0,
    PermissionsBoundaryUsageCount: 0, IsAttachable: true, CreateDate: new Date("2026-01-01T00:00:00Z"),
    UpdateDate: new Date("2026-01-01T00:00:00Z"),
  });
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: "v1" }));
  assert.equal(PolicyVersion?.Document?.slice(-31), "%3Ab%2F%28%21%27%29~%2A%22%7D%20%7D".slice(-31));
  assert.equal(decodeURIComponent(PolicyVersion?.Document ?? ""), document);
});

test("iam-policy-json-documents: what is no policy is refused in AWS's words", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const refused = async (document: string, text: string) => assert.deepEqual(
    await refusal(iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument: document }))),
    ["MalformedPolicyDocument", text, 400]);
  await refused("not json", "Syntax errors in policy.");
  await refused('{"Version":"2012-10-17","Statements":[]}', "Syntax errors in policy.");
  await refused(PolicyDocument.replace("sqs:*", "sqs"),
    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  await refused(PolicyDocument.replace('"*"', '"nothing"'), 'Resource nothing must be in ARN format or "*".');
});

test("Statement ids of managed policies are letters and digits, those of inline ones anything", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const document = PolicyDocument.replace('"Effect"', '"Sid":"all of it","Effect"');
  const form = "Check that your input satisfies the regular expression [0-9A-Za-z]*";
  const refused = ["MalformedPolicyDocument", `Statement IDs (SID) must be alpha-numeric. ${form}`, 400];
  await iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument }));
  assert.deepEqual(await refusal(iam.send(
    new CreatePolicyCommand({ PolicyName: "other", PolicyDocument: document }))), refused);
  assert.deepEqual(await refusal(iam.send(
    new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: document }))), refused);
  await iam.send(new CreateUserCommand({ UserName: "ana" }));
  await iam.send(new PutUserPolicyCommand({ UserName: "ana", PolicyName: "p", PolicyDocument: document }));
});

test("iam-aws-managed-policies: AWS's policies are listed, read, and take effect", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const names: string[] = [];
  for await (const page of paginateListPolicies({ client: iam, pageSize: 1000 }, { Scope: "AWS" })) {
    names.push(...(page.Policies ?? []).map((policy) => policy.PolicyName ?? ""));
  }
  assert.ok(names.length > 1_400);
  for (const name of ["ReadOnlyAccess", "AdministratorAccess", "AmazonS3ReadOnlyAccess"]) {
    assert.ok(names.includes(name), name);
  }

  const arn = "arn:aws:iam::aws:policy/AdministratorAccess";
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: arn }));
  assert.match(Policy?.PolicyId ?? "", /^ANPA[A-Z2-7]{17}$/);
  assert.deepEqual([Policy?.PolicyName, Policy?.Path, Policy?.Tags], ["AdministratorAccess", "/", []]);
  const version = await iam.send(new GetPolicyVersionCommand({
    PolicyArn: arn, VersionId: Policy?.DefaultVersionId,
  }));
  assert.deepEqual(JSON.parse(decodeURIComponent(version.PolicyVersion?.Document ?? "")), allow("*"));
  const jobs = await iam.send(new ListPoliciesCommand({ Scope: "AWS", PathPrefix: "/job-function/" }));
  const folder = "arn:aws:iam::aws:policy/job-function/";
  assert.ok(jobs.Policies?.every((policy) => policy.Arn?.startsWith(folder)));

  const admin = region.client(IAMClient, { credentials: await region.user("admin") });
  await iam.send(new AttachUserPolicyCommand({ UserName: "admin", PolicyArn: arn }));
  await admin.send(new CreateUserCommand({ UserName: "made-by-admin" }));
  const attached = await admin.send(new GetPolicyCommand({ PolicyArn: arn }));
  assert.equal(attached.Policy?.AttachmentCount, 1);
});

test("AWS's policies cannot be changed by anybody", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const arn = "arn:aws:iam::aws:policy/AdministratorAccess";
  const text = "User: arn:aws:iam::000000000000:root is not authorized to perform: iam:DeletePolicy on " +
    `resource: policy ${arn}`;
  assert.deepEqual(await refusal(iam.send(new DeletePolicyCommand({
    PolicyArn: arn,
  }))), ["AccessDenied", text, 403]);
  const absent = "arn:aws:iam::aws:policy/NoSuchThing";
  assert.deepEqual(await refusal(iam.send(new GetPolicyCommand({ PolicyArn: absent }))),
    ["NoSuchEntity", `Policy ${absent} was not found.`, 404]);
});

test("Policies' names are unique whatever their path, and their ARNs are checked", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument, Description: "for work" }));
  const again = iam.send(new CreatePolicyCommand({ PolicyName: "Work", Path: "/x/", PolicyDocument }));
  assert.deepEqual(await refusal(again),
    ["EntityAlreadyExists", "A policy called Work already exists. Duplicate names are not allowed.", 409]);
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  assert.deepEqual([Policy?.Description, Policy?.Tags], ["for work", []]);
  const absent = "arn:aws:iam::000000000000:policy/absent";
  assert.deepEqual(await refusal(iam.send(new GetPolicyCommand({ PolicyArn: absent }))),
    ["NoSuchEntity", `Policy ${absent} was not found.`, 404]);
  assert.deepEqual(await refusal(iam.send(new GetPolicyCommand({ PolicyArn: "not-an-arn-but-long-enough" }))),
    ["ValidationError", "ARN not-an-arn-but-long-enough is not valid.", 400]);
});

test("A policy has five versions at most, newest first, and numbers are not used again", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument }));
  for (let number = 2; number <= 5; number++) {
    const { PolicyVersion } = await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument }));
    assert.deepEqual([PolicyVersion?.VersionId, PolicyVersion?.IsDefaultVersion], [`v${number}`, false]);
    assert.equal(PolicyVersion?.Document, undefined);
  }
  const sixth = iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument }));
  assert.deepEqual(await refusal(sixth), ["LimitExceeded", "A managed policy can have up to 5 versions. " +
    "Before you create a new version, you must delete an existing version.", 409]);
  await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: "v3" }));
  assert.deepEqual(await refusal(iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v3" }))),
    ["DeleteConflict", "Cannot delete the default version of a policy.", 409]);
  await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v5" }));
  const next = await iam.send(new CreatePolicyVersionCommand({
    PolicyArn, PolicyDocument, SetAsDefault: true,
  }));
  assert.deepEqual([next.PolicyVersion?.VersionId, next.PolicyVersion?.IsDefaultVersion], ["v6", true]);
  const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
  assert.deepEqual(Versions?.map((version) => version.VersionId), ["v6", "v4", "v3", "v2", "v1"]);
  for (const VersionId of ["v9", "v999999999999"]) {
    assert.deepEqual(await refusal(iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }))),
      ["NoSuchEntity", `Policy ${PolicyArn} version ${VersionId} does not exist or is not attachable.`, 404]);
  }
});

test("A document has 6144 characters at most, white space not counted", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const sized = (size: number) =>
    PolicyDocument.replace("sqs:*", `sqs:${"a".repeat(size - PolicyDocument.length + 1)}`);
  const spaced = `${sized(6_144)}\n${" ".repeat(5_000)}`;
  await iam.send(new CreatePolicyCommand({ PolicyName: "largest", PolicyDocument: spaced }));
  const beyond = iam.send(new CreatePolicyCommand({ PolicyName: "larger", PolicyDocument: sized(6_145) }));
  assert.deepEqual(await refusal(beyond), ["LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409]);
});

test("A policy that is used, or has several versions, is not deleted", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument }));
  await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument }));
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn }));
  assert.deepEqual(await refusal(iam.send(new DeletePolicyCommand({ PolicyArn }))),
    ["DeleteConflict", "Cannot delete a policy attached to entities.", 409]);
  await iam.send(new DetachUserPolicyCommand({ UserName: "alice", PolicyArn }));
  assert.deepEqual(await refusal(iam.send(new DeletePolicyCommand({ PolicyArn }))), ["DeleteConflict",
    "This policy has more than one version. Before you delete a policy, you must delete the policy's " +
    "versions. The default version is deleted with the policy.", 409]);
  await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v2" }));
  await iam.send(new DeletePolicyCommand({ PolicyArn }));
  await iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument }));
});

test("Tag keys of policies differ by case", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const Tags = [{ Key: "a", Value: "lower" }, { Key: "A", Value: "upper" }];
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument, Tags }));
  assert.deepEqual(Policy?.Tags, Tags);
  assert.deepEqual((await iam.send(new ListPolicyTagsCommand({ PolicyArn }))).Tags, [Tags[1], Tags[0]]);
  const doubled = iam.send(new TagPolicyCommand({
    PolicyArn, Tags: [{ Key: "b", Value: "" }, { Key: "b", Value: "" }],
  }));
  assert.deepEqual(await refusal(doubled), ["InvalidInput", "Duplicate tag keys found.", 400]);
});

test("Lists of policies are narrowed by scope, path and use, and a policy knows its users", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument }));
  await iam.send(new CreatePolicyCommand({ PolicyName: "limit", Path: "/limits/", PolicyDocument }));
  await iam.send(new CreateUserCommand({ UserName: "alice", Path: "/staff/" }));
  await iam.send(new CreateRoleCommand({
    RoleName: "worker", AssumeRolePolicyDocument: trust("ec2.amazonaws.com"),
  }));
  await iam.send(new AttachRolePolicyCommand({ RoleName: "worker", PolicyArn }));
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn }));
  const limit = "arn:aws:iam::000000000000:policy/limits/limit";
  await iam.send(new PutUserPermissionsBoundaryCommand({ UserName: "alice", PermissionsBoundary: limit }));
  const named = async (input: ListPoliciesCommandInput) =>
    (await iam.send(new ListPoliciesCommand(input))).Policies?.map((policy) => policy.PolicyName);
  assert.deepEqual(await named({ Scope: "Local" }), ["limit", "work"]);
  assert.deepEqual(await named({ Scope: "Local", PathPrefix: "/limits/" }), ["limit"]);
  assert.deepEqual(await named({ OnlyAttached: true }), ["work"]);
  assert.deepEqual(await named({ PolicyUsageFilter: "PermissionsBoundary" }), ["limit"]);

  const users = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }));
  assert.deepEqual(users.PolicyUsers?.map((user) => user.UserName), ["alice"]);
  assert.deepEqual(users.PolicyRoles?.map((role) => role.RoleName), ["worker"]);
  assert.deepEqual(users.PolicyGroups, []);
  const staff = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn, PathPrefix: "/staff/" }));
  assert.deepEqual([staff.PolicyUsers?.length, staff.PolicyRoles], [1, []]);
  const limited = await iam.send(new ListEntitiesForPolicyCommand({
    PolicyArn: limit, PolicyUsageFilter: "PermissionsBoundary", EntityFilter: "User",
  }));
  assert.deepEqual(limited.PolicyUsers?.map((user) => user.UserName), ["alice"]);
});

test("The policies that let somebody into a service are named once each", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreatePolicyCommand({ PolicyName: "work", PolicyDocument }));
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn }));
  const everythingButIam = {
    Version: "2012-10-17", Statement: { Effect: "Allow", NotAction: "iam:*", Resource: "*" },
  };
  await iam.send(new PutUserPolicyCommand({
    UserName: "alice", PolicyName: "rest", PolicyDocument: JSON.stringify(everythingButIam),
  }));
  const { PoliciesGrantingServiceAccess } = await iam.send(new ListPoliciesGrantingServiceAccessCommand({
    Arn: "arn:aws:iam::000000000000:user/alice", ServiceNamespaces: ["sqs", "iam", "s3"],
  }));
  const inline = { PolicyName: "rest", PolicyType: "INLINE", EntityType: "USER", EntityName: "alice" };
  assert.deepEqual(PoliciesGrantingServiceAccess, [
    { ServiceNamespace: "sqs", Policies: [inline, { PolicyName: "work", PolicyType: "MANAGED", PolicyArn }] },
    { ServiceNamespace: "iam", Policies: [] },
    { ServiceNamespace: "s3", Policies: [inline] },
  ]);
});
