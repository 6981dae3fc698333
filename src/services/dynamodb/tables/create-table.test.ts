/** What tables may be, and how they come into being. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateTableCommand, DescribeTableCommand, DynamoDBClient, GetItemCommand, ListTablesCommand,
  PutItemCommand, type CreateTableCommandInput, type GlobalSecondaryIndex, type LocalSecondaryIndex,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { createTable, keyOf, values } from "../table-fixture.ts";
import { tablesMax } from "./create-table.ts";
import { tables, type Table } from "./table-rows.ts";

const invalid = "ValidationException: ";
const parameters = `${invalid}One or more parameter values were invalid: `;
const base = { TableName: "table", BillingMode: "PAY_PER_REQUEST", ...keyOf("pk:S sk:S") } as const;
const all = { ProjectionType: "ALL" } as const;

function definitions(text: string): Pick<CreateTableCommandInput, "AttributeDefinitions"> {
  return { AttributeDefinitions: keyOf(text).AttributeDefinitions };
}

function global(
  IndexName: string, key: string, more: Partial<GlobalSecondaryIndex> = {},
): GlobalSecondaryIndex {
  return { IndexName, KeySchema: keyOf(key).KeySchema, Projection: all, ...more };
}

function local(IndexName: string, key: string, more: Partial<LocalSecondaryIndex> = {}): LocalSecondaryIndex {
  return { IndexName, KeySchema: keyOf(key).KeySchema, Projection: all, ...more };
}

type Rows = readonly (readonly [Partial<CreateTableCommandInput>, string])[];

/** Each is refused for the first thing that is wrong with it, in the words given. */
async function assertRefused(rows: Rows): Promise<void> {
  await using region = await startRegion();
  const db = region.client(DynamoDBClient);
  for (const [given, text] of rows) {
    assert.equal(await refusal(db.send(new CreateTableCommand({ ...base, ...given }))), text);
  }
  assert.deepEqual((await db.send(new ListTablesCommand({}))).TableNames, []);
}

test("names that no table can have are refused for all that is wrong with them", async () => {
  const at = (value: string, ...constraints: string[]): string =>
    `${invalid}${constraints.length} validation error${constraints.length > 1 ? "s" : ""} detected: ` +
      constraints.map((each) => `Value '${value}' at 'tableName' failed to satisfy constraint: ${each}`)
        .join("; ");
  const characters = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
  const short = "Member must have length greater than or equal to 3";
  const long = "Member must have length less than or equal to 255";
  await assertRefused([
    [{ TableName: undefined },
      `${invalid}The parameter 'TableName' is required but was not present in the request`],
    [{ TableName: "ab" }, at("ab", short)],
    [{ TableName: "a;" }, at("a;", characters, short)],
    [{ TableName: "a".repeat(256) }, at("a".repeat(256), long)],
    [{ TableName: "ab!".repeat(100) }, at("ab!".repeat(100), characters, long)],
  ]);
});

test("dynamodb-primary-key-types: a key is one attribute, or one to spread and one to sort by", async () => {
  const key = (...elements: (readonly [string, string])[]): Pick<CreateTableCommandInput, "KeySchema"> => ({
    KeySchema: elements.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType: KeyType as "HASH" })),
  });
  const schema = `${invalid}Invalid KeySchema: `;
  await assertRefused([
    [key(["pk", "RANGE"], ["sk", "HASH"]), `${schema}The first KeySchemaElement is not a HASH key type`],
    [key(["pk", "HASH"], ["sk", "HASH"]), `${schema}The second KeySchemaElement is not a RANGE key type`],
    [key(["pk", "HASH"], ["pk", "RANGE"]),
      `${invalid}Both the Hash Key and the Range Key element in the KeySchema have the same name`],
    [key(["pk", "HASH"], ["other", "RANGE"]),
      `${schema}Some index key attribute have no definition`],
    [{ ...key(["other", "HASH"]), ...definitions("pk:S") },
      `${parameters}Some index key attributes are not defined in AttributeDefinitions. ` +
        "Keys: [other], AttributeDefinitions: [pk]"],
    [key(["pk", "HASH"]), `${parameters}Number of attributes in KeySchema does not exactly match ` +
        "number of attributes defined in AttributeDefinitions"],
    [definitions("pk:S pk:S"), `${invalid}Attribute Name is duplicated: pk`],
    [{ ...definitions("pk:S sk:S unused:S"), GlobalSecondaryIndexes: [global("index", "sk:S")] },
      `${parameters}Some AttributeDefinitions are not used. ` +
        "AttributeDefinitions: [pk, sk, unused], keys used: [pk, sk]"],
    [key(["pk", "HASH"], ["sk", "RANGE"], ["sk2", "RANGE"]),
      `${invalid}1 validation error detected: Value '[` +
        ["pk, keyType=HASH", "sk, keyType=RANGE", "sk2, keyType=RANGE"]
          .map((each) => `KeySchemaElement(attributeName=${each})`).join(", ") +
        "]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"],
  ]);
});

test("what a table is to use must go with how it is paid", async () => {
  const units = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
  const provisioned = { BillingMode: "PROVISIONED", ProvisionedThroughput: units } as const;
  const limit = "LimitExceededException: Subscriber limit exceeded: The requested throughput for the ";
  await assertRefused([
    [{ BillingMode: "PROVISIONED" }, `${parameters}ReadCapacityUnits and WriteCapacityUnits must both be ` +
        "specified when BillingMode is PROVISIONED"],
    [{
      ProvisionedThroughput: units,
    }, `${parameters}Neither ReadCapacityUnits nor WriteCapacityUnits can be ` +
        "specified when BillingMode is PAY_PER_REQUEST"],
    [{ ...provisioned, ProvisionedThroughput: { ...units, ReadCapacityUnits: 1e12 + 1 } },
      `${invalid}Given value 1000000000001 for ReadCapacityUnits is out of bounds`],
    [{ ...provisioned, ProvisionedThroughput: { ...units, WriteCapacityUnits: 40_001 } },
      `${limit}table exceeds the limit of 40000 units. Refer to the Amazon DynamoDB Developer Guide ` +
        "for current limits and how to request higher limits."],
    [{ ...provisioned, GlobalSecondaryIndexes: [global("index", "sk:S")] },
      `${parameters}ProvisionedThroughput is not specified for index: index`],
    [{ GlobalSecondaryIndexes: [global("index", "sk:S", { ProvisionedThroughput: units })] },
      `${parameters}ProvisionedThroughput should not be specified for index: index ` +
        "when BillingMode is PAY_PER_REQUEST"],
    [{ ...provisioned, OnDemandThroughput: { MaxReadRequestUnits: 5 } },
      `${parameters}MaxReadRequestUnits for OnDemandThroughput cannot be specified ` +
        "when the table BillingMode is PROVISIONED"],
    [{ OnDemandThroughput: { MaxWriteRequestUnits: 0 } },
      `${parameters}Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of ` +
        "valid range"],
    [{ WarmThroughput: { ReadUnitsPerSecond: 11_999 } },
      `${parameters}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial ` +
        "throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/" +
        "on-demand-capacity-mode.html#on-demand-capacity-mode-initial"],
  ]);
});

test("dynamodb-lsi-limit-5: a table has up to five local indexes", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const attributes = definitions(["pk:S", "sk:S", ...names.map((name) => `${name}:S`)].join(" "));
  const indexes = names.map((name) => local(`by-${name}`, `pk:S ${name}:S`));
  await assertRefused([
    [{ ...attributes, LocalSecondaryIndexes: indexes },
      `${parameters}Number of LocalSecondaryIndexes exceeds per-table limit of 5`],
  ]);
  await using region = await startRegion();
  const { AttributeDefinitions } = definitions("pk:S sk:S a:S b:S c:S d:S e:S");
  const table = await createTable(region, "pk:S sk:S", {
    AttributeDefinitions, LocalSecondaryIndexes: indexes.slice(0, 5),
  });
  const { LocalSecondaryIndexes: shown } = await table.description();
  assert.deepEqual(shown?.map(({ IndexName }) => IndexName), ["by-a", "by-b", "by-c", "by-d", "by-e"]);
});

test("dynamodb-gsi-limit-5: a table has up to twenty global indexes", async () => {
  const indexes = Array.from({ length: 21 }, (_, each) => global(`by-${each}`, "sk:S"));
  await assertRefused([
    [{ GlobalSecondaryIndexes: indexes },
      `${parameters}GlobalSecondaryIndex count exceeds the per-table limit of 20`],
  ]);
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", { GlobalSecondaryIndexes: indexes.slice(0, 20) });
  const { GlobalSecondaryIndexes: shown } = await table.description();
  assert.equal(shown?.length, 20);
  assert.ok(shown.every(({ IndexStatus }) => IndexStatus === "ACTIVE"));
});

test("dynamodb-lsi-same-pk: a local index has the partition key of its table", async () => {
  await assertRefused([
    [{ ...keyOf("pk:S sk:S"), LocalSecondaryIndexes: [local("index", "sk:S pk:S")] },
      `${parameters}Index KeySchema does not have the same leading hash ` +
        "key as table KeySchema for index: index. index hash key: sk, table hash key: pk"],
  ]);
});

test("what an index may not be is refused", async () => {
  const locals = (index: LocalSecondaryIndex, key = "pk:S sk:S"): Partial<CreateTableCommandInput> => ({
    ...keyOf(key), LocalSecondaryIndexes: [index],
  });
  const projected = (Projection: GlobalSecondaryIndex["Projection"]): Partial<CreateTableCommandInput> => ({
    GlobalSecondaryIndexes: [global("index", "sk:S", { Projection })],
  });
  const include = { ProjectionType: "INCLUDE" } as const;
  const many = (count: number): string[] => Array.from({ length: count }, (_, each) => `name-${each}`);
  await assertRefused([
    [{ LocalSecondaryIndexes: [] }, `${parameters}List of LocalSecondaryIndexes is empty`],
    [{ GlobalSecondaryIndexes: [] }, `${parameters}List of GlobalSecondaryIndexes is empty`],
    [locals(local("index", "pk:S"), "pk:S"), `${parameters}Table KeySchema does not have a range key, ` +
        "which is required when specifying a LocalSecondaryIndex"],
    [
      locals(local("index", "pk:S")),
      `${parameters}Index KeySchema does not have a range key for index: index`,
    ],
    [{ GlobalSecondaryIndexes: [global("index", "sk:S"), global("index", "pk:S")] },
      `${parameters}Duplicate index name: index`],
    [{ GlobalSecondaryIndexes: [global("index", "other:S")] },
      `${parameters}Some index key attributes are not defined in AttributeDefinitions. ` +
        "Keys: [other], AttributeDefinitions: [pk, sk]"],
    [projected({}), `${parameters}Unknown ProjectionType: null`],
    [projected({ ...all, NonKeyAttributes: ["a"] }),
      `${parameters}ProjectionType is ALL, but NonKeyAttributes is specified`],
    [projected(include), `${parameters}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`],
    [projected({ ...include, NonKeyAttributes: ["a", "a"] }),
      `${parameters}Duplicate element in NonKeyAttributes: a`],
    [{ GlobalSecondaryIndexes: Array.from({ length: 6 }, (_, each) =>
      global(`index-${each}`, "sk:S", { Projection: { ...include, NonKeyAttributes: many(20) } })) },
    `${parameters}The number of projected attributes exceeds the limit of 100 over all indexes`],
  ]);
});

test("a global index has up to four attributes to spread and four to sort by", async () => {
  const key = (hashes: number, ranges: number): NonNullable<CreateTableCommandInput["KeySchema"]> => [
    ...Array.from({ length: hashes }, (_, at) => ({ AttributeName: `h${at}`, KeyType: "HASH" as const })),
    ...Array.from({ length: ranges }, (_, at) => ({ AttributeName: `r${at}`, KeyType: "RANGE" as const })),
  ];
  const withKey = (KeySchema: GlobalSecondaryIndex["KeySchema"]): Partial<CreateTableCommandInput> => ({
    AttributeDefinitions: [
      ...(base.AttributeDefinitions ?? []),
      ...(KeySchema ?? []).map(({ AttributeName }) => ({ AttributeName, AttributeType: "S" as const })),
    ],
    GlobalSecondaryIndexes: [{ IndexName: "index", KeySchema, Projection: all }],
  });
  const tooMany = (kind: string): string =>
    `${parameters}The KeySchema exceeds the maximum allowed number of ${kind} key attributes`;
  await assertRefused([[withKey(key(5, 0)), tooMany("HASH")], [withKey(key(2, 5)), tooMany("RANGE")]]);
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", withKey(key(4, 4)));
  const { GlobalSecondaryIndexes: shown } = await table.description();
  assert.deepEqual(shown?.[0]?.KeySchema, key(4, 4));
});

test("a table is CREATING for a moment, in which it holds nothing yet", async () => {
  await using region = await startRegion();
  const db = region.client(DynamoDBClient);
  const { TableDescription: made } = await db.send(new CreateTableCommand({
    ...base, GlobalSecondaryIndexes: [global("index", "sk:S")],
  }));
  assert.deepEqual(
    { status: made?.TableStatus, index: made?.GlobalSecondaryIndexes?.[0]?.IndexStatus, arn: made?.TableArn },
    { status: "CREATING", index: "CREATING", arn: "arn:aws:dynamodb:us-east-1:000000000000:table/table" },
  );
  const Item = values({ pk: "a", sk: "b" });
  const notFound = "ResourceNotFoundException: Requested resource not found";
  assert.equal(await refusal(db.send(new PutItemCommand({ TableName: "table", Item }))), notFound);
  assert.equal(await refusal(db.send(new GetItemCommand({ TableName: "table", Key: Item }))), notFound);
  assert.equal(
    await refusal(db.send(new CreateTableCommand(base))),
    "ResourceInUseException: Attempt to change a resource which is still in use: " +
      "Table is being created: table",
  );
  await region.clock.advance({ milliseconds: 200 });
  const { Table: table } = await db.send(new DescribeTableCommand({ TableName: "table" }));
  assert.equal(table?.TableStatus, "ACTIVE");
  assert.equal(table?.GlobalSecondaryIndexes?.[0]?.IndexStatus, "ACTIVE");
  await db.send(new PutItemCommand({ TableName: "table", Item }));
  assert.equal(
    await refusal(db.send(new CreateTableCommand(base))),
    "ResourceInUseException: Table already exists: table",
  );
});

test("who waits for a table waits as long as it takes, and not for the next look", async () => {
  await using region = await startRegion();
  await region.endpoint();
  region.clock.run();
  const db = region.client(DynamoDBClient);
  await db.send(new CreateTableCommand(base));
  const began = performance.now();
  await waitUntilTableExists({ client: db, maxWaitTime: 30 }, { TableName: "table" });
  assert.ok(performance.now() - began < 15_000);
});

test("a table is described as it was made", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N", {
    TableClass: "STANDARD_INFREQUENT_ACCESS",
    DeletionProtectionEnabled: true,
    OnDemandThroughput: { MaxReadRequestUnits: 50, MaxWriteRequestUnits: 20 },
    WarmThroughput: { ReadUnitsPerSecond: 15_000, WriteUnitsPerSecond: 5_000 },
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
  });
  const { CreationDateTime, TableId, ...shown } = await table.description();
  assert.ok(CreationDateTime);
  assert.match(TableId ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(shown, {
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" },
    ],
    TableName: "table",
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    TableStatus: "ACTIVE",
    ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 },
    TableSizeBytes: 0,
    ItemCount: 0,
    TableArn: "arn:aws:dynamodb:us-east-1:000000000000:table/table",
    BillingModeSummary: {
      BillingMode: "PAY_PER_REQUEST", LastUpdateToPayPerRequestDateTime: CreationDateTime,
    },
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    LatestStreamLabel: "2026-01-01T00:00:00.000",
    LatestStreamArn: "arn:aws:dynamodb:us-east-1:000000000000:table/table/stream/2026-01-01T00:00:00.000",
    TableClassSummary: { TableClass: "STANDARD_INFREQUENT_ACCESS" },
    DeletionProtectionEnabled: true,
    OnDemandThroughput: { MaxReadRequestUnits: 50, MaxWriteRequestUnits: 20 },
    WarmThroughput: { ReadUnitsPerSecond: 15_000, WriteUnitsPerSecond: 5_000, Status: "ACTIVE" },
  });
});

test("500 tables are made, changed or deleted at once", async () => {
  await using region = await startRegion();
  const db = region.client(DynamoDBClient);
  const make = (number: number) =>
    db.send(new CreateTableCommand({ ...base, TableName: `table-${number}` }));
  await Promise.all(Array.from({ length: 500 }, (_, number) => make(number)));
  assert.equal(
    await refusal(make(500)),
    "LimitExceededException: Subscriber limit exceeded: " +
      "Only 500 tables can be created, updated, or deleted simultaneously",
  );
  await region.clock.advance({ seconds: 1 });
  await make(500);
});

test("an account has 2,500 tables in a region", async () => {
  await using region = await startRegion();
  const first = await createTable(region, "pk:S", { TableName: "table-0000" });
  const cell = { account: "000000000000", region: "us-east-1" };
  region.engine.store.transact(cell, (transaction) => {
    const rows = transaction.rows(tables);
    const row = rows.get("table-0000") as Table;
    for (let at = 1; at < tablesMax; at += 1) {
      rows.put({ ...row, name: `table-${String(at).padStart(4, "0")}`, number: row.number + at });
    }
  });
  assert.equal(
    await refusal(first.db.send(new CreateTableCommand(base))),
    "LimitExceededException: Subscriber limit exceeded: There is a limit of 2500 tables per subscriber",
  );
  const names: string[] = [];
  let start: string | undefined;
  do {
    const page = await first.db.send(new ListTablesCommand({ ExclusiveStartTableName: start }));
    assert.ok((page.TableNames?.length ?? 0) <= 100);
    names.push(...(page.TableNames ?? []));
    start = page.LastEvaluatedTableName;
  } while (start);
  assert.equal(names.length, tablesMax);
  assert.deepEqual(names, [...names].sort());
});
