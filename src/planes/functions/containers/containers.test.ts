import assert from "node:assert/strict";
import { after, test, type TestContext } from "node:test";
import { containers, makeImage } from "../../../../test/container-images.ts";
import { startPlane, type TestFunction } from "../../../../test/functions-plane.ts";
import { running, settled } from "../../../../test/processes.ts";
import type { FunctionSpec, ImageSource } from "../contract.ts";
import { said, type ContainerEngine } from "./container-engine.ts";

const code = `
  import { readFileSync, writeFileSync, statfsSync } from "node:fs";
  let count = 0;
  const attempt = (work) => { try { return work(); } catch (error) { return error.code; } };
  const wait = () => new Promise((done) => setTimeout(done, 60_000));
  export const handler = async ({ what }, context) => {
    console.log("called for", what);
    switch (what) {
      case "fail": throw new RangeError("too far");
      case "exit": return process.exit(3);
      case "wait": return wait();
      case "greed": for (const taken = []; ;) {
        taken.push(Buffer.alloc(8e6, 1));
        await new Promise((done) => setTimeout(done, 1));
      }
      case "look": return {
        user: process.getuid(), folder: process.cwd(), environment: process.env, pid: process.pid,
        root: attempt(() => writeFileSync("/file", "")),
        task: attempt(() => writeFileSync("/var/task/file", "")),
        tmp: attempt(() => writeFileSync("/tmp/file", "kept")), size: statfsSync("/tmp").blocks * 4096,
        passwd: attempt(() => readFileSync("/etc/shadow")), api: process.env.AWS_LAMBDA_RUNTIME_API,
      };
      case "again": return readFileSync("/tmp/file", "utf8");
      default: return { count: ++count, id: context.awsRequestId };
    }
  };
  export const other = async () => "another command";
`;

/** Told by the extension whether it was registering when the runtime began. */
const answersAfterExtension = `
  import { existsSync } from "node:fs";
  const began = existsSync("/tmp/registering");
  export const handler = async () => began ? "registered before" : "too early";
`;

/** An extension in Node.js that takes its time: a runtime that did not wait for it would be there first. */
const watcher = (atEnd: string): string => `#!/usr/bin/node
const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2020-01-01/extension";
(async () => {
  await new Promise((done) => setTimeout(done, 500));
  require("node:fs").writeFileSync("/tmp/registering", "");
  const registered = await fetch(api + "/register", {
    method: "POST", headers: { "Lambda-Extension-Name": "watcher" },
    body: JSON.stringify({ events: ["INVOKE", "SHUTDOWN"] }),
  });
  const headers = { "Lambda-Extension-Identifier": registered.headers.get("lambda-extension-identifier") };
  for (;;) {
    const { eventType } = await (await fetch(api + "/event/next", { headers })).json();
    console.log("the watcher heard of " + eventType);
    if (eventType === "SHUTDOWN") ${atEnd};
  }
})();
`;

/** In the names of this process's containers. */
const mark = `us-local-1-${process.pid}-`;

const unanswered = "it does not answer on this machine";

for (const name of ["podman", "docker"] as const) {
  const engine = await containers([name]);
  if (engine) suite(engine);
  else test(`${name}: functions from images`, { skip: unanswered }, () => undefined);
}

/** What both do alike. */
function suite(engine: ContainerEngine): void {
  const { name } = engine;
  const uri = `localhost/us-local-1-test-${process.pid}-${name}:1`;
  const image = makeImage(engine, uri, { "index.mjs": code });
  after(() => image.remove());
  const start = async (
    context: TestContext, source: Partial<ImageSource> = {}, further: Partial<FunctionSpec> = {},
  ): Promise<TestFunction> => {
    const { function: create } = await startPlane(context, undefined, [name]);
    return create({}, {
      code: { uri, ...source }, memoryMegabytes: 256, ephemeralStorageMegabytes: 512, ...further,
    });
  };

  test(`${name}: a function from an image answers, logs, and is used again`, async (context) => {
    const { run, lines } = await start(context);
    const first = await run({ what: "count" });
    assert.deepEqual(first.json, { count: 1, id: first.requestId });
    const second = await run({ what: "count" });
    assert.deepEqual(second.json, { count: 2, id: second.requestId });
    assert.equal(second.report.initMilliseconds, undefined);
    assert.equal(lines()[0], `START RequestId: ${first.requestId} Version: $LATEST\n`);
    assert.match(lines()[1] ?? "", /\tINFO\tcalled for count\n$/);
    const { functionError, error } = await run({ what: "fail" });
    const { errorType, errorMessage } = error;
    assert.deepEqual([functionError, errorType, errorMessage], ["Unhandled", "RangeError", "too far"]);
  });

  test(`${name}: a function from an image sees the image, read only, and /tmp`, async (context) => {
    const environment = { COLOR: "blue", KEY: "of\ntwo 'lines'" };
    const { run } = await start(context, {}, { environment, ephemeralStorageMegabytes: 600 });
    const { json } = await run({ what: "look" });
    const { environment: seen, api, ...facts } = json as Record<string, unknown>;
    assert.deepEqual(facts, {
      user: 993, folder: "/var/task", pid: 1, root: "EROFS", task: "EROFS", size: 600 * 1_048_576,
      passwd: "ENOENT",
    });
    assert.match(String(api), /^127\.0\.0\.1:\d+$/);
    const expected = {
      ...environment, AWS_LAMBDA_FUNCTION_NAME: "tested", AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_ACCESS_KEY_ID: "ASIATESTED", AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
      LAMBDA_TASK_ROOT: "/var/task", LAMBDA_RUNTIME_DIR: "/var/runtime", _HANDLER: "index.handler",
    };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal((seen as Record<string, string>)[name], value, name);
    }
    assert.equal("AWS_EXECUTION_ENV" in (seen as object), false);
    assert.equal((await run({ what: "again" })).json, "kept");
  });

  test(`${name}: the function says what of its image is run`, async (context) => {
    const command = await start(context, { command: ["index.other"] });
    assert.equal((await command.run()).json, "another command");
    const entryPoint = await start(context, { entryPoint: ["/bin/sh", "-c", "exec /entry.sh index.other"] });
    assert.equal((await entryPoint.run()).json, "another command");
    const folder = await start(context, { workingDirectory: "/tmp" });
    assert.equal(((await folder.run({ what: "look" })).json as { folder: string }).folder, "/tmp");
    const nothing = await start(context, { entryPoint: ["/nowhere"] });
    const { error, requestId, logTail } = await nothing.run();
    // What docker says of it is different with each version.
    if (name === "docker") return assert.match(error.errorType ?? "", /^Runtime\./);
    const errorMessage = `RequestId: ${requestId} Error: fork/exec /nowhere: no such file or directory`;
    assert.deepEqual(error, { errorType: "Runtime.InvalidEntrypoint", errorMessage });
    assert.match(logTail, /\tError Type: Runtime\.InvalidEntrypoint\n$/);
  });

  test(`${name}: extensions that an image brings are started before its runtime`, async (context) => {
    const { run, lines } = await start(context, { uri: `${uri}-extended` });
    const extended = image.with(`${uri}-extended`, { "index.mjs": answersAfterExtension }, {
      watcher: watcher("process.exit(0)"), "no-program/inside": "text",
    });
    context.after(() => extended.remove());
    assert.equal((await run()).json, "registered before");
    const text = lines().join("");
    assert.match(text, /^EXTENSION\tName: watcher\tState: Ready\tEvents: \[INVOKE, SHUTDOWN\]$/m);
    assert.match(text, /^the watcher heard of INVOKE$/m);
    assert.equal((await run()).report.initMilliseconds, undefined);
  });

  test(`${name}: an extension of an image that ends is the end of the environment`, async (context) => {
    const { run } = await start(context, { uri: `${uri}-broken` });
    const broken = image.with(`${uri}-broken`, {}, { watcher: "#!/bin/sh\nexit 5\n" });
    context.after(() => broken.remove());
    const { error, requestId } = await run();
    assert.deepEqual(error, {
      errorType: "Extension.Crash", errorMessage: `RequestId: ${requestId} Error: exit status 5`,
    });
  });

  test(`${name}: time and memory of functions from images are limited, nothing is left`, async (context) => {
    const { function: create, plane } = await startPlane(context, undefined, [name]);
    const made = { code: { uri }, memoryMegabytes: 128 };
    const { run } = create({}, { ...made, timeoutSeconds: 60 });
    assert.deepEqual((await run({ what: "exit" })).error.errorType, "Runtime.ExitError");
    const late = await create({}, { ...made, timeoutSeconds: 2 }).run({ what: "wait" });
    assert.match(late.error.errorMessage ?? "", /Error: Task timed out after 2\.00 seconds$/);
    const greedy = await run({ what: "greed" });
    assert.deepEqual(greedy.json, {
      errorType: "Runtime.ExitError",
      errorMessage: `RequestId: ${greedy.requestId} Error: Runtime exited with error: signal: killed`,
    });
    assert.equal(greedy.errorType, "Runtime.OutOfMemory");
    assert.ok((await run({ what: "count" })).report.initMilliseconds);
    await plane.reset();
    await settled(() => running(mark) === 0);
    assert.deepEqual(await left(engine), []);
  });
}

/** Names of containers of functions that are left. */
async function left({ program }: ContainerEngine): Promise<string[]> {
  const text = await said([...program, "ps", "-a", "--format", "{{.Names}}"]);
  return (text ?? "").split("\n").filter((name) => name.includes(mark));
}
