import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { startRegion } from "../../../test/region.ts";
import { invoke, makeFunction } from "../../../test/suites/functions-recovery-load.ts";

async function withFolder(work: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "lambda-lasting-"));
  try {
    await work(dataDir);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

test("what was logged just before the region stops is in the log", () => withFolder(async (dataDir) => {
  {
    await using region = await startRegion({ dataDir });
    await makeFunction(region);
    await region.clock.advance({ seconds: 1 });
    region.clock.run();
    assert.equal(await invoke(region), '"said"');
  }
  await using region = await startRegion({ dataDir });
  const logs = region.client(CloudWatchLogsClient);
  const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/f" }));
  const words = events?.map(({ message }) => /^\w+/.exec(message ?? "")?.[0]);
  assert.deepEqual(words, ["INIT_START", "START", "END", "REPORT"]);
}));
