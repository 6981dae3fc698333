/** What README.md and the guides tell people to do: every block marked `run` is run, in order. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeRunning } from "../../src/cli/running.ts";
import { CommandFailed, packageFolder, startWorkstation, without, type Workstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

interface Block {
  readonly language: string;
  readonly line: number;
  readonly text: string;
}

/** The blocks of a document that are run; a shell knows what those before it exported. */
function blocks(markdown: string): Block[] {
  const exported: string[] = [];
  return runBlocks(markdown).map((block) => {
    if (block.language !== "sh") return block;
    const text = [...exported, block.text].join("");
    exported.push(...(block.text.match(/^export [A-Z_]+=.*\n/gm) ?? []));
    return { ...block, text };
  });
}

/** The fenced blocks whose info string ends in `run`. */
function runBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+) run\n([^]*?)^```$/gm)].map(
    ({ 1: language = "", 2: text = "", index }) => ({
      language,
      text,
      line: markdown.slice(0, index).split("\n").length,
    }),
  );
}

/** A folder in which `us-local-1` and the SDK are installed. */
function projectFolder(station: Workstation): string {
  const folder = join(station.home, "project");
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(join(packageFolder, "node_modules", "@aws-sdk"), join(folder, "node_modules", "@aws-sdk"));
  // Of the package itself a program needs what `npm install` would bring: a description and a build.
  const installed = join(folder, "node_modules", "us-local-1");
  station.write(
    "project/node_modules/us-local-1/package.json",
    JSON.stringify({
      name: "us-local-1",
      type: "module",
      exports: "./index.js",
    }),
  );
  const entry = new URL("../../src/index.js", import.meta.url);
  station.write("project/node_modules/us-local-1/index.js", `export * from ${JSON.stringify(entry.href)};\n`);
  assert.ok(existsSync(installed));
  installProgram(station);
  return folder;
}

/** The command `npx us-local-1`, which finds the region as it finds one that it has started. */
function installProgram(station: Workstation): void {
  const program = join(packageFolder, "dist", "bin", "us-local-1.js");
  const script = `#!/bin/sh\nexec node '${program}' "$@"\n`;
  chmodSync(station.write("project/node_modules/.bin/us-local-1", script), 0o755);
  const dataDir = join(station.home, ".us-local-1");
  mkdirSync(dataDir);
  const { endpoint } = station;
  const port = Number(new URL(endpoint).port);
  writeRunning(dataDir, { pid: process.pid, port, endpoint, version: "0" });
}

async function run(station: Workstation, block: Block, folder: string, document: string): Promise<void> {
  const at = `${document}:${block.line}`;
  const text = block.text.replaceAll("localhost:4566", new URL(station.endpoint).host);
  const program = programs[block.language];
  if (program === undefined && block.language !== "hcl")
    throw new Error(`${at}: nothing runs ${block.language}`);
  if (program === undefined) {
    if (withoutTerraform()) return;
    const terraform = await Terraform.open(station, undefined, { "main.tf": text });
    await terraform.apply();
    assert.equal(await terraform.drift(), "");
    return;
  }
  const file = station.write(`project/block-${block.line}.${program.extension}`, text);
  const outcome = await station.run(program.name, [...program.options, file], { folder });
  if (outcome.status !== 0) throw new CommandFailed([at], outcome);
}

const programs: Readonly<Record<string, { name: string; options: readonly string[]; extension: string }>> = {
  sh: { name: "bash", options: ["-euo", "pipefail"], extension: "sh" },
  python: { name: "python3", options: [], extension: "py" },
  js: { name: "node", options: [], extension: "mjs" },
};

/** The README's own commands set all that they need. */
const nothing = {
  AWS_ENDPOINT_URL: "", AWS_REGION: "", AWS_DEFAULT_REGION: "",
  AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "",
};

const skip = without("aws") || without("boto3") || without("curl") || without("zip");
for (const document of ["README.md", "docs/getting-started.md", "docs/local-api.md"]) {
  test(`${document} says what works`, { skip }, async () => {
    await using station = await startWorkstation();
    const own = document === "README.md" ? nothing : { AWS_REGION: "us-east-1" };
    const shell = station.with(own);
    const folder = projectFolder(shell);
    for (const block of blocks(readFileSync(join(packageFolder, document), "utf8"))) {
      await run(shell, block, folder, document);
    }
  });
}
