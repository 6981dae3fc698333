import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { containers } from "../../../test/container-images.ts";
import { startPlane } from "../../../test/functions-plane.ts";
import { CannotRun } from "./contract.ts";

const counting = {
  "index.mjs": `
    let count = 0;
    export const handler = async ({ wait = 0 }) => {
      await new Promise((done) => setTimeout(done, wait));
      return { count: ++count, type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE };
    };`,
};

test("lambda-autoscales: as many environments as invocations at once", async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create(counting);
  const together = await Promise.all(Array.from({ length: 6 }, () => run({ wait: 700 })));
  assert.equal(new Set(together.map(({ logStreamName }) => logStreamName)).size, 6);
  for (let count = 0; count < 5; count += 1) {
    assert.equal((await run()).report.initMilliseconds, undefined);
  }
});

test("environments that wait end by the region's clock", async (context) => {
  const { function: create, advance } = await startPlane(context);
  const { run } = create(counting);
  await run();
  advance(10 * 60_000 - 1);
  assert.deepEqual((await run()).json, { count: 2, type: "on-demand" });
  advance(10 * 60_000 - 1);
  assert.deepEqual((await run()).json, { count: 3, type: "on-demand" });
  advance(10 * 60_000);
  assert.deepEqual((await run()).json, { count: 1, type: "on-demand" });
});

test("an update retires what waits, and what runs once it is done", async (context) => {
  const { function: create, plane } = await startPlane(context);
  const { run, spec } = create(counting);
  await run();
  const busy = run({ wait: 300 });
  await new Promise((done) => setTimeout(done, 50));
  plane.retire(spec.functionArn, "another revision");
  assert.deepEqual((await busy).json, { count: 2, type: "on-demand" });
  assert.deepEqual((await run()).json, { count: 3, type: "on-demand" });
  plane.retire(spec.functionArn, spec.revision);
  assert.deepEqual((await run()).json, { count: 1, type: "on-demand" });
});

test("no environment outlives its credentials", async (context) => {
  const { function: create, advance } = await startPlane(context);
  let given = 0;
  const { run } = create(
    { "index.mjs": "export const handler = async () => process.env.AWS_ACCESS_KEY_ID;" },
    {
      credentials: () => {
        given += 1;
        const expiresAt = Date.UTC(2026, 0, 1) + given * 60_000;
        return Promise.resolve({
          accessKeyId: `KEY${given}`,
          secretAccessKey: "s",
          sessionToken: "t",
          expiresAt,
        });
      },
    },
  );
  assert.equal((await run()).json, "KEY1");
  advance(59_999);
  assert.equal((await run()).json, "KEY1");
  advance(1);
  assert.equal((await run()).json, "KEY2");
});

test("provisioned environments are ready before they are asked for, and are replaced", async (context) => {
  const { function: create, plane, advance } = await startPlane(context);
  const { run, spec } = create({
    "index.mjs": `${counting["index.mjs"]}
      export const die = async () => process.exit(1);`,
  });
  assert.deepEqual(await plane.keepWarm(spec, 2), { requested: 2, ready: 2 });
  advance(3_600_000);
  const [first, second] = await Promise.all([run({ wait: 200 }), run({ wait: 200 })]);
  assert.deepEqual([first.json, second.json], Array(2).fill({ count: 1, type: "provisioned-concurrency" }));
  assert.deepEqual([first.report.initMilliseconds, second.report.initMilliseconds], [undefined, undefined]);
  await plane.keepWarm(spec, 0);
  assert.equal(plane.provisioned(spec.revision), undefined);
  assert.deepEqual((await run()).json, { count: 1, type: "on-demand" });

  const broken = create({ "index.mjs": "import 'nowhere';" });
  const state = await plane.keepWarm(broken.spec, 1);
  assert.deepEqual(state, { requested: 1, ready: 0, failure: "FUNCTION_ERROR_INIT_FAILURE" });
});

test("hot reload: saving a file changes the next invocation", async (context) => {
  const { function: create, folder } = await startPlane(context);
  const path = folder({ "index.mjs": "export const handler = async () => 'before';" });
  const { run } = create({}, { code: { kind: "folder", path } });
  assert.equal((await run()).json, "before");
  assert.equal((await run()).report.initMilliseconds, undefined);
  writeFileSync(join(path, "index.mjs"), "export const handler = async () => 'after';");
  assert.equal((await run()).json, "after");
  rmSync(path, { recursive: true });
  await assert.rejects(run(), (error) => error instanceof CannotRun && error.reason === "code-unavailable");
});

test("lambda-best-layers: layers are one folder, the later over the earlier", async (context) => {
  const { function: create, folder } = await startPlane(context);
  const layer = (files: Record<string, string>) => ({ kind: "folder" as const, path: folder(files) });
  const { run } = create(
    {
      "index.js": `
        const fs = require("node:fs");
        const data = () => fs.readFileSync(process.env.OPT, "utf8");
        exports.handler = async () => [require("first"), require("second"), data()];`,
    },
    {
      layers: [
        layer({
          "nodejs/node_modules/first/index.js": "module.exports = 'first of one';",
          "nodejs/node_modules/second/index.js": "module.exports = 'second of one';",
          "data.txt": "one",
        }),
        layer({
          "nodejs/node_modules/second/index.js": "module.exports = 'second of two';",
          "data.txt": "two",
        }),
      ],
      environment: { OPT: "/opt/data.txt" },
    },
  );
  assert.deepEqual((await run()).json, ["first of one", "second of two", "two"]);
});

test("lambda-sdk-included: the SDK is there for both kinds of modules, and nothing else", async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create({
    "index.mjs": `
      import { createRequire } from "node:module";
      import { S3Client } from "@aws-sdk/client-s3";
      const require = createRequire(import.meta.url);
      const find = async (name) => import(name).then(() => "found", (error) => error.code);
      export const handler = async () => [
        S3Client.name, require("@aws-sdk/client-sqs").SQSClient.name,
        await find("typescript"), await find("lmdb"),
      ];`,
  });
  const missing = "ERR_MODULE_NOT_FOUND";
  assert.deepEqual((await run()).json, ["S3Client", "SQSClient", missing, missing]);
});

test("what cannot be run says so, and is not the function's failure", async (context) => {
  const { function: create, plane } = await startPlane(context);
  const cannot = (reason: string) => (error: unknown) =>
    error instanceof CannotRun && error.reason === reason;
  await assert.rejects(create(counting, { runtime: "cobol1" }).run(), cannot("runtime-unavailable"));
  await assert.rejects(
    create(counting, { credentials: () => Promise.reject(new Error("no role")) }).run(),
    cannot("role-unavailable"),
  );
  const image = create(counting, { code: { uri: "000000000000.dkr.ecr.us-east-1.amazonaws.com/a:b" } });
  const hasContainers = (await containers()) !== undefined;
  await assert.rejects(image.run(), cannot(hasContainers ? "image-unavailable" : "runtime-unavailable"));
  const archive = {
    kind: "archive" as const,
    sha256: "bad",
    open: () => ({ sizeBytes: 3, read: () => Promise.resolve(Buffer.from("no!")) }),
  };
  await assert.rejects(create(counting, { code: archive }).run(), cannot("code-unavailable"));
  await plane.close();
  await assert.rejects(create(counting).run(), cannot("environment-unavailable"));
});

test("a response is as large as Lambda lets it be, and not a byte more", async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create(
    { "index.mjs": "export const handler = async ({ length }) => 'x'.repeat(length);" },
    { memoryMegabytes: 512 },
  );
  const most = await run({ length: 6_291_554 });
  assert.equal(most.payload.length, 6_291_556);
  const more = await run({ length: 6_291_555 });
  assert.deepEqual(more.json, {
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
  });
});

test("the log in JSON: levels apply, and what the platform says is JSON too", async (context) => {
  const { function: create } = await startPlane(context);
  const lines: string[] = [];
  const { run } = create(
    {
      "index.mjs": `export const handler = async () => {
        console.debug("unseen"); console.info({ a: 1 }); console.warn("careful", 2);
      };`,
    },
    {
      logging: {
        format: "JSON",
        logGroupName: "/aws/lambda/tested",
        applicationLevel: "INFO",
        systemLevel: "INFO",
        sink: (_stream, written) => void lines.push(...written.map(({ message }) => message)),
      },
    },
  );
  const { requestId } = await run();
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    parsed.map(({ type, level, message, requestId: of }) => type ?? [level, message, of]),
    [
      "platform.initStart",
      "platform.start",
      ["INFO", { a: 1 }, requestId],
      ["WARN", "careful 2", requestId],
      "platform.report",
    ],
  );
});
