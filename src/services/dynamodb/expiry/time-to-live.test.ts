/** Time to live: items go when their time has come. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DescribeTimeToLiveCommand, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../../test/region.ts";
import { createTable, keyOf, type TableFixture } from "../table-fixture.ts";

const now = testEpoch / 1000;
const invalid = "ValidationException: ";

function set(table: TableFixture, Enabled: boolean, AttributeName = "until") {
  return table.db.send(new UpdateTimeToLiveCommand({
    TableName: table.name, TimeToLiveSpecification: { Enabled, AttributeName },
  }));
}

async function shown(table: TableFixture): Promise<readonly unknown[]> {
  const { TimeToLiveDescription: description } = await table.db.send(
    new DescribeTimeToLiveCommand({ TableName: table.name }),
  );
  return [description?.TimeToLiveStatus, description?.AttributeName];
}

async function left(table: TableFixture): Promise<unknown[]> {
  return (await table.all()).map(({ pk }) => pk).sort();
}

test("items expire at their time, also those that were there before it mattered", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", {
    AttributeDefinitions: keyOf("pk:S color:S").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
    }],
  });
  await table.put({ pk: "old", until: now + 100, color: "red" });
  assert.deepEqual(await shown(table), ["DISABLED", undefined]);
  await set(table, true);
  assert.deepEqual(await shown(table), ["ENABLED", "until"]);
  await table.put({ pk: "soon", until: now + 50 });
  await table.put({ pk: "moved", until: now + 50 });
  await table.update({ pk: "moved" }, "SET #u = :u", { ":u": now + 500 },
    { ExpressionAttributeNames: { "#u": "until" } });
  await table.put({ pk: "never" });
  await table.put({ pk: "text", until: String(now + 10) });
  await table.put({ pk: "past", until: now - 10 });
  await table.put({ pk: "long past", until: now - 6 * 366 * 24 * 3600 });
  await region.clock.advance({ seconds: 40 });
  assert.deepEqual(await left(table), ["long past", "moved", "never", "old", "soon", "text"]);
  await region.clock.advance({ seconds: 20 });
  assert.deepEqual(await left(table), ["long past", "moved", "never", "old", "text"]);
  await region.clock.advance({ seconds: 60 });
  assert.deepEqual(await left(table), ["long past", "moved", "never", "text"]);
  const red = await table.query("color = :red", { ":red": "red" }, { IndexName: "by-color" });
  assert.equal(red.Count, 0);
  await region.clock.advance({ seconds: 400 });
  assert.deepEqual(await left(table), ["long past", "never", "text"]);
});

test("many items expire, some at a time, and a restart loses none", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await set(table, true);
  await table.fill(Array.from({ length: 1_000 }, (_, at) => ({ pk: `${at}`, until: now + 10 + (at % 5) })));
  await region.clock.advance({ seconds: 12 });
  assert.ok((await table.all()).every(({ until }) => Number(until) > now + 11));
  await region.clock.advance({ seconds: 10 });
  assert.deepEqual(await left(table), []);
  assert.equal((await table.description()).ItemCount, 0);
});

test("the setting is changed once in a while, and only if it changes", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  assert.equal(await refusal(set(table, false)), `${invalid}TimeToLive is already disabled`);
  await set(table, true);
  assert.equal(await refusal(set(table, true)), `${invalid}TimeToLive is already enabled`);
  assert.equal(
    await refusal(set(table, true, "other")),
    `${invalid}TimeToLive is active on a different AttributeName: current AttributeName is until`,
  );
  assert.equal(
    await refusal(set(table, false)),
    `${invalid}Time to live has been modified multiple times within a fixed interval`,
  );
  await table.put({ pk: "a", until: now + 7_200 });
  await region.clock.advance({ minutes: 31 });
  await set(table, false);
  assert.deepEqual(await shown(table), ["DISABLED", undefined]);
  await region.clock.advance({ hours: 3 });
  assert.deepEqual(await left(table), ["a"]);
  await set(table, true, "until");
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await left(table), []);
});
