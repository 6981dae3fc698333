/** What is said of Lambda functions that no test of one part covers. */

import assert from "node:assert/strict";
import { homedir } from "node:os";
import { after, before, test } from "node:test";
import {
  AttachRolePolicyCommand, CreateRoleCommand, GetPolicyCommand, GetPolicyVersionCommand, IAMClient,
} from "@aws-sdk/client-iam";
import { AddPermissionCommand, type CreateFunctionCommandInput } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand, GetObjectCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { boxed } from "../../../test/functions-plane.ts";
import { account, arnOf, lambdaTrust, roleArn, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage, zipOf } from "../../../test/zip-archive.ts";
import { Programs } from "../../planes/functions/programs.ts";
import { searchPath } from "../../config.ts";

let bench: Bench;
let s3: S3Client;
before(async () => {
  bench = await startBench();
  s3 = bench.region.client(S3Client);
  await bench.role("stores", { Effect: "Allow", Action: "s3:*", Resource: "*" });
});
after(() => bench.region.stop());

function inPython(
  source: string, others: Record<string, string> = {}, Runtime = "python3.12",
): Partial<CreateFunctionCommandInput> {
  const ZipFile = zipOf({ "index.py": source, ...others });
  return { Runtime: Runtime as "python3.12", Code: { ZipFile }, Role: roleArn("stores"), Timeout: 30 };
}

/** Versions on this machine, as the region finds them. */
async function versionsOf(language: "node" | "python"): Promise<string[]> {
  const programs = new Programs({ path: searchPath(), home: homedir() });
  return (await programs.all(language)).map(({ version }) => version);
}

for (const major of ["22", "24"]) {
  test(`lambda-runtime-nodejs: a function runs on Node.js ${major}`, async (context) => {
    const versions = await versionsOf("node");
    if (!versions.some((version) => version.startsWith(`${major}.`))) {
      return context.skip(`Node.js ${major} is not installed here`);
    }
    const ZipFile = nodePackage("export const handler = async () => process.version;");
    await bench.make(`node${major}`, { Runtime: `nodejs${major}.x` as "nodejs22.x", Code: { ZipFile } });
    assert.match(String((await bench.invoke(`node${major}`)).answer), new RegExp(`^v${major}\\.`));
  });
}

test("lambda-runtime-python: a handler in Python answers, and what it prints is logged", async () => {
  const source = "import sys\ndef handler(event, context):\n    print('said')\n    return sys.version\n";
  const versions = await versionsOf("python");
  const minor = versions.some((version) => version.startsWith("3.13.")) ? "3.13" : "3.";
  await bench.make("python", inPython(source, {}, "python3.13"));
  const { answer, log } = await bench.invoke("python", {}, { LogType: "Tail" });
  assert.ok(String(answer).startsWith(minor), String(answer));
  assert.match(log, /^said$/m);
});

test("lambda-deps-python: what pip puts beside the handler is imported, else it is missed", async () => {
  const source = "import greeting\ndef handler(event, context):\n    return greeting.text\n";
  await bench.make("packed", inPython(source, { "greeting/__init__.py": "text = 'hi'\n" }));
  assert.equal((await bench.invoke("packed")).answer, "hi");
  await bench.make("unpacked", inPython(source));
  const { errorType, errorMessage } = (await bench.invoke("unpacked")).answer as Record<string, unknown>;
  assert.deepEqual(
    [errorType, errorMessage],
    ["Runtime.ImportModuleError", "Unable to import module 'index': No module named 'greeting'"],
  );
});

test("lambda-price-duration-100ms: duration is billed by the millisecond, the start included", async () => {
  const source = "export const handler = () => new Promise((done) => setTimeout(done, 12));";
  await bench.make("billed", { Code: { ZipFile: nodePackage(source) } });
  for (const isCold of [true, false]) {
    const { log } = await bench.invoke("billed", {}, { LogType: "Tail" });
    const [, duration = "", billed = ""] =
      /\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms/.exec(log) ?? [];
    const init = /\tInit Duration: ([\d.]+) ms/.exec(log)?.[1];
    assert.equal(init !== undefined, isCold);
    assert.ok(Number(duration) >= 11, log);
    assert.equal(Number(billed), Math.ceil(Number(duration) + Number(init ?? 0)), log);
  }
});

test("lambda-sdk-included: a function of nothing but a handler lists buckets", async () => {
  await s3.send(new CreateBucketCommand({ Bucket: "listed-by-functions" }));
  await bench.make("lists", { Role: roleArn("stores"), Code: { ZipFile: nodePackage(`
    const { S3Client, ListBucketsCommand } = require("@aws-sdk/client-s3");
    exports.handler = async () => (await new S3Client({}).send(new ListBucketsCommand({}))).Buckets[0].Name;
  `, "index.js") } });
  assert.equal((await bench.invoke("lists")).answer, "listed-by-functions");
});

test("lambda-upload-code-trigger: an object that is put runs the function that was uploaded", async () => {
  await s3.send(new CreateBucketCommand({ Bucket: "triggering" }));
  await bench.make("copies", { Role: roleArn("stores"), Code: { ZipFile: nodePackage(`
    import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
    export const handler = async ({ Records: [{ s3 }] }) => new S3Client({}).send(new PutObjectCommand({
      Bucket: s3.bucket.name, Key: "out/" + s3.object.key.slice(3), Body: "seen",
    })).then(() => "done");
  `) } });
  const notify = new PutBucketNotificationConfigurationCommand({
    Bucket: "triggering",
    NotificationConfiguration: { LambdaFunctionConfigurations: [{
      LambdaFunctionArn: arnOf("copies"), Events: ["s3:ObjectCreated:*"],
      Filter: { Key: { FilterRules: [{ Name: "prefix", Value: "in/" }] } },
    }] },
  });
  assert.match(
    await refusal(s3.send(notify)), /^InvalidArgument: Unable to validate the following destination/,
  );
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "copies", StatementId: "s3", Action: "lambda:InvokeFunction",
    Principal: "s3.amazonaws.com", SourceArn: "arn:aws:s3:::triggering", SourceAccount: account,
  }));
  await s3.send(notify);
  await s3.send(new PutObjectCommand({ Bucket: "triggering", Key: "in/a", Body: "a" }));
  await bench.region.clock.advance({ seconds: 30 });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "triggering", Key: "out/a" }));
  assert.equal(await Body?.transformToString(), "seen");
});

test("lambda-managed-policies: AWS's policies for roles are there, each for its purpose", async () => {
  const iam = bench.region.client(IAMClient);
  const purposes = {
    "service-role/AWSLambdaBasicExecutionRole": "logs:PutLogEvents",
    "service-role/AWSLambdaKinesisExecutionRole": "kinesis:GetRecords",
    "service-role/AWSLambdaDynamoDBExecutionRole": "dynamodb:GetRecords",
    "service-role/AWSLambdaSQSQueueExecutionRole": "sqs:ReceiveMessage",
    "service-role/AWSLambdaVPCAccessExecutionRole": "ec2:CreateNetworkInterface",
    "AWSXRayDaemonWriteAccess": "xray:PutTraceSegments",
  };
  const AssumeRolePolicyDocument = JSON.stringify(lambdaTrust);
  await iam.send(new CreateRoleCommand({ RoleName: "managed", AssumeRolePolicyDocument }));
  for (const [name, action] of Object.entries(purposes)) {
    const PolicyArn = `arn:aws:iam::aws:policy/${name}`;
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
    const VersionId = Policy?.DefaultVersionId;
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
    const document = decodeURIComponent(PolicyVersion?.Document ?? "");
    assert.ok(document.includes(`"${action}"`), `${name}: ${action}`);
    await iam.send(new AttachRolePolicyCommand({ RoleName: "managed", PolicyArn }));
  }
});

test("lambda-tmp-load-at-startup: a module loaded into /tmp at the start is loaded once", async () => {
  await s3.send(new CreateBucketCommand({ Bucket: "modules" }));
  const put = (text: string) => s3.send(new PutObjectCommand({
    Bucket: "modules", Key: "m.mjs", Body: `export const text = "${text}";`,
  }));
  await put("loaded");
  await bench.make("loads", { Role: roleArn("stores"), Code: { ZipFile: nodePackage(`
    import { writeFileSync } from "node:fs";
    import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
    const { Body } = await new S3Client({}).send(new GetObjectCommand({ Bucket: "modules", Key: "m.mjs" }));
    writeFileSync("/tmp/m.mjs", await Body.transformToString());
    const { text } = await import("/tmp/m.mjs");
    export const handler = async () => text;
  `) } });
  assert.equal((await bench.invoke("loads")).answer, "loaded");
  await put("anew");
  assert.equal((await bench.invoke("loads")).answer, "loaded");
});

test("lambda-system-env-vars: a function knows itself by Lambda's own variables", async () => {
  const names = [
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_REGION", "LAMBDA_TASK_ROOT", "_HANDLER", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME",
  ];
  await bench.make("knows", { MemorySize: 256, Code: { ZipFile: nodePackage(`
    const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    export const handler = async (names) =>
      [...names.map((name) => process.env[name]), keys.every((name) => process.env[name])];
  `) } });
  const [name, memory, version, region, root, handler, runtime, group, hasKeys] =
    (await bench.invoke("knows", names)).answer as unknown[];
  assert.deepEqual(
    [name, memory, version, region, handler, runtime, group, hasKeys],
    [
      "knows", "256", "$LATEST", "us-east-1", "index.handler", "AWS_Lambda_nodejs20.x", "/aws/lambda/knows",
      true,
    ],
  );
  assert.ok(typeof root === "string" && root.startsWith("/"));
});

test("lambda-custom-runtime: a shell script takes events from the Runtime API", async () => {
  const bootstrap = `#!/bin/sh
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  id=$(grep -i '^lambda-runtime-aws-request-id:' "$headers" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -X POST "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" \\
    -d "{\\"got\\":$event}" > /dev/null
done
`;
  const ZipFile = zipOf({ bootstrap }, 0o100755);
  await bench.make("shell", { Runtime: "provided.al2023", Code: { ZipFile } });
  assert.deepEqual((await bench.invoke("shell", { n: 1 })).answer, { got: { n: 1 } });
});

/** @evidence Lambda Developer Guide, "Tutorial: Building a custom runtime": what such scripts count on */
test("lambda-custom-runtime: scripts for sh may count on its being bash", async (context) => {
  if (!(await boxed())) return context.skip("there are no boxes: sh is this machine's");
  const bootstrap = `#!/bin/sh
set -euo pipefail
source $LAMBDA_TASK_ROOT/"$(echo $_HANDLER | cut -d. -f1).sh"
while true; do
  HEADERS="$(mktemp)"
  API="http://\${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation"
  EVENT_DATA=$(curl -sS -LD "$HEADERS" "$API/next")
  REQUEST_ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  RESPONSE=$($(echo "$_HANDLER" | cut -d. -f2) "$EVENT_DATA")
  curl -sS "$API/$REQUEST_ID/response" -d "$RESPONSE"
done
`;
  const library = 'function handler () {\n  [[ $1 == *n* ]] && echo "\\"Echoing $(wc -c <<<"$1")\\""\n}\n';
  await bench.make("tutorial", {
    Runtime: "provided.al2023", Handler: "function.handler",
    Code: { ZipFile: zipOf({ bootstrap, "function.sh": library }, 0o100755) },
  });
  assert.equal((await bench.invoke("tutorial", { n: 1 })).answer, "Echoing 8");
});

test("functions whose language is not on this machine are kept, and that is said", async (context) => {
  const ZipFile = zipOf({ "x.dll": "" });
  await bench.make("dotnet8", { Runtime: "dotnet8", Handler: "index", Code: { ZipFile } });
  const said = await refusal(bench.invoke("dotnet8"));
  if (said === "no refusal") return context.skip("there is .NET on this machine");
  assert.equal(said, "InvalidRuntimeException: dotnet8: there is no dotnet on this machine");
});
