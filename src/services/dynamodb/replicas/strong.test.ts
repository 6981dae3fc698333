/** Global tables whose Regions hold the same at every moment. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateTableCommand, DeleteTableCommand, DynamoDBClient, ExecuteTransactionCommand,
  TransactGetItemsCommand, TransactWriteItemsCommand, UpdateTableCommand, UpdateTimeToLiveCommand,
  type UpdateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { jobs } from "../../../jobs/rows.ts";
import { streamOf } from "../../dynamodb-streams/stream-fixture.ts";
import { tables, type Table } from "../tables/table-rows.ts";
import { createTable, fixtureOf, keyOf, values, type TableFixture } from "../table-fixture.ts";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";

const invalid = "ValidationException: ";
const whenStrong = "global tables with MultiRegionConsistency set to STRONG";

function clientIn(region: TestRegion, name: string): DynamoDBClient {
  return region.client(DynamoDBClient, { region: name });
}

function update({ db, name }: TableFixture, more: Omit<UpdateTableCommandInput, "TableName">) {
  return db.send(new UpdateTableCommand({ TableName: name, ...more }));
}

const creates = (...regions: string[]) => regions.map((RegionName) => ({ Create: { RegionName } }));
const deletes = (...regions: string[]) => regions.map((RegionName) => ({ Delete: { RegionName } }));

/** A table in us-east-1, us-east-2 and us-west-2, of which the last may be a witness. */
async function strongTable(region: TestRegion, hasWitness = false): Promise<TableFixture[]> {
  const first = await createTable(region);
  await update(first, {
    MultiRegionConsistency: "STRONG",
    ReplicaUpdates: hasWitness ? creates("us-east-2") : creates("us-east-2", "us-west-2"),
    ...(hasWitness && { GlobalTableWitnessUpdates: creates("us-west-2") }),
  });
  await region.clock.advance({ seconds: 5 });
  const others = hasWitness ? ["us-east-2"] : ["us-east-2", "us-west-2"];
  return [first, ...others.map((name) => fixtureOf(clientIn(region, name), first.name))];
}

test("a table of three Regions is made at once, and each shows the others", async () => {
  await using region = await startRegion();
  const first = await createTable(region);
  const { TableDescription: answer } = await update(first, {
    MultiRegionConsistency: "STRONG", ReplicaUpdates: creates("us-east-2", "us-west-2"),
  });
  assert.deepEqual(
    [answer?.TableStatus, answer?.MultiRegionConsistency, answer?.GlobalTableVersion],
    ["UPDATING", "STRONG", "2019.11.21"],
  );
  await region.clock.advance({ seconds: 5 });
  for (const [own, others] of [
    ["us-east-1", ["us-east-2", "us-west-2"]], ["us-east-2", ["us-east-1", "us-west-2"]],
    ["us-west-2", ["us-east-1", "us-east-2"]],
  ] as const) {
    const shown = await fixtureOf(clientIn(region, own), first.name).description();
    assert.deepEqual([shown.TableStatus, shown.MultiRegionConsistency], ["ACTIVE", "STRONG"], own);
    assert.deepEqual(
      shown.Replicas?.map(({ RegionName, ReplicaStatus }) => [RegionName, ReplicaStatus]).sort(),
      others.map((name) => [name, "ACTIVE"]),
    );
    assert.equal(shown.GlobalTableWitnesses, undefined);
  }
});

test("every Region reads at once what any of them wrote, however late replicas are", async () => {
  await using region = await startRegion();
  region.engine.lags.set({ "dynamodb.replicas": 60_000 });
  const [first, second, third] = await strongTable(region);
  assert.ok(first && second && third);
  await first.put({ pk: "a", n: 1 });
  for (const other of [second, third]) assert.deepEqual(await other.item({ pk: "a" }), { pk: "a", n: 1 });
  await third.update({ pk: "a" }, "ADD n :one", { ":one": 1 });
  await second.update({ pk: "a" }, "ADD n :one", { ":one": 1 });
  assert.deepEqual(await first.all(), [{ pk: "a", n: 3 }]);
  await second.delete({ pk: "a" });
  assert.deepEqual([await first.item({ pk: "a" }), await third.all()], [undefined, []]);
});

test("a Region that can't take a write is told of it later", async () => {
  await using region = await startRegion();
  const [first, second] = await strongTable(region);
  assert.ok(first && second);
  const setStatus = (status: Table["status"]): void => {
    region.engine.store.transact({ account: "000000000000", region: "us-east-2" }, (transaction) => {
      const row = transaction.rows(tables).get(first.name);
      assert.ok(row);
      transaction.rows(tables).put({ ...row, status });
    });
  };
  setStatus("CREATING");
  await first.put({ pk: "a", n: 1 });
  await region.clock.advance({ seconds: 5 });
  setStatus("ACTIVE");
  assert.deepEqual(await second.item({ pk: "a" }), { pk: "a", n: 1 });
});

test("counting in all Regions at once loses nothing, and one condition holds once", async () => {
  await using region = await startRegion();
  const members = await strongTable(region);
  const rounds = Array.from({ length: 60 }, (_, at) => members[at % 3] as TableFixture);
  await Promise.all(rounds.map((table) => table.update({ pk: "count" }, "ADD n :one", { ":one": 1 })));
  assert.deepEqual(await members[1]?.item({ pk: "count" }), { pk: "count", n: 60 });
  const won = await Promise.allSettled(members.map((table, at) =>
    table.put({ pk: "lock", by: at }, { ConditionExpression: "attribute_not_exists(pk)" })));
  assert.equal(won.filter(({ status }) => status === "fulfilled").length, 1);
});

test("writes set off no work of their own: a look once a second at what a broken commit left", async () => {
  await using region = await startRegion();
  const [first, second] = await strongTable(region);
  assert.ok(first && second);
  const cell = { account: "000000000000", region: "us-east-1" };
  const due = () => region.engine.read(cell, (transaction) =>
    [...transaction.rows(jobs).list({ prefix: ["dynamodb.sendChanges"] })]
      .map(({ at, order }) => [at, order]));
  await first.put({ pk: "a" });
  const expected = due();
  assert.deepEqual(expected.map(([at]) => at), [1, 1].map(() => region.clock.now() + 1_000));
  for (const n of [1, 2, 3]) await first.put({ pk: "a", n });
  assert.deepEqual(due(), expected);
  await region.clock.advance({ seconds: 2 });
  assert.deepEqual(due(), []);
  assert.deepEqual(await second.item({ pk: "a" }), { pk: "a", n: 3 });
});

test("each Region has a stream of its own, where one is enabled, with what all of them wrote", async () => {
  await using region = await startRegion();
  const made = await createTable(region, "pk:S", {
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
  });
  await update(made, { MultiRegionConsistency: "STRONG", ReplicaUpdates: creates("us-east-2", "us-west-2") });
  await region.clock.advance({ seconds: 5 });
  await made.put({ pk: "a" });
  const west = fixtureOf(clientIn(region, "us-west-2"), made.name);
  await west.put({ pk: "b" });
  const streams = region.client(DynamoDBStreamsClient, { region: "us-west-2" });
  const records = await (await streamOf(west, streams)).records();
  assert.deepEqual(records.map(({ dynamodb }) => dynamodb?.Keys?.["pk"]?.S), ["a", "b"]);

  await using another = await startRegion();
  const [plain] = await strongTable(another);
  assert.equal((await plain?.description())?.LatestStreamArn, undefined);
});

test("a witness holds no table, and shows as one", async () => {
  await using region = await startRegion();
  const [first, second] = await strongTable(region, true);
  assert.ok(first && second);
  for (const table of [first, second]) {
    assert.deepEqual((await table.description()).GlobalTableWitnesses, [
      { RegionName: "us-west-2", WitnessStatus: "ACTIVE" },
    ]);
  }
  const west = fixtureOf(clientIn(region, "us-west-2"), first.name);
  assert.match(await refusal(west.description()), /^ResourceNotFoundException/);
  await west.db.send(new CreateTableCommand({
    TableName: first.name, BillingMode: "PAY_PER_REQUEST", ...keyOf("pk:S"),
  }));
  await first.put({ pk: "a" });
  assert.deepEqual(await second.item({ pk: "a" }), { pk: "a" });
});

test("what cannot be made strong is refused, in this order", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const strong = "STRONG" as const;
  const refused = (more: Omit<UpdateTableCommandInput, "TableName">) => refusal(update(table, more));
  assert.equal(
    await refused({ MultiRegionConsistency: strong, ReplicaUpdates: creates("us-east-2") }),
    `${invalid}Unsupported replica count for ${whenStrong}.`,
  );
  for (const witnessed of [{}, { MultiRegionConsistency: "EVENTUAL" as const }]) {
    assert.equal(
      await refused({
        ...witnessed, ReplicaUpdates: creates("us-east-2"), GlobalTableWitnessUpdates: creates("us-west-2"),
      }),
      `${invalid}MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is ` +
        "present.",
    );
  }
  const with2 = (witness: string, replica = "us-east-2") => refused({
    MultiRegionConsistency: strong, ReplicaUpdates: creates(replica),
    GlobalTableWitnessUpdates: creates(witness),
  });
  assert.equal(
    await with2("us-west-1", "us-west-1"),
    `${invalid}Unsupported Region(s) specified for ${whenStrong}: [us-west-1, us-west-1].`,
  );
  assert.equal(await with2("us-east-2"), `${invalid}Cannot target multiple regions with the same action`);
  assert.equal(
    await with2("us-east-1"),
    `${invalid}Cannot add a witness in the same region as an existing replica when creating a global table ` +
      "with MultiRegionConsistency set to STRONG.",
  );
  assert.equal(
    await refused({
      MultiRegionConsistency: strong, ReplicaUpdates: creates("us-east-2", "us-west-2"),
      DeletionProtectionEnabled: true,
    }),
    `${invalid}Requests that modify replicas or witnesses must not also modify other fields`,
  );
  assert.match(
    await refused({ MultiRegionConsistency: strong, GlobalTableWitnessUpdates: creates("us-west-2") }),
    /^ValidationException: At least one of ProvisionedThroughput, /,
  );
  await table.put({ pk: "a" });
  assert.equal(
    await refused({ MultiRegionConsistency: strong, ReplicaUpdates: creates("us-east-2", "us-west-2") }),
    `${invalid}A table that has items is not supported for ${whenStrong}.`,
  );
  assert.equal((await table.description()).Replicas, undefined);
});

test("members stay together: none comes or goes alone", async () => {
  await using region = await startRegion();
  const [first, second] = await strongTable(region, true);
  assert.ok(first && second);
  const only = `${invalid}Deletion of only one table replica is not supported for ${whenStrong}.`;
  for (const [more, expected] of [
    [{ ReplicaUpdates: creates("eu-west-1") },
      "Cannot add replicas to a global table with strong MultiRegionConsistency"],
    [{ MultiRegionConsistency: "STRONG", ReplicaUpdates: creates("eu-west-1") },
      `Unsupported replica count for ${whenStrong}.`],
    [{ MultiRegionConsistency: "EVENTUAL", ReplicaUpdates: creates("eu-west-1") },
      "MultiRegionConsistency parameter is unsupported on existing global table"],
    [{ MultiRegionConsistency: "STRONG", ReplicaUpdates: deletes("us-east-2") },
      "Only Replica Create actions are supported when MultiRegionConsistency parameter is provided."],
    [{ ReplicaUpdates: deletes("us-east-2") },
      "Update table delete operation does not include all witnesses."],
    [{ ReplicaUpdates: deletes("us-east-2"), GlobalTableWitnessUpdates: deletes("eu-west-1") },
      "Update global table operation failed because one or more witnesses were not part of the global " +
        "table. Please retry the request without these witnesses: [eu-west-1]."],
  ] as const) {
    assert.equal(await refusal(update(first, more as never)), `${invalid}${expected}`);
  }
  for (const { db, name } of [first, second]) {
    assert.equal(await refusal(db.send(new DeleteTableCommand({ TableName: name }))), only);
  }

  await update(first, {
    ReplicaUpdates: deletes("us-east-2"), GlobalTableWitnessUpdates: deletes("us-west-2"),
  });
  await region.clock.advance({ seconds: 5 });
  const shown = await first.description();
  assert.deepEqual(
    [shown.TableStatus, shown.Replicas, shown.MultiRegionConsistency, shown.GlobalTableWitnesses],
    ["ACTIVE", undefined, undefined, undefined],
  );
  assert.match(await refusal(second.description()), /^ResourceNotFoundException/);
  await first.db.send(new DeleteTableCommand({ TableName: first.name }));
});

test("three Regions part together", async () => {
  await using region = await startRegion();
  const [first, second] = await strongTable(region);
  assert.ok(first && second);
  assert.equal(
    await refusal(update(first, { ReplicaUpdates: deletes("us-east-2") })),
    `${invalid}Deletion of only one table replica is not supported for ${whenStrong}.`,
  );
  await first.put({ pk: "a" });
  await update(first, { ReplicaUpdates: deletes("us-east-2", "us-west-2") });
  await region.clock.advance({ seconds: 5 });
  assert.equal((await first.description()).MultiRegionConsistency, undefined);
  assert.match(await refusal(second.description()), /^ResourceNotFoundException/);
  assert.deepEqual(await first.all(), [{ pk: "a" }]);
});

test("transactions and time to live are not for them", async () => {
  await using region = await startRegion();
  const [first] = await strongTable(region);
  assert.ok(first);
  const { db, name: TableName } = first;
  const none = `${invalid}Transactions are not supported for ${whenStrong}.`;
  const Key = values({ pk: "a" });
  for (const transaction of [
    db.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: Key } }] })),
    db.send(new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName, Key } }] })),
    db.send(new ExecuteTransactionCommand({
      TransactStatements: [{ Statement: `INSERT INTO "${TableName}" VALUE {'pk': 'a'}` }],
    })),
  ]) assert.equal(await refusal(transaction), none);
  assert.equal(
    await refusal(db.send(new UpdateTimeToLiveCommand({
      TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "at" },
    }))),
    `${invalid}Time to live is not supported for ${whenStrong}.`,
  );
});
