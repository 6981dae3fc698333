/** Global tables: one table in several regions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateGlobalTableCommand, CreateTableCommand, DeleteTableCommand, DescribeGlobalTableCommand,
  DescribeKinesisStreamingDestinationCommand, DescribeTableReplicaAutoScalingCommand,
  DescribeTimeToLiveCommand, DisableKinesisStreamingDestinationCommand, DynamoDBClient,
 ListGlobalTablesCommand, UpdateTableCommand,
  UpdateTimeToLiveCommand, type ReplicationGroupUpdate, type TableDescription,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { Ids } from "../../../kernel/ids.ts";
import { shownRecord, streamOf } from "../../dynamodb-streams/stream-fixture.ts";
import { createTable, fixtureOf, keyOf, type Plain, type TableFixture } from "../table-fixture.ts";

const invalid = "ValidationException: ";

function clientIn(region: TestRegion, name: string): DynamoDBClient {
  return region.client(DynamoDBClient, { region: name });
}

function replicate(table: TableFixture, ...ReplicaUpdates: ReplicationGroupUpdate[]) {
  return table.db.send(new UpdateTableCommand({ TableName: table.name, ReplicaUpdates }));
}

async function settle(region: TestRegion): Promise<void> {
  await region.clock.advance({ seconds: 5 });
}

/** Adds regions to a table. @returns the tables there */
async function spread(
  region: TestRegion, table: TableFixture, ...names: string[]
): Promise<TableFixture[]> {
  const tables: TableFixture[] = [];
  for (const RegionName of names) {
    await replicate(table, { Create: { RegionName } });
    await settle(region);
    tables.push(fixtureOf(clientIn(region, RegionName), table.name));
  }
  return tables;
}

function replicasOf(description: TableDescription): readonly (readonly [unknown, unknown])[] {
  return (description.Replicas ?? []).map(({ RegionName, ReplicaStatus }) => [RegionName, ReplicaStatus]);
}

async function sorted(table: TableFixture): Promise<Plain[]> {
  return (await table.all()).sort((left, right) => (String(left["pk"]) < String(right["pk"]) ? -1 : 1));
}

test("dynamodb-global-table: a table is written and read in several regions, the last wins", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  await east.fill(Array.from({ length: 60 }, (_, at) => ({ pk: `${at}`, n: at })));
  const { TableDescription: answer } = await replicate(east, { Create: { RegionName: "us-west-2" } });
  assert.deepEqual([answer?.TableStatus, answer?.GlobalTableVersion], ["UPDATING", "2019.11.21"]);
  assert.deepEqual(
    answer?.StreamSpecification, { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  );
  await settle(region);
  assert.deepEqual(replicasOf(await east.description()), [["us-west-2", "ACTIVE"]]);
  const west = fixtureOf(clientIn(region, "us-west-2"), "table");
  const shown = await west.description();
  assert.deepEqual([shown.TableStatus, replicasOf(shown)], ["ACTIVE", [["us-east-1", "ACTIVE"]]]);
  assert.equal(shown.TableArn, "arn:aws:dynamodb:us-west-2:000000000000:table/table");
  assert.equal((await west.all()).length, 60);
  await east.put({ pk: "east", n: 1 });
  await west.put({ pk: "west", n: 2 });
  assert.equal(await west.item({ pk: "east" }), undefined);
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await west.item({ pk: "east" }), { pk: "east", n: 1 });
  assert.deepEqual(await east.item({ pk: "west" }), { pk: "west", n: 2 });
  await west.put({ pk: "both", from: "west" });
  await region.clock.advance({ milliseconds: 1 });
  await east.put({ pk: "both", from: "east" });
  await region.clock.advance({ seconds: 2 });
  assert.deepEqual(await west.item({ pk: "both" }), { pk: "both", from: "east" });
  assert.deepEqual(await east.item({ pk: "both" }), { pk: "both", from: "east" });
  await west.delete({ pk: "both" });
  await region.clock.advance({ seconds: 1 });
  assert.equal(await east.item({ pk: "both" }), undefined);
});

test("whatever is written where, all regions come to hold the same, with their indexes", async () => {
  await using region = await startRegion();
  const first = await createTable(region, "pk:S", {
    AttributeDefinitions: keyOf("pk:S color:S").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
    }],
  });
  const tables = [first, ...await spread(region, first, "us-west-2", "eu-west-1")];
  assert.deepEqual(replicasOf(await first.description()), [["us-west-2", "ACTIVE"], ["eu-west-1", "ACTIVE"]]);
  for (const table of tables.slice(1)) {
    const others = replicasOf(await table.description()).map(([name]) => name);
    assert.equal(others.length, 2);
    assert.ok(others.includes("us-east-1"));
  }
  const chance = new Ids("regions");
  for (let at = 0; at < 300; at += 1) {
    const table = tables[chance.below(3)];
    const key = { pk: `${chance.below(10)}` };
    if (chance.below(4) === 0) await table?.delete(key);
    else await table?.put({ ...key, at, color: ["red", "blue"][chance.below(2)] });
    if (chance.below(4) === 0) await region.clock.advance({ milliseconds: chance.below(700) });
  }
  await region.clock.advance({ seconds: 3 });
  const [one, two, three] = await Promise.all(tables.map(sorted));
  assert.deepEqual(two, one);
  assert.deepEqual(three, one);
  for (const table of tables) {
    const red = await table.query("color = :red", { ":red": "red" }, { IndexName: "by-color" });
    assert.equal(red.Count, one?.filter(({ color }) => color === "red").length);
  }
});

test("writes during the making of a replica reach it, from wherever they come", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  const [west] = await spread(region, east, "us-west-2");
  await east.fill(Array.from({ length: 900 }, (_, at) => ({ pk: `${at}`, n: 0 })));
  await region.clock.advance({ seconds: 2 });
  await replicate(east, { Create: { RegionName: "eu-west-1" } });
  for (let at = 0; at < 40; at += 1) {
    await (at % 2 ? east : west)?.put({ pk: `${at * 20}`, n: at + 1 });
    await region.clock.advance({ milliseconds: 20 });
  }
  await settle(region);
  const europe = fixtureOf(clientIn(region, "eu-west-1"), "table");
  assert.deepEqual(await sorted(europe), await sorted(east));
  assert.equal((await europe.all()).length, 900);
});

test("each region streams what happens in it, its own writes and those of others", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  const [west = east] = await spread(region, east, "us-west-2");
  await east.put({ pk: "a", n: 1 });
  await region.clock.advance({ seconds: 1 });
  await west.delete({ pk: "a" });
  await region.clock.advance({ seconds: 1 });
  for (const [table, name] of [[east, "us-east-1"], [west, "us-west-2"]] as const) {
    const stream = await streamOf(table, region.client(DynamoDBStreamsClient, { region: name }));
    const records = await stream.records();
    assert.deepEqual(records.map(shownRecord), [
      ["INSERT", { pk: "a" }, undefined, { pk: "a", n: 1 }],
      ["REMOVE", { pk: "a" }, { pk: "a", n: 1 }, undefined],
    ]);
    assert.ok(records.every(({ awsRegion }) => awsRegion === name));
  }
});

test("time to live and global indexes are set for all regions at once", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  const [west = east] = await spread(region, east, "us-west-2");
  await east.put({ pk: "a", color: "red" });
  const TableName = "table";
  await west.db.send(new UpdateTimeToLiveCommand({
    TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "until" },
  }));
  await region.clock.advance({ seconds: 1 });
  const { TimeToLiveDescription: shown } = await east.db.send(new DescribeTimeToLiveCommand({ TableName }));
  assert.deepEqual(shown, { TimeToLiveStatus: "ENABLED", AttributeName: "until" });
  await east.db.send(new UpdateTableCommand({
    TableName, AttributeDefinitions: keyOf("color:S").AttributeDefinitions,
    GlobalSecondaryIndexUpdates: [{ Create: {
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
    } }],
  }));
  await settle(region);
  const red = await west.query("color = :red", { ":red": "red" }, { IndexName: "by-color" });
  assert.equal(red.Count, 1);
  await west.db.send(new UpdateTableCommand({
    TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-color" } }],
  }));
  await settle(region);
  for (const table of [east, west]) {
    assert.equal((await table.description()).GlobalSecondaryIndexes, undefined);
  }
});

test("a region leaves, by the others' wish or by its own", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  const [west = east, europe = east] = await spread(region, east, "us-west-2", "eu-west-1");
  const recent = `${invalid}Replica cannot be deleted because it has acted as a source region for new ` +
    "replica(s) being added to the table in the last 24 hours.";
  const remove = (table: TableFixture) => table.db.send(new DeleteTableCommand({ TableName: "table" }));
  assert.equal(await refusal(remove(east)), recent);
  assert.equal(await refusal(replicate(west, { Delete: { RegionName: "us-east-1" } })), recent);
  await replicate(east, { Delete: { RegionName: "us-west-2" } });
  assert.equal(
    await refusal(replicate(east, { Delete: { RegionName: "eu-west-1" } })),
    "ResourceInUseException: The resource which you are attempting to change is in use.",
  );
  await settle(region);
  assert.match(await refusal(west.description()), /^ResourceNotFoundException: /);
  assert.deepEqual(replicasOf(await east.description()), [["eu-west-1", "ACTIVE"]]);
  assert.deepEqual(replicasOf(await europe.description()), [["us-east-1", "ACTIVE"]]);
  await east.put({ pk: "a" });
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await europe.all(), [{ pk: "a" }]);
  await remove(europe);
  await settle(region);
  const left = await east.description();
  assert.deepEqual(
    [left.Replicas, left.GlobalTableVersion, left.TableStatus], [undefined, undefined, "ACTIVE"],
  );
  assert.equal(left.StreamSpecification?.StreamEnabled, true);
  await east.put({ pk: "b" });
  await remove(east);
});

test("what replicas may not be is refused in AWS's words", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  const west = clientIn(region, "us-west-2");
  await west.send(new CreateTableCommand({
    TableName: "table", BillingMode: "PAY_PER_REQUEST", ...keyOf("pk:S"),
  }));
  const existed = `${invalid}Failed to create a the new replica of table with name: ‘table’ because ` +
    "one or more replicas already existed as tables.";
  const create = (RegionName: string): ReplicationGroupUpdate => ({ Create: { RegionName } });
  const local = `${invalid}Cannot add or delete the local region through ReplicaUpdates. ` +
    "Use CreateTable, DeleteTable, or UpdateTable as required.";
  const rows: readonly (readonly [readonly ReplicationGroupUpdate[], string])[] = [
    [[create("us-west-2")], existed],
    [[create("us-east-1")], local],
    [[{ Delete: { RegionName: "us-east-1" } }], local],
    [[{}], `${invalid}There are no actions specified in the Replica Update Action of the request.`],
    [[{ Update: { RegionName: "eu-west-1" } }],
      `${invalid}There are no actions specified in the Replica Update Action of the request.`],
    [[create("eu-west-1"), create("eu-west-2")],
      `${invalid}Update table operation with more than one create or delete replica actions not allowed`],
    [[{ ...create("eu-west-1"), Delete: { RegionName: "eu-west-1" } }],
      `${invalid}Update table operation with more than one type of replica actions not allowed`],
    [[{ Delete: { RegionName: "eu-west-1" } }],
      `${invalid}Replica specified in the Replica Update or Replica Delete action of the request was not ` +
        "found."],
  ];
  for (const [updates, text] of rows) assert.equal(await refusal(replicate(east, ...updates)), text);
  const shared = await createTable(region, "pk:S", { TableName: "shared" });
  await replicate(shared, create("eu-central-1"));
  await settle(region);
  assert.equal(
    await refusal(replicate(shared, { Delete: { RegionName: "eu-west-1" } })),
    `${invalid}Update global table operation failed because one or more replicas were not part of the ` +
      "global table. Please retry the request without these replicas: [eu-west-1].",
  );
  assert.match(
    await refusal(replicate(east, create("us-fake-1"))),
    /^ValidationException: Region us-fake-1 is not supported\. The latest version of global tables are only /,
  );
  const units = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
  const provisioned = await createTable(region, "pk:S", {
    TableName: "provisioned", BillingMode: "PROVISIONED", ProvisionedThroughput: units,
  });
  assert.equal(
    await refusal(replicate(provisioned, create("eu-west-1"))),
    `${invalid}Table write capacity should either be Pay-Per-Request or AutoScaled.`,
  );
});

test("other regions hear of a change within a second, deletions too", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  const [west = east] = await spread(region, east, "us-west-2");
  for (let at = 0; at < 120; at += 1) await east.put({ pk: `${at}` });
  await region.clock.advance({ seconds: 1 });
  assert.equal((await west.all()).length, 120);
  for (let at = 0; at < 120; at += 2) await west.delete({ pk: `${at}` });
  await region.clock.advance({ milliseconds: 400 });
  assert.equal((await east.all()).length, 120);
  await region.clock.advance({ milliseconds: 600 });
  assert.equal((await east.all()).length, 60);
});

test("the first global tables are made no more, and their operations say so", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region);
  const GlobalTableName = "table";
  const ReplicationGroup = [{ RegionName: "us-east-1" }];
  assert.equal(
    await refusal(db.send(new CreateGlobalTableCommand({ GlobalTableName, ReplicationGroup }))),
    `${invalid}One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is not ` +
      "supported. We recommend using DynamoDB global tables version 2019.11.21, instead of version " +
      "2017.11.29 (Legacy).",
  );
  assert.equal(
    await refusal(db.send(new DescribeGlobalTableCommand({ GlobalTableName }))),
    "GlobalTableNotFoundException: Global table not found: " +
      "Global table with name: 'table' does not exist.",
  );
  assert.deepEqual((await db.send(new ListGlobalTablesCommand({}))).GlobalTables, []);
  const scaling = new DescribeTableReplicaAutoScalingCommand({ TableName: "table" });
  assert.equal(
    await refusal(db.send(scaling)),
    "ResourceNotFoundException: Global table with name: 'table' does not exist.",
  );
});

test("a table has no Kinesis stream before it is given one", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region);
  const TableName = "table";
  const StreamArn = "arn:aws:kinesis:us-east-1:000000000000:stream/stream";
  const shown = await db.send(new DescribeKinesisStreamingDestinationCommand({ TableName }));
  assert.deepEqual(shown.KinesisDataStreamDestinations, []);
  const disable = new DisableKinesisStreamingDestinationCommand({ TableName, StreamArn });
  assert.match(await refusal(db.send(disable)), /^ValidationException: Table is not in a valid state to /);
});
