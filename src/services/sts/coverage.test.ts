import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Models } from "../../kernel/model/load.ts";
import { packageRoot } from "../../kernel/package-root.ts";
import sts from "./service.ts";

test("Every operation of STS's model is either there or listed in NOTES.md, and never both", () => {
  const notes = readFileSync(join(packageRoot(), "src/services/sts/NOTES.md"), "utf8");
  const section = /## Operations that answer `NotImplemented`\n(.*?)\n## /s.exec(notes)?.[1];
  const absent = new Set(section?.match(/`[A-Z]\w+`/g)?.map((name) => name.slice(1, -1)));
  for (const name of Object.keys(new Models().get("sts").operations)) {
    assert.notEqual(sts.operations.has(name), absent.has(name), name);
  }
});
