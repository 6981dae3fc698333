// Runs the compiled tests with Node's own runner. Arguments: path fragments to select files; `--compat` runs
// the tests that drive real clients (aws CLI, boto3, Terraform) instead of the unit tests; `--slowest` tells
// in the end which files took most of the processor, and which tests took longest.
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";
import { loading } from "./load-tests.mjs";
import { inSources } from "./source-places.mjs";

const compatFolder = join("dist", "test", "compat");
const args = process.argv.slice(2);
const compat = args.includes("--compat");
const slowest = args.includes("--slowest");
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

/** Processor seconds of test files, as `load-tests.mjs` measures them, and how long each test took. */
const costs = [];
const durations = [];

/** Files are reported as tests too; only what is in them counts, unless a file itself fails to load. */
function isFile(event) {
  return files.includes(resolve(event.name)) || event.name === loading;
}

function complain(event) {
  const cause = event.details?.error?.cause ?? event.details?.error;
  const text = inSources(cause instanceof Error ? cause.stack : inspect(cause));
  const place = inSources(`${event.file ?? ""}:${event.line ?? 0}:${event.column ?? 0}`);
  console.log(`\nFAILED ${event.name}\n  ${place}\n${text}\n`);
}

/**
 * Most of what a small test file costs is loading the SDK and the service, and the compiling of what it runs:
 * a few processes share all files, and each takes the next that no other has taken. Files must not know: no
 * hooks outside of a suite, nothing of the process changed.
 */
function shared(files, processes) {
  // Of this run alone: another may be under way.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "us-local-1-tests-")));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "taken"));
  const paths = JSON.stringify(files.map((file) => resolve(file)), null, 2);
  writeFileSync(join(folder, "files.json"), paths);
  const loader = JSON.stringify(new URL("load-tests.mjs", import.meta.url).href);
  return Array.from({ length: Math.min(processes, files.length) }, (_, index) => {
    const path = join(folder, `${index}.mjs`);
    writeFileSync(path, `import { loadShared } from ${loader};\nloadShared(import.meta.dirname);\n`);
    return path;
  });
}

// Syntax is not guessed: every file here, and of what is used here, says what it is.
process.execArgv.push("--no-experimental-detect-module");

// While one waits, for a disk or for a process, another works.
const concurrency = compat ? availableParallelism() : availableParallelism() + 1;
// Those over all services take longest, and those of functions wait for processes: they begin first.
const order = [join("dist", "test"), join("services", "lambda"), "planes"];
const placeOf = (file) => {
  const place = order.findIndex((part) => file.includes(part));
  return place === -1 ? order.length : place;
};
selected.sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1));
const files = compat ? selected.map((file) => resolve(file)) : shared(selected, concurrency);
const stream = run({ files, concurrency, timeout: 3_600_000 });
stream.on("test:diagnostic", ({ message }) => {
  if (message.startsWith('{"path"')) costs.push(JSON.parse(message));
  // What nobody handled fails the process; here is what it was.
  if (message.startsWith("Error:")) console.log(`\n${inSources(message)}`);
});
stream.on("test:pass", (event) => {
  if (isFile(event)) return;
  durations.push({ name: event.name, milliseconds: event.details.duration_ms });
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
const totalOf = ({ seconds, children }) => seconds + children;

function tellSlowest() {
  const sum = (pick) => costs.reduce((all, each) => all + pick(each), 0);
  const row = ({ seconds, loading: toLoad, children }, name) => {
    const [first, ...others] = [seconds, toLoad, children].map((each) => each.toFixed(2));
    console.log(`${first.padStart(7)} ${others.map((each) => each.padStart(7)).join(" ")}  ${name}`);
  };
  console.log("\nProcessor seconds, of them to load, and of processes that tests began");
  for (const cost of costs.sort((a, b) => totalOf(b) - totalOf(a)).slice(0, 25)) {
    row(cost, relative("dist", cost.path).replace(/js$/, "ts"));
  }
  const all = { seconds: sum((each) => each.seconds), loading: sum((each) => each.loading) };
  row({ ...all, children: sum((each) => each.children) }, "all");
  console.log("\nSeconds");
  for (const each of durations.sort((a, b) => b.milliseconds - a.milliseconds).slice(0, 25)) {
    console.log(`${(each.milliseconds / 1000).toFixed(2).padStart(7)}  ${each.name}`);
  }
  console.log("");
}

stream.on("end", () => {
  if (slowest) tellSlowest();
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`${selected.length} files, ${seconds} s`);
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);
});
stream.resume();
