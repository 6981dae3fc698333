import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateSecretCommand, DeleteSecretCommand, PutSecretValueCommand, SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import {
  GetParameterCommand, GetParametersCommand, PutParameterCommand, SSMClient,
} from "@aws-sdk/client-ssm";
import { allow } from "../../../test/policies.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";

const region = await startRegion();
after(() => region.stop());
const ssm = region.client(SSMClient);
const secrets = region.client(SecretsManagerClient);

const path = "/aws/reference/secretsmanager/";
const { ARN, VersionId: first } = await secrets.send(
  new CreateSecretCommand({ Name: "app/db@main", SecretString: "one" }));
const { VersionId: second } = await secrets.send(
  new PutSecretValueCommand({ SecretId: "app/db@main", SecretString: "two" }));

function get(name: string, WithDecryption: boolean | undefined = true, client = ssm) {
  return client.send(new GetParameterCommand({ Name: `${path}${name}`, WithDecryption }));
}

test("a secret is read as a parameter", async () => {
  const { Parameter: { SourceResult = "", ...parameter } = {} } = await get("app/db@main");
  assert.deepEqual(parameter, {
    Name: `${path}app/db@main`, Type: "SecureString", Value: "two", Version: 0, ARN,
    LastModifiedDate: new Date(testEpoch),
  });
  assert.deepEqual(JSON.parse(SourceResult), {
    ARN, name: "app/db@main", versionId: second, secretString: "two", versionStages: ["AWSCURRENT"],
    createdDate: "2026-01-01T00:00:00.000Z",
  });
});

test("a staging label or a version is named behind a colon", async () => {
  for (const selector of [":AWSPREVIOUS", `:${first}`]) {
    const { Parameter } = await get(`app/db@main${selector}`);
    assert.deepEqual([Parameter?.Name, Parameter?.Selector, Parameter?.Value],
      [`${path}app/db@main`, selector, "one"]);
  }
});

test("a binary secret has no value", async () => {
  await secrets.send(new CreateSecretCommand({ Name: "binary", SecretBinary: Buffer.from("abc") }));
  const { Parameter } = await get("binary");
  assert.deepEqual([Parameter?.Type, Parameter?.Value], ["SecureString", undefined]);
});

test("what can't be read is refused in AWS's words", async () => {
  await secrets.send(new CreateSecretCommand({ Name: "leaving", SecretString: "x" }));
  await secrets.send(new DeleteSecretCommand({ SecretId: "leaving", RecoveryWindowInDays: 7 }));
  const missing = "ParameterNotFound: An error occurred (ParameterNotFound) when referencing Secrets "
    + "Manager: Secret ";
  const syntax = "ValidationException: Invalid parameter name. Please use correct syntax for referencing a "
    + "version/label  <name>:<version/label>";
  assert.equal(await refusal(get("gone")), `${missing}aws/reference/secretsmanager/gonenull not found.`);
  assert.equal(await refusal(get("app/db@main:NONE")),
    `${missing}aws/reference/secretsmanager/app/db@main:NONE not found.`);
  assert.equal(await refusal(get("leaving")), "ValidationException: Invalid Request to Secrets Manager");
  for (const name of ["app/db@main:", "app/db@main:a:b", ARN ?? ""]) {
    assert.equal(await refusal(get(name, false)), syntax);
  }
  assert.equal(await refusal(get("gone", false)),
    "ValidationException: WithDecryption flag must be True for retrieving a Secret Manager secret.");
});

test("GetParameters lists the references it can't answer", async () => {
  await ssm.send(new PutParameterCommand({ Name: "/plain", Value: "p", Type: "String" }));
  const bad = ["gone", "app/db@main:NONE", "app/db@main:a:b"].map((name) => `${path}${name}`);
  const Names = [`${path}app/db@main`, "/plain", ...bad];
  const found = await ssm.send(new GetParametersCommand({ Names, WithDecryption: true }));
  assert.deepEqual(found.Parameters?.map(({ Value }) => Value), ["two", "p"]);
  assert.deepEqual(found.InvalidParameters, bad);
  const plain = await ssm.send(new GetParametersCommand({ Names: Names.slice(0, 2) }));
  assert.deepEqual(plain.InvalidParameters, Names.slice(0, 1));
});

test("reading needs the permissions for the parameter and for the secret", async () => {
  const parameter = `arn:aws:ssm:us-east-1:000000000000:parameter${path}*`;
  const one = region.client(SSMClient, {
    credentials: await region.user("one", allow("ssm:GetParameter", parameter)),
  });
  const both = region.client(SSMClient, {
    credentials: await region.user("both", allow(["ssm:GetParameter", "secretsmanager:GetSecretValue"])),
  });
  assert.equal(await refusal(get("app/db@main", true, one)),
    "AccessDeniedException: User: arn:aws:iam::000000000000:user/one is not authorized to perform: "
    + `secretsmanager:GetSecretValue on resource: ${ARN} because no identity-based policy allows the `
    + "secretsmanager:GetSecretValue action");
  assert.equal((await get("app/db@main", true, both)).Parameter?.Value, "two");
});
