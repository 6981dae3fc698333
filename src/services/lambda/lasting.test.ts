import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateFunctionCommand, GetDurableExecutionCommand, InvokeCommand, LambdaClient, PublishVersionCommand,
} from "@aws-sdk/client-lambda";
import { functionInput, makeRole } from "../../../test/lambda-bench.ts";
import { startRegion } from "../../../test/region.ts";
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
