import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AttachUserPolicyCommand, CreatePolicyCommand, CreateRoleCommand, GetContextKeysForCustomPolicyCommand,
  GetContextKeysForPrincipalPolicyCommand, IAMClient, ListUsersCommand, paginateSimulateCustomPolicy,
  PutRolePolicyCommand, PutUserPermissionsBoundaryCommand, PutUserPolicyCommand, SimulateCustomPolicyCommand,
  SimulatePrincipalPolicyCommand,
} from "@aws-sdk/client-iam";
import { allow, deny, trust } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { statementSpans } from "./statement-positions.ts";
import { refusal } from "./test-policies.ts";

const text = (policy: object) => JSON.stringify(policy);

test("Statements begin behind what comes before them and end behind their brace", () => {
  const administrator = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}`;
  assert.deepEqual(statementSpans(administrator),
    [{ start: { Line: 3, Column: 17 }, end: { Line: 8, Column: 6 } }]);
  const line = '{"Version":"2012-10-17","Statement":[{"a":["}"]},{"b":"\\"]"}],"Id":"x"}';
  assert.deepEqual(statementSpans(line).map(({ start, end }) => [start.Column, end.Column]),
    [[38, 49], [50, 61]]);
  assert.deepEqual(statementSpans('{"Statement":{"a":1}}'), [
    { start: { Line: 1, Column: 14 }, end: { Line: 1, Column: 21 } }]);
});

test("iam-policy-simulator: custom policies allow, deny, or say nothing", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { EvaluationResults, IsTruncated } = await iam.send(new SimulateCustomPolicyCommand({
    PolicyInputList: [text(allow(["s3:Get*", "s3:DeleteObject"])), text(deny("s3:DeleteObject"))],
    ActionNames: ["s3:GetObject", "s3:DeleteObject", "s3:PutObject"],
  }));
  assert.equal(IsTruncated, false);
  assert.deepEqual(EvaluationResults?.map((result) => [result.EvalActionName, result.EvalDecision]), [
    ["s3:GetObject", "allowed"], ["s3:DeleteObject", "explicitDeny"], ["s3:PutObject", "implicitDeny"],
  ]);
  assert.deepEqual(EvaluationResults?.[0], {
    EvalActionName: "s3:GetObject", EvalResourceName: "*", EvalDecision: "allowed", MissingContextValues: [],
    MatchedStatements: [{
      SourcePolicyId: "PolicyInputList.1", SourcePolicyType: "IAM Policy",
      StartPosition: { Line: 1, Column: 38 }, EndPosition: { Line: 1, Column: 110 },
    }],
  });
  assert.deepEqual(EvaluationResults?.[1]?.MatchedStatements?.map((one) => one.SourcePolicyId),
    ["PolicyInputList.2"]);
  assert.deepEqual(EvaluationResults?.[2]?.MatchedStatements, []);
});

test("iam-policy-simulator: a simulation agrees with real calls", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const credentials = await region.user("alice", allow("iam:ListUsers"));
  const simulate = async () => {
    const { EvaluationResults } = await iam.send(new SimulatePrincipalPolicyCommand({
      PolicySourceArn: "arn:aws:iam::000000000000:user/alice", ActionNames: ["iam:ListUsers"],
    }));
    return [EvaluationResults?.[0]?.EvalDecision,
      EvaluationResults?.[0]?.MatchedStatements?.[0]?.SourcePolicyId];
  };
  const call = () => region.client(IAMClient, { credentials }).send(new ListUsersCommand({}));
  assert.deepEqual(await simulate(), ["allowed", "user_alice_inline"]);
  await call();
  const { Policy } = await iam.send(new CreatePolicyCommand({
    PolicyName: "stop", PolicyDocument: text(deny("iam:List*")),
  }));
  await iam.send(new AttachUserPolicyCommand({ UserName: "alice", PolicyArn: Policy?.Arn }));
  assert.deepEqual(await simulate(), ["explicitDeny", "stop"]);
  assert.equal((await refusal(call()))[0], "AccessDenied");
});

test("Conditions are asked of the context entries, and what is missing is named", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const policy = {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/${aws:username}/*",
      Condition: { NumericLessThan: { "aws:MultiFactorAuthAge": "60" } },
    }],
  };
  const simulate = async (ContextEntries: {
    ContextKeyName: string; ContextKeyType: "string" | "numeric"; ContextKeyValues: string[] }[]) => {
    const { EvaluationResults } = await iam.send(new SimulateCustomPolicyCommand({
      PolicyInputList: [text(policy)], ActionNames: ["s3:GetObject"],
        ResourceArns: ["arn:aws:s3:::b/alice/x"],
      ContextEntries,
    }));
    return EvaluationResults?.[0];
  };
  const name =
    { ContextKeyName: "aws:username", ContextKeyType: "string" as const, ContextKeyValues: ["alice"] };
  const age = { ContextKeyName: "aws:multifactorauthage", ContextKeyType: "numeric" as const,
    ContextKeyValues: ["59"] };
  const nothing = await simulate([]);
  assert.deepEqual([nothing?.EvalDecision, nothing?.MissingContextValues],
    ["implicitDeny", ["aws:username"]]);
  const half = await simulate([name]);
  assert.deepEqual([half?.EvalDecision, half?.MissingContextValues],
    ["implicitDeny", ["aws:MultiFactorAuthAge"]]);
  const all = await simulate([name, age]);
  assert.deepEqual([all?.EvalDecision, all?.MissingContextValues], ["allowed", []]);
  assert.equal(all?.ResourceSpecificResults?.[0]?.EvalResourceDecision, "allowed");
  const keys = await iam.send(new GetContextKeysForCustomPolicyCommand({ PolicyInputList: [text(policy)] }));
  assert.deepEqual(keys.ContextKeyNames, ["aws:MultiFactorAuthAge", "aws:username"]);
});

test("A boundary limits the simulation, and one that is given replaces the user's own", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await region.user("alice", allow("*"));
  const { Policy } = await iam.send(new CreatePolicyCommand({
    PolicyName: "limit", PolicyDocument: text(allow("sqs:*")),
  }));
  await iam.send(
    new PutUserPermissionsBoundaryCommand({ UserName: "alice", PermissionsBoundary: Policy?.Arn }));
  const simulate = async (more: object = {}) => {
    const { EvaluationResults } = await iam.send(new SimulatePrincipalPolicyCommand({
      PolicySourceArn: "arn:aws:iam::000000000000:user/alice",
        ActionNames: ["s3:GetObject", "sqs:SendMessage"], ...more,
    }));
    return EvaluationResults?.map((result) =>
      [result.EvalDecision, result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary]);
  };
  assert.deepEqual(await simulate(), [["implicitDeny", false], ["allowed", true]]);
  const PermissionsBoundaryPolicyInputList = [text(allow("s3:*"))];
  assert.deepEqual(await simulate({ PermissionsBoundaryPolicyInputList }),
    [["allowed", true], ["implicitDeny", false]]);
  const UserName = "alice";
  await iam.send(new PutUserPolicyCommand({
    UserName, PolicyName: "except", PolicyDocument: text(deny("sqs:SendMessage")),
  }));
  assert.deepEqual(await simulate(), [["implicitDeny", false], ["explicitDeny", true]]);
  await region.user("bob");
  await iam.send(
    new PutUserPermissionsBoundaryCommand({ UserName: "bob", PermissionsBoundary: Policy?.Arn }));
  assert.deepEqual(await simulate({ PolicySourceArn: "arn:aws:iam::000000000000:user/bob" }),
    [["implicitDeny", false], ["implicitDeny", true]]);
});

test("A resource policy is simulated for a caller, also of another account", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const CallerArn = "arn:aws:iam::111111111111:user/bob";
  const ResourcePolicy = text({
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Principal: { AWS: CallerArn }, Action: "sqs:*",
      Resource: "arn:aws:sqs:us-east-1:000000000000:q",
    }],
  });
  const simulate = async (policy: object, more: object) => {
    const { EvaluationResults } = await iam.send(new SimulateCustomPolicyCommand({
      PolicyInputList: [text(policy)], ActionNames: ["sqs:SendMessage"], ResourcePolicy,
      ResourceArns: ["arn:aws:sqs:us-east-1:000000000000:q"], ...more,
    }));
    return EvaluationResults?.[0]?.EvalDecision;
  };
  assert.equal(await simulate(allow("sqs:*"), { CallerArn }), "allowed");
  assert.equal(await simulate(allow("s3:*"), { CallerArn }), "implicitDeny");
  assert.equal(await simulate(allow("s3:*"), { CallerArn, ResourceOwner: "arn:aws:iam::111111111111:root" }),
    "allowed");
  assert.deepEqual(await refusal(simulate(allow("s3:*"), {})),
    ["InvalidInput", "A caller must be given along with a resource policy.", 400]);
});

test("Results come a page at a time, however many there are", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const input = {
    PolicyInputList: [text(allow("s3:GetObject", "arn:aws:s3:::b/1"))],
      ActionNames: ["s3:GetObject", "s3:PutObject"],
    ResourceArns: ["arn:aws:s3:::b/1", "arn:aws:s3:::b/2"],
  };
  const pages: string[][] = [];
  for await (const page of paginateSimulateCustomPolicy({ client: iam, pageSize: 3 }, input)) {
    pages.push((page.EvaluationResults ?? []).map((one) => `${one.EvalResourceName} ${one.EvalDecision}`));
  }
  assert.deepEqual(pages, [
    ["arn:aws:s3:::b/1 allowed", "arn:aws:s3:::b/2 implicitDeny", "arn:aws:s3:::b/1 implicitDeny"],
    ["arn:aws:s3:::b/2 implicitDeny"],
  ]);
  const wrong = await refusal(iam.send(new SimulateCustomPolicyCommand({ ...input, Marker: "invented" })));
  assert.deepEqual(wrong, ["ValidationError", "Invalid Marker.", 400]);
});

test("Policies and actions that can't be are refused", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const simulate = (PolicyInputList: string[], ActionNames: string[]) =>
    refusal(iam.send(new SimulateCustomPolicyCommand({ PolicyInputList, ActionNames })));
  assert.deepEqual(await simulate(["{}"], ["s3:GetObject"]),
    ["InvalidInput", "Syntax errors in policy.", 400]);
  assert.deepEqual(await simulate([text(allow("*"))], ["nonsense"]),
    ["InvalidInput", "Invalid Action Name: nonsense", 400]);
  const nobody = "arn:aws:iam::000000000000:user/nobody";
  assert.deepEqual(
    await refusal(
      iam.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn: nobody, ActionNames: ["a:b"] }))),
    ["NoSuchEntity", `ARN ${nobody} cannot be found.`, 404]);
});

test("The context keys of a role's policies are found", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(
    new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument: trust("ec2.amazonaws.com") }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "worker", PolicyName: "tags", PolicyDocument: text({
      Version: "2012-10-17",
      Statement: [{
        Effect: "Allow", Action: "*", Resource: "*",
        Condition: { StringEquals: { "aws:ResourceTag/team": "${aws:PrincipalTag/Team, 'none'}" } },
      }],
    }),
  }));
  const { ContextKeyNames } = await iam.send(new GetContextKeysForPrincipalPolicyCommand({
    PolicySourceArn: "arn:aws:iam::000000000000:role/worker", PolicyInputList: [text(allow("s3:*"))],
  }));
  assert.deepEqual(ContextKeyNames, ["aws:ResourceTag/team", "aws:PrincipalTag/Team"]);
});
