/** Whether settings of a global table over several accounts are to be the same. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { UpdateTableCommand, type GlobalTableSettingsReplicationMode } from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { createTable } from "../table-fixture.ts";

test("a table that is alone may say how settings of several accounts are to be", async () => {
  await using region = await startRegion();
  const { db, name: TableName, description } = await createTable(region);
  const mode = (GlobalTableSettingsReplicationMode: GlobalTableSettingsReplicationMode) =>
    db.send(new UpdateTableCommand({ TableName, GlobalTableSettingsReplicationMode }));
  assert.equal((await description()).GlobalTableSettingsReplicationMode, undefined);
  for (const each of ["ENABLED", "ENABLED", "DISABLED"] as const) {
    const { TableDescription: answer } = await mode(each);
    assert.deepEqual([answer?.TableStatus, answer?.GlobalTableSettingsReplicationMode], ["ACTIVE", each]);
  }
  assert.equal(
    await refusal(mode("ENABLED_WITH_OVERRIDES")),
    "ValidationException: Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed " +
      "to satisfy constraint: Only ENABLED and DISABLED settings replication are supported for a " +
      "Regional Table.",
  );
  const made = await createTable(region, "pk:S", {
    TableName: "made", GlobalTableSettingsReplicationMode: "ENABLED",
  });
  assert.equal((await made.description()).GlobalTableSettingsReplicationMode, "ENABLED");
});
