/** The package as others have it: its files, and its types in a strict project, as module and as CommonJS. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { packageFolder } from "./clients.ts";

const folder = mkdtempSync(join(tmpdir(), "us-local-1-project-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, words: readonly string[], cwd = folder): string {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd, encoding: "utf8", timeout: 600_000 });
  assert.equal(status, 0, `${words.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

const esm = `
import { startRegion, type ClockControl, type Duration, type Region, type RegionOptions } from "us-local-1";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";

console.warn = (text: string) => { throw new Error(text); };
const options: RegionOptions = { seed: "a", log: () => undefined };
const region: Region = await startRegion(options);
const sqs: SQSClient = region.client(SQSClient, { region: "eu-west-1" });
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs" }));
const clock: ClockControl = region.clock;
const before = clock.now();
const week: Duration = { days: 7 };
await clock.advance(week);
// @ts-expect-error: there is no such option
const wrong: RegionOptions = { ephemeral: true };
await region.stop();
console.log(new URL(QueueUrl ?? "").pathname, clock.now() - before >= 604_800_000, Object.keys(wrong));
`;

const commonJs = `
import { startRegion } from "us-local-1";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";

void startRegion().then(async (region) => {
  console.log((await region.client(SQSClient).send(new ListQueuesCommand({}))).QueueUrls ?? "none");
  await region.stop();
});
`;

test("a strict project compiles and runs what it imports, as a module and as CommonJS", () => {
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["@aws-sdk", "@types"]) {
    symlinkSync(join(packageFolder, "node_modules", name), join(folder, "node_modules", name));
  }
  symlinkSync(packageFolder, join(folder, "node_modules", "us-local-1"));
  writeFileSync(join(folder, "module.mts"), esm);
  writeFileSync(join(folder, "common.cts"), commonJs);
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  const forms = ["--target", "es2022", "--module", "nodenext", "--types", "node"];
  run(process.execPath, [tsc, ...strict, ...forms, "module.mts", "common.cts"]);
  assert.equal(run(process.execPath, ["module.mjs"]), "/000000000000/jobs true [ 'ephemeral' ]\n");
  assert.equal(run(process.execPath, ["common.cjs"]), "none\n");
});

test("what is packed is what runs, and no tests", () => {
  const words = ["pack", "--dry-run", "--ignore-scripts", "--json"];
  const [packed] = JSON.parse(run("npm", words, packageFolder)) as [{ files: { path: string }[] }];
  const paths = packed.files.map(({ path }) => path);
  for (const path of [
    "dist/bin/us-local-1.js", "dist/bin/library.js", "dist/src/index.d.ts", "models/compiled/sqs.json",
    "runtimes/node/bootstrap.cjs", "docs/cli.md", "CHANGELOG.md", "LICENSE", "NOTICE",
  ]) assert.ok(paths.includes(path), path);
  assert.deepEqual(paths.filter((path) => /\.test\.|fixture|^(src|test|bench|tools)\//.test(path)), []);
});
