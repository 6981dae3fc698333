/**
 * Durable functions written with AWS's Durable Execution SDK: they stop while they wait, go on by the
 * region's clock, and do no step twice.
 */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  GetDurableExecutionCommand, GetDurableExecutionHistoryCommand, InvokeCommand,
  ListDurableExecutionsByFunctionCommand, PublishVersionCommand,
  SendDurableExecutionCallbackFailureCommand, SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand, StopDurableExecutionCommand,
} from "@aws-sdk/client-lambda";
import { build } from "esbuild";
import { account, roleArn, startBench, type Bench } from "../lambda-bench.ts";
import { zipOf } from "../zip-archive.ts";
import { packageFolder } from "./clients.ts";

let bench: Bench;
let folder: string;
before(async () => {
  bench = await startBench();
  // Functions have the machine's clock, and compare it with the times that they are told.
  bench.region.clock.freeze(Date.now());
  folder = mkdtempSync(join(tmpdir(), "durable-"));
  await bench.role("durable", {
    Effect: "Allow",
    Action: [
      "lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState", "lambda:InvokeFunction",
    ],
    Resource: `arn:aws:lambda:us-east-1:${account}:function:*`,
  });
});
after(async () => {
  await bench.region.stop();
  rmSync(folder, { recursive: true });
});

async function bundled(source: string): Promise<Buffer> {
  const outfile = join(folder, "index.js");
  writeFileSync(join(folder, "entry.mjs"), `
    import { withDurableExecution } from "@aws/durable-execution-sdk-js";
    export const handler = withDurableExecution(async (event, context) => {
      ${source}
    });
  `);
  await build({
    entryPoints: [join(folder, "entry.mjs")], outfile, bundle: true, platform: "node", target: "node20",
    format: "cjs", external: ["@aws-sdk/*"], nodePaths: [join(packageFolder, "node_modules")],
    logLevel: "error",
  });
  return zipOf({ "index.js": readFileSync(outfile) });
}

async function make(name: string, source: string, ExecutionTimeout = 600): Promise<void> {
  await bench.make(name, {
    Code: { ZipFile: await bundled(source) }, Role: roleArn("durable"), Timeout: 30, MemorySize: 512,
    DurableConfig: { ExecutionTimeout, RetentionPeriodInDays: 1 },
  });
  await bench.lambda.send(new PublishVersionCommand({ FunctionName: name }));
}

async function start(name: string, event: unknown): Promise<string> {
  const { StatusCode, DurableExecutionArn = "" } = await bench.lambda.send(new InvokeCommand({
    FunctionName: name, Qualifier: "1", InvocationType: "Event", Payload: Buffer.from(JSON.stringify(event)),
  }));
  assert.equal(StatusCode, 202);
  await advance(0);
  return DurableExecutionArn;
}

const advance = (seconds: number) => bench.region.clock.advance({ milliseconds: seconds * 1_000 + 1 });

async function look(DurableExecutionArn: string) {
  const { Status, Result, Error } = await bench.lambda.send(
    new GetDurableExecutionCommand({ DurableExecutionArn }));
  return { Status, Result: Result === undefined ? undefined : JSON.parse(Result) as unknown, Error };
}

async function history(DurableExecutionArn: string) {
  const { Events = [] } = await bench.lambda.send(
    new GetDurableExecutionHistoryCommand({ DurableExecutionArn }));
  return Events;
}

async function told(arn: string): Promise<(string | undefined)[]> {
  return (await history(arn)).map(({ EventType, Name }) => (Name ? `${EventType} ${Name}` : EventType))
    .filter((line) => !line?.startsWith("Execution"));
}

test("a durable function sleeps for as long as it says, and does no step twice", async () => {
  await make("order", `
    const paid = await context.step("pay", async () => ({ by: event.by }));
    await context.wait("settle", { seconds: 300 });
    const shipped = await context.step("ship", async () => "shipped");
    return { by: paid.by, shipped };
  `);
  const arn = await start("order", { by: "ada" });
  assert.equal((await look(arn)).Status, "RUNNING");
  await advance(200);
  assert.equal((await look(arn)).Status, "RUNNING");
  await advance(100);
  assert.deepEqual(await look(arn), {
    Status: "SUCCEEDED", Result: { by: "ada", shipped: "shipped" }, Error: undefined,
  });
  const lines = await told(arn);
  assert.deepEqual(lines.filter((line) => !line?.startsWith("StepStarted")), [
    "StepSucceeded pay", "WaitStarted settle", "InvocationCompleted", "WaitSucceeded settle",
    "StepSucceeded ship", "InvocationCompleted",
  ]);
});

test("who invokes a durable function waits until it has come to its end", async () => {
  await make("nap", 'await context.wait({ seconds: 60 }); return "rested";');
  const invoked = bench.lambda.send(new InvokeCommand({ FunctionName: "nap", Qualifier: "1" }));
  let answered = false;
  void invoked.then(() => { answered = true; });
  // The request has to arrive before the clock is moved on.
  for (let look = 0; look < 100 && !(await running("nap")); look += 1) await advance(0);
  assert.equal(answered, false);
  await advance(60);
  const { Payload, FunctionError, DurableExecutionArn = "" } = await invoked;
  assert.equal(FunctionError, undefined);
  assert.equal(Buffer.from(Payload ?? []).toString(), '"rested"');
  assert.equal((await look(DurableExecutionArn)).Status, "SUCCEEDED");
});

async function running(name: string): Promise<boolean> {
  const { DurableExecutions = [] } = await bench.lambda.send(
    new ListDurableExecutionsByFunctionCommand({ FunctionName: name, Statuses: ["RUNNING"] }));
  return DurableExecutions.length > 0;
}

test("a step that fails is tried again when its strategy says", async () => {
  await make("stubborn", `
    return context.step("knock", async () => {
      throw new TypeError("nobody there");
    }, { retryStrategy: (error, attempt) =>
      attempt < 3 ? { shouldRetry: true, delay: { seconds: 10 * attempt } } : { shouldRetry: false } });
  `);
  const arn = await start("stubborn", {});
  await advance(9);
  assert.equal((await history(arn)).filter(({ EventType }) => EventType === "StepFailed").length, 1);
  await advance(1);
  assert.equal((await history(arn)).filter(({ EventType }) => EventType === "StepFailed").length, 2);
  await advance(20);
  const failures = (await history(arn)).filter(({ EventType }) => EventType === "StepFailed");
  assert.deepEqual(failures.map(({ StepFailedDetails }) => StepFailedDetails?.RetryDetails), [
    { CurrentAttempt: 1, NextAttemptDelaySeconds: 10 }, { CurrentAttempt: 2, NextAttemptDelaySeconds: 20 },
    { CurrentAttempt: 3 },
  ]);
  const { Status, Error } = await look(arn);
  assert.equal(Status, "FAILED");
  assert.equal(Error?.ErrorMessage, "nobody there");
});

async function callbackId(arn: string): Promise<string> {
  const started = (await history(arn)).find(({ EventType }) => EventType === "CallbackStarted");
  return started?.CallbackStartedDetails?.CallbackId ?? "";
}

const approval = `
  const answer = await context.waitForCallback("approval", async () => undefined,
    { timeout: { seconds: 100 }, heartbeatTimeout: { seconds: 40 } });
  return { answer };
`;

test("an execution waits for a callback: what comes of it is what it is told", async () => {
  await make("ask", approval);
  const arn = await start("ask", {});
  const CallbackId = await callbackId(arn);
  await bench.lambda.send(new SendDurableExecutionCallbackSuccessCommand({
    CallbackId, Result: Buffer.from("granted"),
  }));
  await advance(0);
  assert.deepEqual((await look(arn)).Result, { answer: "granted" });

  const refused = await start("ask", {});
  await bench.lambda.send(new SendDurableExecutionCallbackFailureCommand({
    CallbackId: await callbackId(refused), Error: { ErrorType: "No", ErrorMessage: "not today" },
  }));
  await advance(0);
  const { Status, Error } = await look(refused);
  assert.equal(Status, "FAILED");
  assert.match(Error?.ErrorMessage ?? "", /not today/);
});

test("a callback that is silent for too long times out, and heartbeats keep it", async () => {
  const arn = await start("ask", {});
  const CallbackId = await callbackId(arn);
  await advance(30);
  await bench.lambda.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId }));
  await advance(30);
  assert.equal((await look(arn)).Status, "RUNNING");
  await advance(10);
  assert.equal((await look(arn)).Status, "FAILED");
  await assert.rejects(
    bench.lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId })),
    { name: "CallbackTimeoutException" },
  );
});

test("functions that a durable function invokes answer it, durable ones too", async () => {
  await bench.make("plain", { Role: roleArn("durable") });
  await make("inner", 'await context.wait({ seconds: 30 }); return event.n * 2;');
  await make("outer", `
    const plain = await context.invoke("plain", "plain", { n: 1 });
    const doubled = await context.invoke("double", "inner:1", { n: 21 });
    return { plain, doubled };
  `);
  const arn = await start("outer", {});
  await advance(0);
  assert.equal((await look(arn)).Status, "RUNNING");
  await advance(30);
  await advance(0);
  assert.deepEqual((await look(arn)).Result, { plain: { n: 1 }, doubled: 42 });
});

test("branches wait side by side", async () => {
  await make("many", `
    const parts = await context.map("parts", [1, 2, 3], async (ctx, item) => {
      await ctx.wait({ seconds: 10 * item });
      return ctx.step(async () => item * 10);
    });
    return parts.getResults();
  `);
  const arn = await start("many", {});
  for (let round = 0; round < 3; round += 1) await advance(10);
  await advance(0);
  assert.deepEqual((await look(arn)).Result, [10, 20, 30]);
});

test("an execution that is stopped, or takes too long, does not go on", async () => {
  const stopped = await start("order", { by: "bob" });
  await bench.lambda.send(new StopDurableExecutionCommand({
    DurableExecutionArn: stopped, Error: { ErrorMessage: "no more" },
  }));
  await advance(400);
  assert.deepEqual(await look(stopped), {
    Status: "STOPPED", Result: undefined, Error: { ErrorMessage: "no more" },
  });
  await make("slow", "await context.wait({ seconds: 300 });", 60);
  const slow = await start("slow", {});
  await advance(60);
  assert.equal((await look(slow)).Status, "TIMED_OUT");
});
