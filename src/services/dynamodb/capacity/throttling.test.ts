/** Tables that are held to what was provisioned for them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BatchGetItemCommand, BatchWriteItemCommand, ProvisionedThroughputExceededException, UpdateTableCommand,
  type CreateTableCommandInput, type TableDescription,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { createTable, keyOf, values, type TableFixture } from "../table-fixture.ts";

const provisioned = (
  ReadCapacityUnits: number, WriteCapacityUnits: number
): Partial<CreateTableCommandInput> => ({
  BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits },
});

const exceeded = "ProvisionedThroughputExceededException: The level of configured provisioned throughput " +
  "for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.";

/** Writes until no burst is left. */
async function drain(table: TableFixture) {
  let written = 0;
  while ((await refusal(table.put({ pk: "drain" }))) === "no refusal") written += 1;
  return written;
}

test("dynamodb-throughput-exceeded: beyond the burst a table is throttled with status 400", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", provisioned(1, 1));
  assert.equal(await drain(table), 300, "five minutes of unused capacity");
  assert.equal(await refusal(table.put({ pk: "a" })), exceeded);
  const error = await table.put({ pk: "a" }).catch((cause: unknown) => cause);
  assert.ok(error instanceof ProvisionedThroughputExceededException);
  assert.equal(error.$metadata.httpStatusCode, 400);
  assert.deepEqual(error.ThrottlingReasons, [{
    reason: "TableWriteProvisionedThroughputExceeded",
    resource: "arn:aws:dynamodb:us-east-1:000000000000:table/table",
  }]);
  assert.equal((await table.get({ pk: "drain" })).Item?.["pk"]?.S, "drain", "reads are counted apart");
});

test("dynamodb-capacity-sizing-formula: beyond the burst a unit is one write a second", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", provisioned(1, 1));
  await drain(table);
  for (let second = 0; second < 10; second += 1) {
    await region.clock.advance({ seconds: 1 });
    assert.equal(await refusal(table.put({ pk: "a" })), "no refusal");
    assert.equal(await refusal(table.put({ pk: "a" })), exceeded);
  }
  await region.clock.advance({ minutes: 10 });
  assert.equal(await drain(table), 300, "no more than five minutes are kept");
});

test("dynamodb-pricing-example-wcu: a million writes a day take 12 units, and 11 are too few", async () => {
  await using region = await startRegion();
  const tables: TableFixture[] = [];
  for (const units of [12, 11]) {
    tables.push(await createTable(region, "pk:S", { TableName: `of-${units}`, ...provisioned(1, units) }));
  }
  const kilobytes = (count: number) => "x".repeat(count * 1_024 - "pkwritebody".length);
  for (const [at, table] of tables.entries()) {
    const whole = (key: number) => ({ pk: `${key}`.padEnd(5), body: kilobytes(12 - at).slice(3) });
    for (let key = 0; (await refusal(table.put(whole(key)))) === "no refusal"; key += 1);
  }
  const perSecond = 1_000_000 / 86_400;
  const write = { pk: "write", body: kilobytes(1) };
  const refused = [0, 0];
  let sent = 0;
  for (let second = 1; second <= 30; second += 1) {
    await region.clock.advance({ seconds: 1 });
    for (; sent < Math.floor(second * perSecond); sent += 1) {
      for (const [at, table] of tables.entries()) {
        const answer = await refusal(table.put(write));
        if (answer === exceeded) refused[at] = (refused[at] ?? 0) + 1;
        else assert.equal(answer, "no refusal");
      }
    }
  }
  assert.equal(sent, 347);
  assert.deepEqual(refused, [0, sent - 30 * 11]);
});

test("dynamodb-scan-uses-throughput: a scan of a large table uses up what there is", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", provisioned(5, 1_000));
  await table.fill(
    Array.from({ length: 40 }, (_, index) => ({ pk: String(index), body: "x".repeat(30_000) })),
  );
  const scan = () => table.scan({ ConsistentRead: true, ReturnConsumedCapacity: "TOTAL" });
  let used = 0;
  for (let refused = false; !refused;) {
    const answer = await scan().catch(() => undefined);
    refused = answer === undefined;
    used += answer?.ConsumedCapacity?.CapacityUnits ?? 0;
  }
  assert.ok(used >= 1_500, `${used} units of a burst of 1,500`);
  assert.equal(await refusal(table.get({ pk: "1" })), exceeded);
  // What the last page used beyond the burst is paid back before anything else is let through.
  await region.clock.advance({ seconds: Math.ceil((used - 1_500 + 1) / 5) });
  assert.equal(await refusal(table.get({ pk: "1" })), "no refusal");
});

test("an index that is short of capacity holds up the writes of its table", async () => {
  await using region = await startRegion();
  const { AttributeDefinitions } = keyOf("pk:S g:S");
  const table = await createTable(region, "pk:S", {
    ...provisioned(100, 100), AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-g", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
      Projection: { ProjectionType: "KEYS_ONLY" },
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    }],
  });
  const write = (pk: number) => table.put({ pk: String(pk), g: "g" });
  for (let pk = 0; pk < 300; pk += 1) await write(pk);
  await assert.rejects(write(300), {
    name: "ProvisionedThroughputExceededException",
    message: "The level of configured provisioned throughput for one or more global secondary indexes " +
      "of the " +
      "table was exceeded. Consider increasing your provisioning level for the under-provisioned global " +
      "secondary indexes with the UpdateTable API",
    ThrottlingReasons: [{
      reason: "IndexWriteProvisionedThroughputExceeded",
      resource: "arn:aws:dynamodb:us-east-1:000000000000:table/table/index/by-g",
    }],
  });
  assert.equal(
    await refusal(table.put({ pk: "without" })), "no refusal", "the index has nothing to do with it",
  );
});

test("a batch does what there is capacity for, and says what it left", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", provisioned(1, 1));
  await drain(table);
  await region.clock.advance({ seconds: 2 });
  const requests = [1, 2, 3, 4].map((pk) => ({ PutRequest: { Item: values({ pk: String(pk) }) } }));
  const batch = () => table.db.send(new BatchWriteItemCommand({ RequestItems: { [table.name]: requests } }));
  assert.deepEqual((await batch()).UnprocessedItems, { [table.name]: requests.slice(2) });
  assert.equal(await refusal(batch()), exceeded, "when nothing can be done at all");

  const keys = Array.from({ length: 100 }, (_, pk) => values({ pk: String(pk) }));
  const read = () => table.db.send(
    new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: keys, ConsistentRead: true } } }),
  );
  for (let page = 0; page < 3; page += 1) assert.deepEqual((await read()).UnprocessedKeys, {});
  await region.clock.advance({ seconds: 3 });
  assert.equal((await read()).UnprocessedKeys?.[table.name]?.Keys?.length, 97);
});

test("dynamodb-push-button-scaling: capacity is changed while the table is in use", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", provisioned(5, 5));
  const change = (units: number) => table.db.send(new UpdateTableCommand({
    TableName: table.name, ProvisionedThroughput: { ReadCapacityUnits: units, WriteCapacityUnits: units },
  }));
  const status = async () => {
    const { TableStatus, ProvisionedThroughput: given } = await table.description();
    return [TableStatus, given?.WriteCapacityUnits];
  };
  const { TableDescription } = await change(10);
  assert.equal(TableDescription?.TableStatus, "UPDATING");
  assert.deepEqual(await status(), ["UPDATING", 5]);
  assert.equal(await refusal(table.put({ pk: "a" })), "no refusal");
  assert.equal(
    await refusal(change(11)),
    "ResourceInUseException: Attempt to change a resource which is still in use: " +
      "Table IOPS are currently being updated. Table: table",
  );
  await region.clock.advance({ seconds: 1 });
  assert.equal(await refusal(table.put({ pk: "b" })), "no refusal");
  assert.deepEqual(await status(), ["ACTIVE", 10]);
});

test("while the capacity of an index is changed the table is being updated, too", async () => {
  await using region = await startRegion();
  const units = (count: number) => ({ ReadCapacityUnits: count, WriteCapacityUnits: count });
  const table = await createTable(region, "pk:S", {
    ...provisioned(5, 5),
    GlobalSecondaryIndexes: [{
      IndexName: "index", KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      Projection: { ProjectionType: "ALL" }, ProvisionedThroughput: units(5),
    }],
  });
  const change = (count: number) => table.db.send(new UpdateTableCommand({
    TableName: table.name,
    GlobalSecondaryIndexUpdates: [{ Update: { IndexName: "index", ProvisionedThroughput: units(count) } }],
  }));
  const { TableDescription: answer } = await change(6);
  const statuses = ({ TableStatus, GlobalSecondaryIndexes: [index] = [] }: TableDescription) =>
    [TableStatus, index?.IndexStatus, index?.ProvisionedThroughput?.WriteCapacityUnits];
  assert.deepEqual(statuses(answer ?? {}), ["UPDATING", "UPDATING", 5]);
  assert.equal(
    await refusal(change(7)),
    "ResourceInUseException: Attempt to change a resource which is still in use: " +
      "Table IOPS are currently being updated. Table: table",
  );
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(statuses(await table.description()), ["ACTIVE", "ACTIVE", 6]);
});

test("capacity is decreased four times a day, and then once an hour", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", provisioned(10, 10));
  const change = async (units: number) => {
    const answer = await refusal(table.db.send(new UpdateTableCommand({
      TableName: table.name, ProvisionedThroughput: { ReadCapacityUnits: units, WriteCapacityUnits: units },
    })));
    await region.clock.advance({ seconds: 1 });
    return answer;
  };
  for (const units of [9, 8, 7, 6]) assert.equal(await change(units), "no refusal");
  assert.match(
    await change(5), /^LimitExceededException: Subscriber limit exceeded: Provisioned throughput decr/,
  );
  assert.equal((await table.description()).ProvisionedThroughput?.NumberOfDecreasesToday, 4);
  await region.clock.advance({ hours: 1 });
  assert.equal(await change(5), "no refusal");
  assert.match(await change(4), /^LimitExceededException: /);
  await region.clock.advance({ hours: 24 });
  assert.equal(await change(4), "no refusal");
  assert.match(
    await change(4), /^ValidationException: The provisioned throughput for the table will not change\. /,
  );
});

test("a table that is paid by request is throttled only where it was limited", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", { OnDemandThroughput: { MaxWriteRequestUnits: 2 } });
  const results = [];
  for (let pk = 0; pk < 3; pk += 1) results.push(await refusal(table.put({ pk: String(pk) })));
  assert.deepEqual(results, [
    "no refusal", "no refusal",
    "ThrottlingException: Throughput exceeds the maximum OnDemandThroughput configured on table or index",
  ]);
  for (let read = 0; read < 100; read += 1) await table.get({ pk: "1" });
});

const hotKey = (kind: string, resource: string) =>
  [{ reason: kind, resource: `arn:aws:dynamodb:us-east-1:000000000000:table/${resource}` }];

async function throttling(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "no refusal";
  } catch (cause) {
    assert.ok(cause instanceof ProvisionedThroughputExceededException);
    assert.equal(`${cause.name}: ${cause.message}`, exceeded);
    return cause.ThrottlingReasons;
  }
}

test("dynamodb-partition-key-hash: a hot key is throttled although its table has more", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", provisioned(40_000, 40_000));
  const body = "x".repeat(250 * 1_024);
  for (let at = 0; at < 4; at += 1) await table.put({ pk: "hot", sk: `${at}`, body });
  const write = hotKey("TableWriteKeyRangeThroughputExceeded", "table");
  assert.deepEqual(await throttling(table.put({ pk: "hot", sk: "4" })), write);
  await table.put({ pk: "cold", sk: "4", body });
  await region.clock.advance({ seconds: 1 });
  await table.put({ pk: "hot", sk: "4" });
  const read = hotKey("TableReadKeyRangeThroughputExceeded", "table");
  const query = () => table.query("pk = :p", { ":p": "hot" }, { ConsistentRead: true });
  for (let at = 0; at < 12; at += 1) assert.equal(await throttling(query()), "no refusal");
  assert.deepEqual(await throttling(query()), read);
  assert.deepEqual(await throttling(table.get({ pk: "hot", sk: "0" })), read);
  await table.get({ pk: "cold", sk: "4" }, { ConsistentRead: true });
  assert.equal((await table.all()).length, 6);
});

test("a hot key of a global index holds up what would write it, and queries of it alone", async () => {
  await using region = await startRegion();
  const { AttributeDefinitions } = keyOf("pk:S g:S");
  const throughput = { ReadCapacityUnits: 40_000, WriteCapacityUnits: 40_000 };
  const table = await createTable(region, "pk:S", {
    ...provisioned(40_000, 40_000), AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-g", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
      Projection: { ProjectionType: "ALL" }, ProvisionedThroughput: throughput,
    }],
  });
  const body = "x".repeat(250 * 1_024);
  const reason = async (work: Promise<unknown>): Promise<unknown> => {
    const cause = await work.then(() => undefined, (error: unknown) => error);
    return cause instanceof ProvisionedThroughputExceededException ? cause.ThrottlingReasons : cause;
  };
  for (let at = 0; at < 4; at += 1) await table.put({ pk: `${at}`, g: "hot", body });
  const write = hotKey("IndexWriteKeyRangeThroughputExceeded", "table/index/by-g");
  assert.deepEqual(await reason(table.put({ pk: "4", g: "hot" })), write);
  assert.deepEqual(await reason(table.delete({ pk: "3" })), write, "it takes the entry away");
  assert.deepEqual(await reason(table.update({ pk: "3" }, "SET g = :g", { ":g": "cold" })), write);
  assert.equal(await reason(table.put({ pk: "4", g: "cold" })), undefined);
  assert.equal(await reason(table.put({ pk: "5" })), undefined);
  await region.clock.advance({ seconds: 1 });
  assert.equal(await reason(table.update({ pk: "3" }, "SET g = :g", { ":g": "cold" })), undefined);
  // Each of both keys has paid its part, and has 750 of its 1,000 units left.
  for (const g of ["hot", "cold"]) {
    for (let at = 0; at < 3; at += 1) await table.put({ pk: `${g}${at}`, g, body });
    assert.deepEqual(await reason(table.put({ pk: `${g}3`, g, body })), write, g);
  }
  const query = (g: string) => table.query("g = :g", { ":g": g }, { IndexName: "by-g" });
  await region.clock.advance({ seconds: 1 });
  // A page is five items: 157 units.
  for (let at = 0; at < 20; at += 1) assert.equal(await reason(query("hot")), undefined);
  assert.deepEqual(
    await reason(query("hot")), hotKey("IndexReadKeyRangeThroughputExceeded", "table/index/by-g"),
  );
  assert.equal(await reason(query("cold")), undefined);
  assert.equal(await reason(table.get({ pk: "0" }, { ConsistentRead: true })), undefined);
});

test("what local indexes are asked for counts for the partition key of their table", async () => {
  await using region = await startRegion();
  const { AttributeDefinitions } = keyOf("pk:S sk:S l:S");
  const table = await createTable(region, "pk:S sk:S", {
    ...provisioned(40_000, 40_000), AttributeDefinitions,
    LocalSecondaryIndexes: [{
      IndexName: "by-l",
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "l", KeyType: "RANGE" }],
      Projection: { ProjectionType: "KEYS_ONLY" },
    }],
  });
  const body = "x".repeat(250 * 1_024);
  for (let at = 0; at < 3; at += 1) await table.put({ pk: "hot", sk: `${at}`, l: "l", body });
  const query = () => table.query("pk = :p", { ":p": "hot" }, {
    IndexName: "by-l", Select: "ALL_ATTRIBUTES", ConsistentRead: true,
  });
  // Each reads a unit of the index, and 63 of the table for each item.
  for (let at = 0; at < 16; at += 1) assert.equal(await throttling(query()), "no refusal");
  assert.deepEqual(await throttling(query()), hotKey("TableReadKeyRangeThroughputExceeded", "table"));
});
