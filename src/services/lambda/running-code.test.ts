import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  DeleteFunctionCommand, GetFunctionConfigurationCommand, PublishLayerVersionCommand,
  UpdateFunctionCodeCommand, UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { account, arnOf, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { running, settled } from "../../../test/processes.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage, zipOf } from "../../../test/zip-archive.ts";

let bench: Bench;
let folder: string;
before(async () => {
  bench = await startBench();
  folder = mkdtempSync(join(tmpdir(), "hot-reload-"));
});
after(async () => {
  await bench.region.stop();
  rmSync(folder, { recursive: true });
});

test("lambda-env-vars-kms: variables under a customer's key are read by who may decrypt", async () => {
  const kms = bench.region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KMSKeyArn = KeyMetadata?.Arn;
  const ZipFile = nodePackage("export const handler = async () => process.env.SECRET;");
  await bench.make("sealed", { Code: { ZipFile }, KMSKeyArn, Environment: { Variables: { SECRET: "s" } } });
  const configuration = new GetFunctionConfigurationCommand({ FunctionName: "sealed" });
  assert.deepEqual((await bench.lambda.send(configuration)).Environment, { Variables: { SECRET: "s" } });
  const looker = bench.as(await bench.region.user("looker", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "lambda:Get*", Resource: "*" }],
  }));
  const { Environment } = await looker.send(configuration);
  assert.deepEqual(
    [Environment?.Variables, Environment?.Error?.ErrorCode], [undefined, "AccessDeniedException"],
  );
  assert.match(
    Environment?.Error?.Message ?? "",
    /^Lambda was unable to decrypt your environment variables because the KMS access was denied\. /,
  );
  assert.equal((await bench.invoke("sealed")).answer, "s");
  await kms.send(new DisableKeyCommand({ KeyId: KMSKeyArn }));
  assert.match(
    await refusal(bench.invoke("sealed")),
    /^KMSDisabledException: Lambda was unable to decrypt the environment variables because the KMS key /,
  );
});

test("lambda-best-layers: a function imports what its layers bring", async () => {
  const { LayerVersionArn = "" } = await bench.lambda.send(new PublishLayerVersionCommand({
    LayerName: "greeting", Content: {
      ZipFile: zipOf({ "nodejs/node_modules/greeting/index.js": "module.exports = 'hi';" }),
    },
  }));
  const code = "exports.handler = async () => [require('greeting'), require('fs').readdirSync('/opt')];";
  await bench.make("greets", { Code: { ZipFile: nodePackage(code, "index.js") }, Layers: [LayerVersionArn] });
  assert.deepEqual((await bench.invoke("greets")).answer, ["hi", ["nodejs"]]);
});

test("lambda-dependencies-zip: packages in the zip are found, their absence is an import error", async () => {
  const code = "const a = require('a'); exports.handler = async () => a;";
  const withPackage = zipOf({ "index.js": code, "node_modules/a/index.js": "module.exports = 'a';" });
  await bench.make("packed", { Code: { ZipFile: withPackage } });
  assert.equal((await bench.invoke("packed")).answer, "a");
  await bench.make("unpacked", { Code: { ZipFile: zipOf({ "index.js": code }) } });
  const { error, answer } = await bench.invoke("unpacked");
  const { errorType, errorMessage } = answer as { errorType: string; errorMessage: string };
  assert.deepEqual([error, errorType], ["Unhandled", "Runtime.ImportModuleError"]);
  assert.match(errorMessage, /^Error: Cannot find module 'a'/);
});

test("lambda-tmp-persists-in-context: /tmp stays while the environment does", async () => {
  const code = `
    import { appendFileSync, readFileSync } from "node:fs";
    export const handler = async () => {
      appendFileSync("/tmp/n", "x");
      return readFileSync("/tmp/n", "utf8");
    };
  `;
  await bench.make("counting", { Code: { ZipFile: nodePackage(code) } });
  const counts = [(await bench.invoke("counting")).answer, (await bench.invoke("counting")).answer];
  assert.deepEqual(counts, ["x", "xx"]);
  const ZipFile = nodePackage(`${code}\n// anew`);
  await bench.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "counting", ZipFile }));
  await bench.region.clock.advance({ seconds: 1 });
  assert.equal((await bench.invoke("counting")).answer, "x");
});

test("an update ends what ran before it, and leaves published versions alone", async () => {
  const FunctionName = "leaving";
  // What is started goes with its environment, and tells by its arguments whose it is.
  const ZipFile = nodePackage(`
    import { spawn } from "node:child_process";
    export const handler = async (seconds) => { spawn("sleep", [seconds], { stdio: "ignore" }).unref(); };
  `);
  const [ofVersion, ofLatest] = [`${process.pid}.1`, `${process.pid}.2`];
  await bench.make(FunctionName, { Code: { ZipFile }, Publish: true });
  await bench.invoke(FunctionName, ofVersion, { Qualifier: "1" });
  await bench.invoke(FunctionName, ofLatest);
  const sleeps = (seconds: string) => running(`sleep\0${seconds}\0`);
  await settled(() => sleeps(ofVersion) + sleeps(ofLatest) === 2);
  const Environment = { Variables: { CHANGED: "1" } };
  await bench.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment }));
  await settled(() => sleeps(ofLatest) === 0);
  assert.deepEqual([sleeps(ofVersion), sleeps(ofLatest)], [1, 0]);
  await bench.region.clock.advance({ seconds: 1 });
  await bench.lambda.send(new DeleteFunctionCommand({ FunctionName, Qualifier: "1" }));
  await settled(() => sleeps(ofVersion) === 0);
  assert.equal(sleeps(ofVersion), 0);
});

test("lambda-timeout-900: a function that takes longer than its timeout is stopped", async () => {
  const ZipFile = nodePackage("export const handler = () => new Promise(() => setInterval(() => {}, 1000));");
  await bench.make("endless", { Code: { ZipFile }, Timeout: 1 });
  const { error, answer } = await bench.invoke("endless");
  assert.equal(error, "Unhandled");
  assert.match((answer as { errorMessage: string }).errorMessage, / Task timed out after 1\.00 seconds$/);
});

test("a folder of this machine is a function's code, and saving a file changes it", async () => {
  const save = (n: number) => writeFileSync(
    join(folder, "index.mjs"), `export const handler = async () => ${n};`,
  );
  save(1);
  await bench.make("hot", { Code: { S3Bucket: "hot-reload", S3Key: folder } });
  assert.equal((await bench.invoke("hot")).answer, 1);
  save(2);
  assert.equal((await bench.invoke("hot")).answer, 2);
  assert.equal(
    await refusal(bench.make("cold", { Code: { S3Bucket: "hot-reload", S3Key: "/no/such/folder" } })),
    "InvalidParameterValueException: There is no folder /no/such/folder on this machine to run the function "
    + "from.",
  );
});

test("invocations, errors and durations are metrics of the function", async () => {
  const ZipFile = nodePackage(
    "export const handler = async ({ fail }) => { if (fail) throw new Error('no'); };",
  );
  await bench.make("measured", { Code: { ZipFile } });
  for (const fail of [false, true, false]) await bench.invoke("measured", { fail });
  const cloudwatch = bench.region.client(CloudWatchClient);
  const now = bench.region.clock.now();
  const sum = async (MetricName: string) => {
    const { Datapoints } = await cloudwatch.send(new GetMetricStatisticsCommand({
      Namespace: "AWS/Lambda", MetricName, Dimensions: [{ Name: "FunctionName", Value: "measured" }],
      StartTime: new Date(
        now - 600_000,
      ), EndTime: new Date(now + 600_000), Period: 3_600, Statistics: ["Sum"],
    }));
    return Datapoints?.[0]?.Sum;
  };
  assert.deepEqual([await sum("Invocations"), await sum("Errors"), await sum("Throttles")], [3, 1, 0]);
  assert.equal(arnOf("measured"), `arn:aws:lambda:us-east-1:${account}:function:measured`);
});
