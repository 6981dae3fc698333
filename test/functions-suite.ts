/** What every engine does alike. Each has a test file that runs this against it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startPlane } from "./functions-plane.ts";
import { running, settled } from "./processes.ts";
import type { EngineName } from "../src/planes/functions/sandbox/open.ts";

export function suite(engine: EngineName): void {
  test(`${engine}: a function answers, logs, and its environment is used again`, async (context) => {
    const { function: create } = await startPlane(context, engine);
    const { run, lines, spec } = create({
      "index.mjs": `
        let count = 0;
        export const handler = async (event, context) => {
          console.log("called", event);
          return { event, count: ++count, id: context.awsRequestId, version: context.functionVersion };
        };`,
    });
    const first = await run({ n: 1 });
    assert.deepEqual(first.json, { event: { n: 1 }, count: 1, id: first.requestId, version: "$LATEST" });
    assert.equal(first.functionError, undefined);
    assert.ok((first.report.initMilliseconds ?? 0) > 0);
    const second = await run({ n: 2 });
    assert.deepEqual(second.json, { event: { n: 2 }, count: 2, id: second.requestId, version: "$LATEST" });
    assert.equal(second.report.initMilliseconds, undefined);
    assert.equal(second.logStreamName, first.logStreamName);
    assert.match(first.logStreamName, /^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/);
    assert.match(lines()[0] ?? "", /^INIT_START Runtime Version: nodejs:20\.v\d/);
    assert.equal(lines()[1], `START RequestId: ${first.requestId} Version: ${spec.version}\n`);
    assert.match(lines()[2] ?? "", /^\d{4}-.*Z\t[0-9a-f-]{36}\tINFO\tcalled \{ n: 1 \}\n$/);
    assert.equal(lines()[3], `END RequestId: ${first.requestId}\n`);
    assert.match(
      lines()[4] ?? "",
      new RegExp(
        `^REPORT RequestId: ${first.requestId}\\tDuration: [\\d.]+ ms\\tBilled Duration: \\d+ ms\\t` +
          "Memory Size: 128 MB\\tMax Memory Used: \\d+ MB\\tInit Duration: [\\d.]+ ms\\t\\n$",
      ),
    );
    assert.ok(first.logTail.endsWith(lines()[4] ?? "?"));
  });

  test(`${engine}: environment variables are Lambda's and the function's`, async (context) => {
    const { function: create } = await startPlane(context, engine);
    const { run, spec } = create(
      { "index.js": "exports.handler = async () => process.env;" },
      { environment: { COLOR: "blue", NODE_OPTIONS: "--no-deprecation" } },
    );
    const environment = (await run()).json as Record<string, string>;
    const expected = {
      COLOR: "blue",
      NODE_OPTIONS: "--no-deprecation",
      _HANDLER: "index.handler",
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x",
      AWS_LAMBDA_FUNCTION_NAME: "tested",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/tested",
      AWS_ACCESS_KEY_ID: "ASIATESTED",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "token",
      AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
      LANG: "en_US.UTF-8",
      TZ: ":UTC",
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(environment[name], value, name);
    assert.match(environment["AWS_LAMBDA_RUNTIME_API"] ?? "", /^127\.0\.0\.1:\d+$/);
    assert.ok((environment["LAMBDA_TASK_ROOT"] ?? "").length > 1);
    assert.deepEqual(
      Object.keys(environment).filter((name) => /^(HOME|npm_|NODE_EXTRA|SSH|SUDO|USER)/.test(name)),
      [],
    );
    assert.equal(spec.environment["COLOR"], "blue");
  });

  test(`${engine}: failures are Lambda's`, async (context) => {
    const { function: create } = await startPlane(context, engine);
    const failing = (body: string, further = {}) => create({ "index.mjs": body }, further).run();
    const [thrown, exit, rejected, late, syntax, missing, absent] = await Promise.all([
      failing("export const handler = async () => { throw new TypeError('no') };"),
      failing("export const handler = async () => process.exit(3);"),
      failing(
        `export const handler = async () => {
          Promise.reject(new Error('lost'));
          await new Promise(() => setTimeout(() => 0, 9000));
        };`,
      ),
      failing("export const handler = () => new Promise(() => setTimeout(() => 0, 9000));", {
        timeoutSeconds: 1,
      }),
      failing("export const handler = {{"),
      create({ "index.js": "require('nowhere')" }).run(),
      failing("export const other = 1"),
    ]);
    assert.deepEqual(
      [thrown.functionError, thrown.error.errorType, thrown.error.errorMessage],
      ["Unhandled", "TypeError", "no"],
    );
    assert.match(String((thrown.error["trace"] as string[])[0]), /^TypeError: no$/);
    assert.deepEqual(exit.json, {
      errorType: "Runtime.ExitError",
      errorMessage: `RequestId: ${exit.requestId} Error: Runtime exited with error: exit status 3`,
    });
    assert.deepEqual(
      [rejected.error.errorType, rejected.error.errorMessage],
      ["Runtime.UnhandledPromiseRejection", "Error: lost"],
    );
    assert.deepEqual(late.json, {
      errorType: "Sandbox.Timedout",
      errorMessage: `RequestId: ${late.requestId} Error: Task timed out after 1.00 seconds`,
    });
    assert.equal(syntax.error.errorType, "Runtime.UserCodeSyntaxError");
    assert.equal(missing.error.errorType, "Runtime.ImportModuleError");
    assert.match(
      missing.error.errorMessage ?? "",
      /^Error: Cannot find module 'nowhere'\nRequire stack:\n- /,
    );
    assert.deepEqual(
      [absent.error.errorType, absent.error.errorMessage],
      ["Runtime.HandlerNotFound", "index.handler is undefined or not exported"],
    );
    assert.match(
      absent.logTail,
      /INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: Runtime\.Handler/,
    );
    assert.match(late.logTail, /Z [0-9a-f-]{36} Task timed out after 1\.00 seconds\n\nEND /);
    assert.match(late.logTail, /\tStatus: timeout\tError Type: Sandbox\.Timedout\n$/);
  });

  test(`${engine}: memory is limited, and only the function that takes too much ends`, async (context) => {
    const { function: create } = await startPlane(context, engine);
    const modest = create({ "index.mjs": "export const handler = async () => 1;" });
    await modest.run();
    const greedy = create({
      "index.mjs": `export const handler = async () => {
        const taken = [];
        for (;;) { taken.push(Buffer.alloc(8e6, 1)); await new Promise((done) => setTimeout(done, 1)); }
      };`,
    });
    const { json, errorType, report, requestId } = await greedy.run();
    assert.deepEqual(json, {
      errorType: "Runtime.ExitError",
      errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
    });
    assert.equal(errorType, "Runtime.OutOfMemory");
    assert.equal(report.memoryMegabytesUsed, 128);
    const after = await modest.run();
    assert.deepEqual([after.json, after.report.initMilliseconds], [1, undefined]);
  });

  test(`${engine}: nothing is left of what a function started`, async (context) => {
    const { function: create, plane } = await startPlane(context, engine);
    const mark = `us-local-1-left-${process.pid}`;
    const { run } = create({
      "index.mjs": `
        import { spawn } from "node:child_process";
        export const handler = async () => {
          const wait = ["-e", "setTimeout(() => 0, 60000)", "${mark}"];
          spawn(process.execPath, wait, { stdio: "ignore" }).unref();
          spawn(process.execPath, wait, { stdio: "ignore", detached: true }).unref();
          return process.pid;
        };`,
    });
    await run();
    assert.notEqual(running(mark), 0);
    await plane.reset();
    await settled(() => running(mark) === 0);
    assert.equal(running(mark), 0);
  });

  test(`${engine}: python and custom runtimes`, async (context) => {
    const { function: create } = await startPlane(context, engine);
    const python = create(
      {
        "app.py": `
import sys
def handler(event, context):
    print("hello", event["name"])
    if event["name"] == "nobody":
        raise ValueError("who?")
    return {"version": sys.version_info[:2], "id": context.aws_request_id}
`,
      },
      { runtime: "python3.11", handler: "app.handler" },
    );
    const good = await python.run({ name: "ana" });
    assert.deepEqual(good.json, { version: [3, 11], id: good.requestId });
    assert.match(good.logTail, /^hello ana$/m);
    const { functionError, error, requestId } = await python.run({ name: "nobody" });
    assert.equal(functionError, "Unhandled");
    const { stackTrace, ...rest } = error;
    assert.deepEqual(rest, { errorType: "ValueError", errorMessage: "who?", requestId });
    assert.match(
      String((stackTrace as string[])[0]),
      /app\.py", line 6, in handler\n    raise ValueError\("who\?"\)\n$/,
    );

    const shell = create({ bootstrap: echoInShell }, { runtime: "provided.al2023", handler: "ignored" });
    assert.deepEqual((await shell.run({ a: 1 })).json, { a: 1 });
    assert.deepEqual((await shell.run({ a: 2 })).json, { a: 2 });
    const none = create({ "other.sh": "" }, { runtime: "provided.al2", handler: "ignored" });
    assert.equal((await none.run()).error.errorType, "Runtime.InvalidEntrypoint");
  });
}

/** A custom runtime that answers with its event. */
export const echoInShell = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
dir=\${TMPDIR:-/tmp}
while true; do
  curl -sS -D "$dir/head" -o "$dir/event" "$api/next" || exit 1
  id=$(grep -i '^lambda-runtime-aws-request-id:' "$dir/head" | cut -d: -f2 | tr -d ' \\r')
  curl -sS -o /dev/null --data-binary "@$dir/event" "$api/$id/response"
done
`;
