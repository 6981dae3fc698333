/** A function whose making was answered runs, also when the process is killed right after. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startRegion } from "../region.ts";
import { invoke } from "./functions-recovery-load.ts";

const program = fileURLToPath(import.meta.url).replace("-recovery.test.", "-recovery-load.");

test("a function can be invoked after a kill right behind CreateFunction", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "functions-recovery-"));
  try {
    const child = spawn(process.execPath, [program, dataDir], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdout.once("data", () => child.kill("SIGKILL"));
    await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(child.signalCode, "SIGKILL");
    await using region = await startRegion({ dataDir });
    await region.clock.advance({ seconds: 1 });
    assert.equal(await invoke(region), '"said"');
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
