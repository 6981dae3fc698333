import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { AddPermissionCommand } from "@aws-sdk/client-lambda";
import {
  CancelRotateSecretCommand, CreateSecretCommand, DescribeSecretCommand, GetSecretValueCommand,
  RotateSecretCommand, SecretsManagerClient, type RotateSecretCommandInput,
} from "@aws-sdk/client-secrets-manager";
import { startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { windowAfter } from "./rotation-rules.ts";

/** As the templates of the documentation: it checks the version, and takes the four steps. */
const source = `
  import {
    SecretsManagerClient, DescribeSecretCommand, GetSecretValueCommand, PutSecretValueCommand,
    UpdateSecretVersionStageCommand,
  } from "@aws-sdk/client-secrets-manager";
  const client = new SecretsManagerClient({});
  export const handler = async ({ Step, SecretId, ClientRequestToken }) => {
    const {
      RotationEnabled, VersionIdsToStages = {},
    } = await client.send(new DescribeSecretCommand({ SecretId }));
    const stages = VersionIdsToStages[ClientRequestToken];
    if (!RotationEnabled || !stages) throw new Error("the version is not there");
    if (stages.includes("AWSCURRENT")) return;
    if (!stages.includes("AWSPENDING")) throw new Error("the version is not pending");
    const pending = { SecretId, VersionId: ClientRequestToken, VersionStage: "AWSPENDING" };
    if (Step === "createSecret") {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
      const found = await client.send(new GetSecretValueCommand(pending)).catch(({ name }) => name);
      if (found !== "ResourceNotFoundException") return;
      await client.send(new PutSecretValueCommand({
        SecretId, ClientRequestToken, SecretString: SecretString + "+", VersionStages: ["AWSPENDING"],
      }));
    } else if (Step === "testSecret") {
      await client.send(new GetSecretValueCommand(pending));
    } else if (Step === "finishSecret") {
      const [from] = Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes("AWSCURRENT"));
      await client.send(new UpdateSecretVersionStageCommand({
        SecretId, VersionStage: "AWSCURRENT", MoveToVersionId: ClientRequestToken, RemoveFromVersionId: from,
      }));
    }
  };
`;

/** As the templates' role has it: the function reaches only the secrets that it rotates. */
const rotatorPermissions = {
  Effect: "Allow",
  Action: [
    "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
  ],
  Resource: "arn:aws:secretsmanager:us-east-1:000000000000:secret:*",
  Condition: {
    StringEquals: {
      "secretsmanager:resource/AllowRotationLambdaArn":
        "arn:aws:lambda:us-east-1:000000000000:function:rotator",
    },
  },
};

let bench: Bench;
let sm: SecretsManagerClient;
let functionArn: string;
before(async () => {
  bench = await startBench();
  sm = bench.region.client(SecretsManagerClient);
  const Role = await bench.role("rotator", rotatorPermissions);
  functionArn = await bench.make("rotator", { Role, Code: { ZipFile: nodePackage(source) }, Timeout: 30 });
});
after(() => bench.region.stop());

const rotate = (SecretId: string, more: Partial<RotateSecretCommandInput> = {}): Promise<unknown> =>
  sm.send(new RotateSecretCommand({
    SecretId, RotationLambdaARN: functionArn, RotationRules: { AutomaticallyAfterDays: 10 }, ...more,
  }));
const valueOf = async (SecretId: string): Promise<string | undefined> =>
  (await sm.send(new GetSecretValueCommand({ SecretId }))).SecretString;

test("a function rotates a secret in four steps, once its policy lets Secrets Manager in", async () => {
  const { ARN } = await sm.send(new CreateSecretCommand({ Name: "s", SecretString: "v" }));
  assert.equal(
    await refusal(rotate("s")),
    "AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function. Ensure that the "
    + "function policy grants access to the principal secretsmanager.amazonaws.com.",
  );
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "rotator", StatementId: "rotation", Action: "lambda:InvokeFunction",
    Principal: "secretsmanager.amazonaws.com", SourceAccount: "000000000000",
  }));
  const begun = bench.region.clock.now();
  await rotate("s", { ClientRequestToken: "11111111-2222-3333-4444-555555555555" });
  await bench.region.engine.settled();
  assert.equal(await valueOf("s"), "v+");
  const described = await sm.send(new DescribeSecretCommand({ SecretId: "s" }));
  assert.deepEqual(
    [described.RotationEnabled, described.RotationLambdaARN, described.RotationRules],
    [true, functionArn, { AutomaticallyAfterDays: 10 }],
  );
  assert.deepEqual(described.VersionIdsToStages?.["11111111-2222-3333-4444-555555555555"], ["AWSCURRENT"]);
  assert.ok((described.LastRotatedDate?.getTime() ?? 0) >= begun);
  assert.deepEqual(described.NextRotationDate, new Date(Date.UTC(2026, 0, 11, 23, 59, 59)));
  assert.match(ARN ?? "", /:secret:s-/);
});

test("a secret is rotated by its schedule, until that is cancelled", async () => {
  await sm.send(new CreateSecretCommand({ Name: "scheduled", SecretString: "v" }));
  await rotate(
    "scheduled", { RotationRules: { ScheduleExpression: "rate(4 hours)" }, RotateImmediately: false },
  );
  assert.equal(await valueOf("scheduled"), "v");
  const { VersionIdsToStages = {} } = await sm.send(new DescribeSecretCommand({ SecretId: "scheduled" }));
  assert.equal(Object.keys(VersionIdsToStages).length, 1);
  await bench.region.clock.advance({ hours: 4 });
  assert.equal(await valueOf("scheduled"), "v+");
  await bench.region.clock.advance({ hours: 4 });
  assert.equal(await valueOf("scheduled"), "v++");
  await sm.send(new CancelRotateSecretCommand({ SecretId: "scheduled" }));
  await bench.region.clock.advance({ hours: 12 });
  assert.equal(await valueOf("scheduled"), "v++");
  const { RotationEnabled, NextRotationDate } = await sm.send(
    new DescribeSecretCommand({ SecretId: "scheduled" }),
  );
  assert.deepEqual([RotationEnabled, NextRotationDate], [false, undefined]);
});

test("a function that fails leaves the version pending, and is tried again", async () => {
  const broken = await bench.make("broken", {
    Code: { ZipFile: nodePackage("export const handler = async () => { throw new Error('no'); };") },
  });
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "broken", StatementId: "rotation", Action: "lambda:InvokeFunction",
    Principal: "secretsmanager.amazonaws.com",
  }));
  await sm.send(new CreateSecretCommand({ Name: "failing", SecretString: "v" }));
  const token = "99999999-2222-3333-4444-555555555555";
  await rotate("failing", { RotationLambdaARN: broken, ClientRequestToken: token });
  await bench.region.engine.settled();
  const stages = async (): Promise<string[] | undefined> =>
    (await sm.send(new DescribeSecretCommand({ SecretId: "failing" }))).VersionIdsToStages?.[token];
  assert.deepEqual(await stages(), ["AWSPENDING"]);
  assert.equal(
    await refusal(sm.send(new GetSecretValueCommand({ SecretId: "failing", VersionStage: "AWSPENDING" }))),
    "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: "
    + "AWSPENDING",
  );
  assert.equal(
    await refusal(rotate("failing")),
    "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted.",
  );
  assert.equal(await valueOf("failing"), "v");
});

test("windows open and close as the schedule says", () => {
  const at = Date.UTC(2026, 0, 1, 10, 30);
  const shown = (rules: Parameters<typeof windowAfter>[0]): string[] => {
    const { opensAt = 0, closesAt = 0 } = windowAfter(rules, at) ?? {};
    return [opensAt, closesAt].map((time) => new Date(time).toISOString().slice(0, 16));
  };
  assert.deepEqual(shown({ AutomaticallyAfterDays: 1 }), ["2026-01-02T00:00", "2026-01-02T23:59"]);
  assert.deepEqual(shown({ ScheduleExpression: "rate(4 hours)" }), ["2026-01-01T14:00", "2026-01-01T15:00"]);
  assert.deepEqual(
    shown({ ScheduleExpression: "cron(0 8 1 * ? *)", Duration: "3h" }),
    ["2026-02-01T08:00", "2026-02-01T11:00"],
  );
  assert.deepEqual(shown({ ScheduleExpression: "rate(2 days)" }), ["2026-01-03T00:00", "2026-01-03T23:59"]);
  assert.equal(windowAfter({}, at), undefined);
});
