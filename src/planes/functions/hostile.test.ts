import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { boxed, startPlane, type TestPlane } from "../../../test/functions-plane.ts";
import { running, settled } from "../../../test/processes.ts";

const options = { skip: (await boxed()) ? false : "this machine makes no boxes" };

for (const engine of ["bubblewrap", "unshare"] as const) {
  const skip = (await boxed(engine)) ? false : `this machine has no ${engine}`;
  test(`lambda-tmp-disk: /tmp can be written, and nothing else (${engine})`, { skip }, async (context) => {
    await writesEverywhere(await startPlane(context, engine));
  });
}

async function writesEverywhere({ function: create }: TestPlane): Promise<void> {
  const { run } = create({
    "index.mjs": `
      import { readdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
      const attempt = (work) => { try { return work() ?? "done"; } catch (error) { return error.code; } };
      export const handler = async ({ host }) => ({
        root: attempt(() => writeFileSync("/x", "")),
        task: attempt(() => writeFileSync("/var/task/index.mjs", "")),
        runtime: attempt(() => writeFileSync("/var/runtime/bootstrap.cjs", "")),
        usr: attempt(() => writeFileSync("/usr/bin/env", "")),
        etc: attempt(() => writeFileSync("/etc/hosts", "")),
        tmp: attempt(() => writeFileSync("/tmp/file", Buffer.alloc(100 * 1024 * 1024))),
        host: existsSync(host),
        top: readdirSync("/").join(" "),
        processes: readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).length,
        user: [process.getuid(), process.getgid()],
        shadow: attempt(() => readFileSync("/etc/shadow")),
      });`,
  });
  const { json } = await run({ host: import.meta.filename });
  const readOnly = "EROFS";
  const { processes, ...rest } = json as { processes: number };
  assert.deepEqual(rest, {
    root: readOnly,
    task: readOnly,
    runtime: readOnly,
    usr: readOnly,
    etc: readOnly,
    tmp: "done",
    host: false,
    top: readdirSync("/")
      .filter((name) => /^(bin|sbin|lib|lib64|lib32)$/.test(name))
      .concat(["dev", "etc", "proc", "tmp", "usr", "var"])
      .sort()
      .join(" "),
    user: [993, 990],
    shadow: "ENOENT",
  });
  assert.ok(processes <= 3, `${processes} processes`);
}

test(
  "lambda-tmp-512mb: /tmp has its size, kept while the environment is, and gone with it",
  options,
  async (context) => {
    const { function: create, plane } = await startPlane(context);
    const files = {
      "index.mjs": `
      import { existsSync, openSync, writeSync, closeSync, rmSync } from "node:fs";
      export const handler = async ({ megabytes }) => {
        const was = existsSync("/tmp/kept");
        const file = openSync("/tmp/kept", "w");
        const piece = Buffer.alloc(1024 * 1024, 1);
        try {
          for (let count = 0; count < megabytes; count += 1) writeSync(file, piece);
          return [was, "written"];
        } catch (error) {
          return [was, error.code];
        } finally {
          closeSync(file);
        }
      };`,
    };
    const small = create(files, { timeoutSeconds: 30 });
    assert.deepEqual((await small.run({ megabytes: 500 })).json, [false, "written"]);
    assert.deepEqual((await small.run({ megabytes: 600 })).json, [true, "ENOSPC"]);
    assert.equal((await small.run({ megabytes: 1 })).report.initMilliseconds, undefined);
    plane.retire(small.spec.functionArn);
    assert.deepEqual((await small.run({ megabytes: 1 })).json, [false, "written"]);
    const large = create(files, { ephemeralStorageMegabytes: 1024, timeoutSeconds: 30 });
    assert.deepEqual((await large.run({ megabytes: 600 })).json, [false, "written"]);
  },
);

test("a fork bomb ends with its time, and other functions go on", options, async (context) => {
  const { function: create } = await startPlane(context);
  const mark = `bomb-${process.pid}`;
  const bomb = create(
    { bootstrap: `#!/bin/sh
: ${mark}
curl -sS -o /tmp/event "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next"
bomb() { bomb | bomb & }
bomb
while :; do sleep 1; done
` },
    { runtime: "provided.al2023", timeoutSeconds: 1 },
  );
  const calm = create({ "index.mjs": "export const handler = async () => 'calm';" });
  const [bombed, calmed] = await Promise.all([bomb.run(), calm.run()]);
  assert.equal(calmed.json, "calm");
  assert.ok(["Sandbox.Timedout", "Runtime.ExitError"].includes(bombed.error.errorType ?? ""));
  await settled(() => running(mark) === 0);
  assert.equal(running(mark), 0);
});

test("a function that kills all it can kills itself only", options, async (context) => {
  const { function: create } = await startPlane(context);
  const bystander = create({ "index.mjs": "export const handler = async () => 1;" });
  await bystander.run();
  const { run } = create({
    "index.mjs": `export const handler = async () => {
      for (const target of [process.ppid, 1, -1]) try { process.kill(target, "SIGKILL"); } catch {}
      process.kill(process.pid, "SIGKILL");
    };`,
  });
  const { json, requestId } = await run();
  assert.deepEqual(json, {
    errorType: "Runtime.ExitError",
    errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
  });
  assert.equal((await bystander.run()).report.initMilliseconds, undefined);
});

test("giant output is cut, and said to be", options, async (context) => {
  const { function: create } = await startPlane(context);
  const { run, lines } = create(
    {
      "index.mjs": `
      const line = "x".repeat(1023) + "\\n";
      export const handler = async () => {
        for (let count = 0; count < 40; count += 1) {
          await new Promise((done) => process.stdout.write(line.repeat(1024), done));
        }
        return "done";
      };`,
    },
    { timeoutSeconds: 60, memoryMegabytes: 512 },
  );
  assert.equal((await run()).json, "done");
  const bytes = lines().reduce((sum, line) => sum + line.length, 0);
  assert.ok(bytes < 34 * 1_048_576, `${bytes} bytes`);
  const dropped = lines().find((line) => line.startsWith("LOGS DROPPED"));
  assert.match(dropped ?? "", /^LOGS DROPPED\tRecords: \d+\tBytes: \d+\n$/);
});

test("a line without an end is cut where the log must", options, async (context) => {
  const { function: create } = await startPlane(context);
  const { run, lines } = create({
    "index.mjs": `export const handler = async () => {
      await new Promise((done) => process.stdout.write("y".repeat(600000), done));
    };`,
  });
  await run();
  const cut = lines().filter((line) => line.startsWith("y"));
  assert.equal(
    cut.reduce((sum, line) => sum + line.length - 1, 0),
    600_000,
  );
  assert.ok(cut.every((line) => line.length <= 262_144));
});

test("output that is no message, where messages are expected, is a line", options, async (context) => {
  const { function: create } = await startPlane(context);
  const { run, lines } = create({
    "index.mjs": `
      import { writeSync } from "node:fs";
      export const handler = async () => {
        writeSync(3, "this is no frame, but it is long enough");
        return 1;
      };`,
  });
  assert.equal((await run()).json, 1);
  assert.ok(lines().includes("this is no frame, but it is long enough\n"));
});

test("init that never ends, and init that exits", options, async (context) => {
  const { function: create } = await startPlane(context);
  const exiting = await create({ "index.mjs": "process.exit(7);" }).run();
  assert.deepEqual(exiting.json, {
    errorType: "Runtime.ExitError",
    errorMessage: `RequestId: ${exiting.requestId} Error: Runtime exited with error: exit status 7`,
  });
  const empty = await create({ "index.mjs": "process.exit(0);" }).run();
  assert.equal(
    empty.error.errorMessage,
    `RequestId: ${empty.requestId} Error: Runtime exited without providing a reason`,
  );
});

test("nothing runs on when the region is killed", options, async (context) => {
  const root = mkdtempSync(join(tmpdir(), "functions-killed-"));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  // Only what the function starts has it in its command line: not this program, nor what is forked from it.
  const mark = `killed-${process.pid}`;
  const support = new URL("../../../test/functions-plane.js", import.meta.url).href;
  const program = `
    import { test } from "node:test";
    import { startPlane } from ${JSON.stringify(support)};
    const { function: create } = await startPlane({ after: () => undefined });
    const { run } = create({ "index.mjs": ${JSON.stringify(`
      import { spawn } from "node:child_process";
      export const handler = async () => {
        const wait = ["-e", "setTimeout(() => 0, 600000)", process.env.MARK];
        spawn(process.execPath, wait, { detached: true, stdio: "ignore" });
        console.log("ready");
        await new Promise(() => setTimeout(() => 0, 600000));
      };`)} }, { timeoutSeconds: 600, environment: { MARK: process.env.MARK } });
    void run();
    setTimeout(() => 0, 600000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { PATH: "/usr/bin:/bin", TMPDIR: root, MARK: mark },
  });
  context.after(() => child.kill("SIGKILL"));
  await settled(() => running(mark) > 0, 50, 120);
  assert.equal(running(mark), 1);
  child.kill("SIGKILL");
  await once(child, "exit");
  await settled(() => running(mark) === 0, 10, 60);
  assert.equal(running(mark), 0);
  assert.ok(existsSync(root));
});
