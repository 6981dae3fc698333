// Runs the compiled tests with Node's own runner. Arguments: path fragments to select files; `--compat` runs
// the
// tests that drive real clients (aws CLI, boto3, Terraform) instead of the unit tests.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";
import { loading } from "./load-tests.mjs";
import { inSources } from "./source-places.mjs";

const compatFolder = join("dist", "test", "compat");
const args = process.argv.slice(2);
const compat = args.includes("--compat");
const fragments = args.filter((argument) => !argument.startsWith("--"));

const selected = readdirSync("dist", { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".test.js"))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .filter((file) => file.startsWith(compatFolder) === compat)
  .filter((file) => fragments.length === 0 || fragments.some((fragment) => file.includes(fragment)))
  .sort();

if (selected.length === 0) {
  console.error("no test file matches", fragments.join(" "));
  process.exit(1);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const began = performance.now();

/** Files are reported as tests too; only what is in them counts, unless a file itself fails to load. */
function isFile(event) {
  return files.includes(resolve(event.name));
}

function complain(event) {
  const cause = event.details?.error?.cause ?? event.details?.error;
  const text = inSources(cause instanceof Error ? cause.stack : inspect(cause));
  const place = inSources(`${event.file ?? ""}:${event.line ?? 0}:${event.column ?? 0}`);
  console.log(`\nFAILED ${event.name}\n  ${place}\n${text}\n`);
}

/**
 * Most of what a small test file costs is loading the SDK and the service: neighbours share one process.
 * They must not know: no hooks outside of a suite, nothing of the process changed.
 */
function grouped(files, size) {
  const folder = resolve("dist", "test", "groups");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const groups = [];
  for (let start = 0; start < files.length; start += size) {
    const path = join(folder, `${String(groups.length).padStart(3, "0")}.mjs`);
    const members = files.slice(start, start + size);
    const paths = JSON.stringify(members.map((file) => resolve(file)), null, 2);
    const loader = "../../../tools/load-tests.mjs";
    writeFileSync(path, `import { loadAll } from "${loader}";\nawait loadAll(${paths});\n`);
    groups.push(path);
  }
  return groups;
}

const groupSizeMax = 12;
const processes = 2 * availableParallelism();
const groupSize = compat ? 1 : Math.min(groupSizeMax, Math.ceil(selected.length / processes));
const files = groupSize > 1 ? grouped(selected, groupSize) : selected.map((file) => resolve(file));
const stream = run({
  files,
  concurrency: Math.max(1, availableParallelism()),
  timeout: 600_000,
});
stream.on("test:pass", (event) => {
  if (isFile(event) || event.name === loading) return;
  if (event.skip !== undefined) {
    counts.skipped += 1;
    console.log(`skipped: ${event.name} (${event.skip})`);
  } else counts.passed += 1;
});
stream.on("test:fail", (event) => {
  const isEcho = isFile(event) && event.details?.error?.failureType === "subtestsFailed";
  if (isEcho) return;
  counts.failed += 1;
  complain(event);
});
stream.on("end", () => {
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`${selected.length} files, ${seconds} s`);
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);
});
stream.resume();
