import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateKeyCommand, DecryptCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  DeleteParameterCommand, DeleteParametersCommand, GetParameterCommand, GetParameterHistoryCommand,
  GetParametersByPathCommand, GetParametersCommand, LabelParameterVersionCommand, PutParameterCommand,
  SSMClient,
  UnlabelParameterVersionCommand, type PutParameterCommandInput,
} from "@aws-sdk/client-ssm";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

const account = "000000000000";
const text = (Name: string, Value: string, rest: Partial<PutParameterCommandInput> = {}) =>
  new PutParameterCommand({ Name, Value, Type: "String", ...rest });

test("ssm-parameter-store-config-source: a String and a SecureString come back, the newest version next time",
  async () => {
    await using region = await startRegion();
    const ssm = region.client(SSMClient);
    const put = await ssm.send(text("/app/url", "http://one"));
    assert.deepEqual([put.Version, put.Tier], [1, "Standard"]);
    await ssm.send(new PutParameterCommand({ Name: "/app/password", Value: "s3cret", Type: "SecureString" }));

    const { Parameter: url } = await ssm.send(new GetParameterCommand({ Name: "/app/url" }));
    assert.deepEqual(url, {
      Name: "/app/url", Type: "String", Value: "http://one", Version: 1, DataType: "text",
      LastModifiedDate: new Date(testEpoch), ARN: `arn:aws:ssm:us-east-1:${account}:parameter/app/url`,
    });
    const decrypted = new GetParameterCommand({ Name: "/app/password", WithDecryption: true });
    assert.equal((await ssm.send(decrypted)).Parameter?.Value, "s3cret");

    await ssm.send(text("/app/url", "http://two", { Overwrite: true }));
    const next = await ssm.send(new GetParameterCommand({ Name: "/app/url" }));
    assert.deepEqual([next.Parameter?.Value, next.Parameter?.Version], ["http://two", 2]);
  });

test("ssm-parameter-store-config-source: without kms:Decrypt or ssm:GetParameters reading is refused",
  async () => {
    await using region = await startRegion();
    const ssm = region.client(SSMClient);
    const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.Arn ?? "";
    await ssm.send(
      new PutParameterCommand({ Name: "/app/password", Value: "s3cret", Type: "SecureString", KeyId }),
    );

    const statement = { Effect: "Allow", Action: "ssm:GetParameters", Resource: "*" };
    const alice = await region.user("alice", { Version: "2012-10-17", Statement: [statement] });
    const asAlice = region.client(SSMClient, { credentials: alice });
    const command = new GetParametersCommand({ Names: ["/app/password"], WithDecryption: true });
    const refused = await refusal(asAlice.send(command));
    assert.match(
      refused, /^AccessDeniedException: User: arn:aws:iam::000000000000:user\/alice is not authorized to /,
    );
    assert.match(refused, /perform: kms:Decrypt /);
    assert.match(
      refused, / \(Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: /,
    );
    const { Parameters } = await asAlice.send(new GetParametersCommand({ Names: ["/app/password"] }));
    assert.notEqual(Parameters?.[0]?.Value, "s3cret");

    assert.equal(
      await refusal(asAlice.send(new GetParameterCommand({ Name: "/app/password" }))),
      "AccessDeniedException: User: arn:aws:iam::000000000000:user/alice is not authorized to perform: "
      + "ssm:GetParameter on resource: arn:aws:ssm:us-east-1:000000000000:parameter/app/password because no "
      + "identity-based policy allows the ssm:GetParameter action",
    );
  });

test("the ciphertext of a standard SecureString is KMS's own, bound to the parameter's ARN", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  await ssm.send(new PutParameterCommand({ Name: "plain", Value: "päss", Type: "SecureString" }));
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: "plain" }));
  // The key policy of aws/ssm lets nobody decrypt but through Systems Manager.
  const direct = region.client(KMSClient).send(new DecryptCommand({
    CiphertextBlob: Buffer.from(Parameter?.Value ?? "", "base64"),
    EncryptionContext: { PARAMETER_ARN: `arn:aws:ssm:us-east-1:${account}:parameter/plain` },
  }));
  assert.match(await refusal(direct), /^AccessDeniedException: /);

  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId ?? "";
  await ssm.send(new PutParameterCommand({ Name: "own", Value: "päss", Type: "SecureString", KeyId }));
  const own = await ssm.send(new GetParameterCommand({ Name: "own" }));
  const CiphertextBlob = Buffer.from(own.Parameter?.Value ?? "", "base64");
  const PARAMETER_ARN = `arn:aws:ssm:us-east-1:${account}:parameter/own`;
  const opened = await region.client(KMSClient).send(
    new DecryptCommand({ CiphertextBlob, EncryptionContext: { PARAMETER_ARN } }),
  );
  assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), "päss");
});

test("an advanced SecureString of 8 KB is encrypted under a data key; one byte more is refused", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  const put = (length: number, Name: string) => ssm.send(new PutParameterCommand({
    Name, Value: "x".repeat(length), Type: "SecureString", Tier: "Advanced",
  }));
  assert.equal((await put(8192, "big")).Tier, "Advanced");
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: "big", WithDecryption: true }));
  assert.equal(Parameter?.Value, "x".repeat(8192));
  assert.equal(
    await refusal(put(8193, "bigger")),
    "ValidationException: The specified parameter value is too large. Advanced-tier parameters support a "
    + "maximum parameter value of 8192 characters.",
  );
  const unknown = new PutParameterCommand(
    { Name: "k", Value: "v", Type: "SecureString", KeyId: "alias/none" },
  );
  assert.match(
    await refusal(ssm.send(unknown)),
    /^InvalidKeyId: Alias arn:aws:kms:us-east-1:000000000000:alias\/none is/,
  );
});

test("versions and labels select what GetParameter answers, by name and by ARN", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  for (const value of ["one", "two", "three"]) await ssm.send(text("/a/b", value, { Overwrite: true }));
  const label = (Labels: string[], ParameterVersion?: number) =>
    ssm.send(new LabelParameterVersionCommand({ Name: "/a/b", Labels, ParameterVersion }));
  const labelled = await label(["prod", "1st", "awsome", "SSM.x", "ok-_."], 2);
  assert.deepEqual([labelled.InvalidLabels, labelled.ParameterVersion], [["1st", "awsome", "SSM.x"], 2]);
  const value = async (Name: string) => {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
    return [Parameter?.Value, Parameter?.Selector];
  };
  assert.deepEqual(await value("/a/b:1"), ["one", ":1"]);
  assert.deepEqual(await value("/a/b:prod"), ["two", ":prod"]);
  assert.deepEqual(await value(`arn:aws:ssm:us-east-1:${account}:parameter/a/b:prod`), ["two", ":prod"]);
  await label(["prod"]);
  assert.deepEqual(await value("/a/b:prod"), ["three", ":prod"]);
  assert.equal(
    await refusal(value("/a/b:9")),
    "ParameterVersionNotFound: Systems Manager could not find version 9 of /a/b. Verify the version and try "
    + "again.",
  );
  const removed = await ssm.send(
    new UnlabelParameterVersionCommand({ Name: "/a/b", ParameterVersion: 3, Labels: ["prod", "none"] }),
  );
  assert.deepEqual([removed.RemovedLabels, removed.InvalidLabels], [["prod"], ["none"]]);
  await label(Array.from({ length: 10 }, (_, index) => `l${index}`), 1);
  assert.equal(
    await refusal(label(["l10"], 1)),
    "ParameterVersionLabelLimitExceeded: A parameter version can have maximum 10 labels.Move one or more "
    + "labels to another version and try again.",
  );
});

test("a hundred versions are kept, and a label keeps the oldest from going", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  for (let index = 1; index <= 101; index++) await ssm.send(text("p", String(index), { Overwrite: true }));
  const { Parameters, NextToken } = await ssm.send(new GetParameterHistoryCommand({ Name: "p" }));
  assert.deepEqual([Parameters?.length, Parameters?.[0]?.Version, Parameters?.[0]?.Value], [50, 2, "2"]);
  const rest = await ssm.send(new GetParameterHistoryCommand({ Name: "p", NextToken }));
  assert.deepEqual(
    [rest.Parameters?.length, rest.Parameters?.[49]?.Version, rest.NextToken], [50, 101, undefined],
  );
  assert.deepEqual(Parameters?.[0], {
    Name: "p", Type: "String", Value: "2", Version: 2, DataType: "text", Labels: [], Tier: "Standard",
    Policies: [],
    LastModifiedDate: new Date(testEpoch), LastModifiedUser: `arn:aws:iam::${account}:root`,
  });
  await ssm.send(new LabelParameterVersionCommand({ Name: "p", Labels: ["keep"], ParameterVersion: 2 }));
  assert.equal(
    await refusal(ssm.send(text("p", "x", { Overwrite: true }))),
    "ParameterMaxVersionLimitExceeded: You attempted to create a new version of p by calling the "
    + "PutParameter API with the overwrite flag. Version 2, the oldest version, can't be deleted because it "
    + "has a label associated with it. Move the label to another version of the parameter, and try again.",
  );
});

test("GetParameters answers in alphabetical order and lists the names that found nothing", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  for (const name of ["c", "a", "b"]) await ssm.send(text(name, name));
  const { Parameters, InvalidParameters } = await ssm.send(
    new GetParametersCommand({ Names: ["c", "zz", "a", "b:7", "b"] }),
  );
  assert.deepEqual(Parameters?.map(({ Name }) => Name), ["a", "b", "c"]);
  assert.deepEqual(InvalidParameters, ["zz", "b:7"]);
  const eleven = Array.from({ length: 11 }, (_, index) => `n${index}`);
  assert.match(
    await refusal(ssm.send(new GetParametersCommand({ Names: eleven }))),
    /^ValidationException: 1 validation error detected: .* 'names' .* length less than or equal to 10$/,
  );
});

test("GetParametersByPath goes one level or all, in pages of ten, and filters", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  for (let index = 10; index < 22; index++) await ssm.send(text(`/x/p${index}`, "v"));
  await ssm.send(text("/x/deep/one", "v"));
  await ssm.send(new PutParameterCommand({ Name: "/x/secret", Value: "v", Type: "SecureString" }));
  await ssm.send(text("/xy", "v"));
  await ssm.send(text("flat", "v"));
  const byPath = async (input: ConstructorParameters<typeof GetParametersByPathCommand>[0]) => {
    const { Parameters, NextToken } = await ssm.send(new GetParametersByPathCommand(input));
    return { names: Parameters?.map(({ Name }) => Name), NextToken };
  };
  const first = await byPath({ Path: "/x" });
  assert.equal(first.names?.length, 10);
  const second = await byPath({ Path: "/x", NextToken: first.NextToken });
  assert.deepEqual(second, { names: ["/x/p20", "/x/p21", "/x/secret"], NextToken: undefined });
  assert.deepEqual((await byPath({ Path: "/" })).names, ["/xy", "flat"]);
  assert.equal((await byPath({ Path: "/x/", Recursive: true })).names?.includes("/x/deep/one"), true);
  const secure = await byPath({ Path: "/x", ParameterFilters: [{ Key: "Type", Values: ["SecureString"] }] });
  assert.deepEqual(secure.names, ["/x/secret"]);
  const aws = await byPath(
    { Path: "/x", ParameterFilters: [{ Key: "KeyId", Option: "BeginsWith", Values: ["alias/aws"] }] },
  );
  assert.deepEqual(aws.names, ["/x/secret"]);
  await ssm.send(text("/x/p15", "w", { Overwrite: true }));
  await ssm.send(new LabelParameterVersionCommand({ Name: "/x/p15", Labels: ["live"], ParameterVersion: 1 }));
  const { Parameters: live } = await ssm.send(new GetParametersByPathCommand({
    Path: "/x", ParameterFilters: [{ Key: "Label", Values: ["live"] }],
  }));
  assert.deepEqual(live?.map(({ Name, Version }) => [Name, Version]), [["/x/p15", 1]]);
  assert.equal(
    await refusal(byPath({ Path: "/x", ParameterFilters: [{ Key: "Name", Values: ["a"] }] })),
    "InvalidFilterKey: The following filter key is not valid: Name. Valid filter keys include: [Type, "
    + "KeyId].",
  );
  assert.match(await refusal(
    byPath({ Path: "x" }),
  ), /^ValidationException: The parameter doesn't meet the parameter name/);
  assert.equal(
    await refusal(byPath({ Path: "/x", NextToken: "bm90IG91cnM=" })),
    "InvalidNextToken: The specified token isn't valid.",
  );
});

test("deleting takes the history along, and lists what was not there", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  for (const name of ["a", "/b/c"]) await ssm.send(text(name, "v"));
  const { DeletedParameters, InvalidParameters } = await ssm.send(
    new DeleteParametersCommand({ Names: ["a", "none", "/b/c"] }),
  );
  assert.deepEqual([DeletedParameters, InvalidParameters], [["a", "/b/c"], ["none"]]);
  for (const command of [new GetParameterCommand({ Name: "a" }), new DeleteParameterCommand({ Name: "a" })]) {
    assert.equal(
      (await refusal(ssm.send(command as GetParameterCommand))).split(":")[0], "ParameterNotFound",
    );
  }
  assert.equal((await ssm.send(text("a", "again"))).Version, 1);
});
