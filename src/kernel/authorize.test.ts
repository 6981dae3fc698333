import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  PutKeyPolicyCommand,
  TagResourceCommand,
  ListKeysCommand,
} from "@aws-sdk/client-kms";
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";
import {
  ResourceGroupsTaggingAPIClient,
  TagResourcesCommand,
} from "@aws-sdk/client-resource-groups-tagging-api";
import { startRegion, testEpoch, type TestCredentials, type TestRegion } from "../../test/region.ts";

const account = "000000000000";
const other = "111122223333";

function allow(Action: string | string[], Condition?: object, Resource = "*"): object {
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource, ...(Condition && { Condition }) }],
  };
}

const denied = { name: /^AccessDenied(Exception)?$/ };

test("an unknown condition key or a missing value does not open a deny", async () => {
  await using region = await startRegion();
  const credentials = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "*", Resource: "*" },
      {
        Effect: "Deny",
        Action: "kms:ListKeys",
        Resource: "*",
        Condition: { StringNotEquals: { "aws:NoSuchKey": "x" } },
      },
    ],
  });
  await assert.rejects(region.client(KMSClient, { credentials }).send(new ListKeysCommand({})), {
    name: "AccessDeniedException",
    message:
      `User: arn:aws:iam::${account}:user/alice is not authorized to perform: kms:ListKeys ` +
      "on resource: * with an explicit deny in an identity-based policy",
  });
});

test("aws:RequestTag, aws:TagKeys and aws:ResourceTag decide about making and tagging", async () => {
  await using region = await startRegion();
  const credentials = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: ["kms:CreateKey", "kms:TagResource"],
        Resource: "*",
        Condition: {
          StringEquals: { "aws:RequestTag/team": "red" },
          "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
        },
      },
      {
        Effect: "Allow",
        Action: "kms:DescribeKey",
        Resource: "*",
        Condition: { StringEquals: { "aws:ResourceTag/team": "red" } },
      },
    ],
  });
  const kms = region.client(KMSClient, { credentials });
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({ Tags: [{ TagKey: "team", TagValue: "red" }] }),
  );
  await assert.rejects(kms.send(new CreateKeyCommand({})), denied);
  await assert.rejects(
    kms.send(new CreateKeyCommand({ Tags: [{ TagKey: "team", TagValue: "blue" }] })),
    denied,
  );
  const more = [
    { TagKey: "team", TagValue: "red" },
    { TagKey: "more", TagValue: "x" },
  ];
  await assert.rejects(kms.send(new CreateKeyCommand({ Tags: more })), denied);
  const KeyId = KeyMetadata?.KeyId;
  assert.equal((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyId, KeyId);
  await region
    .client(KMSClient)
    .send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: "team", TagValue: "blue" }] }));
  await assert.rejects(kms.send(new DescribeKeyCommand({ KeyId })), denied);
});

test("aws:CalledVia and aws:ViaAWSService tell a call through a service from one by hand", async () => {
  await using region = await startRegion();
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
  const credentials = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "tag:TagResources", Resource: "*" },
      {
        Effect: "Allow",
        Action: "kms:TagResource",
        Resource: "*",
        Condition: {
          Bool: { "aws:ViaAWSService": "true" },
          StringEquals: { "aws:CalledViaFirst": "tagging.amazonaws.com" },
        },
      },
    ],
  });
  const KeyId = KeyMetadata?.KeyId;
  const byHand = region
    .client(KMSClient, { credentials })
    .send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: "a", TagValue: "x" }] }));
  await assert.rejects(byHand, denied);
  const through = await region.client(ResourceGroupsTaggingAPIClient, { credentials }).send(
    new TagResourcesCommand({
      ResourceARNList: [KeyMetadata?.Arn ?? ""],
      Tags: { a: "x" },
    }),
  );
  assert.deepEqual(through.FailedResourcesMap, {});
});

async function keyWith(region: TestRegion, principals: readonly object[]): Promise<string> {
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const Statement = [
    { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" },
    ...principals.map((Principal) => ({
      Effect: "Allow",
      Principal,
      Action: ["kms:DescribeKey", "kms:Encrypt"],
      Resource: "*",
    })),
  ];
  await kms.send(
    new PutKeyPolicyCommand({
      KeyId: KeyMetadata?.KeyId,
      PolicyName: "default",
      Policy: JSON.stringify({ Version: "2012-10-17", Statement }),
    }),
  );
  return KeyMetadata?.Arn ?? "";
}

test("another account's key takes the key's policy and one's own", async () => {
  await using region = await startRegion();
  const outsider = region.client(KMSClient, { credentials: region.root(other) });
  const closed = await keyWith(region, []);
  await assert.rejects(outsider.send(new DescribeKeyCommand({ KeyId: closed })), denied);
  const open = await keyWith(region, [{ AWS: `arn:aws:iam::${other}:root` }]);
  assert.equal((await outsider.send(new DescribeKeyCommand({ KeyId: open }))).KeyMetadata?.Arn, open);
  assert.ok(
    (await outsider.send(new EncryptCommand({ KeyId: open, Plaintext: Buffer.from("x") }))).CiphertextBlob,
  );

  // A role of the other account has only what that account gives it.
  const iam = region.client(IAMClient, { credentials: region.root(other) });
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: other }, Action: "sts:AssumeRole" }],
  };
  await iam.send(new CreateRoleCommand({ RoleName: "R", AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const user = await roleSession(region, other);
  await assert.rejects(
    region.client(KMSClient, { credentials: user }).send(new DescribeKeyCommand({ KeyId: open })),
    denied,
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: "R",
      PolicyName: "inline",
      PolicyDocument: JSON.stringify(allow("kms:DescribeKey", undefined, open)),
    }),
  );
  assert.ok(
    await region.client(KMSClient, { credentials: user }).send(new DescribeKeyCommand({ KeyId: open })),
  );
  await assert.rejects(
    region.client(KMSClient, { credentials: user }).send(new DescribeKeyCommand({ KeyId: closed })),
    denied,
  );
});

/** A session of the role R. Root may not assume roles, so a user of the account does. */
async function roleSession(region: TestRegion, of: string, Policy?: object): Promise<TestCredentials> {
  const iam = region.client(IAMClient, { credentials: region.root(of) });
  await iam.send(new CreateUserCommand({ UserName: "assumer" }));
  await iam.send(
    new PutUserPolicyCommand({
      UserName: "assumer",
      PolicyName: "inline",
      PolicyDocument: JSON.stringify(allow("sts:AssumeRole")),
    }),
  );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "assumer" }));
  const credentials = {
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
  const { Credentials } = await region.client(STSClient, { credentials }).send(
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${of}:role/R`,
      RoleSessionName: "session",
      ...(Policy && { Policy: JSON.stringify(Policy) }),
    }),
  );
  await iam.send(
    new DeleteAccessKeyCommand({
      UserName: "assumer",
      AccessKeyId: credentials.accessKeyId,
    }),
  );
  return {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
}

test("a session policy narrows what a role may, and widens nothing", async () => {
  await using region = await startRegion();
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" }],
  };
  const iam = region.client(IAMClient);
  await iam.send(new CreateRoleCommand({ RoleName: "R", AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: "R",
      PolicyName: "inline",
      PolicyDocument: JSON.stringify(allow(["kms:ListKeys", "iam:ListUsers"])),
    }),
  );
  const credentials = await roleSession(region, account, allow(["kms:ListKeys", "kms:CreateKey"]));
  const kms = region.client(KMSClient, { credentials });
  assert.deepEqual((await kms.send(new ListKeysCommand({}))).Keys, []);
  await assert.rejects(region.client(IAMClient, { credentials }).send(new ListUsersCommand({})), {
    name: "AccessDenied",
    message:
      `User: arn:aws:sts::${account}:assumed-role/R/session is not authorized to perform: iam:ListUsers ` +
      "on resource: " +
      `arn:aws:iam::${account}:user/ because no session policy allows the iam:ListUsers action`,
  });
  await assert.rejects(kms.send(new CreateKeyCommand({})), {
    name: "AccessDeniedException",
    message:
      `User: arn:aws:sts::${account}:assumed-role/R/session is not authorized to perform: kms:CreateKey ` +
      "on resource: * because no identity-based policy allows the kms:CreateKey action",
  });
});

test("a session says when it was issued, and that no second factor was shown", async () => {
  await using region = await startRegion();
  const credentials = await region.user(
    "alice",
    allow("kms:ListKeys", {
      Bool: { "aws:MultiFactorAuthPresent": "false" },
      DateEquals: { "aws:TokenIssueTime": new Date(testEpoch).toISOString() },
    }),
  );
  const { Credentials } = await region
    .client(STSClient, { credentials })
    .send(new GetSessionTokenCommand({}));
  const session = {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  assert.deepEqual(
    (await region.client(KMSClient, { credentials: session }).send(new ListKeysCommand({}))).Keys,
    [],
  );
  await assert.rejects(region.client(KMSClient, { credentials }).send(new ListKeysCommand({})), denied);
});

test("a change of policies is felt by the next request", async () => {
  await using region = await startRegion();
  const credentials = await region.user("alice", allow("kms:ListKeys"));
  const kms = region.client(KMSClient, { credentials });
  await kms.send(new ListKeysCommand({}));
  const iam = region.client(IAMClient);
  await iam.send(new DeleteUserPolicyCommand({ UserName: "alice", PolicyName: "inline" }));
  await assert.rejects(kms.send(new ListKeysCommand({})), denied);
  await iam.send(new DeleteAccessKeyCommand({ UserName: "alice", AccessKeyId: credentials.accessKeyId }));
  await iam.send(new DeleteUserCommand({ UserName: "alice" }));
  await assert.rejects(kms.send(new ListKeysCommand({})), { name: "UnrecognizedClientException" });
});

test("a denial can be looked up by its request, with what spoke and what was missing", async () => {
  await using region = await startRegion();
  const credentials = await region.user(
    "alice",
    allow("kms:ListKeys", { StringEquals: { "aws:PrincipalTag/team": "red" } }),
  );
  const error = await region
    .client(KMSClient, { credentials })
    .send(new ListKeysCommand({}))
    .catch((cause: unknown) => cause);
  const { requestId } = (error as { $metadata: { requestId: string } }).$metadata;
  const denial = region.engine.authorizer.denial(requestId);
  assert.deepEqual(denial?.missingContext, ["aws:principaltag/team"]);
  assert.deepEqual(denial?.reason, { type: "implicit", kind: "identity" });
  assert.equal(denial?.at, testEpoch);
  assert.equal(region.engine.authorizer.denial("no-such-request"), undefined);
});
