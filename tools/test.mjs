// Runs the compiled tests with Node's own runner. Arguments: path fragments to select files; `--compat` runs
// the tests that drive real clients (aws CLI, boto3, Terraform) instead of the unit tests.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const files = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.js"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

const args = process.argv.slice(2);
const compat = args.includes("--compat");
const fragments = args.filter((argument) => !argument.startsWith("--"));
const selected = files("dist")
  .filter((file) => file.startsWith(join("dist", "test", "compat")) === compat)
  .filter((file) => fragments.length === 0 || fragments.some((fragment) => file.includes(fragment)))
  .sort();

if (selected.length === 0) {
  console.error("no test file matches", fragments.join(" "));
  process.exit(1);
}
const { status } = spawnSync(
  process.execPath,
  [
    "--enable-source-maps",
    "--test",
    "--test-reporter=dot",
    "--test-reporter-destination=stdout",
    ...selected,
  ],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
