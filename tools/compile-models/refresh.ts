/**
 * Takes newer API models from a botocore: `npm run refresh-models -- <botocore/data>`. Refreshes every model
 * that
 * is in `models/aws/`; a file name given after the folder brings a further one: `… <botocore/data> sns`.
 * Prose is
 * left out. Afterwards `npm run compile-models`, and look at the difference.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";

const [data, ...further] = process.argv.slice(2);
if (data === undefined) {
  console.error("usage: npm run refresh-models -- <botocore/data> [service …]");
  process.exit(2);
}

/** botocore packs its data when it is installed; its repository does not. */
function readJson(path: string): Record<string, unknown> | undefined {
  const packed = `${path}.gz`;
  if (existsSync(packed))
    return JSON.parse(gunzipSync(readFileSync(packed)).toString()) as Record<string, unknown>;
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>) : undefined;
}

function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => name !== "documentation" || typeof member !== "string")
      .map(([name, member]) => [name, withoutProse(member)]),
  );
}

/** The latest API version of a service in botocore's data. */
function latest(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const versions = readdirSync(folder).filter((name) => readJson(join(folder, name, "service-2.json")));
  const last = versions.sort().at(-1);
  return last === undefined ? undefined : join(folder, last);
}

/** One entry a line, so that differences can be read. */
function text(model: Record<string, unknown>): string {
  const parts = Object.entries(model).map(([name, part]) => {
    if (part === null || typeof part !== "object" || name === "metadata") {
      return `${JSON.stringify(name)}:${JSON.stringify(part)}`;
    }
    const entries = Object.entries(part).map(
      ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
    );
    return `${JSON.stringify(name)}:{\n${entries.join(",\n")}\n}`;
  });
  return `{\n${parts.join(",\n")}\n}\n`;
}

const target = join("models", "aws");
const known = readdirSync(target)
  .filter((name) => name.endsWith(".json"))
  .map((name) => basename(name, ".json"));
for (const name of new Set([...known, ...further])) {
  const folder = latest(join(data, name));
  if (folder === undefined) {
    console.error(`${name}: not in ${data}`);
    process.exitCode = 1;
    continue;
  }
  const model = withoutProse(readJson(join(folder, "service-2.json"))) as Record<string, unknown>;
  const paginators = readJson(join(folder, "paginators-1.json"));
  const waiters = readJson(join(folder, "waiters-2.json"));
  if (paginators) model["paginators"] = paginators["pagination"];
  if (waiters) model["waiters"] = waiters["waiters"];
  delete model["examples"];
  writeFileSync(join(target, `${name}.json`), text(model));
  console.log(`${name}: ${basename(folder)}`);
}
