import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { STORE_PREFIX } from "../store/catalog.ts";
import { LmdbFile } from "../store/lmdb-file.ts";
import { ValueCodec } from "../store/values.ts";
import { exitCodes } from "./failure.ts";
import { portOwner } from "./port-owner.ts";

/** As it is installed: joined into few files, it starts in half the time. */
const main = fileURLToPath(new URL("../../bin/us-local-1.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "us-local-1-cli-"));
const regions: ChildProcess[] = [];
after(() => {
  for (const child of regions) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

const dataFolder = join(folder, "data");

function launch(words: readonly string[], dataDir = dataFolder, by: readonly string[] = []): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("US_LOCAL_1_"));
  const [program = "", ...rest] = [...by, process.execPath, main, ...words];
  return spawn(program, rest, {
    cwd: folder,
    env: {
      ...Object.fromEntries(inherited),
      US_LOCAL_1_DATA: dataDir,
      AWS_CONFIG_FILE: join(folder, "aws", "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, "aws", "credentials"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function run(words: readonly string[], dataDir?: string): Promise<Ended> {
  const child = launch(words, dataDir);
  let out = "";
  let error = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (error += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, error };
}

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  readonly endpoint: string;
  readonly pid: number;
}

/** A region that has said that it listens; `by` is a program that starts it. */
async function start(words: readonly string[], dataDir?: string, by?: readonly string[]): Promise<Started> {
  const child = launch(["start", "--port", "0", "--json", ...words], dataDir, by);
  regions.push(child);
  let out = "";
  for await (const text of child.stdout?.setEncoding("utf8").iterator({ destroyOnReturn: false }) ?? []) {
    out += text as string;
    if (out.includes("\n")) return { child, ...(JSON.parse(out) as Omit<Started, "child">) };
  }
  throw new Error(`it ended: ${out}`);
}

async function runJson(words: readonly string[], dataDir?: string): Promise<Record<string, unknown>> {
  const { code, out, error } = await run([...words, "--json"], dataDir);
  assert.equal(code, 0, error);
  return JSON.parse(out) as Record<string, unknown>;
}

let region: Started;
before(async () => {
  mkdirSync(join(folder, "init", "ready.d"), { recursive: true });
  writeFileSync(join(folder, "init", "ready.d", "first.sh"), "echo from a script");
  region = await start([]);
});

test("status finds the region by its data folder and by its port", async () => {
  for (const words of [["status"], ["status", "--port", String(region.port)]]) {
    const status = await runJson(words);
    assert.equal(status["pid"], region.pid);
    assert.equal(status["endpoint"], `http://localhost:${region.port}`);
  }
  const { out } = await run(["status"]);
  assert.match(out, /^endpoint  http:\/\/localhost:\d+\n/);
});

test("a second region on the same data folder is refused, by the first one's pid", async () => {
  const { code, error, out } = await run(["start", "--port", "0"]);
  assert.equal(code, exitCodes.dataLocked);
  assert.equal(out, "");
  assert.equal(
    error.split("\n")[0],
    `us-local-1: The data folder ${join(folder, "data")} is in use by process ${region.pid}, ` +
      `which listens on ${region.endpoint}.`,
  );
});

test("a port that is taken is refused, by the name of who has it", async () => {
  const { code, error } = await run(["start", "--ephemeral", "--port", String(region.port), "--json"]);
  assert.equal(code, exitCodes.portTaken);
  assert.deepEqual(JSON.parse(error), {
    error: {
      code: "portTaken",
      message: `Port ${region.port} is taken by node us-local-1.js (process ${region.pid}).`,
      advice: `Take another: --port ${region.port + 1}, or --port 0 for any.`,
    },
  });
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  assert.equal(portOwner((server.address() as AddressInfo).port)?.pid, process.pid);
  server.close();
});

test("a folder that cannot be made or written is refused, by what the system says", {
  skip: process.platform !== "linux" && "only Linux has /proc",
}, async () => {
  const file = join(folder, "a file");
  writeFileSync(file, "");
  for (const [dataDir, reason] of [
    ["/proc/none/data", "ENOENT: no such file or directory, mkdir '/proc/none'"],
    [join(file, "data"), `ENOTDIR: not a directory, mkdir '${join(file, "data")}'`],
    [file, `ENOTDIR: not a directory, open '${join(file, "lock")}'`],
  ] as const) {
    const { code, error } = await run(["start", "--port", "0", "--data-dir", dataDir]);
    assert.equal(code, exitCodes.failure);
    const said = error.replace(/lock\.\d+/, "lock");
    assert.equal(said, `us-local-1: The data folder ${dataDir} cannot be written: ${reason}.\n`);
  }
  const { error } = await run(["start", "--port", "0", "--data-dir", "/proc/none/data", "--tls"]);
  assert.match(error, /^us-local-1: The data folder .* cannot be written: ENOENT: /);
});

test("a store of a newer version is refused by its number", async () => {
  const dataDir = join(folder, "newer");
  mkdirSync(dataDir);
  const file = new LmdbFile(join(dataDir, "data.mdb"), "relaxed");
  file.transaction(() => file.put(`${STORE_PREFIX}v`, new ValueCodec().encode(99)));
  await file.close();
  const { code, error } = await run(["start", "--port", "0"], dataDir);
  assert.equal(code, exitCodes.storeTooNew, error);
  assert.match(error, /^us-local-1: The store in .* has format 99; this program reads formats up to \d+\./);
});

test("a shell and an aws profile are pointed at the region", async () => {
  const { code, out } = await run(["env"]);
  assert.equal(code, 0);
  assert.equal(
    out,
    [
      `export AWS_ENDPOINT_URL=${region.endpoint}`,
      "export AWS_ACCESS_KEY_ID=test",
      "export AWS_SECRET_ACCESS_KEY=test",
      "export AWS_REGION=us-east-1",
      "export AWS_DEFAULT_REGION=us-east-1",
      "export AWS_DISABLE_HOST_PREFIX_INJECTION=true",
      "unset AWS_PROFILE AWS_SESSION_TOKEN",
      "",
    ].join("\n"),
  );
  assert.equal((await run(["env", "--profile", "local"])).code, 0);
  assert.equal(
    readFileSync(join(folder, "aws", "config"), "utf8"),
    `[profile local]\nregion = us-east-1\nendpoint_url = ${region.endpoint}\n` +
      "disable_host_prefix_injection = true\n",
  );
  assert.equal(
    readFileSync(join(folder, "aws", "credentials"), "utf8"),
    "[local]\naws_access_key_id = test\naws_secret_access_key = test\n",
  );
  assert.equal((await run(["env", "--profile", "a]b"])).code, exitCodes.usage);
});

test("the clock and snapshots are commanded, and mistakes have exit codes of their own", async () => {
  assert.equal((await run(["clock", "freeze", "2026-01-01"])).out, "2026-01-01T00:00:00.000Z  frozen\n");
  assert.equal((await run(["clock", "advance", "1h"])).out, "2026-01-01T01:00:00.000Z  frozen\n");
  assert.equal((await run(["clock", "scale", "60x"])).out.endsWith("60x\n"), true);
  assert.equal((await run(["clock", "run"])).out.endsWith("real\n"), true);
  for (const words of [["advance", "soon"], ["advance"], ["jump"], ["set", "1", "2"], ["run", "1"]]) {
    assert.equal((await run(["clock", ...words])).code, exitCodes.usage, words.join(" "));
  }
  assert.equal((await runJson(["snapshot", "save", "one"]))["name"], "one");
  assert.equal((await run(["snapshot", "diff", "one"])).out, "Nothing is different.\n");
  assert.equal((await run(["snapshot", "restore", "one"])).out, "The region is as it was in one.\n");
  assert.equal((await run(["snapshot", "delete", "one"])).out, "Deleted one.\n");
  assert.equal((await run(["snapshot", "list"])).out, "There are no snapshots.\n");
  assert.equal((await run(["snapshot", "restore", "one"])).code, exitCodes.notFound);
  assert.equal((await run(["explain"])).code, exitCodes.notFound);
});

test("the log holds requests and what init scripts say", async () => {
  const call = await fetch(`${region.endpoint}/`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "Action=GetCallerIdentity&Version=2011-06-15",
  });
  assert.equal(call.status, 403);
  const texts = ((await runJson(["logs"]))["lines"] as { text: string }[]).map(({ text }) => text);
  assert.ok(texts.includes("init first.sh: from a script"), texts.join("\n"));
  assert.match(
    texts.at(-1) ?? "",
    /^sts\.GetCallerIdentity 403 MissingAuthenticationToken \d+\.\d ms [0-9a-f-]{36}$/,
  );
});

test("stop waits until the region has ended, which leaves its data and nothing else", async () => {
  const { child, pid } = region;
  const ended = once(child, "exit");
  assert.equal((await run(["stop"])).out, `Stopped (process ${pid}).\n`);
  assert.deepEqual(await ended, [0, null]);
  assert.ok(existsSync(join(folder, "data", "data.mdb")));
  assert.ok(!existsSync(join(folder, "data", "region.json")));
  const { code, error } = await run(["stop"]);
  assert.equal(code, exitCodes.notRunning);
  assert.match(error, /^us-local-1: No region is running on port \d+\.\nStart one with: us-local-1 start\n$/);
});

test("a signal ends a region in good order, and what was killed leaves nothing in the way", async () => {
  const ephemeral = await start(["--ephemeral"]);
  const ended = once(ephemeral.child, "exit");
  ephemeral.child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);

  const dataDir = join(folder, "killed");
  const killed = await start([], dataDir);
  const gone = once(killed.child, "exit");
  killed.child.kill("SIGKILL");
  await gone;
  assert.equal((await run(["status", "--data-dir", dataDir])).code, exitCodes.notRunning);
  const again = await start([], dataDir);
  assert.equal((await runJson(["stop"], dataDir))["pid"], again.pid);
});

test("what listens on another address says so, and is found there", {
  skip: process.platform !== "linux" && "only Linux has 127.0.0.2 by itself",
}, async () => {
  const dataDir = join(folder, "another's");
  const { port, pid, endpoint } = await start(["--host", "127.0.0.2"], dataDir);
  assert.equal(endpoint, `http://127.0.0.2:${port}`);
  assert.equal((await runJson(["status"], dataDir))["endpoint"], endpoint);
  assert.equal((await run(["status", "--port", String(port)])).code, exitCodes.notRunning);
  const words = ["--port", String(port), "--host", "127.0.0.2"];
  assert.equal((await runJson(["env", ...words]))["AWS_ENDPOINT_URL"], endpoint);
  assert.equal((await runJson(["stop", ...words]))["pid"], pid);
});

test("a region says how it is found", async () => {
  for (const [words, options] of [
    [["--data-dir", join(folder, "mother's")], ` --data-dir '${folder}/mother'\\''s'`],
    [["--ephemeral"], /^ --port \d+$/],
    [[], ""],
  ] as const) {
    const child = launch(["start", "--port", "0", ...words]);
    regions.push(child);
    let out = "";
    for await (const text of child.stdout?.setEncoding("utf8") ?? []) {
      out += text as string;
      if (out.includes("Ready.")) child.kill();
    }
    const found = /us-local-1 stop(.*)/.exec(out)?.[1] ?? "";
    if (typeof options === "string") assert.equal(found, options);
    else assert.match(found, options);
  }
});

test("where a process may have few addresses a region starts and keeps what it is told", {
  skip: process.platform !== "linux" && "only Linux keeps programs to ulimit -v",
}, async () => {
  const dataDir = join(folder, "narrow");
  const limited = await start([], dataDir, ["sh", "-c", 'ulimit -v 12000000 && exec "$0" "$@"']);
  assert.equal((await runJson(["snapshot", "save", "one"], dataDir))["name"], "one");
  assert.equal((await run(["snapshot", "diff", "one"], dataDir)).out, "Nothing is different.\n");
  assert.equal((await runJson(["stop"], dataDir))["pid"], limited.pid);
});

test("the doctor and the coverage need no region", async () => {
  const { findings } = (await runJson(["doctor"])) as { findings: { name: string }[] };
  assert.equal(findings[0]?.name, "Node.js");
  assert.match((await run(["coverage", "sts"])).out, /^✓ AssumeRole\n/);
  assert.equal((await run(["coverage", "nothing"])).code, exitCodes.usage);
  assert.equal((await run(["doctor", "--install-ca"], join(folder, "none"))).code, exitCodes.notFound);
  assert.match((await run(["--version"])).out, /^\d+\.\d+\.\d+\n$/);
  assert.match((await run(["help"])).out, /^us-local-1 \d+\.\d+\.\d+: an AWS region/);
});
