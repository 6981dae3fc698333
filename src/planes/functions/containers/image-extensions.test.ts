import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { programsIn } from "./image-extensions.ts";

test("extensions of an image are the programs right in their folder", (context) => {
  const root = mkdtempSync(join(tmpdir(), "extensions-"));
  context.after(() => rmSync(root, { recursive: true }));
  const folder = join(root, "extensions");
  mkdirSync(join(folder, "deeper"), { recursive: true });
  writeFileSync(join(folder, "first"), "x".repeat(5_000), { mode: 0o755 });
  writeFileSync(join(folder, "settings.json"), "{}", { mode: 0o644 });
  writeFileSync(join(folder, "deeper/inner"), "", { mode: 0o755 });
  writeFileSync(join(folder, "second"), "", { mode: 0o755 });
  symlinkSync("first", join(folder, "third"));
  for (const format of ["gnu", "ustar"]) {
    const archive = execFileSync("tar", ["-C", root, `--format=${format}`, "-c", "extensions"]);
    assert.deepEqual([...programsIn(archive)].sort(), ["first", "second"]);
  }
  assert.deepEqual(programsIn(Buffer.alloc(0)), []);
  assert.deepEqual(programsIn(Buffer.alloc(1024)), []);
});
