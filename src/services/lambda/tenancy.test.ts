import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  CreateEventSourceMappingCommand, CreateFunctionUrlConfigCommand, GetFunctionConfigurationCommand,
  InvokeCommand, PublishVersionCommand, PutProvisionedConcurrencyConfigCommand,
} from "@aws-sdk/client-lambda";
import { account, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

let bench: Bench;
const FunctionName = "shared";
before(async () => {
  bench = await startBench();
  const ZipFile = nodePackage(`
    const seen = [];
    export const handler = async (event, { tenantId }) => {
      seen.push(tenantId);
      return seen;
    };
  `);
  await bench.make(FunctionName, {
    Code: { ZipFile }, TenancyConfig: { TenantIsolationMode: "PER_TENANT" }, Timeout: 30,
  });
});
after(() => bench.region.stop());

const invoke = async (TenantId?: string) => (await bench.invoke(FunctionName, {}, { TenantId })).answer;

test("each tenant of a function has environments of its own, which stay warm for it", async () => {
  const { TenancyConfig } = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  assert.deepEqual(TenancyConfig, { TenantIsolationMode: "PER_TENANT" });
  assert.deepEqual(await invoke("blue"), ["blue"]);
  assert.deepEqual(await invoke("green"), ["green"]);
  assert.deepEqual(await invoke("blue"), ["blue", "blue"]);
  await bench.lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", TenantId: "green" }));
  await bench.region.clock.advance({ seconds: 1 });
  assert.deepEqual(await invoke("green"), ["green", "green", "green"]);
});

test("a tenant is named where there are tenants, and only there", async () => {
  const required = "InvalidParameterValueException: The invoked function is enabled with tenancy "
    + "configuration. Add a valid tenant ID in your request and try again.";
  assert.equal(await refusal(invoke()), required);
  assert.equal(
    await refusal(bench.lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event" }))), required,
  );
  await bench.make("single");
  assert.equal(
    await refusal(bench.invoke("single", {}, { TenantId: "blue" })),
    "InvalidParameterValueException: The invoked function is not enabled with tenancy configuration. Remove "
    + "the tenant ID from your request and try again.",
  );
  assert.match(await refusal(invoke("not,allowed")), /^ValidationException: .*tenantId/);
});

test("functions with tenants have no URLs, provisioned concurrency, snapshots or event sources", async () => {
  const words = (what: string) =>
    `InvalidParameterValueException: ${what} can't be used with functions that have a TenancyConfig.`;
  assert.equal(
    await refusal(bench.lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" }))),
    words("Function URLs"),
  );
  await bench.lambda.send(new PublishVersionCommand({ FunctionName }));
  assert.equal(
    await refusal(bench.lambda.send(new PutProvisionedConcurrencyConfigCommand({
      FunctionName, Qualifier: "1", ProvisionedConcurrentExecutions: 1,
    }))),
    words("Provisioned concurrency"),
  );
  assert.equal(
    await refusal(bench.lambda.send(new CreateEventSourceMappingCommand({
      FunctionName, EventSourceArn: `arn:aws:sqs:us-east-1:${account}:jobs`,
    }))),
    words("Event source mappings"),
  );
  assert.equal(
    await refusal(bench.make("snapped", {
      TenancyConfig: { TenantIsolationMode: "PER_TENANT" }, SnapStart: { ApplyOn: "PublishedVersions" },
    })),
    words("SnapStart"),
  );
});
