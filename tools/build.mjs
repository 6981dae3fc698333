// Builds `dist/`: tsc checks and compiles every source, tests included; esbuild joins what the command and
// the library need into few files, so that a region starts fast. Services stay files of their own, loaded on
// first use.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "--project", "tsconfig.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

// What was compiled from a source that is gone would still run as a test.
for (const entry of readdirSync("dist", { withFileTypes: true, recursive: true })) {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  if (!entry.name.endsWith(".js") || path.startsWith(join("dist", "bin"))) continue;
  if (!existsSync(path.slice("dist/".length).replace(/js$/, "ts"))) rmSync(path);
}

if (existsSync("dist/bin")) rmSync("dist/bin", { recursive: true });
await build({
  entryPoints: {
    "us-local-1": "src/cli/main.ts",
    library: "src/index.ts",
    "digest-worker": "src/kernel/body/digest-worker.ts",
  },
  outdir: "dist/bin",
  bundle: true,
  splitting: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node20.19",
  logLevel: "warning",
});
