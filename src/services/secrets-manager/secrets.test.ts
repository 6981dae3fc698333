import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  BatchGetSecretValueCommand, CreateSecretCommand, DeleteSecretCommand, DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand, ListSecretVersionIdsCommand, PutSecretValueCommand, RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretCommand, UpdateSecretVersionStageCommand, type ListSecretsCommandInput,
} from "@aws-sdk/client-secrets-manager";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

const absent = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
const marked =
  "InvalidRequestException: You can't perform this operation on the secret because it was marked for "
  + "deletion.";
const token = (letter: string) => letter.repeat(32);
const day = 86_400_000;

test("secretsmanager-secret-source: a JSON secret comes back, and the current value next time", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const SecretString = JSON.stringify({ user: "a", password: "b" });
  const { ARN, VersionId } = await sm.send(new CreateSecretCommand({ Name: "prod/db", SecretString }));
  assert.match(ARN ?? "", /^arn:aws:secretsmanager:us-east-1:000000000000:secret:prod\/db-[A-Za-z0-9]{6}$/);
  for (const SecretId of ["prod/db", ARN, ARN?.slice(0, -7)]) {
    const { $metadata: _, ...answer } = await sm.send(new GetSecretValueCommand({ SecretId }));
    assert.deepEqual(answer, {
      ARN, Name: "prod/db", VersionId, SecretString, VersionStages: ["AWSCURRENT"],
      CreatedDate: new Date(testEpoch),
    });
  }
  await sm.send(new PutSecretValueCommand({ SecretId: "prod/db", SecretString: "next" }));
  assert.equal((await sm.send(new GetSecretValueCommand({ SecretId: ARN }))).SecretString, "next");
  const VersionStage = "AWSPREVIOUS";
  assert.equal(
    (await sm.send(new GetSecretValueCommand({ SecretId: ARN, VersionStage }))).SecretString, SecretString,
  );
});

test("secretsmanager-secret-source: without secretsmanager:GetSecretValue or the key reading is refused",
  async () => {
    await using region = await startRegion();
    const sm = region.client(SecretsManagerClient);
    const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
    const { ARN } = await sm.send(
      new CreateSecretCommand({ Name: "own", SecretString: "v", KmsKeyId: KeyMetadata?.KeyId }),
    );
    await sm.send(new CreateSecretCommand({ Name: "default", SecretString: "v" }));
    const nobody = region.client(SecretsManagerClient, { credentials: await region.user("nobody") });
    assert.equal(
      await refusal(nobody.send(new GetSecretValueCommand({ SecretId: "own" }))),
      "AccessDeniedException: User: arn:aws:iam::000000000000:user/nobody is not authorized to perform: "
      + `secretsmanager:GetSecretValue on resource: ${ARN} because no identity-based policy allows the `
      + "secretsmanager:GetSecretValue action",
    );
    const reader = await region.user("reader", {
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "secretsmanager:*", Resource: "*" }],
    });
    const asReader = region.client(SecretsManagerClient, { credentials: reader });
    assert.equal(
      await refusal(asReader.send(new GetSecretValueCommand({ SecretId: "own" }))),
      "AccessDeniedException: Access to KMS is not allowed",
    );
    assert.equal((await asReader.send(new GetSecretValueCommand({ SecretId: "default" }))).SecretString, "v");
    await region.client(KMSClient).send(new DisableKeyCommand({ KeyId: KeyMetadata?.KeyId }));
    assert.match(
      await refusal(sm.send(new GetSecretValueCommand({ SecretId: "own" }))), /^DecryptionFailure: /,
    );
    assert.match(
      await refusal(
        sm.send(new PutSecretValueCommand({ SecretId: "own", SecretString: "w" })),
      ), /^EncryptionFailure: /,
    );
  });

test("a repeated token repeats the answer, and nothing else", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const create = (SecretString: string, letter: string) =>
    sm.send(new CreateSecretCommand({ Name: "s", SecretString, ClientRequestToken: token(letter) }));
  const { ARN } = await create("v", "a");
  const again = await create("v", "a");
  assert.deepEqual([again.ARN, again.VersionId], [ARN, token("a")]);
  const inUse =
    `ResourceExistsException: You can't use ClientRequestToken ${token("a")} because that value is already `
    + `in use for a version of secret ${ARN}.`;
  assert.equal(await refusal(create("w", "a")), inUse);
  assert.equal(
    await refusal(create("v", "b")),
    "ResourceExistsException: The operation failed because the secret s already exists.",
  );
  const put = (SecretString: string, letter: string) =>
    sm.send(new PutSecretValueCommand({ SecretId: "s", SecretString, ClientRequestToken: token(letter) }));
  await put("v", "a");
  assert.equal(await refusal(put("w", "a")), inUse);
  await put("w", "c");
  const { Versions } = await sm.send(new ListSecretVersionIdsCommand({ SecretId: "s" }));
  assert.deepEqual(Versions?.map(({ VersionId }) => VersionId), [token("a"), token("c")]);
});

test("names, values and secrets that are not there are refused in AWS's words", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const invalid =
    "ValidationException: Invalid name. Must be a valid name containing alphanumeric characters, or any of "
    + "the following: -/_+=.@!";
  for (const name of ["Inv Name", "a*b", "a:b", "ä"]) {
    assert.equal(await refusal(sm.send(new CreateSecretCommand({ Name: name, SecretString: "v" }))), invalid);
    assert.equal(await refusal(sm.send(new GetSecretValueCommand({ SecretId: name }))), invalid);
  }
  await sm.send(new CreateSecretCommand({ Name: "__proto__", SecretString: "v" }));
  assert.equal((await sm.send(new GetSecretValueCommand({ SecretId: "__proto__" }))).SecretString, "v");
  assert.equal(await refusal(sm.send(new GetSecretValueCommand({ SecretId: "none" }))), absent);
  assert.equal(
    await refusal(
      sm.send(new CreateSecretCommand({ Name: "x", SecretString: "a", SecretBinary: Buffer.from("b") })),
    ),
    "InvalidParameterException: You can't specify both a binary secret value and a string secret value in "
    + "the same secret.",
  );
  await sm.send(new CreateSecretCommand({ Name: "empty" }));
  assert.equal(await refusal(sm.send(new GetSecretValueCommand({ SecretId: "empty" }))),
    "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: "
    + "AWSCURRENT");
  const VersionId = token("f");
  assert.equal(await refusal(sm.send(new GetSecretValueCommand({ SecretId: "empty", VersionId }))),
    "ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: "
    + `${VersionId}`);
  assert.equal(await refusal(sm.send(new PutSecretValueCommand({ SecretId: "empty" }))),
    "InvalidRequestException: You must provide either SecretString or SecretBinary.");
  const first = await sm.send(
    new PutSecretValueCommand(
      { SecretId: "empty", SecretBinary: Buffer.from([0, 255]), VersionStages: ["mine"] },
    ),
  );
  assert.deepEqual(first.VersionStages, ["AWSCURRENT", "mine"]);
  const { SecretBinary, SecretString } = await sm.send(new GetSecretValueCommand({ SecretId: "empty" }));
  assert.deepEqual([[...(SecretBinary ?? [])], SecretString], [[0, 255], undefined]);
  await sm.send(new CreateSecretCommand({ Name: "x", SecretString: "y".repeat(65_536) }));
  assert.match(
    await refusal(sm.send(new CreateSecretCommand({ Name: "y", SecretString: "y".repeat(65_537) }))),
    /^ValidationException: .*less than or equal to 65536$/,
  );
});

test("an ARN whose name ends like a suffix is not completed", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const { ARN } = await sm.send(new CreateSecretCommand({ Name: "name-a1b2c3", SecretString: "v" }));
  assert.equal((await sm.send(new GetSecretValueCommand({ SecretId: ARN }))).SecretString, "v");
  assert.equal(await refusal(sm.send(new GetSecretValueCommand({ SecretId: ARN?.slice(0, -7) }))), absent);
});

test("labels move as recorded from AWS: current, previous, pending and one's own", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const SecretId = "s";
  const put = (letter: string, ...VersionStages: string[]) => sm.send(new PutSecretValueCommand({
    SecretId, SecretString: letter, ClientRequestToken: token(letter),
    ...(VersionStages.length && { VersionStages }),
  }));
  const move = (
    VersionStage: string, from?: string, to?: string,
  ) => sm.send(new UpdateSecretVersionStageCommand({
    SecretId, VersionStage,
    ...(from && { RemoveFromVersionId: token(from) }), ...(to && { MoveToVersionId: token(to) }),
  }));
  const labels = async () => {
    const { VersionIdsToStages } = await sm.send(new DescribeSecretCommand({ SecretId }));
    return Object.fromEntries(
      Object.entries(VersionIdsToStages ?? {}).map(([id, stages]) => [id[0], stages]),
    );
  };
  await sm.send(
    new CreateSecretCommand({ Name: SecretId, SecretString: "a", ClientRequestToken: token("a") }),
  );
  await put("b", "AWSPENDING", "PUT1");
  assert.deepEqual(await labels(), { a: ["AWSCURRENT"], b: ["AWSPENDING", "PUT1"] });
  assert.equal(await refusal(move("AWSCURRENT", undefined, "b")),
    "InvalidParameterException: The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT "
    + "is currently "
    + `attached to version ${token("a")}, so you must explicitly reference that version in `
    + "RemoveFromVersionId.");
  assert.equal(await refusal(move("AWSCURRENT", "b", "a")),
    `InvalidParameterException: Version stage AWSCURRENT not found in version ${token("b")}`);
  assert.equal(
    await refusal(move("X", undefined, "z")), `InvalidParameterException: Not a valid version: ${token("z")}`,
  );
  await move("AWSCURRENT", "a", "b");
  assert.deepEqual(await labels(), { a: ["AWSPREVIOUS"], b: ["AWSCURRENT", "AWSPENDING", "PUT1"] });
  await put("c");
  assert.deepEqual(await labels(), { b: ["AWSPREVIOUS", "PUT1"], c: ["AWSCURRENT"] });
  await move("AWSCURRENT", "c", "b");
  assert.deepEqual(await labels(), { b: ["AWSCURRENT", "PUT1"], c: ["AWSPREVIOUS"] });
  await move("PUT1", "b");
  await move("NEW", undefined, "a");
  assert.deepEqual(await labels(), { a: ["NEW"], b: ["AWSCURRENT"], c: ["AWSPREVIOUS"] });
  await move("NEW", "a");
  const ids = async (IncludeDeprecated: boolean) => (await sm.send(
    new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated }),
  )).Versions?.map(({ VersionId }) => VersionId?.[0]);
  assert.deepEqual([await ids(false), await ids(true)], [["b", "c"], ["a", "b", "c"]]);
  assert.equal(
    await refusal(
      sm.send(new GetSecretValueCommand({ SecretId, VersionId: token("c"), VersionStage: "AWSCURRENT" })),
    ),
    "InvalidRequestException: You provided a VersionStage that is not associated to the provided VersionId.",
  );
});

test("a hundred versions are kept, those of the last day always", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  await sm.send(new CreateSecretCommand({ Name: "s", SecretString: "0" }));
  const put = (value: number) => sm.send(
    new PutSecretValueCommand({ SecretId: "s", SecretString: String(value) }),
  );
  for (let value = 1; value < 100; value++) await put(value);
  assert.equal(await refusal(put(100)),
    "LimitExceededException: The request failed because it would exceed one of the Secrets Manager quotas.");
  await region.clock.advance({ days: 1 });
  await put(100);
  const { Versions, NextToken } = await sm.send(
    new ListSecretVersionIdsCommand({ SecretId: "s", IncludeDeprecated: true, MaxResults: 99 }),
  );
  const rest = await sm.send(
    new ListSecretVersionIdsCommand({ SecretId: "s", IncludeDeprecated: true, MaxResults: 99, NextToken }),
  );
  assert.deepEqual([Versions?.length, rest.Versions?.length, rest.NextToken], [99, 1, undefined]);
});

test("deletion waits for its window, can be taken back, and blocks the name meanwhile", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const SecretId = "s";
  const create = () => sm.send(new CreateSecretCommand({ Name: "s", SecretString: "v" }));
  const remove = (rest: object = {}) => sm.send(new DeleteSecretCommand({ SecretId, ...rest }));
  const { ARN } = await create();
  const window =
    "InvalidParameterException: The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
  for (const RecoveryWindowInDays of [6, 31]) {
    assert.equal(await refusal(remove({ RecoveryWindowInDays })), window);
  }
  assert.equal(await refusal(remove({ RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true })),
    "InvalidParameterException: You can't use ForceDeleteWithoutRecovery in conjunction with "
    + "RecoveryWindowInDays.");
  assert.deepEqual((await remove({ RecoveryWindowInDays: 7 })).DeletionDate, new Date(testEpoch + 7 * day));
  assert.equal(await refusal(sm.send(new GetSecretValueCommand({ SecretId }))), marked);
  assert.equal(await refusal(sm.send(new PutSecretValueCommand({ SecretId, SecretString: "w" }))), marked);
  assert.equal(
    await refusal(create()),
    "InvalidRequestException: You can't create this secret because a secret with this name is already "
    + "scheduled for deletion.",
  );
  assert.equal(
    await refusal(remove()),
    "InvalidRequestException: You can't perform this operation on the secret because it was already "
    + "scheduled for deletion.",
  );
  assert.deepEqual((await sm.send(new ListSecretsCommand({}))).SecretList, []);
  assert.equal(
    (await sm.send(new ListSecretsCommand({ IncludePlannedDeletion: true }))).SecretList?.length, 1,
  );
  assert.deepEqual(
    (await sm.send(new DescribeSecretCommand({ SecretId }))).DeletedDate, new Date(testEpoch + 7 * day),
  );
  await sm.send(new RestoreSecretCommand({ SecretId }));
  await region.clock.advance({ days: 8 });
  assert.equal((await sm.send(new GetSecretValueCommand({ SecretId }))).SecretString, "v");

  await remove();
  await region.clock.advance({ days: 30 });
  assert.equal(await refusal(sm.send(new DescribeSecretCommand({ SecretId }))), absent);
  assert.equal(await refusal(remove()), absent);
  await remove({ ForceDeleteWithoutRecovery: true });
  const second = await create();
  assert.notEqual(second.ARN, ARN);
  await remove({ ForceDeleteWithoutRecovery: true });
  await create();
});

test("DescribeSecret shows what has a value, and days of use", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const { ARN, VersionId = "" } = await sm.send(new CreateSecretCommand({ Name: "s", SecretString: "v" }));
  const describe = async () => {
    const { $metadata: _, ...answer } = await sm.send(new DescribeSecretCommand({ SecretId: "s" }));
    return answer;
  };
  const at = new Date(testEpoch);
  const base = {
    ARN, Name: "s", CreatedDate: at, LastChangedDate: at, VersionIdsToStages: { [VersionId]: ["AWSCURRENT"] },
  };
  assert.deepEqual(await describe(), base);
  await region.clock.advance({ hours: 30 });
  await sm.send(new GetSecretValueCommand({ SecretId: "s" }));
  assert.deepEqual(await describe(), { ...base, LastAccessedDate: new Date(testEpoch + day) });
  const updated = await sm.send(new UpdateSecretCommand({ SecretId: "s", Description: "d" }));
  assert.equal(updated.VersionId, undefined);
  assert.deepEqual(await describe(), {
    ...base, Description: "d", LastChangedDate: new Date(testEpoch + 30 * 3_600_000),
    LastAccessedDate: new Date(testEpoch + day),
  });
});

test("a new key takes the values over, and an empty key id goes back to the default", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
  const KmsKeyId = KeyMetadata?.Arn ?? "";
  await sm.send(new CreateSecretCommand({ Name: "s", SecretString: "v" }));
  const keyIds = async () => {
    const { Versions } = await sm.send(new ListSecretVersionIdsCommand({ SecretId: "s" }));
    return Versions?.flatMap(({ KmsKeyIds = [] }) => KmsKeyIds);
  };
  assert.deepEqual(await keyIds(), ["DefaultEncryptionKey"]);
  await sm.send(new UpdateSecretCommand({ SecretId: "s", KmsKeyId }));
  assert.equal((await sm.send(new DescribeSecretCommand({ SecretId: "s" }))).KmsKeyId, KmsKeyId);
  assert.deepEqual(await keyIds(), [KmsKeyId]);
  assert.equal((await sm.send(new GetSecretValueCommand({ SecretId: "s" }))).SecretString, "v");
  await sm.send(new UpdateSecretCommand({ SecretId: "s", KmsKeyId: "" }));
  await region.client(KMSClient).send(new DisableKeyCommand({ KeyId: KmsKeyId }));
  assert.equal((await sm.send(new GetSecretValueCommand({ SecretId: "s" }))).SecretString, "v");
});

test("ListSecrets filters, sorts and pages", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  for (const [Name, Description, Value] of [
    ["prod/b", "The Database", "blue"], ["prod/a", "queue login", "red"],
    ["dev", "database of tests", "blue"],
  ] as const) {
    await sm.send(
      new CreateSecretCommand({ Name, Description, SecretString: "v", Tags: [{ Key: "team", Value }] }),
    );
    await region.clock.advance({ seconds: 1 });
  }
  const names = async (input: ListSecretsCommandInput) =>
    (await sm.send(new ListSecretsCommand(input))).SecretList?.map(({ Name }) => Name);
  const filter = (Key: "name" | "description" | "tag-key" | "tag-value" | "all", ...Values: string[]) =>
    names({ Filters: [{ Key, Values }] });
  assert.deepEqual(await names({}), ["prod/b", "prod/a", "dev"]);
  assert.deepEqual(await names({ SortOrder: "desc" }), ["dev", "prod/a", "prod/b"]);
  assert.deepEqual(await names({ SortBy: "name" }), ["dev", "prod/a", "prod/b"]);
  assert.deepEqual(await filter("name", "prod/"), ["prod/b", "prod/a"]);
  assert.deepEqual(await filter("name", "!prod/"), ["dev"]);
  assert.deepEqual(await filter("name", "Prod"), []);
  assert.deepEqual(await filter("description", "DATABASE"), ["prod/b", "dev"]);
  assert.deepEqual(await filter("tag-value", "blue"), ["prod/b", "dev"]);
  assert.deepEqual(await filter("tag-key", "te"), ["prod/b", "prod/a", "dev"]);
  assert.deepEqual(await filter("all", "red"), ["prod/a"]);
  assert.deepEqual(await names(
    { Filters: [{ Key: "name", Values: ["prod"] }, { Key: "all", Values: ["blue"] }] },
  ), ["prod/b"]);
  const { NextToken } = await sm.send(new ListSecretsCommand({ MaxResults: 2 }));
  assert.deepEqual(await names({ MaxResults: 2, NextToken }), ["dev"]);
  assert.equal(await refusal(names({ NextToken: "bm90IG91cnM=" })),
    "InvalidNextTokenException: The NextToken value is invalid.");
});

test("BatchGetSecretValue answers what it can and lists the rest", async () => {
  await using region = await startRegion();
  const sm = region.client(SecretsManagerClient);
  for (const Name of ["a", "b"]) await sm.send(new CreateSecretCommand({ Name, SecretString: Name }));
  const batch = await sm.send(new BatchGetSecretValueCommand({ SecretIdList: ["a", "none", "b"] }));
  assert.deepEqual(
    batch.SecretValues?.map(({ Name, SecretString }) => [Name, SecretString]), [["a", "a"], ["b", "b"]],
  );
  assert.deepEqual(batch.Errors, [{
    SecretId: "none", ErrorCode: "ResourceNotFoundException",
    Message: "Secrets Manager can't find the specified secret.",
  }]);
  const Filters = [{ Key: "name" as const, Values: ["a", "b"] }];
  const first = await sm.send(new BatchGetSecretValueCommand({ Filters, MaxResults: 1 }));
  const { SecretValues } = await sm.send(
    new BatchGetSecretValueCommand({ Filters, MaxResults: 1, NextToken: first.NextToken }),
  );
  assert.deepEqual(SecretValues?.map(({ Name }) => Name), ["b"]);
  assert.equal(await refusal(sm.send(new BatchGetSecretValueCommand({ Filters, SecretIdList: ["a"] }))),
    "InvalidParameterException: Either 'SecretIdList' or 'Filters' must be provided, but not both.");
  assert.equal(await refusal(sm.send(new BatchGetSecretValueCommand({ SecretIdList: ["a"], MaxResults: 1 }))),
    "InvalidParameterException: 'Filters' not specified. 'Filters' must also be specified when 'MaxResults' "
    + "is provided.");
  const alice = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: ["secretsmanager:BatchGetSecretValue"], Resource: "*" }],
  });
  const denied = await region.client(SecretsManagerClient, { credentials: alice })
    .send(new BatchGetSecretValueCommand({ SecretIdList: ["a"] }));
  assert.deepEqual([denied.SecretValues, denied.Errors?.[0]?.ErrorCode], [[], "AccessDeniedException"]);
});
