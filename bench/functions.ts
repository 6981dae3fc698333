/**
 * What running a function costs: how long a new environment takes, and how much a warm one adds to the
 * function. Run by itself: `node dist/bench/functions.js`. On a busy machine the best of many is what counts.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { searchPath } from "../src/config.ts";
import type { FunctionSpec, FunctionsPlane } from "../src/planes/functions/contract.ts";
import { openFunctionsPlane } from "../src/planes/functions/plane.ts";

const root = mkdtempSync(join(tmpdir(), "bench-functions-"));

interface Subject {
  readonly runtime: string;
  readonly handler: string;
  readonly file: string;
  readonly text: string;
}

const subjects: readonly Subject[] = [
  {
    runtime: "nodejs20.x",
    handler: "index.handler",
    file: "index.js",
    text: "exports.handler = async () => 1;",
  },
  {
    runtime: "nodejs20.x",
    handler: "index.handler",
    file: "index.mjs",
    text: "export const handler = async () => 1;",
  },
  {
    runtime: "python3.11",
    handler: "app.handler",
    file: "app.py",
    text: "def handler(event, context):\n    return 1\n",
  },
];

function specOf({ runtime, handler, file, text }: Subject): FunctionSpec {
  const path = mkdtempSync(join(root, "code-"));
  writeFileSync(join(path, file), text);
  return {
    revision: path,
    functionArn: "arn:aws:lambda:us-east-1:000000000000:function:measured",
    functionName: "measured",
    version: "$LATEST",
    runtime,
    handler,
    code: { kind: "folder", path },
    layers: [],
    environment: {},
    memoryMegabytes: 128,
    timeoutSeconds: 3,
    ephemeralStorageMegabytes: 512,
    architecture: "x86_64",
    logging: { format: "Text", logGroupName: "/aws/lambda/measured", sink: () => undefined },
    credentials: () =>
      Promise.resolve({
        accessKeyId: "ASIA",
        secretAccessKey: "s",
        sessionToken: "t",
        expiresAt: Number.POSITIVE_INFINITY,
      }),
  };
}

let count = 0;

async function invoke(plane: FunctionsPlane, spec: FunctionSpec): Promise<number> {
  const began = performance.now();
  await plane.invoke(spec, { requestId: `request-${(count += 1)}`, payload: Buffer.from("{}") });
  return performance.now() - began;
}

function summary(values: readonly number[]): string {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2);
  return `best ${at(0)}, p50 ${at(0.5)}, p90 ${at(0.9)} ms`;
}

async function main(): Promise<void> {
  const plane = await openFunctionsPlane({
    searchPath: searchPath(),
    now: () => Date.now(),
    alarm: () => () => undefined,
    hex: (length) => (count += 1).toString(16).padStart(length, "0"),
    endpoint: () => Promise.resolve("http://127.0.0.1:4566"),
    folder: (name) => {
      mkdirSync(join(root, name), { recursive: true });
      return Promise.resolve(join(root, name));
    },
    log: (line) => console.log(line),
  });
  for (const subject of subjects) {
    const spec = specOf(subject);
    const cold: number[] = [];
    await invoke(plane, spec);
    for (let round = 0; round < 30; round += 1) {
      plane.retire(spec.functionArn);
      cold.push(await invoke(plane, spec));
    }
    const warm: number[] = [];
    for (let round = 0; round < 2_000; round += 1) warm.push(await invoke(plane, spec));
    console.log(`${subject.runtime} ${subject.file}: cold ${summary(cold)}; warm ${summary(warm)}`);
  }
  await plane.close();
  rmSync(root, { recursive: true, force: true });
}

await main();
