/** Queries of tables and indexes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  CreateTableCommandInput, QueryCommandInput, QueryCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { Ids } from "../../../kernel/ids.ts";
import { createTable, keyOf, values, type TableFixture } from "../table-fixture.ts";

const invalid = "ValidationException: ";

function sorts({ Items }: QueryCommandOutput): unknown[] {
  return (Items ?? []).map((item) => unmarshall(item)["sk"]);
}

async function numbered(region: Parameters<typeof createTable>[0], count: number): Promise<TableFixture> {
  const table = await createTable(region, "pk:S sk:N");
  await table.fill(Array.from({ length: count }, (_, sk) => ({ pk: "a", sk, even: sk % 2 === 0 })));
  await table.put({ pk: "b", sk: 1 });
  return table;
}

test("dynamodb-items-sorted-by-sort-key: a partition comes in the order of the sort key", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N");
  const chance = new Ids("order");
  const sks = Array.from({ length: 50 }, (_, sk) => sk).sort(() => chance.below(3) - 1);
  for (const sk of sks) await table.put({ pk: "a", sk });
  assert.deepEqual(sorts(await table.query("pk = :a", { ":a": "a" })), [...sks].sort((a, b) => a - b));
});

test("dynamodb-query-sorted-numeric-ascii: numbers by value, texts by the bytes of their UTF-8", async () => {
  await using region = await startRegion();
  const numbers = await createTable(region, "pk:S sk:N", { TableName: "numbers" });
  const sks = [2, 10, 1, -1, -10, 0.5, -0.5, 0, 1e15, 1e-6, 123456789];
  for (const sk of sks) await numbers.put({ pk: "a", sk });
  assert.deepEqual(sorts(await numbers.query("pk = :a", { ":a": "a" })), sks.sort((a, b) => a - b));
  const texts = await createTable(region, "pk:S sk:S", { TableName: "texts" });
  const inOrder = ["\u0000", "10", "2", "A", "B", "a", "ab", "b", "é", "\uffee", "\u{1f600}"];
  for (const sk of [...inOrder].reverse()) await texts.put({ pk: "a", sk });
  assert.deepEqual(sorts(await texts.query("pk = :a", { ":a": "a" })), inOrder);
});

test("dynamodb-scanindexforward: a query goes either way", async () => {
  await using region = await startRegion();
  const table = await numbered(region, 4);
  const query = async (more: Partial<QueryCommandInput>) => sorts(
    await table.query("pk = :a", { ":a": "a" }, more),
  );
  assert.deepEqual(await query({}), [0, 1, 2, 3]);
  assert.deepEqual(await query({ ScanIndexForward: false }), [3, 2, 1, 0]);
  assert.deepEqual(await query({ ScanIndexForward: false, Limit: 1 }), [3]);
});

test("dynamodb-query-sort-comparison: a condition on the sort key narrows the range", async () => {
  await using region = await startRegion();
  const table = await numbered(region, 6);
  const query = async (condition: string, given: object) =>
    sorts(await table.query(`pk = :a AND ${condition}`, { ":a": "a", ...given }));
  assert.deepEqual(await query("sk = :v", { ":v": 3 }), [3]);
  assert.deepEqual(await query("sk < :v", { ":v": 2 }), [0, 1]);
  assert.deepEqual(await query("sk <= :v", { ":v": 2 }), [0, 1, 2]);
  assert.deepEqual(await query("sk > :v", { ":v": 3 }), [4, 5]);
  assert.deepEqual(await query("sk >= :v", { ":v": 3 }), [3, 4, 5]);
  assert.deepEqual(await query("sk BETWEEN :v AND :w", { ":v": 1.5, ":w": 3 }), [2, 3]);
  assert.equal(
    await refusal(query("sk <> :v", { ":v": 3 })),
    `${invalid}Invalid operator used in KeyConditionExpression: <>`,
  );
  const texts = await createTable(region, "pk:S sk:S", { TableName: "texts" });
  for (const sk of ["a", "ab", "abc", "ac", "b"]) await texts.put({ pk: "a", sk });
  const beginning = await texts.query("pk = :a AND begins_with(sk, :v)", { ":a": "a", ":v": "ab" });
  assert.deepEqual(sorts(beginning), ["ab", "abc"]);
});

test("dynamodb-query-primary-key: the partition key must be given, as equal to one value", async () => {
  await using region = await startRegion();
  const table = await numbered(region, 1);
  const missed = `${invalid}Query condition missed key schema element: pk`;
  assert.equal(await refusal(table.query("sk = :v", { ":v": 1 })), missed);
  assert.equal(await refusal(table.query("attr1 = :v", { ":v": 1 })), missed);
  assert.equal(
    await refusal(table.query("pk > :v", { ":v": "a" })), `${invalid}Query key condition not supported`,
  );
  assert.equal(
    await refusal(table.query("pk = :v", { ":v": 1 })),
    `${invalid}One or more parameter values were invalid: ` +
      "Condition parameter type does not match schema type",
  );
});

test("dynamodb-query-returns-all-attributes: a query answers with whole items", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N");
  const item = { pk: "a", sk: 1, a: { b: [1, { c: "d" }] }, e: new Set(["f"]) };
  await table.put(item);
  const { Items } = await table.query("pk = :a", { ":a": "a" });
  assert.deepEqual(Items?.map((each) => unmarshall(each)), [item]);
});

test("dynamodb-query-projection: a projection answers with parts of items", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N");
  await table.put({ pk: "a", sk: 1, a: { b: ["x", "y"], c: 1 }, d: 2 });
  await table.put({ pk: "a", sk: 2, d: 3 });
  const query = (more: Partial<QueryCommandInput>) => table.query(
    "pk = :a", { ":a": "a" }, { ReturnConsumedCapacity: "TOTAL", ...more },
  );
  const part = await query({ ProjectionExpression: "sk, a.b[0]" });
  assert.deepEqual(part.Items?.map((each) => unmarshall(each)), [{ sk: 1, a: { b: ["x"] } }, { sk: 2 }]);
  assert.deepEqual(part.ConsumedCapacity, (await query({})).ConsumedCapacity);
});

test("a query goes on where its last page ended, either way", async () => {
  await using region = await startRegion();
  const table = await numbered(region, 10);
  for (const ScanIndexForward of [true, false]) {
    const pages: unknown[][] = [];
    let ExclusiveStartKey: QueryCommandOutput["LastEvaluatedKey"];
    do {
      const page: QueryCommandOutput = await table.query(
        "pk = :a", { ":a": "a" }, { Limit: 4, ExclusiveStartKey, ScanIndexForward },
      );
      pages.push(sorts(page));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    const all = ScanIndexForward ? [
      [0, 1, 2, 3], [4, 5, 6, 7], [8, 9],
    ] : [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]];
    assert.deepEqual(pages, all);
  }
});

test("a page ends with the item that makes it a megabyte", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N");
  const body = "x".repeat(100_000);
  await table.fill(Array.from({ length: 12 }, (_, sk) => ({ pk: "a", sk, body })));
  const page = await table.query("pk = :a", { ":a": "a" });
  assert.equal(page.Count, 11);
  assert.deepEqual(page.LastEvaluatedKey, values({ pk: "a", sk: 10 }));
  const rest = await table.query("pk = :a", { ":a": "a" }, { ExclusiveStartKey: page.LastEvaluatedKey });
  assert.deepEqual([rest.Count, rest.LastEvaluatedKey], [1, undefined]);
});

test("a filter is asked after reading: it changes the count, neither page nor price", async () => {
  await using region = await startRegion();
  const table = await numbered(region, 10);
  const page = await table.query(
    "pk = :a", { ":a": "a", ":t": true }, { FilterExpression: "even = :t", Limit: 5 },
  );
  assert.deepEqual([page.Count, page.ScannedCount, sorts(page)], [3, 5, [0, 2, 4]]);
  assert.deepEqual(page.LastEvaluatedKey, values({ pk: "a", sk: 4 }));
  const counted = await table.query(
    "pk = :a", { ":a": "a", ":t": true }, { FilterExpression: "even = :t", Select: "COUNT" },
  );
  assert.deepEqual([counted.Count, counted.ScannedCount, counted.Items], [5, 10, undefined]);
});

test("starting keys that cannot be a query's are refused", async () => {
  await using region = await startRegion();
  const table = await numbered(region, 3);
  const query = (start: object, condition = "pk = :a", given: object = {}) => refusal(table.query(
    condition, { ":a": "a", ...given }, { ExclusiveStartKey: values(start as never) },
  ));
  const wrong = `${invalid}The provided starting key is invalid`;
  assert.equal(await query({ pk: "a" }), `${wrong}: The provided key element does not match the schema`);
  assert.equal(
    await query({ pk: "a", sk: "1" }), `${wrong}: The provided key element does not match the schema`,
  );
  assert.equal(
    await query({ pk: "b", sk: 1 }),
    `${invalid}The provided starting key is outside query boundaries based on provided conditions`,
  );
  assert.equal(
    await query({ pk: "a", sk: 1 }, "pk = :a AND sk > :v", { ":v": 1 }),
    `${invalid}The provided starting key does not match the range key predicate`,
  );
  assert.equal(await query({ pk: "a", sk: 1 }, "pk = :a AND sk >= :v", { ":v": 1 }), "no refusal");
});

const withIndexes: Partial<CreateTableCommandInput> = {
  AttributeDefinitions: keyOf("pk:S sk:N g:S l:S").AttributeDefinitions,
  GlobalSecondaryIndexes: [
    { IndexName: "by-g", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
      Projection: { ProjectionType: "KEYS_ONLY" } },
    { IndexName: "by-g-and-sk", Projection: { ProjectionType: "ALL" },
      KeySchema: [{ AttributeName: "g", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }] },
  ],
  LocalSecondaryIndexes: [{
    IndexName: "by-l", Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["shown"] },
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "l", KeyType: "RANGE" }],
  }],
};

async function indexed(region: Parameters<typeof createTable>[0]): Promise<TableFixture> {
  const table = await createTable(region, "pk:S sk:N", withIndexes);
  await table.put({ pk: "a", sk: 1, g: "g1", l: "z", shown: 1, secret: 1 });
  await table.put({ pk: "a", sk: 2, g: "g2", l: "y", shown: 2, secret: 2 });
  await table.put({ pk: "a", sk: 3, l: "x", secret: 3 });
  await table.put({ pk: "b", sk: 0, g: "g1" });
  return table;
}

test("dynamodb-gsi-different-key: a global index is queried by a key of its own, and is sparse", async () => {
  await using region = await startRegion();
  const table = await indexed(region);
  const query = async (given: object, more: Partial<QueryCommandInput>, condition = "g = :g") => {
    const { Items } = await table.query(condition, { ":g": "g1", ...given }, more);
    return Items?.map((item) => unmarshall(item));
  };
  const keysOnly = [{ pk: "a", sk: 1, g: "g1" }, { pk: "b", sk: 0, g: "g1" }];
  assert.deepEqual(
    (await query({}, { IndexName: "by-g" }))?.sort((x, y) => (x["pk"] < y["pk"] ? -1 : 1)), keysOnly,
  );
  assert.deepEqual(await query({}, { IndexName: "by-g-and-sk" }), [
    { pk: "b", sk: 0, g: "g1" }, { pk: "a", sk: 1, g: "g1", l: "z", shown: 1, secret: 1 },
  ]);
  assert.deepEqual(await query({ ":v": 0 }, { IndexName: "by-g-and-sk" }, "g = :g AND sk > :v"), [
    { pk: "a", sk: 1, g: "g1", l: "z", shown: 1, secret: 1 },
  ]);
  assert.equal((await table.scan({ IndexName: "by-g" })).Count, 3, "what has no such key is not there");
  const consistent = query({}, { IndexName: "by-g", ConsistentRead: true });
  assert.equal(
    await refusal(consistent), `${invalid}Consistent reads are not supported on global secondary indexes`,
  );
});

test("dynamodb-lsi-same-pk: a local index sorts a partition by another key", async () => {
  await using region = await startRegion();
  const table = await indexed(region);
  const query = async (more: Partial<QueryCommandInput>) =>
    (await table.query("pk = :a", { ":a": "a" }, { IndexName: "by-l", ...more })).Items?.map((item) =>
      unmarshall(item));
  assert.deepEqual(await query({ ConsistentRead: true }), [
    { pk: "a", sk: 3, l: "x" }, { pk: "a", sk: 2, l: "y", shown: 2 }, { pk: "a", sk: 1, l: "z", shown: 1 },
  ]);
  const whole = await query({ Select: "ALL_ATTRIBUTES" });
  assert.deepEqual(whole?.map(({ secret }) => secret), [3, 2, 1], "the rest is fetched from the table");
  assert.deepEqual(
    await query({ ProjectionExpression: "secret" }), [{ secret: 3 }, { secret: 2 }, { secret: 1 }],
  );
  const used = await table.query(
    "pk = :a", { ":a": "a" },
    { IndexName: "by-l", Select: "ALL_ATTRIBUTES", ConsistentRead: true, ReturnConsumedCapacity: "INDEXES" },
  );
  assert.deepEqual(used.ConsumedCapacity, {
    TableName: "table", CapacityUnits: 4, Table: { CapacityUnits: 3 },
    LocalSecondaryIndexes: { "by-l": { CapacityUnits: 1 } },
  });
});

test("pages of an index end with the key of the index and that of the table", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N", withIndexes);
  await table.fill(Array.from({ length: 7 }, (_, index) => ({ pk: `p${index % 3}`, sk: index, g: "g" })));
  for (const ScanIndexForward of [true, false]) {
    const seen = new Set<string>();
    let ExclusiveStartKey: QueryCommandOutput["LastEvaluatedKey"];
    do {
      const page: QueryCommandOutput = await table.query(
        "g = :g", { ":g": "g" }, { IndexName: "by-g", Limit: 2, ExclusiveStartKey, ScanIndexForward },
      );
      for (const item of page.Items ?? []) seen.add(`${item["pk"]?.S} ${item["sk"]?.N}`);
      ExclusiveStartKey = page.LastEvaluatedKey;
      if (ExclusiveStartKey) assert.deepEqual(Object.keys(ExclusiveStartKey), ["pk", "sk", "g"]);
    } while (ExclusiveStartKey);
    assert.equal(seen.size, 7);
  }
});

test("a key of several attributes is queried from its beginning", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", {
    AttributeDefinitions: keyOf("pk:S a:S b:N c:S d:N").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "many", Projection: { ProjectionType: "ALL" },
      KeySchema: [
        { AttributeName: "a", KeyType: "HASH" }, { AttributeName: "b", KeyType: "HASH" },
        { AttributeName: "c", KeyType: "RANGE" }, { AttributeName: "d", KeyType: "RANGE" },
      ],
    }],
  });
  for (
    const [index, [b, c, d]] of ([[1, "x", 2], [1, "x", 10], [1, "y", 1], [2, "x", 1]] as const).entries()
  ) {
    await table.put({ pk: String(index), a: "a", b, c, d });
  }
  await table.put({ pk: "partial", a: "a", b: 1, c: "x" });
  const query = async (condition: string, given: object) => {
    const { Items } = await table.query(condition, { ":a": "a", ":b": 1, ...given }, { IndexName: "many" });
    return Items?.map((item) => item["pk"]?.S);
  };
  assert.deepEqual(await query("a = :a AND b = :b", {}), ["0", "1", "2"]);
  assert.deepEqual(await query("a = :a AND b = :b AND c = :c", { ":c": "x" }), ["0", "1"]);
  assert.deepEqual(await query("a = :a AND b = :b AND c = :c AND d > :d", { ":c": "x", ":d": 2 }), ["1"]);
});

test("what is selected must be there to be selected", async () => {
  await using region = await startRegion();
  const table = await indexed(region);
  const query = (more: Partial<QueryCommandInput>, condition = "pk = :v") =>
    refusal(table.query(condition, { ":v": "a" }, more));
  assert.equal(
    await query({ Select: "ALL_PROJECTED_ATTRIBUTES" }),
    `${invalid}ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName`,
  );
  assert.equal(
    await query({ Select: "SPECIFIC_ATTRIBUTES" }),
    `${invalid}Must specify the AttributesToGet or ProjectionExpression ` +
      "when choosing to get SPECIFIC_ATTRIBUTES",
  );
  assert.equal(
    await query({ Select: "ALL_ATTRIBUTES", ProjectionExpression: "sk" }),
    `${invalid}Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES`,
  );
  assert.equal(
    await query({ Select: "COUNT", AttributesToGet: ["sk"] }),
    `${invalid}Can not use both expression and non-expression parameters in the same request: ` +
      "Non-expression parameters: {AttributesToGet} Expression parameters: {KeyConditionExpression}",
  );
  assert.equal(
    await query({ Select: "ALL_ATTRIBUTES", IndexName: "by-g" }, "g = :v"),
    `${invalid}One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for ` +
      "global secondary index by-g because its projection type is not ALL",
  );
  assert.equal(
    await query({ ProjectionExpression: "pk, secret", IndexName: "by-g" }, "g = :v"),
    `${invalid}One or more parameter values were invalid: ` +
      "Global secondary index by-g does not project [secret]",
  );
  assert.equal(
    await query({ IndexName: "none" }), `${invalid}The table does not have the specified index: none`,
  );
  assert.equal(
    await query({ FilterExpression: "sk = :v" }),
    `${invalid}Filter Expression can only contain non-primary key attributes: Primary key attribute: sk`,
  );
});

test("the parameters before expressions are still understood", async () => {
  await using region = await startRegion();
  const table = await numbered(region, 6);
  const page = await table.query("", {}, {
    KeyConditionExpression: undefined, ExpressionAttributeValues: undefined,
    KeyConditions: {
      pk: { ComparisonOperator: "EQ", AttributeValueList: [{ S: "a" }] },
      sk: { ComparisonOperator: "BETWEEN", AttributeValueList: [{ N: "1" }, { N: "4" }] },
    },
    QueryFilter: { even: { ComparisonOperator: "EQ", AttributeValueList: [{ BOOL: true }] } },
    AttributesToGet: ["sk"],
  });
  assert.deepEqual(page.Items, [{ sk: { N: "2" } }, { sk: { N: "4" } }]);
  assert.equal(page.ScannedCount, 4);
  const without = table.query(
    "", {}, { KeyConditionExpression: undefined, ExpressionAttributeValues: undefined },
  );
  assert.equal(
    await refusal(without),
    `${invalid}Either the KeyConditions or KeyConditionExpression parameter ` +
      "must be specified in the request.",
  );
});
