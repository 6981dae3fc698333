import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readConfig } from "../config.ts";
import { InitHooks } from "./init-hooks.ts";

const path = readConfig().environment["PATH"];

function hooksWith(
  context: TestContext,
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>> = { PATH: path },
): { hooks: InitHooks; lines: string[]; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "us-local-1-init-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line.replaceAll(folder, ""));
  return { hooks: new InitHooks({ folders: [folder], environment, log }), lines, folder };
}

const endpoint = "http://localhost:1";

test("scripts run in the order of their names; one that fails does not stop the rest", async (context) => {
  const { hooks, lines } = hooksWith(context, {
    "ready.d/2.sh": "echo two; exit 3",
    "ready.d/1.sh": "echo one",
    "ready.d/3/three.mjs": 'console.log("three", process.env.AWS_ENDPOINT_URL)',
    "ready.d/README.md": "not a script",
    "shutdown.d/4.sh": "echo four",
  });
  assert.equal(hooks.completed("READY"), false);
  await hooks.run("READY", endpoint);
  assert.equal(hooks.completed("READY"), true);
  assert.deepEqual(lines, [
    "init /ready.d/1.sh: started",
    "init 1.sh: one",
    "init /ready.d/1.sh: succeeded",
    "init /ready.d/2.sh: started",
    "init 2.sh: two",
    "init /ready.d/2.sh: failed: exit code 3",
    "init /ready.d/3/three.mjs: started",
    `init three.mjs: three ${endpoint}`,
    "init /ready.d/3/three.mjs: succeeded",
  ]);
  assert.deepEqual(
    hooks.scripts().map(({ stage, name, state, reason }) => [stage, name, state, reason]),
    [
      ["READY", "1.sh", "SUCCESSFUL", undefined],
      ["READY", "2.sh", "ERROR", "exit code 3"],
      ["READY", "three.mjs", "SUCCESSFUL", undefined],
      ["SHUTDOWN", "4.sh", "UNKNOWN", undefined],
    ],
  );
});

test("a script runs in the shell that its first line names, with the region's keys", async (context) => {
  const inherited = { PATH: path, AWS_PROFILE: "production", AWS_SESSION_TOKEN: "secret" };
  const { hooks, lines } = hooksWith(
    context,
    {
      "ready.d/a.sh":
        '#!/bin/bash -e\n[[ -z "$AWS_PROFILE$AWS_SESSION_TOKEN" ]] && ' +
        'echo "$AWS_ACCESS_KEY_ID" in ${BASH##*/}\n',
      "ready.d/b.sh": "#!/no/such/shell\n",
    },
    inherited,
  );
  await hooks.run("READY", endpoint);
  assert.equal(lines[1], "init a.sh: test in bash");
  assert.equal(lines.at(-1), "init /ready.d/b.sh: failed: spawn /no/such/shell ENOENT");
});

test("awslocal is the aws CLI with the region's endpoint", async (context) => {
  const { hooks, lines } = hooksWith(
    context,
    {
      "bin/aws": "#!/bin/sh\necho aws $*\n",
      "ready.d/a.sh": "awslocal s3 mb s3://b",
      "ready.d/b.sh":
        'BIN="${0%/ready.d/*}/bin"; chmod +x "$BIN/aws"; PATH="$PATH:$BIN" awslocal s3 mb s3://b',
    },
    { PATH: "/bin" },
  );
  await hooks.run("READY", endpoint);
  assert.deepEqual(
    lines.filter((line) => line.includes("sh: aws")),
    [
      "init a.sh: awslocal: the aws CLI is not installed; us-local-1 doctor says how to get it",
      `init b.sh: aws --endpoint-url ${endpoint} s3 mb s3://b`,
    ],
  );
});

test("TypeScript runs where Node.js can, and says what it needs where not", async (context) => {
  const { hooks } = hooksWith(context, { "ready.d/a.ts": "const one: number = 1; process.exit(one - 1);" });
  await hooks.run("READY", endpoint);
  const [script] = hooks.scripts();
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major >= 22) assert.equal(script?.state, "SUCCESSFUL");
  else {
    assert.equal(
      script?.reason,
      "TypeScript scripts need Node.js 22.18 or newer, or the package typescript (before version 7) beside " +
        `the script; this is Node.js ${process.versions.node}`,
    );
  }
});

test("TypeScript runs on an older Node.js with the package typescript beside it", async (context) => {
  // Stands in for the package: takes away the one type that is there.
  const transpile = "exports.transpileModule = (text) => ({ outputText: text.replace(': string', '') });";
  const { hooks, lines } = hooksWith(context, {
    "node_modules/typescript/package.json": '{"name": "typescript", "main": "index.js"}',
    "node_modules/typescript/index.js": transpile,
    "ready.d/word.mjs": 'export default "hello"; ',
    "ready.d/z.ts": 'import word from "./word.mjs"; const text: string = word; console.log(text);',
  });
  await hooks.run("READY", endpoint);
  assert.ok(lines.includes("init z.ts: hello"), lines.join("\n"));
});

test("a script that is running when the region stops is ended, with what it has started", async (context) => {
  const { hooks, lines } = hooksWith(context, {
    "ready.d/a.sh": "sleep 60 & echo up; wait",
    "ready.d/b.sh": "echo never",
  });
  const running = hooks.run("READY", endpoint);
  const up = new Promise<void>((resolve) => {
    const { push } = lines;
    lines.push = (...texts) => {
      if (texts.includes("init a.sh: up")) resolve();
      return push.apply(lines, texts);
    };
  });
  await up;
  hooks.interrupt();
  await running;
  assert.deepEqual(
    hooks.scripts().map(({ state, reason }) => [state, reason]),
    [
      ["ERROR", "ended by SIGTERM"],
      ["ERROR", "the region was stopped"],
    ],
  );
});
