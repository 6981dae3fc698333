/** What requests cost. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BatchGetItemCommand, BatchWriteItemCommand, TransactGetItemsCommand, TransactWriteItemsCommand,
  type ConsumedCapacity, type CreateTableCommandInput, type LocalSecondaryIndexDescription,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { createTable, keyOf, values, type TableFixture } from "../table-fixture.ts";

const ReturnConsumedCapacity = "TOTAL" as const;
const indexes = { ReturnConsumedCapacity: "INDEXES" } as const;

/** An item of exactly so many bytes. */
function sized(pk: string, bytes: number) {
  return { pk, body: "x".repeat(bytes - "pk".length - pk.length - "body".length) };
}

async function readUnits(table: TableFixture, bytes: number, ConsistentRead: boolean) {
  await table.put(sized("a", bytes));
  const { ConsumedCapacity: used } = await table.get({ pk: "a" }, { ConsistentRead, ReturnConsumedCapacity });
  return used?.CapacityUnits;
}

async function writeUnits(table: TableFixture, bytes: number) {
  await table.delete({ pk: "a" });
  const { ConsumedCapacity: used } = await table.put(sized("a", bytes), { ReturnConsumedCapacity });
  return used?.CapacityUnits;
}

test("dynamodb-read-unit-4kb: reads are rounded up to 4 KB", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  for (const [bytes, units] of [[1_024, 1], [4_096, 1], [4_097, 2], [8_192, 2], [8_193, 3]] as const) {
    assert.equal(await readUnits(table, bytes, true), units, `${bytes} bytes`);
  }
});

test("dynamodb-read-eventual-half: an eventual read costs half, a transactional one twice", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  assert.equal(await readUnits(table, 4_096, false), 0.5);
  assert.equal(await readUnits(table, 4_096, true), 1);
  const { ConsumedCapacity: used } = await table.db.send(new TransactGetItemsCommand({
    TransactItems: [{ Get: { TableName: table.name, Key: values({ pk: "a" }) } }], ...indexes,
  }));
  const twice = { CapacityUnits: 2, ReadCapacityUnits: 2 };
  assert.deepEqual(used, [{ TableName: table.name, ...twice, Table: twice }]);
});

test("dynamodb-eventual-reads-default: reads are eventual, and see what was written", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", v: 1 });
  const { Item, ConsumedCapacity: used } = await table.get({ pk: "a" }, { ReturnConsumedCapacity });
  assert.equal(Item?.["v"]?.N, "1");
  assert.deepEqual(used, { TableName: table.name, CapacityUnits: 0.5 });
  const missing = await table.get({ pk: "b" }, { ReturnConsumedCapacity });
  assert.equal(missing.ConsumedCapacity?.CapacityUnits, 0.5);
});

test("dynamodb-write-unit-1kb: writes are rounded up to 1 KB, and cost twice in transactions", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  assert.equal(await writeUnits(table, 1_024), 1);
  assert.equal(await writeUnits(table, 1_025), 2);
  const { ConsumedCapacity: used } = await table.db.send(new TransactWriteItemsCommand({
    TransactItems: [{ Put: { TableName: table.name, Item: values(sized("b", 1_025)) } }], ...indexes,
  }));
  const twice = { CapacityUnits: 4, WriteCapacityUnits: 4 };
  assert.deepEqual(used, [{ TableName: table.name, ...twice, Table: twice }]);
});

test("a write costs what the larger of the item before and after does", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put(sized("a", 3_000));
  const units = async (work: Promise<{ ConsumedCapacity?: ConsumedCapacity | undefined }>) =>
    (await work).ConsumedCapacity?.CapacityUnits;
  const asked = { ReturnConsumedCapacity };
  assert.equal(await units(table.update({ pk: "a" }, "SET body = :s", { ":s": "short" }, asked)), 3);
  assert.equal(await units(table.put(sized("a", 2_500), asked)), 3);
  assert.equal(await units(table.delete({ pk: "a" }, asked)), 3);
  assert.equal(await units(table.delete({ pk: "a" }, asked)), 1);
});

for (const [id, count, bytes, units] of [
  ["dynamodb-read-example-1", 10, 1_024, 5], ["dynamodb-read-example-2", 10, 6_144, 10],
] as const) {
  test(`${id}: ${count} eventually consistent reads of ${bytes} bytes take ${units} units`, async () => {
    await using region = await startRegion();
    const table = await createTable(region);
    let sum = 0;
    for (let read = 0; read < count; read += 1) sum += (await readUnits(table, bytes, false)) ?? 0;
    assert.equal(sum, units);
  });
}

for (const [id, count, bytes, units] of [
  ["dynamodb-write-example-1", 5, 10_240, 50], ["dynamodb-write-example-2", 12, 102_400, 1_200],
] as const) {
  test(`${id}: ${count} writes of ${bytes} bytes take ${units} units`, async () => {
    await using region = await startRegion();
    const table = await createTable(region);
    let sum = 0;
    for (let written = 0; written < count; written += 1) sum += (await writeUnits(table, bytes)) ?? 0;
    assert.equal(sum, units);
  });
}

const indexed: Partial<CreateTableCommandInput> = {
  AttributeDefinitions: ["pk", "sk", "gsiPk", "lsiSk"].map((AttributeName) => ({
    AttributeName, AttributeType: "S",
  })),
  GlobalSecondaryIndexes: [{
    IndexName: "gsi", KeySchema: [{ AttributeName: "gsiPk", KeyType: "HASH" }],
    Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["proj"] },
  }],
  LocalSecondaryIndexes: [{
    IndexName: "lsi", Projection: { ProjectionType: "ALL" },
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "lsiSk", KeyType: "RANGE" },
    ],
  }],
};

/** The units of the whole, of the table, of the global and of the local index. */
function arms(used: ConsumedCapacity | undefined) {
  const { GlobalSecondaryIndexes: globals, LocalSecondaryIndexes: locals } = used ?? {};
  return [
    used?.CapacityUnits, used?.Table?.CapacityUnits, globals?.["gsi"]?.CapacityUnits,
    locals?.["lsi"]?.CapacityUnits,
  ];
}

test("an index is paid for when a write changes what it holds, as measured on AWS", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", indexed);
  const none = undefined;
  let count = 0;
  const put = async (more: object) => {
    const { ConsumedCapacity } = await table.put({ pk: `p${(count += 1)}`, sk: "1", ...more }, indexes);
    return arms(ConsumedCapacity);
  };
  assert.deepEqual(await put({ gsiPk: "g", proj: "p" }), [2, 1, 1, none]);
  assert.deepEqual(await put({ more: "o" }), [1, 1, none, none]);
  assert.deepEqual(await put({ lsiSk: "l" }), [2, 1, none, 1]);
  assert.deepEqual(await put({ gsiPk: "g", lsiSk: "l", proj: "p" }), [3, 1, 1, 1]);
  count -= 1;
  assert.deepEqual(await put({ proj: "p", lsiSk: "l", gsiPk: "g" }), [1, 1, none, none], "the same again");

  const key = { pk: "ladder", sk: "1" };
  const update = async (expression: string, given?: object) => {
    await table.put({ ...key, gsiPk: "g", lsiSk: "l", proj: "p", more: "o" });
    return arms((await table.update(key, expression, given as never, indexes)).ConsumedCapacity);
  };
  assert.deepEqual(await update("SET more = :v", { ":v": "o2" }), [2, 1, none, 1]);
  assert.deepEqual(await update("SET proj = :v", { ":v": "p2" }), [3, 1, 1, 1]);
  assert.deepEqual(await update("SET gsiPk = :v", { ":v": "g2" }), [4, 1, 2, 1]);
  assert.deepEqual(await update("REMOVE gsiPk"), [3, 1, 1, 1]);
  assert.deepEqual(await update("SET lsiSk = :v", { ":v": "l2" }), [3, 1, none, 2]);
  await table.put({ ...key, gsiPk: "g", lsiSk: "l" });
  assert.deepEqual(arms((await table.delete(key, indexes)).ConsumedCapacity), [3, 1, 1, 1]);
});

test("batches add up what they use, table by table", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", indexed);
  const other = await createTable(region, "pk:S", { TableName: "other" });
  const written = await table.db.send(new BatchWriteItemCommand({
    RequestItems: {
      [table.name]: [
        { PutRequest: { Item: values({ pk: "a", sk: "1", gsiPk: "g" }) } },
        { PutRequest: { Item: values({ pk: "b", sk: "1" }) } },
      ],
      [other.name]: [{ PutRequest: { Item: values(sized("a", 5_000)) } }],
    },
    ...indexes,
  }));
  assert.deepEqual(written.UnprocessedItems, {});
  assert.deepEqual(written.ConsumedCapacity?.map(arms), [
    [3, 2, 1, undefined], [5, 5, undefined, undefined],
  ]);
  const read = await table.db.send(new BatchGetItemCommand({
    RequestItems: {
      [table.name]: { Keys: [values({ pk: "a", sk: "1" }), values({ pk: "missing", sk: "1" })] },
      [other.name]: { Keys: [values({ pk: "a" })], ConsistentRead: true },
    },
    ReturnConsumedCapacity,
  }));
  assert.deepEqual(read.ConsumedCapacity, [
    { TableName: table.name, CapacityUnits: 1 }, { TableName: other.name, CapacityUnits: 2 },
  ]);
});

test("dynamodb-query-consistency: a query is paid for by the size of what it reads", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", indexed);
  const text = "x".repeat(990);
  await table.fill(Array.from({ length: 8 }, (_, sk) => ({ pk: "a", sk: String(sk), text, gsiPk: "g" })));
  const units = async (more: object) =>
    (await table.query("pk = :a", { ":a": "a" }, { ReturnConsumedCapacity, ...more })).ConsumedCapacity
      ?.CapacityUnits;
  assert.equal(await units({}), 1);
  assert.equal(await units({ ConsistentRead: true }), 2);
  assert.equal(await units({ ConsistentRead: true, ProjectionExpression: "sk" }), 2);
  assert.equal(await units({ ConsistentRead: true, Select: "COUNT" }), 2);
  const byIndex = await table.query("gsiPk = :g", { ":g": "g" }, { IndexName: "gsi", ...indexes });
  assert.deepEqual(arms(byIndex.ConsumedCapacity), [0.5, 0, 0.5, undefined]);
  const consistent = { IndexName: "gsi", ConsistentRead: true };
  assert.equal(
    await refusal(table.query("gsiPk = :g", { ":g": "g" }, consistent)),
    "ValidationException: Consistent reads are not supported on global secondary indexes",
  );
});

test("tables and indexes are known to hold what they hold, without anybody counting", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", indexed);
  await table.put({ pk: "a", sk: "1", gsiPk: "g", text: "12345" });
  await table.put({ pk: "a", sk: "2", lsiSk: "l" });
  await table.put({ pk: "a", sk: "2", lsiSk: "l", more: "1" });
  await table.put({ pk: "b", sk: "2" });
  await table.delete({ pk: "b", sk: "2" });
  const {
    ItemCount, TableSizeBytes, GlobalSecondaryIndexes, LocalSecondaryIndexes,
  } = await table.description();
  const first = "pkask1gsiPkgtext12345".length;
  const second = "pkask2lsiSklmore1".length;
  assert.deepEqual([ItemCount, TableSizeBytes], [2, first + second]);
  const of = (index: LocalSecondaryIndexDescription | undefined) =>
    [index?.ItemCount, index?.IndexSizeBytes];
  assert.deepEqual(of(GlobalSecondaryIndexes?.[0]), [1, "pkask1gsiPkg".length]);
  assert.deepEqual(of(LocalSecondaryIndexes?.[0]), [1, second]);
});

test("collections of items are measured for tables with local indexes", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", indexed);
  const plainTable = await createTable(region, "pk:S", { TableName: "plain", ...keyOf("pk:S") });
  const asked = { ReturnItemCollectionMetrics: "SIZE" } as const;
  const { ItemCollectionMetrics } = await table.put({ pk: "a", sk: "1", lsiSk: "l" }, asked);
  assert.deepEqual(
    ItemCollectionMetrics, { ItemCollectionKey: { pk: { S: "a" } }, SizeEstimateRangeGB: [0, 1] },
  );
  assert.equal((await plainTable.put({ pk: "a" }, asked)).ItemCollectionMetrics, undefined);
});
