/** Runtimes speak with the Runtime API by a channel of their own, and functions don't notice. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { boxed, startPlane } from "../../../test/functions-plane.ts";
import { settled } from "../../../test/processes.ts";

const options = (await boxed()) ? {} : { skip: "this machine makes no boxes" };

test("a runtime in a box needs no connection, and keeps its channel to itself", options, async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create({
    "index.mjs": `
      import { readFileSync } from "node:fs";
      const connections = () => readFileSync("/proc/net/tcp", "latin1").split("\\n")
        .map((line) => line.trim().split(/ +/))
        .filter((fields) => fields[3] === "01" && parseInt(fields[2].split(":")[1], 16) === port).length;
      const port = Number(process.env.AWS_LAMBDA_RUNTIME_API.split(":")[1]);
      export const handler = async () => [connections(), "_LAMBDA_RUNTIME_API_CHANNEL" in process.env];`,
  });
  assert.deepEqual((await run()).json, [0, false]);
});

test("a wrapper that gives the runtime another address stands between", options, async (context) => {
  const { function: create } = await startPlane(context);
  const proxy = `
    const { connect, createServer } = require("node:net");
    const { spawn } = require("node:child_process");
    const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
    const server = createServer((from) => {
      const to = connect(Number(port), host);
      from.on("data", (bytes) => to.write(bytes.toString("latin1").replace("true", "null"), "latin1"));
      to.pipe(from);
    }).listen(0, "127.0.0.1", () => {
      const AWS_LAMBDA_RUNTIME_API = "127.0.0.1:" + server.address().port;
      const [, , program, ...rest] = process.argv;
      const env = { ...process.env, AWS_LAMBDA_RUNTIME_API };
      spawn(program, rest, { env, stdio: ["ignore", "inherit", "inherit", 3, "ignore", "ignore", 6, 7] });
    });`;
  const { run } = create(
    {
      "index.mjs": "export const handler = async () => true;",
      "proxy.cjs": proxy,
      wrapper: `#!/bin/sh\nexec ${process.execPath} /var/task/proxy.cjs "$@"\n`,
    },
    { environment: { AWS_LAMBDA_EXEC_WRAPPER: "/var/task/wrapper" } },
  );
  const { json } = await run();
  assert.equal(json, null);
});

test("what a function has begun goes on between its invocations", options, async (context) => {
  const { function: create } = await startPlane(context);
  const { run, lines } = create({
    "index.mjs": `
      let ticks = 0;
      let ended = false;
      export const handler = async ({ begin }) => {
        if (begin) setTimeout(() => { ticks += 1; ended = true; console.log("ticked"); }, 20);
        return { ticks, ended };
      };`,
  });
  assert.deepEqual((await run({ begin: true })).json, { ticks: 0, ended: false });
  await settled(() => lines().some((line) => line.includes("ticked")));
  assert.deepEqual((await run({})).json, { ticks: 1, ended: true });
});

test("what falls due while a function rests comes before its next event", options, async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create({
    "index.mjs": `
      let isOver = false;
      export const handler = async ({ begin }) => {
        if (begin) setTimeout(() => (isOver = true), 20).unref();
        return isOver;
      };`,
  });
  assert.equal((await run({ begin: true })).json, false);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal((await run({})).json, true);
});

test("a rejection that nobody handles ends the environment", options, async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create({
    "index.mjs": `
      const began = Math.random();
      export const handler = async ({ reject }) => {
        if (reject) void Promise.reject(new Error("nobody hears"));
        return began;
      };`,
  });
  const first = (await run({ reject: true })).json;
  await new Promise((resolve) => setTimeout(resolve, 100));
  const outcomes = [await run({}), await run({})];
  const later = outcomes.filter(({ functionError }) => functionError === undefined);
  assert.ok(later.length >= 1);
  assert.ok(later.every(({ json }) => json !== first));
});

for (const runtime of ["nodejs20.x", "python3.11"]) {
  test(`${runtime}: large events and answers, one after the other`, options, async (context) => {
    const { function: create } = await startPlane(context);
    const isNode = runtime === "nodejs20.x";
    const { run } = create(
      isNode
        ? { "index.mjs": "export const handler = async (event) => event;" }
        : { "index.py": "def handler(event, context):\n    return event\n" },
      { runtime, memoryMegabytes: 512 },
    );
    for (const size of [0, 1, 65_000, 65_536, 200_000, 5_000_000, 10]) {
      const event = { text: "ä".repeat(size / 2), size };
      assert.deepEqual((await run(event)).json, event);
    }
  });
}
