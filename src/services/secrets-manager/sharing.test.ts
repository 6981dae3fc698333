import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  GetResourcesCommand, ResourceGroupsTaggingAPIClient, TagResourcesCommand, UntagResourcesCommand,
} from "@aws-sdk/client-resource-groups-tagging-api";
import {
  CancelRotateSecretCommand, CreateSecretCommand, DeleteResourcePolicyCommand, DeleteSecretCommand,
  DescribeSecretCommand, GetRandomPasswordCommand, GetResourcePolicyCommand, GetSecretValueCommand,
  PutResourcePolicyCommand, PutSecretValueCommand, RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  RotateSecretCommand, SecretsManagerClient, StopReplicationToReplicaCommand, TagResourceCommand,
  UntagResourceCommand,
  ValidateResourcePolicyCommand, type GetRandomPasswordCommandInput, type RotateSecretCommandInput,
} from "@aws-sdk/client-secrets-manager";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });

test("another account reads a secret by its ARN, if its policy and its key let it", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const keyPolicy = policy(
    { Effect: "Allow", Principal: { AWS: ["000000000000", "111111111111"] }, Action: "kms:*", Resource: "*" },
  );
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({ Policy: keyPolicy }));
  const own = await sm.send(
    new CreateSecretCommand({ Name: "own", SecretString: "v", KmsKeyId: KeyMetadata?.KeyId }),
  );
  const plain = await sm.send(new CreateSecretCommand({ Name: "plain", SecretString: "v" }));
  const other = region.client(SecretsManagerClient, { credentials: region.root("111111111111") });
  const read = (SecretId: string | undefined) => other.send(new GetSecretValueCommand({ SecretId }));
  assert.match(
    await refusal(read(own.ARN)), /^AccessDeniedException: User: arn:aws:iam::111111111111:root is not /,
  );
  const ResourcePolicy = policy({
    Effect: "Allow", Principal: { AWS: "111111111111" }, Action: "secretsmanager:GetSecretValue",
    Resource: "*",
  });
  for (const SecretId of ["own", "plain"]) {
    await sm.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
  }
  assert.equal((await read(own.ARN)).SecretString, "v");
  assert.equal(
    await refusal(read(plain.ARN)),
    "InvalidRequestException: You can't access a secret from a different AWS account if you encrypt the "
    + "secret with the default KMS service key.",
  );
  assert.match(await refusal(read("own")), /^ResourceNotFoundException/);
});

test("resource policies are checked, shown and taken away", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  await sm.send(new CreateSecretCommand({ Name: "s", SecretString: "v" }));
  const put = (ResourcePolicy: string, BlockPublicPolicy?: boolean) =>
    sm.send(new PutResourcePolicyCommand({ SecretId: "s", ResourcePolicy, BlockPublicPolicy }));
  const open = { Effect: "Allow", Principal: "*", Action: "secretsmanager:GetSecretValue", Resource: "*" };
  const confined = { ...open, Condition: { StringEquals: { "aws:PrincipalOrgID": "o-abc" } } };
  assert.equal(await refusal(put("{")), "MalformedPolicyDocumentException: This policy has invalid syntax.");
  assert.equal(await refusal(
    put(policy({ ...open, Principal: { AWS: "arn:aws:iam::000000000000:role/none" } })),
  ),
    "MalformedPolicyDocumentException: This resource policy contains an unsupported principal.");
  assert.match(await refusal(put(policy(open), true)), /^PublicPolicyException: /);
  await put(policy(confined), true);
  await put(policy(open));
  const get = () => sm.send(new GetResourcePolicyCommand({ SecretId: "s" }));
  assert.equal((await get()).ResourcePolicy, policy(open));
  const nobody = region.client(SecretsManagerClient, { credentials: await region.user("nobody") });
  assert.equal((await nobody.send(new GetSecretValueCommand({ SecretId: "s" }))).SecretString, "v");
  await sm.send(new DeleteResourcePolicyCommand({ SecretId: "s" }));
  assert.equal((await get()).ResourcePolicy, undefined);
  const validate = async (ResourcePolicy: string) => {
    const answer = await sm.send(new ValidateResourcePolicyCommand({ SecretId: "s", ResourcePolicy }));
    return [answer.PolicyValidationPassed, answer.ValidationErrors?.map(({ CheckName }) => CheckName)];
  };
  assert.deepEqual(await validate(policy(confined)), [true, []]);
  assert.deepEqual(await validate(policy(open)), [false, ["PUBLIC_POLICY"]]);
});

test("condition keys of Secrets Manager decide", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  await sm.send(
    new CreateSecretCommand({ Name: "blue", SecretString: "v", Tags: [{ Key: "team", Value: "blue" }] }),
  );
  await sm.send(new CreateSecretCommand({ Name: "red", SecretString: "v" }));
  const carol = await region.user("carol", {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: "*",
        Condition: { StringEquals: { "secretsmanager:ResourceTag/team": "blue" } },
      },
      {
        Effect: "Deny", Action: "secretsmanager:GetSecretValue", Resource: "*",
        Condition: { StringEquals: { "secretsmanager:VersionStage": "AWSPREVIOUS" } },
      },
      { Effect: "Allow", Action: "secretsmanager:DeleteSecret", Resource: "*" },
      {
        Effect: "Deny", Action: "secretsmanager:DeleteSecret", Resource: "*",
        Condition: { Bool: { "secretsmanager:ForceDeleteWithoutRecovery": "true" } },
      },
      {
        Effect: "Allow", Action: "secretsmanager:CreateSecret",
        Resource: "arn:aws:secretsmanager:*:*:secret:carol/new-??????",
        Condition: { StringLike: { "secretsmanager:Name": "carol/*" } },
      },
    ],
  });
  const as = region.client(SecretsManagerClient, { credentials: carol });
  const get = (SecretId: string, VersionStage?: string) => as.send(
    new GetSecretValueCommand({ SecretId, VersionStage }),
  );
  assert.equal((await get("blue")).SecretString, "v");
  assert.match(await refusal(get("red")), /^AccessDeniedException: .* no identity-based policy allows /);
  assert.match(
    await refusal(get("blue", "AWSPREVIOUS")), /^AccessDeniedException: .* with an explicit deny in /,
  );
  const force = new DeleteSecretCommand({ SecretId: "red", ForceDeleteWithoutRecovery: true });
  assert.match(await refusal(as.send(force)), /^AccessDeniedException: /);
  await as.send(new DeleteSecretCommand({ SecretId: "red" }));
  await as.send(new CreateSecretCommand({ Name: "carol/new", SecretString: "v" }));
  assert.match(
    await refusal(as.send(new CreateSecretCommand({ Name: "dave/new", SecretString: "v" }))), /^AccessDenied/,
  );
});

test("replicas follow their primary, and leave it", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const eu = region.client(SecretsManagerClient, { region: "eu-west-1" });
  const SecretId = "s";
  const value = async () => (await eu.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  const { ARN = "" } = await sm.send(
    new CreateSecretCommand({ Name: "s", SecretString: "one", Tags: [{ Key: "team", Value: "blue" }] }),
  );
  const add = (...regions: string[]) => sm.send(new ReplicateSecretToRegionsCommand({
    SecretId, AddReplicaRegions: regions.map((Region) => ({ Region })),
  }));
  assert.equal(await refusal(add("us-east-1")), "InvalidParameterException: Invalid replica region.");
  const { ReplicationStatus } = await add("eu-west-1", "eu-central-1");
  assert.deepEqual(ReplicationStatus?.map(({ Region, Status }) => `${Region} ${Status}`),
    ["eu-west-1 InProgress", "eu-central-1 InProgress"]);
  await region.settled();
  const primary = await sm.send(new DescribeSecretCommand({ SecretId }));
  assert.equal(primary.PrimaryRegion, "us-east-1");
  assert.deepEqual(primary.ReplicationStatus?.map(
    ({ Region, Status, KmsKeyId }) => [Region, Status, KmsKeyId],
  ), [
    ["eu-west-1", "InSync", "alias/aws/secretsmanager"],
    ["eu-central-1", "InSync", "alias/aws/secretsmanager"],
  ]);
  const replica = await eu.send(new DescribeSecretCommand({ SecretId }));
  assert.equal(replica.ARN, ARN.replace("us-east-1", "eu-west-1"));
  assert.deepEqual([replica.PrimaryRegion, replica.Tags], ["us-east-1", [{ Key: "team", Value: "blue" }]]);
  assert.equal(await value(), "one");
  await sm.send(new PutSecretValueCommand({ SecretId, SecretString: "two" }));
  await sm.send(new TagResourceCommand({ SecretId, Tags: [{ Key: "team", Value: "red" }] }));
  await region.settled();
  assert.equal(await value(), "two");
  assert.deepEqual(
    (await eu.send(new DescribeSecretCommand({ SecretId }))).Tags, [{ Key: "team", Value: "red" }],
  );

  const elsewhere =
    "InvalidParameterException: Operation not permitted on a replica secret. Call must be made in primary "
    + "secret's region.";
  assert.equal(await refusal(eu.send(new PutSecretValueCommand({ SecretId, SecretString: "x" }))), elsewhere);
  assert.equal(await refusal(eu.send(new DeleteSecretCommand({ SecretId }))), elsewhere);
  assert.equal(await refusal(sm.send(new DeleteSecretCommand({ SecretId }))),
    `InvalidParameterException: You can't delete secret ${ARN} that still has replica regions [eu-west-1, `
    + "eu-central-1].");

  await eu.send(new StopReplicationToReplicaCommand({ SecretId }));
  await sm.send(
    new RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: ["eu-central-1"] }),
  );
  await region.settled();
  const central = region.client(SecretsManagerClient, { region: "eu-central-1" });
  assert.match(
    await refusal(central.send(new DescribeSecretCommand({ SecretId }))), /^ResourceNotFoundException/,
  );
  await eu.send(new PutSecretValueCommand({ SecretId, SecretString: "mine" }));
  assert.equal(await value(), "mine");
  assert.equal((await sm.send(new DescribeSecretCommand({ SecretId }))).ReplicationStatus, undefined);
  await sm.send(new DeleteSecretCommand({ SecretId }));
});

test("a replica does not take the place of another secret, unless it is told to", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const eu = region.client(SecretsManagerClient, { region: "eu-west-1" });
  await eu.send(new CreateSecretCommand({ Name: "s", SecretString: "theirs" }));
  const AddReplicaRegions = [{ Region: "eu-west-1" }];
  await sm.send(new CreateSecretCommand({ Name: "s", SecretString: "ours", AddReplicaRegions }));
  await region.settled();
  const { ReplicationStatus } = await sm.send(new DescribeSecretCommand({ SecretId: "s" }));
  assert.deepEqual(
    [ReplicationStatus?.[0]?.Status, ReplicationStatus?.[0]?.StatusMessage],
    ["Failed", "Replication failed: Secret name s already exists in region eu-west-1."],
  );
  assert.equal((await eu.send(new GetSecretValueCommand({ SecretId: "s" }))).SecretString, "theirs");
  await sm.send(
    new ReplicateSecretToRegionsCommand(
      { SecretId: "s", AddReplicaRegions, ForceOverwriteReplicaSecret: true },
    ),
  );
  await region.settled();
  assert.equal((await eu.send(new GetSecretValueCommand({ SecretId: "s" }))).SecretString, "ours");
});

test("a replica whose key refuses says that it failed, and recovers by being replicated again", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const kms = region.client(KMSClient, { region: "eu-west-1" });
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId ?? "";
  const AddReplicaRegions = [{ Region: "eu-west-1", KmsKeyId: KeyId }];
  await sm.send(new CreateSecretCommand({ Name: "s", SecretString: "one", AddReplicaRegions }));
  await region.settled();
  const status = async () => {
    const { ReplicationStatus } = await sm.send(new DescribeSecretCommand({ SecretId: "s" }));
    return ReplicationStatus?.map(({ Status }) => Status);
  };
  assert.deepEqual(await status(), ["InSync"]);
  await kms.send(new DisableKeyCommand({ KeyId }));
  await sm.send(new PutSecretValueCommand({ SecretId: "s", SecretString: "two" }));
  await region.settled();
  assert.deepEqual(await status(), ["Failed"]);
  await sm.send(new TagResourceCommand({ SecretId: "s", Tags: [{ Key: "a", Value: "b" }] }));
  await region.settled();
  assert.deepEqual(await status(), ["Failed"]);
  await kms.send(new EnableKeyCommand({ KeyId }));
  await sm.send(new ReplicateSecretToRegionsCommand({ SecretId: "s", AddReplicaRegions }));
  await region.settled();
  assert.deepEqual(await status(), ["InSync"]);
  const eu = region.client(SecretsManagerClient, { region: "eu-west-1" });
  assert.equal((await eu.send(new GetSecretValueCommand({ SecretId: "s" }))).SecretString, "two");
});

test("a rotation needs a function that can be invoked", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  await sm.send(new CreateSecretCommand({ Name: "s", SecretString: "v" }));
  const rotate = (input: Partial<RotateSecretCommandInput>) =>
    refusal(sm.send(new RotateSecretCommand({ SecretId: "s", ...input })));
  const RotationLambdaARN = "arn:aws:lambda:us-east-1:000000000000:function:none";
  assert.equal(await rotate({}),
    "InvalidRequestException: No Lambda rotation function ARN is associated with this secret.");
  const cannot =
    "AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function. Ensure that the "
    + "function policy grants access to the principal secretsmanager.amazonaws.com.";
  for (
    const ScheduleExpression of ["rate(4 hours)", "rate(1 day)", "cron(0 8 1 * ? *)", "cron(0 /4 * * ? *)"]
  ) {
    assert.equal(
      await rotate({ RotationLambdaARN, RotationRules: { ScheduleExpression } }), cannot, ScheduleExpression,
    );
  }
  for (const ScheduleExpression of [
    "rate(3 hours)", "rate(1000 days)", "cron(5 8 1 * ? *)", "cron(0 8 * * * *)", "x",
  ]) {
    assert.match(await rotate({ RotationLambdaARN, RotationRules: { ScheduleExpression } }),
      /^InvalidParameterException: /, ScheduleExpression);
  }
  const both = { AutomaticallyAfterDays: 1, ScheduleExpression: "rate(1 day)" };
  assert.match(await rotate({ RotationLambdaARN, RotationRules: both }), /^InvalidParameterException: /);
  await sm.send(
    new PutSecretValueCommand({ SecretId: "s", SecretString: "p", VersionStages: ["AWSPENDING"] }),
  );
  assert.equal(await rotate({ RotationLambdaARN }),
    "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted.");
  const { RotationEnabled } = await sm.send(new DescribeSecretCommand({ SecretId: "s" }));
  assert.equal(RotationEnabled, undefined);
  assert.equal((await sm.send(new CancelRotateSecretCommand({ SecretId: "s" }))).Name, "s");
});

test("random passwords have what was asked for, and nothing else", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const password = async (input: GetRandomPasswordCommandInput) =>
    (await sm.send(new GetRandomPasswordCommand(input))).RandomPassword ?? "";
  const plain = await password({});
  assert.equal(plain.length, 32);
  for (const form of [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/]) assert.match(plain, form);
  assert.notEqual(await password({}), plain);
  assert.match(await password({ PasswordLength: 4 }), /^.{4}$/);
  assert.equal(await refusal(password({ PasswordLength: 3 })),
    "InvalidParameterException: Password length is too short based on the required types.");
  assert.equal((await password({ PasswordLength: 1, RequireEachIncludedType: false })).length, 1);
  assert.equal((await password({ PasswordLength: 4096 })).length, 4096);
  assert.match(await refusal(password({ PasswordLength: 4097 })), /less than or equal to 4096$/);
  const digits = { ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true };
  assert.match(
    await password({ ...digits, PasswordLength: 500, ExcludeCharacters: "12345" }), /^[06789]{500}$/,
  );
  assert.match(await password({ ...digits, PasswordLength: 500, IncludeSpace: true }), /^[0-9 ]* [0-9 ]*$/);
  assert.match(await refusal(password({ ...digits, ExcludeNumbers: true })), /^InvalidParameterException: /);
});

test("tags come and go, and an empty list stays", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  await sm.send(new CreateSecretCommand({ Name: "s" }));
  const tags = async () => (await sm.send(new DescribeSecretCommand({ SecretId: "s" }))).Tags;
  assert.equal(await tags(), undefined);
  await sm.send(
    new TagResourceCommand({ SecretId: "s", Tags: [{ Key: "a", Value: "1" }, { Key: "b", Value: "2" }] }),
  );
  await sm.send(new UntagResourceCommand({ SecretId: "s", TagKeys: ["a", "none"] }));
  assert.deepEqual(await tags(), [{ Key: "b", Value: "2" }]);
  await sm.send(new UntagResourceCommand({ SecretId: "s", TagKeys: ["b"] }));
  assert.deepEqual(await tags(), []);
  const Tags = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: "v" }));
  assert.match(
    await refusal(sm.send(new TagResourceCommand({ SecretId: "s", Tags }))), /^LimitExceededException: /,
  );
});

test("the Resource Groups Tagging API tags parameters and secrets by their ARNs", async () => {
  await using region = await startRegion();
  const { ARN = "" } = await region.client(SecretsManagerClient).send(new CreateSecretCommand({ Name: "s" }));
  const ssm = region.client(SSMClient);
  for (const Name of ["/app/key", "/top", "flat"]) {
    await ssm.send(new PutParameterCommand({ Name, Value: "v", Type: "String" }));
  }
  const parameter = (name: string) => `arn:aws:ssm:us-east-1:000000000000:parameter/${name}`;
  const arns = [ARN, parameter("app/key"), parameter("top"), parameter("flat")];
  const tagging = region.client(ResourceGroupsTaggingAPIClient);
  const { FailedResourcesMap } = await tagging.send(
    new TagResourcesCommand({ ResourceARNList: [...arns, parameter("none")], Tags: { team: "blue" } }),
  );
  assert.deepEqual(Object.keys(FailedResourcesMap ?? {}), [parameter("none")]);
  const tagged = async () => {
    const { ResourceTagMappingList } = await tagging.send(
      new GetResourcesCommand({ TagFilters: [{ Key: "team", Values: ["blue"] }] }),
    );
    return ResourceTagMappingList?.map(({ ResourceARN }) => ResourceARN).sort();
  };
  assert.deepEqual(await tagged(), [...arns].sort());
  await tagging.send(new UntagResourcesCommand({ ResourceARNList: arns.slice(1), TagKeys: ["team"] }));
  assert.deepEqual(await tagged(), [ARN]);
});
