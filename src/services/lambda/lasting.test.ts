import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateFunctionCommand, GetDurableExecutionCommand, GetProvisionedConcurrencyConfigCommand, InvokeCommand,
  LambdaClient, PublishVersionCommand, PutProvisionedConcurrencyConfigCommand,
} from "@aws-sdk/client-lambda";
import { functionInput, makeRole } from "../../../test/lambda-bench.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { invoke, makeFunction } from "../../../test/suites/functions-recovery-load.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

async function withFolder(work: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "lambda-lasting-"));
  try {
    await work(dataDir);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

test("what was logged just before the region stops is in the log", () => withFolder(async (dataDir) => {
  {
    await using region = await startRegion({ dataDir });
    await makeFunction(region);
    await region.clock.advance({ seconds: 1 });
    region.clock.run();
    assert.equal(await invoke(region), '"said"');
  }
  await using region = await startRegion({ dataDir });
  const logs = region.client(CloudWatchLogsClient);
  const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/f" }));
  const words = events?.map(({ message }) => /^\w+/.exec(message ?? "")?.[0]);
  assert.deepEqual(words, ["INIT_START", "START", "END", "REPORT"]);
}));

const provisioned = nodePackage(
  "export const handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE;",
);

async function untilReady(region: TestRegion): Promise<void> {
  const named = { FunctionName: "warm", Qualifier: "1" };
  const state = () => region.client(LambdaClient).send(new GetProvisionedConcurrencyConfigCommand(named));
  for (let turns = 0; turns < 500 && (await state()).Status !== "READY"; turns += 1) {
    await region.clock.advance({ seconds: 1 });
  }
  assert.equal((await state()).AvailableProvisionedConcurrentExecutions, 1);
}

test("provisioned environments are begun again with the region", () => withFolder(async (dataDir) => {
  {
    await using region = await startRegion({ dataDir });
    const lambda = region.client(LambdaClient);
    await makeRole(region, "worker", []);
    const input = functionInput("warm", { Code: { ZipFile: provisioned }, Publish: true });
    await lambda.send(new CreateFunctionCommand(input));
    await lambda.send(new PutProvisionedConcurrencyConfigCommand({
      FunctionName: "warm", Qualifier: "1", ProvisionedConcurrentExecutions: 1,
    }));
    await untilReady(region);
  }
  await using region = await startRegion({ dataDir });
  // The clock of a test begins anew, and what goes on does so a second after the region was stopped.
  await region.clock.advance({ minutes: 10 });
  await untilReady(region);
  const answer = await region.client(LambdaClient).send(
    new InvokeCommand({ FunctionName: "warm", Qualifier: "1", LogType: "Tail" }),
  );
  assert.equal(Buffer.from(answer.Payload ?? []).toString(), '"provisioned-concurrency"');
  assert.doesNotMatch(Buffer.from(answer.LogResult ?? "", "base64").toString(), /Init Duration/);
}));

/** Waits for a minute, and is done. */
const sleeper = nodePackage(`
  import { LambdaClient, CheckpointDurableExecutionCommand } from "@aws-sdk/client-lambda";
  export const handler = async ({ DurableExecutionArn, CheckpointToken, InitialExecutionState }) => {
    if (InitialExecutionState.Operations.length > 1) return { Status: "SUCCEEDED", Result: '"awake"' };
    const wait = { Id: "w", Type: "WAIT", Action: "START", WaitOptions: { WaitSeconds: 60 } };
    await new LambdaClient({}).send(new CheckpointDurableExecutionCommand(
      { DurableExecutionArn, CheckpointToken, Updates: [wait] }));
    return { Status: "PENDING" };
  };
`);

test("a durable execution goes on in the region that is started again", () => withFolder(async (dataDir) => {
  let arn = "";
  {
    await using region = await startRegion({ dataDir });
    const lambda = region.client(LambdaClient);
    await makeRole(region, "worker", [{
      Effect: "Allow", Action: "lambda:CheckpointDurableExecution", Resource: "*",
    }]);
    await lambda.send(new CreateFunctionCommand(functionInput("sleeper", {
      Code: { ZipFile: sleeper }, DurableConfig: { ExecutionTimeout: 600 }, Timeout: 30,
    })));
    await region.clock.advance({ seconds: 1 });
    await lambda.send(new PublishVersionCommand({ FunctionName: "sleeper" }));
    const input = { FunctionName: "sleeper", Qualifier: "1", InvocationType: "Event" } as const;
    ({ DurableExecutionArn: arn = "" } = await lambda.send(new InvokeCommand(input)));
    await region.clock.advance({ seconds: 1 });
  }
  await using region = await startRegion({ dataDir });
  const look = () => region.client(LambdaClient).send(
    new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
  assert.equal((await look()).Status, "RUNNING");
  await region.clock.advance({ minutes: 2 });
  const { Status, Result } = await look();
  assert.deepEqual([Status, Result], ["SUCCEEDED", '"awake"']);
}));
