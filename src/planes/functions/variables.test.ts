import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { startPlane } from "../../../test/functions-plane.ts";
import { packageRoot } from "../../kernel/package-root.ts";

const variables = join(packageRoot(), "runtimes/node/variables.cjs");

/** Run in a process of its own: it replaces `process.env`. */
function said(script: string): unknown {
  const begin = `const { installVariables } = require(${JSON.stringify(variables)});`;
  const env = { PATH: "/usr/bin:/bin", KEPT: "kept" };
  const options = ["--expose-gc", "-e", `${begin}${script}`];
  return JSON.parse(execFileSync(process.execPath, options, { env, encoding: "utf8" }));
}

test("the trace of an invocation is among the function's variables, and its children's", async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create({
    "index.mjs": `
      import { execFileSync } from "node:child_process";
      import { env } from "node:process";
      export const handler = async () => [
        process.env._X_AMZN_TRACE_ID, env._X_AMZN_TRACE_ID, { ...process.env }._X_AMZN_TRACE_ID,
        Object.keys(process.env).includes("_X_AMZN_TRACE_ID"), "_X_AMZN_TRACE_ID" in process.env,
        execFileSync("/bin/sh", ["-c", 'printf "$_X_AMZN_TRACE_ID"'], { encoding: "utf8" }),
      ];`,
  });
  for (const trace of ["Root=1-a;Sampled=0", "Root=1-b;Sampled=1"]) {
    const { json } = await run({}, { traceHeader: trace });
    assert.deepEqual(json, [trace, trace, trace, true, true, trace]);
  }
  assert.deepEqual((await run()).json, [null, null, null, false, false, ""]);
});

test("what a function writes to its variables is text, and the system's too", () => {
  const answer = said(`
    const system = process.env;
    installVariables();
    process.env.COUNT = 5;
    process.env.TZ = "Asia/Tokyo";
    Object.defineProperty(process.env, "DEFINED", {
      value: "yes", configurable: true, enumerable: true, writable: true,
    });
    delete process.env.KEPT;
    const refused = [
      () => (process.env[Symbol()] = 1), () => Object.defineProperty(process.env, "A", { get() {} }),
    ]
      .map((attempt) => { try { attempt(); } catch (error) { return error.name; } });
    console.log(JSON.stringify([
      process.env.COUNT, system.COUNT, new Date(0).getHours(), process.env.DEFINED, system.DEFINED,
      "KEPT" in process.env, "KEPT" in system, refused,
    ]));`);
  assert.deepEqual(answer, ["5", "5", 9, "yes", "yes", false, false, ["TypeError", "TypeError"]]);
});

test("a function may put variables of its own in their place, and learns the trace all the same", () => {
  const answer = said(`
    const setTrace = installVariables();
    process.env = { OWN: "1" };
    setTrace("Root=1-a");
    const first = { ...process.env };
    setTrace(undefined);
    console.log(JSON.stringify([first, process.env]));`);
  assert.deepEqual(answer, [{ OWN: "1", _X_AMZN_TRACE_ID: "Root=1-a" }, { OWN: "1" }]);
});

test("traces are not kept: system variables would take 160 bytes each for good", () => {
  const megabytes = said(`
    const setTrace = installVariables();
    let count = 0;
    const used = (traces) => {
      for (const end = count + traces; count < end; count += 1) {
        setTrace("Root=1-00000000-" + String(count).padStart(24, "0") + ";Parent=0000000000000000;Sampled=0");
      }
      gc();
      return process.memoryUsage().rss / 1048576;
    };
    used(300_000);
    console.log(used(100_000) * -1 + used(400_000));`);
  assert.ok((megabytes as number) < 20, `${String(megabytes)} MB for 400,000 traces`);
});
