/** What a model has is either built, or named as missing. What is built is reachable. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/kernel/package-root.ts";
import { builtServices, type BuiltService } from "./services.ts";

function folderOf({ entry }: BuiltService): string {
  return join(packageRoot(), "src", "services", entry.service);
}

/** "Everything else of the model answers `NotImplemented`" stands for all that is not named. */
const everythingElse = /everything else of the model\s+answers\s+`NotImplemented`/i;

/** Whether the notes name an operation: `CreateTrail`, or with others as `*Trail`. */
function isNamed(notes: string, operation: string): boolean {
  if (everythingElse.test(notes)) return true;
  for (const [, name = ""] of notes.matchAll(/`([A-Za-z*]+)`/g)) {
    if (name === operation) return true;
    if (
      /\*/.test(name) &&
      /[A-Za-z]{3}/.test(name) &&
      new RegExp(`^${name.replaceAll("*", "\\w*")}$`).test(operation)
    )
      return true;
  }
  return false;
}

/** Operations that the service's files define, by the files that define them. */
function definedOperations(built: BuiltService): Map<string, string> {
  const defined = new Map<string, string>();
  for (const file of readdirSync(folderOf(built), { recursive: true }) as string[]) {
    if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
    const text = readFileSync(join(folderOf(built), file), "utf8");
    for (const [, name = ""] of text.matchAll(/\boperation\(\s*\w+\.(\w+)/g)) {
      assert.ok(!defined.has(name), `${name} is defined in ${file} and in ${defined.get(name)}`);
      defined.set(name, file);
    }
  }
  return defined;
}

for (const built of builtServices) {
  const { service } = built.entry;

  test(`${service}: every operation of the model is built or named in NOTES.md`, () => {
    const path = join(folderOf(built), "NOTES.md");
    const notes = existsSync(path) ? readFileSync(path, "utf8") : "";
    const forgotten = Object.keys(built.model.operations).filter(
      (name) => !built.service.operations.has(name) && !isNamed(notes, name),
    );
    assert.deepEqual(forgotten, []);
  });

  test(`${service}: every operation that a file defines is the service's`, () => {
    const unreachable = [...definedOperations(built)].filter(([name]) => !built.service.operations.has(name));
    assert.deepEqual(unreachable, []);
  });

  test(`${service}: every operation that is built is the model's`, () => {
    const orphans = [...built.service.operations.keys()].filter(
      (name) => !Object.hasOwn(built.model.operations, name),
    );
    assert.deepEqual(orphans, []);
  });
}
