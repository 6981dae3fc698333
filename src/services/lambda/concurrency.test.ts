import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  CreateAliasCommand, DeleteAliasCommand, DeleteFunctionCommand, DeleteFunctionConcurrencyCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetAccountSettingsCommand, GetFunctionCommand, GetProvisionedConcurrencyConfigCommand,
  ListProvisionedConcurrencyConfigsCommand, PublishVersionCommand, PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand, UpdateAliasCommand, UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { refusal } from "../../../test/refusal.ts";
import { arnOf, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

let bench: Bench;
before(async () => {
  bench = await startBench();
  await bench.make("reserved");
});
after(() => bench.region.stop());

const FunctionName = "reserved";

test("lambda-concurrency-1000: an account has 1000, of which 100 stay unreserved", async () => {
  const limits = async () => {
    const { AccountLimit } = await bench.lambda.send(new GetAccountSettingsCommand({}));
    return [AccountLimit?.ConcurrentExecutions, AccountLimit?.UnreservedConcurrentExecutions];
  };
  assert.deepEqual(await limits(), [1_000, 1_000]);
  const reserve = (ReservedConcurrentExecutions: number) =>
    bench.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
  assert.equal(
    await refusal(reserve(901)),
    "InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases account's "
    + "UnreservedConcurrentExecution below its minimum value of [100].",
  );
  const elsewhere = (name: string) => refusal(bench.lambda.send(
    new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 1 }),
  ));
  assert.equal(
    await elsewhere("nobody"), `ResourceNotFoundException: Function not found: ${arnOf("nobody")}:$LATEST`,
  );
  assert.equal(
    await elsewhere(`${arnOf(FunctionName)}:1`),
    "InvalidParameterValueException: This operation is permitted on Lambda functions only. Aliases and "
    + "versions do not support this operation. Please specify either a function name or an unqualified "
    + "function ARN.",
  );
  await reserve(900);
  assert.deepEqual(await limits(), [1_000, 100]);
  const { Concurrency } = await bench.lambda.send(new GetFunctionCommand({ FunctionName }));
  assert.equal(Concurrency?.ReservedConcurrentExecutions, 900);
  await reserve(0);
  assert.equal(
    await refusal(bench.invoke(FunctionName)), "TooManyRequestsException: Rate Exceeded.",
  );
  await bench.lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
  assert.deepEqual(await limits(), [1_000, 1_000]);
});

test("provisioned concurrency is for versions and aliases, and within what is reserved", async () => {
  const put = (Qualifier: string, ProvisionedConcurrentExecutions: number) => refusal(bench.lambda.send(
    new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier, ProvisionedConcurrentExecutions }),
  ));
  assert.equal(
    await put("$LATEST", 1),
    "InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied to unpublished "
    + "function versions.",
  );
  const { Version: Qualifier = "" } = await bench.lambda.send(new PublishVersionCommand({ FunctionName }));
  await bench.lambda.send(
    new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 2 }),
  );
  assert.equal(
    await put(Qualifier, 3),
    "InvalidParameterValueException: Requested Provisioned Concurrency should not be greater than the "
    + "reservedConcurrentExecution for function",
  );
  const remove = (named: { FunctionName: string; Qualifier: string }) =>
    refusal(bench.lambda.send(new DeleteProvisionedConcurrencyConfigCommand(named)));
  assert.equal(await remove({ FunctionName, Qualifier }), "no refusal");
  assert.equal(
    await remove({ FunctionName, Qualifier: "$LATEST" }),
    "InvalidParameterValueException: The function resource provided must be an alias or a published version.",
  );
  assert.equal(
    await remove({ FunctionName: "nobody", Qualifier: "live" }),
    `ResourceNotFoundException: Cannot find alias arn: ${arnOf("nobody")}:live`,
  );
  assert.equal(
    await remove({ FunctionName: "nobody", Qualifier: "1" }),
    `ResourceNotFoundException: Function not found: ${arnOf("nobody")}:1`,
  );
  assert.equal(
    await refusal(bench.lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }))),
    "ProvisionedConcurrencyConfigNotFoundException: No Provisioned Concurrency Config found for this "
    + "function",
  );
});

test("provisioned environments are warm before the first invocation, and stay so", async () => {
  const ZipFile = nodePackage(
    "const id = Math.random(); let count = 0; export const handler = async () => "
    + "[process.env.AWS_LAMBDA_INITIALIZATION_TYPE, id, count += 1];",
  );
  await bench.make("warm", { Code: { ZipFile } });
  const named = { FunctionName: "warm", Qualifier: "1" };
  await bench.lambda.send(new PublishVersionCommand({ FunctionName: "warm" }));
  await bench.lambda.send(
    new PutProvisionedConcurrencyConfigCommand({ ...named, ProvisionedConcurrentExecutions: 1 }),
  );
  const state = () => bench.lambda.send(new GetProvisionedConcurrencyConfigCommand(named));
  for (let turns = 0; turns < 500 && (await state()).Status !== "READY"; turns += 1) {
    await bench.region.clock.advance({ seconds: 1 });
  }
  const { $metadata: _, ...shown } = await state();
  assert.match(shown.LastModified ?? "", /^2026-01-01T00:\d\d:\d\d\+0000$/);
  assert.deepEqual(shown, {
    RequestedProvisionedConcurrentExecutions: 1,
    AvailableProvisionedConcurrentExecutions: 1,
    AllocatedProvisionedConcurrentExecutions: 1,
    Status: "READY",
    LastModified: shown.LastModified,
  });
  const first = await bench.invoke("warm", {}, { Qualifier: "1", LogType: "Tail" });
  const [type, id, count] = first.answer as [string, number, number];
  assert.deepEqual([type, count], ["provisioned-concurrency", 1]);
  // Nothing had to be begun for it.
  assert.doesNotMatch(first.log, /Init Duration/);
  const cloudwatch = bench.region.client(CloudWatchClient);
  const most = async (MetricName: string) => {
    const { Datapoints } = await cloudwatch.send(new GetMetricStatisticsCommand({
      Namespace: "AWS/Lambda", MetricName, Period: 86_400, Statistics: ["Maximum"],
      Dimensions: [{ Name: "FunctionName", Value: "warm" }, { Name: "Resource", Value: "warm:1" }],
      StartTime: new Date("2026-01-01"), EndTime: new Date("2026-01-02"),
    }));
    return Datapoints?.[0]?.Maximum;
  };
  assert.deepEqual(
    [
      await most("ProvisionedConcurrencyInvocations"), await most("ProvisionedConcurrentExecutions"),
      await most("ProvisionedConcurrencyUtilization"),
      await most("ProvisionedConcurrencySpilloverInvocations"),
    ],
    [1, 1, 1, undefined],
  );
  // Longer than environments wait that are not provisioned.
  await bench.region.clock.advance({ seconds: 3_000 });
  assert.deepEqual((await bench.invoke("warm", {}, { Qualifier: "1" })).answer, [type, id, 2]);
});

test("what can't be initialized is not provisioned, and its status says why", async () => {
  const Code = { ZipFile: nodePackage("throw new Error('broken');") };
  await bench.make("broken", { Code, Publish: true });
  const named = { FunctionName: "broken", Qualifier: "1" };
  await bench.lambda.send(
    new PutProvisionedConcurrencyConfigCommand({ ...named, ProvisionedConcurrentExecutions: 2 }),
  );
  const state = () => bench.lambda.send(new GetProvisionedConcurrencyConfigCommand(named));
  for (let turns = 0; turns < 500 && (await state()).Status === "IN_PROGRESS"; turns += 1) {
    await bench.region.clock.advance({ seconds: 1 });
  }
  const { Status, StatusReason, AvailableProvisionedConcurrentExecutions: ready } = await state();
  assert.deepEqual([Status, StatusReason, ready], ["FAILED", "FUNCTION_ERROR_INIT_FAILURE", 0]);
});

test("provisioned concurrency leaves the account 100, and is counted where nothing is reserved", async () => {
  await bench.make("roomy");
  const named = { FunctionName: "roomy" };
  const change = async (index: number): Promise<void> => {
    const ZipFile = nodePackage(`export const handler = async () => ${index};`);
    await bench.lambda.send(new UpdateFunctionCodeCommand({ ...named, ZipFile, Publish: true }));
    await bench.region.clock.advance({ seconds: 1 });
  };
  await change(1);
  await change(2);
  const put = (Qualifier: string, ProvisionedConcurrentExecutions: number) => refusal(bench.lambda.send(
    new PutProvisionedConcurrencyConfigCommand({ ...named, Qualifier, ProvisionedConcurrentExecutions }),
  ));
  assert.equal(
    await put("1", 1_001),
    "InvalidParameterValueException: Specified ConcurrentExecutions for function is greater than account's "
    + "unreserved concurrency [1000].",
  );
  const { AccountLimit } = await bench.lambda.send(new GetAccountSettingsCommand({}));
  const most = (AccountLimit?.UnreservedConcurrentExecutions ?? 0) - 100;
  assert.equal(
    await put("1", most + 1),
    "InvalidParameterValueException: Specified ConcurrentExecutions for function decreases account's "
    + "UnreservedConcurrentExecution below its minimum value of [100].",
  );
  await bench.lambda.send(new PutProvisionedConcurrencyConfigCommand(
    { ...named, Qualifier: "1", ProvisionedConcurrentExecutions: 2 },
  ));
  const now = await bench.lambda.send(new GetAccountSettingsCommand({}));
  assert.equal(now.AccountLimit?.UnreservedConcurrentExecutions, most + 98);
  assert.equal(
    await refusal(bench.lambda.send(
      new PutFunctionConcurrencyCommand({ ...named, ReservedConcurrentExecutions: 1 }),
    )),
    "InvalidParameterValueException: ReservedConcurrentExecutions 1 should not be lower than function's "
    + "total provisioned concurrency [2].",
  );
  await bench.lambda.send(new CreateAliasCommand({ ...named, Name: "live", FunctionVersion: "1" }));
  assert.equal(
    await put("live", 1),
    "ResourceConflictException: Alias can't be used for Provisioned Concurrency configuration on an already "
    + "Provisioned version",
  );
  await bench.lambda.send(new UpdateAliasCommand({ ...named, Name: "live", FunctionVersion: "2" }));
  await bench.lambda.send(new DeleteFunctionCommand({ ...named, Qualifier: "1" }));
  const { ProvisionedConcurrencyConfigs } = await bench.lambda.send(
    new ListProvisionedConcurrencyConfigsCommand(named),
  );
  assert.deepEqual(ProvisionedConcurrencyConfigs, []);
});

test("what an alias is provisioned with moves with it, and goes with it", async () => {
  const named = { FunctionName: "roomy" };
  const live = { ...named, Qualifier: "live" };
  const code = nodePackage("export const handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE;");
  await bench.lambda.send(new UpdateFunctionCodeCommand({ ...named, ZipFile: code, Publish: true }));
  await bench.region.clock.advance({ seconds: 1 });
  await bench.lambda.send(
    new PutProvisionedConcurrencyConfigCommand({ ...live, ProvisionedConcurrentExecutions: 1 }),
  );
  assert.equal(
    await refusal(bench.lambda.send(new PutProvisionedConcurrencyConfigCommand(
      { ...named, Qualifier: "2", ProvisionedConcurrentExecutions: 1 },
    ))),
    "ResourceConflictException: Version is pointed by a Provisioned Concurrency alias",
  );
  const ready = async (): Promise<void> => {
    const state = () => bench.lambda.send(new GetProvisionedConcurrencyConfigCommand(live));
    for (let turns = 0; turns < 500 && (await state()).Status !== "READY"; turns += 1) {
      await bench.region.clock.advance({ seconds: 1 });
    }
    assert.equal((await state()).Status, "READY");
  };
  await ready();
  await bench.lambda.send(new UpdateAliasCommand({ ...named, Name: "live", FunctionVersion: "3" }));
  const moved = await bench.lambda.send(new GetProvisionedConcurrencyConfigCommand(live));
  assert.equal(moved.Status, "IN_PROGRESS");
  await ready();
  const initialization = async (Qualifier: string) =>
    (await bench.invoke("roomy", {}, { Qualifier })).answer;
  assert.equal(await initialization("live"), "provisioned-concurrency");
  await bench.lambda.send(new DeleteAliasCommand({ ...named, Name: "live" }));
  await bench.region.clock.advance({ seconds: 1 });
  assert.equal(await initialization("3"), "on-demand");
});
