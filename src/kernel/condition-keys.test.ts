import assert from "node:assert/strict";
import { test } from "node:test";
import { IAMClient, TagUserCommand } from "@aws-sdk/client-iam";
import { KMSClient, ListKeysCommand } from "@aws-sdk/client-kms";
import { startRegion, testEpoch, type TestRegion } from "../../test/region.ts";

const account = "000000000000";
const other = "111122223333";

/** Whether a user with this condition on their one permission may list keys. */
async function mayList(
  Condition: object,
  options: {
    region?: string;
    customUserAgent?: string;
    prepare?: (region: TestRegion) => Promise<unknown>;
  } = {},
) {
  await using region = await startRegion();
  const credentials = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "kms:ListKeys", Resource: "*", Condition }],
  });
  await options.prepare?.(region);
  const { prepare: _, ...client } = options;
  try {
    await region.client(KMSClient, { credentials, ...client }).send(new ListKeysCommand({}));
    return true;
  } catch (error) {
    assert.match((error as Error).name, /^AccessDenied(Exception)?$/);
    return false;
  }
}

const minute = 60_000;
const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
const tagAlice = (region: TestRegion) =>
  region
    .client(IAMClient)
    .send(new TagUserCommand({ UserName: "alice", Tags: [{ Key: "Team", Value: "red" }] }));

test("global condition keys decide, each for what it says", async () => {
  const arn = `arn:aws:iam::${account}:user/alice`;
  const matrix: readonly [string, object, boolean, Parameters<typeof mayList>[1]?][] = [
    ["SourceIp within", { IpAddress: { "aws:SourceIp": "127.0.0.0/8" } }, true],
    ["SourceIp without", { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, false],
    ["NotIpAddress", { NotIpAddress: { "aws:SourceIp": "127.0.0.1" } }, false],
    ["CurrentTime before", { DateLessThan: { "aws:CurrentTime": iso(testEpoch + minute) } }, true],
    ["CurrentTime after", { DateGreaterThan: { "aws:CurrentTime": iso(testEpoch + minute) } }, false],
    ["EpochTime", { NumericEquals: { "aws:EpochTime": String(testEpoch / 1000) } }, true],
    ["SecureTransport", { Bool: { "aws:SecureTransport": "true" } }, true],
    ["SecureTransport false", { Bool: { "aws:SecureTransport": "false" } }, false],
    ["PrincipalArn", { ArnEquals: { "aws:PrincipalArn": arn } }, true],
    ["PrincipalArn like", { ArnLike: { "aws:PrincipalArn": `arn:aws:iam::${account}:user/b*` } }, false],
    ["PrincipalAccount", { StringEquals: { "aws:PrincipalAccount": account } }, true],
    ["PrincipalType", { StringEquals: { "aws:PrincipalType": "User" } }, true],
    ["username", { StringEquals: { "aws:username": "alice" } }, true],
    ["username other", { StringEquals: { "aws:username": "Alice" } }, false],
    ["userid", { StringLike: { "aws:userid": "AIDA*" } }, true],
    ["RequestedRegion", { StringEquals: { "aws:RequestedRegion": "us-east-1" } }, true],
    [
      "RequestedRegion other",
      { StringEquals: { "aws:RequestedRegion": "us-east-1" } },
      false,
      { region: "eu-west-1" },
    ],
    [
      "UserAgent",
      { StringLike: { "aws:UserAgent": "*trusted/1.0*" } },
      true,
      { customUserAgent: "trusted/1.0" },
    ],
    ["UserAgent other", { StringLike: { "aws:UserAgent": "*trusted/1.0*" } }, false],
    ["PrincipalTag", { StringEquals: { "aws:PrincipalTag/team": "red" } }, true, { prepare: tagAlice }],
    ["PrincipalTag absent", { StringEquals: { "aws:PrincipalTag/team": "red" } }, false],
    ["PrincipalTag case", { StringEquals: { "aws:principaltag/TEAM": "red" } }, true, { prepare: tagAlice }],
    ["MultiFactorAuthPresent is absent for keys", { Bool: { "aws:MultiFactorAuthPresent": "false" } }, false],
    ["MultiFactorAuthPresent if exists", { BoolIfExists: { "aws:MultiFactorAuthPresent": "false" } }, true],
    ["Null", { Null: { "aws:MultiFactorAuthAge": "true" } }, true],
    ["ViaAWSService", { Bool: { "aws:ViaAWSService": "false" } }, true],
    ["CalledVia absent", { "ForAnyValue:StringEquals": { "aws:CalledVia": "tagging.amazonaws.com" } }, false],
    ["ResourceAccount", { StringEquals: { "aws:ResourceAccount": account } }, true],
    [
      "two keys are both needed",
      { StringEquals: { "aws:username": "alice", "aws:PrincipalAccount": other } },
      false,
    ],
    ["a key that every object has", { StringEquals: { constructor: "x" } }, false],
    ["an unknown key", { StringEquals: { "aws:NoSuchKey": "x" } }, false],
    ["TokenIssueTime is absent for keys", { Null: { "aws:TokenIssueTime": "false" } }, false],
  ];
  const wrong: string[] = [];
  for (const [name, condition, expected, options] of matrix) {
    if ((await mayList(condition, options)) !== expected) wrong.push(name);
  }
  assert.deepEqual(wrong, []);
});
