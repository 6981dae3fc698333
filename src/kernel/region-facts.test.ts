import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startRegion, type Region } from "../index.ts";

async function reopened<T>(folder: string, work: (region: Region) => T | Promise<T>): Promise<T> {
  const region = await startRegion({ dataDir: folder });
  try {
    return await work(region);
  } finally {
    await region.stop();
  }
}

test("a region that is opened again goes on by the clock that it had", async () => {
  const folder = mkdtempSync(join(tmpdir(), "us-local-1-facts-"));
  const tenYears = 10 * 365 * 86_400_000;
  try {
    const ahead = await reopened(folder, async (region) => {
      await region.clock.advance({ days: 3_650 });
      return region.clock.now();
    });
    const later = await reopened(folder, (region) => region.clock.now());
    assert.ok(later >= ahead && later < ahead + tenYears);

    await reopened(folder, (region) => region.clock.freeze(1_000));
    assert.equal(await reopened(folder, (region) => region.clock.now()), 1_000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("each opening has other ids, and the same secret", async () => {
  const folder = mkdtempSync(join(tmpdir(), "us-local-1-facts-"));
  try {
    const facts = () =>
      reopened(folder, ({ engine }) => ({ secret: engine.secret.toString("hex"), id: engine.ids.uuid() }));
    const first = await facts();
    const second = await facts();
    assert.equal(second.secret, first.secret);
    assert.notEqual(second.id, first.id);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
