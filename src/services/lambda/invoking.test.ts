import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import {
  CreateAliasCommand, GetFunctionConcurrencyCommand, GetFunctionConfigurationCommand, InvokeCommand,
  InvokeWithResponseStreamCommand, LambdaClient, PublishVersionCommand, PutFunctionConcurrencyCommand,
  UpdateFunctionCodeCommand, UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { account, arnOf, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

let bench: Bench;
before(async () => {
  bench = await startBench();
});
after(() => bench.region.stop());

const withCode = (source: string, name?: string) => ({ Code: { ZipFile: nodePackage(source, name) } });

test("lambda-runtime-nodejs: functions in CommonJS and in modules run", async () => {
  await bench.make("version", withCode("export const handler = async () => process.version;"));
  assert.match(String((await bench.invoke("version")).answer), /^v\d+\./);
  await bench.make(
    "common", withCode("exports.handler = (event, context, done) => done(null, event.n + 1);", "index.js"),
  );
  assert.equal((await bench.invoke("common", { n: 1 })).answer, 2);
});

test("lambda-sync-invocation: the result comes with the answer, and the log if it is asked for", async () => {
  await bench.make(
    "answers", withCode("export const handler = async (e) => { console.log('hello'); return e; };"),
  );
  const { status, version, requestId, error, answer, log } = await bench.invoke(
    "answers", { a: 1 }, { LogType: "Tail" },
  );
  assert.deepEqual([status, version, error, answer], [200, "$LATEST", undefined, { a: 1 }]);
  assert.match(log, new RegExp(`START RequestId: ${requestId} .+\\n.*hello\\n`));
  assert.match(log, new RegExp(`REPORT RequestId: ${requestId}\t`));
  assert.deepEqual((await bench.invoke("answers")).answer, {});
});

test("an invocation's answer is JSON to whoever reads its type", async () => {
  const lambda = bench.region.client(LambdaClient);
  let contentType: string | undefined;
  lambda.middlewareStack.add((next) => async (args) => {
    const result = await next(args);
    contentType = (result.response as { headers: Record<string, string> }).headers["content-type"];
    return result;
  }, { step: "deserialize" });
  await lambda.send(new InvokeCommand({ FunctionName: "answers" }));
  assert.equal(contentType, "application/json");
});

test("lambda-sync-error-client-side: a function's error is an answer, and it ran once", async () => {
  await bench.make("raises", withCode(`
    let runs = 0;
    export const handler = async () => { runs += 1; throw new TypeError("no, " + runs); };
  `));
  const { status, error, answer } = await bench.invoke("raises");
  assert.deepEqual([status, error], [200, "Unhandled"]);
  const { errorType, errorMessage } = answer as Record<string, unknown>;
  assert.deepEqual([errorType, errorMessage], ["TypeError", "no, 1"]);
});

test("payloads are JSON of at most 6 MB", async () => {
  const invoke = (Payload: Buffer, more: object = {}) =>
    refusal(bench.lambda.send(new InvokeCommand({ FunctionName: "answers", Payload, ...more })));
  assert.match(
    await invoke(Buffer.from("{no")),
    /^InvalidRequestContentException: Could not parse request body into json: Could not parse payload into /,
  );
  assert.equal(
    await invoke(Buffer.alloc(6_291_457, "1")),
    "RequestEntityTooLargeException: Request must be smaller than 6291456 bytes for the InvokeFunction "
    + "operation",
  );
  assert.equal(
    await invoke(Buffer.alloc(1_048_577, "1"), { InvocationType: "Event" }),
    "RequestEntityTooLargeException: Request must be smaller than 1048576 bytes for the InvokeFunction "
    + "operation",
  );
  assert.equal(await invoke(Buffer.from("{}"), { InvocationType: "DryRun" }), "no refusal");
});

test("lambda-env-vars: variables reach the code, and a version keeps its own", async () => {
  const code = withCode("export const handler = async () => process.env.COLOUR;");
  await bench.make("coloured", { ...code, Environment: { Variables: { COLOUR: "red" } } });
  await bench.lambda.send(new PublishVersionCommand({ FunctionName: "coloured" }));
  await bench.lambda.send(new UpdateFunctionConfigurationCommand({
    FunctionName: "coloured", Environment: { Variables: { COLOUR: "blue" } },
  }));
  await bench.region.clock.advance({ seconds: 1 });
  assert.equal((await bench.invoke("coloured")).answer, "blue");
  assert.equal((await bench.invoke("coloured:1")).answer, "red");
});

test("lambda-system-env-vars: Lambda's own variables are there", async () => {
  await bench.make("system", {
    ...withCode("export const handler = async () => process.env;"), MemorySize: 256,
  });
  const variables = (await bench.invoke("system")).answer as Record<string, string>;
  assert.equal(variables["AWS_LAMBDA_FUNCTION_NAME"], "system");
  assert.equal(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
  assert.equal(variables["AWS_LAMBDA_FUNCTION_VERSION"], "$LATEST");
  assert.equal(variables["AWS_REGION"], "us-east-1");
  assert.equal(variables["LAMBDA_TASK_ROOT"], "/var/task");
  assert.equal(variables["_HANDLER"], "index.handler");
  assert.match(variables["AWS_ACCESS_KEY_ID"] ?? "", /^ASIA/);
});

test("lambda-execution-role: what the function does, it does as its role", async () => {
  const s3 = bench.region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "allowed" }));
  const source = `
    import { S3Client, PutObjectCommand } from "@aws-sdk/client-s3";
    const s3 = new S3Client({});
    export const handler = async ({ Bucket }) => {
      try { await s3.send(new PutObjectCommand({ Bucket, Key: "a", Body: "b" })); return "written"; }
      catch (error) { return error.name; }
    };
  `;
  await bench.role("writer", { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::allowed/*" });
  await bench.make("no-writer", { ...withCode(source), Timeout: 30 });
  await bench.make(
    "writer", { ...withCode(source), Timeout: 30, Role: `arn:aws:iam::${account}:role/writer` },
  );
  assert.equal((await bench.invoke("no-writer", { Bucket: "allowed" })).answer, "AccessDenied");
  assert.equal((await bench.invoke("writer", { Bucket: "allowed" })).answer, "written");
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: "allowed" }));
  assert.deepEqual(Contents?.map(({ Key }) => Key), ["a"]);
});

test("lambda-cold-start: the first run initializes, the second does not, new code does again", async () => {
  await bench.make("cold");
  const isCold = async () => {
    const { log } = await bench.invoke("cold", {}, { LogType: "Tail" });
    return log.includes("Init Duration");
  };
  assert.deepEqual([await isCold(), await isCold()], [true, false]);
  const ZipFile = nodePackage("export const handler = async () => 2;");
  await bench.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "cold", ZipFile }));
  await bench.region.clock.advance({ seconds: 1 });
  assert.equal(await isCold(), true);
});

test("the log names the runtime's version as the configuration does", async () => {
  const FunctionName = "versioned";
  await bench.make(FunctionName);
  const { RuntimeVersionConfig } = await bench.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName }),
  );
  const { log } = await bench.invoke(FunctionName, {}, { LogType: "Tail" });
  const [version, arn] = log.split("\n")[0]?.split("\t") ?? [];
  assert.match(version ?? "", /^INIT_START Runtime Version: nodejs:20\.v\S+$/);
  assert.equal(arn, `Runtime Version ARN: ${RuntimeVersionConfig?.RuntimeVersionArn}`);
});

test("lambda-best-init-outside-handler: what is outside of it runs once an environment", async () => {
  await bench.make("initialized", withCode(`
    globalThis.inits = (globalThis.inits ?? 0) + 1;
    let runs = 0;
    export const handler = async () => [globalThis.inits, ++runs];
  `));
  const runs = [];
  for (let index = 0; index < 3; index += 1) runs.push((await bench.invoke("initialized")).answer);
  assert.deepEqual(runs, [[1, 1], [1, 2], [1, 3]]);
});

test("lambda-concurrency-1000: a second run at once is throttled where one is reserved", async (context) => {
  // The one that runs ends once the other has been refused.
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const gate = createServer((_request, response) => void opened.then(() => response.end()));
  await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
  context.after(() => gate.close());
  const { port } = gate.address() as AddressInfo;
  await bench.make("slow", withCode(`
    export const handler = async () => (await fetch("http://127.0.0.1:${port}")).text();
  `));
  await bench.lambda.send(
    new PutFunctionConcurrencyCommand({ FunctionName: "slow", ReservedConcurrentExecutions: 1 }),
  );
  const runs = [bench.invoke("slow"), bench.invoke("slow")];
  await Promise.race(runs.map((run) => run.then(() => undefined, () => undefined)));
  open();
  const both = await Promise.allSettled(runs);
  const refused = both.find(({ status }) => status === "rejected") as PromiseRejectedResult;
  const { name, Reason, $metadata } = refused.reason as {
    name: string; Reason: string; $metadata: { httpStatusCode: number };
  };
  assert.deepEqual(
    [name, Reason, $metadata.httpStatusCode],
    ["TooManyRequestsException", "ReservedFunctionConcurrentInvocationLimitExceeded", 429],
  );
  assert.equal(both.filter(({ status }) => status === "fulfilled").length, 1);
  const { ReservedConcurrentExecutions } = await bench.lambda.send(
    new GetFunctionConcurrencyCommand({ FunctionName: "slow" }),
  );
  assert.equal(ReservedConcurrentExecutions, 1);
});

test("an alias shares invocations out by weight", async () => {
  const version = (n: number) => withCode(`export const handler = async () => ${n};`).Code;
  await bench.make("weighted", { Code: version(1) });
  const FunctionName = "weighted";
  await bench.lambda.send(new PublishVersionCommand({ FunctionName }));
  await bench.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ...version(2) }));
  await bench.region.clock.advance({ seconds: 1 });
  await bench.lambda.send(new PublishVersionCommand({ FunctionName }));
  await bench.lambda.send(new CreateAliasCommand({
    FunctionName, Name: "live", FunctionVersion: "1", RoutingConfig: { AdditionalVersionWeights: { 2: 0.3 } },
  }));
  const seen = { 1: 0, 2: 0 };
  for (let index = 0; index < 100; index += 1) {
    const { version: executed, answer } = await bench.invoke("weighted:live");
    assert.equal(String(answer), executed);
    seen[answer as 1 | 2] += 1;
  }
  assert.ok(seen[2] > 15 && seen[2] < 45, JSON.stringify(seen));
});

test("a function that is not there can't be invoked", async () => {
  assert.equal(
    await refusal(
      bench.invoke("absent"),
    ), `ResourceNotFoundException: Function not found: ${arnOf("absent")}`,
  );
});

test("a response streams piece by piece, and ends with what came of it", async () => {
  await bench.make("streams", withCode(`
    export const handler = awslambda.streamifyResponse(async (event, stream) => {
      stream.write("one ");
      await new Promise((resolve) => setTimeout(resolve, 50));
      stream.end("two");
    });
  `));
  const { EventStream, ExecutedVersion } = await bench.lambda.send(
    new InvokeWithResponseStreamCommand({ FunctionName: "streams", LogType: "Tail" }),
  );
  const pieces: string[] = [];
  let log = "";
  for await (const { PayloadChunk, InvokeComplete } of EventStream ?? []) {
    if (PayloadChunk) pieces.push(Buffer.from(PayloadChunk.Payload ?? []).toString());
    if (InvokeComplete) log = Buffer.from(InvokeComplete.LogResult ?? "", "base64").toString();
  }
  assert.equal(pieces.join(""), "one two");
  assert.equal(ExecutedVersion, "$LATEST");
  assert.match(log, /\nSTART RequestId: .*\nEND RequestId: /);
});
