import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  DeleteFunctionConcurrencyCommand, GetAccountSettingsCommand, GetFunctionCommand, PublishVersionCommand,
  GetProvisionedConcurrencyConfigCommand, PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
} from "@aws-sdk/client-lambda";
import { refusal } from "../../../test/refusal.ts";
import { startBench, type Bench } from "../../../test/lambda-bench.ts";

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
  assert.equal(
    await refusal(bench.lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }))),
    "ProvisionedConcurrencyConfigNotFoundException: No Provisioned Concurrency Config found for this "
    + "function",
  );
});
