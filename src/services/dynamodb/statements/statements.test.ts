/** PartiQL statements: one by one, in batches, in transactions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BatchExecuteStatementCommand, DynamoDBClient, ExecuteStatementCommand, ExecuteTransactionCommand,
  PutResourcePolicyCommand,
  TransactionCanceledException, type BatchStatementRequest, type ExecuteStatementCommandInput,
  type ExecuteTransactionCommandInput, type ParameterizedStatement,
} from "@aws-sdk/client-dynamodb";
import { convertToAttr } from "@aws-sdk/util-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { createTable, keyOf, plain, type Plain, type TableFixture } from "../table-fixture.ts";

const invalid = "ValidationException: ";

async function indexed(region: TestRegion): Promise<TableFixture> {
  return createTable(region, "pk:S sk:S", {
    AttributeDefinitions: keyOf("pk:S sk:S color:S size:N").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema,
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["note"] },
    }],
    LocalSecondaryIndexes: [{
      IndexName: "by-size", KeySchema: keyOf("pk:S size:N").KeySchema,
      Projection: { ProjectionType: "KEYS_ONLY" },
    }],
  });
}

function execute(
  { db }: Pick<TableFixture, "db">, Statement: string, parameters: readonly unknown[] = [],
  more: Partial<ExecuteStatementCommandInput> = {},
) {
  const Parameters = parameters.length > 0 ? parameters.map((each) => convertToAttr(each)) : undefined;
  return db.send(new ExecuteStatementCommand({ Statement, Parameters, ...more }));
}

async function rows(...call: Parameters<typeof execute>): Promise<(Plain | undefined)[]> {
  return ((await execute(...call)).Items ?? []).map(plain);
}

test("items are inserted once, read, updated and deleted", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const insert = () => execute(
    table, "INSERT INTO \"table\" VALUE {'pk': ?, 'n': 1, 'm': {'k': [1, 'x']}}", ["a"],
  );
  assert.deepEqual((await insert()).Items, []);
  assert.equal(await refusal(insert()), "DuplicateItemException: Duplicate primary key exists in table");
  assert.deepEqual(await rows(table, "SELECT * FROM \"table\" WHERE pk = 'a'"), [
    { pk: "a", n: 1, m: { k: [1, "x"] } },
  ]);
  assert.deepEqual(await rows(table, "SELECT n, m.k[1] FROM \"table\" WHERE pk = ?", ["a"]), [
    { n: 1, "k[1]": "x" },
  ]);
  assert.deepEqual(
    await rows(table, "UPDATE \"table\" SET n = n + 1 SET o = 5 WHERE pk = 'a' RETURNING MODIFIED NEW *"),
    [{ n: 2, o: 5 }],
  );
  assert.deepEqual(
    await rows(table, "UPDATE \"table\" REMOVE o WHERE pk = 'a' RETURNING MODIFIED NEW *"), [],
  );
  assert.deepEqual(
    await rows(table, "DELETE FROM \"table\" WHERE pk = 'a' RETURNING ALL OLD *"),
    [{ pk: "a", n: 2, m: { k: [1, "x"] } }],
  );
  assert.deepEqual(await rows(table, "SELECT * FROM \"table\" WHERE pk = 'a'"), []);
  await insert();
});

test("an update needs its item, and both writes need their condition", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const failed = "ConditionalCheckFailedException: The conditional request failed";
  const update = "UPDATE \"table\" SET n = 2 WHERE pk = ?";
  assert.equal(await refusal(execute(table, update, ["a"])), failed);
  await table.put({ pk: "a", n: 1 });
  assert.equal(await refusal(execute(table, `${update} AND n > 1`, ["a"])), failed);
  const shown = await execute(table, `${update} AND n > 1`, ["a"], {
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  }).catch((error: unknown) => error as { Item?: unknown });
  assert.deepEqual("Item" in shown && shown.Item, { pk: { S: "a" }, n: { N: "1" } });
  assert.equal(await refusal(execute(table, "DELETE FROM \"table\" WHERE pk = 'a' AND n > 1")), failed);
  await execute(table, "DELETE FROM \"table\" WHERE pk = 'missing' AND n > 1");
  await execute(table, `${update} AND n = 1`, ["a"]);
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", n: 2 });
});

test("reads go by keys where they can, and page by page", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N");
  await table.fill(
    ["a", "b", "c"].flatMap((pk) => [1, 2, 3, 4].map((sk) => ({ pk, sk, even: sk % 2 === 0 }))),
  );
  const total = { ReturnConsumedCapacity: "TOTAL" } as const;
  const units = async (where: string): Promise<number | undefined> => {
    const { ConsumedCapacity } = await execute(table, `SELECT sk FROM "table" WHERE ${where}`, [], total);
    return ConsumedCapacity?.CapacityUnits;
  };
  assert.deepEqual([await units("pk = 'a'"), await units("pk IN ['a', 'b']")], [0.5, 1]);
  const read = (where: string) => rows(table, `SELECT pk, sk FROM "table" WHERE ${where}`);
  assert.deepEqual(await read("pk = 'a' AND sk > 2"), [{ pk: "a", sk: 3 }, { pk: "a", sk: 4 }]);
  assert.deepEqual(
    await read("pk = 'a' AND sk > 2 ORDER BY sk DESC"), [{ pk: "a", sk: 4 }, { pk: "a", sk: 3 }],
  );
  assert.deepEqual(await read("(pk = 'b' AND sk = 1) OR (pk = 'a' AND sk = 2)"), [
    { pk: "b", sk: 1 }, { pk: "a", sk: 2 },
  ]);
  assert.equal((await read("even = true")).length, 6);
  const statement = "SELECT pk, sk FROM \"table\" WHERE pk IN ['a', 'b', 'c'] AND even = ?";
  const paged: (Plain | undefined)[] = [];
  let NextToken: string | undefined;
  let pages = 0;
  do {
    const page = await execute(table, statement, [true], { Limit: 3, NextToken });
    paged.push(...(page.Items ?? []).map(plain));
    NextToken = page.NextToken;
    pages += 1;
  } while (NextToken !== undefined);
  assert.deepEqual(paged, ["a", "b", "c"].flatMap((pk) => [2, 4].map((sk) => ({ pk, sk }))));
  assert.ok(pages >= 4);
  const { NextToken: token } = await execute(table, statement, [true], { Limit: 1 });
  assert.equal(
    await refusal(execute(table, statement, [false], { NextToken: token })),
    `${invalid}NextToken does not match request`,
  );
  assert.equal(
    await refusal(
      execute(table, statement, [true], { NextToken: "x".repeat(40) }),
    ), `${invalid}Invalid NextToken`,
  );
});

test("a large answer comes in pages of a megabyte, over all keys that are read", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N");
  for (const pk of ["a", "b"]) for (const sk of [1, 2, 3]) await table.put(
    { pk, sk, x: "x".repeat(300_000) },
  );
  const statement = "SELECT pk, sk FROM \"table\" WHERE pk IN ['a', 'b']";
  const first = await execute(table, statement);
  assert.equal(first.Items?.length, 4);
  const second = await execute(table, statement, [], { NextToken: first.NextToken });
  assert.equal(second.Items?.length, 2);
  assert.equal(second.NextToken, undefined);
});

test("an index is read as what it holds", async () => {
  await using region = await startRegion();
  const table = await indexed(region);
  await table.put({ pk: "a", sk: "1", color: "red", size: 2, note: "n", other: "o" });
  await table.put({ pk: "a", sk: "2", color: "red", size: 1 });
  await table.put({ pk: "a", sk: "3" });
  const by = (index: string, columns: string, where: string, more = {}) =>
    rows(table, `SELECT ${columns} FROM "table"."${index}" WHERE ${where}`, [], more);
  assert.deepEqual(await by("by-color", "*", "color = 'red' AND sk = '1'"), [
    { pk: "a", sk: "1", color: "red", note: "n" },
  ]);
  assert.deepEqual(await by("by-size", "sk", "pk = 'a'"), [{ sk: "2" }, { sk: "1" }]);
  assert.deepEqual(await by("by-size", "*", "pk = 'a' AND \"size\" = 2"), [{ pk: "a", sk: "1", size: 2 }]);
  assert.deepEqual(await by("by-size", "other", "pk = 'a' AND \"size\" = 2"), [{ other: "o" }]);
  assert.deepEqual(await by("by-color", "pk", "other = 'o'"), []);
  const refused: readonly (readonly [Promise<unknown>, string])[] = [
    [by("by-color", "other", "color = 'red'"),
      "One or more parameter values were invalid: Global secondary index by-color does not project [other]"],
    [by("by-size", "sk", "pk = 'a' AND other = 'o'"), "One or more parameter values were invalid: " +
      "Secondary index by-size does not project one or more filter attributes: [other]"],
    [by("none", "*", "pk = 'a'"), "The table does not have the specified index"],
    [by("by-color", "*", "color = 'red'", { ConsistentRead: true }),
      "Strongly consistent read is not supported on Global Secondary Indexes"],
  ];
  for (const [request, text] of refused) assert.equal(await refusal(request), `${invalid}${text}`);
});

test("what is wrong with a statement comes before what is wrong with its table", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const refused: readonly (readonly [string, string])[] = [
    ["SELECT * FROM \"none\" WHERE pk = 'x' AND val < true",
      `${invalid}Incorrect operand type for operator or function; ` +
        "operator or function: <, operand type: BOOL"],
    ["SELECT * FROM \"none\" WHERE pk = 'x'", "ResourceNotFoundException: Requested resource not found"],
    ["SELECTT * FROM \"table\"", `${invalid}Statement wasn't well formed, can't be processed: ` +
      "Expected data manipulation"],
    ["DELETE FROM \"table\" WHERE pk = 'x' RETURNING ALL NEW *", `${invalid}Invalid returning clause: ` +
      "RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements."],
    ["EXISTS(SELECT * FROM \"table\" WHERE pk = 'x' AND a = 1)",
      `${invalid}EXISTS can only be used in ExecuteTransaction write requests.`],
    ["UPDATE \"table\" SET a = 1 WHERE a = 1",
      `${invalid}Where clause does not contain a mandatory equality on all key attributes`],
    ["INSERT INTO \"table\" VALUE {'a': 1}",
      `${invalid}One or more parameter values were invalid: Missing the key pk in the item`],
    ["UPDATE \"table\" SET pk = 'y' WHERE pk = 'x'", `${invalid}One or more parameter values were invalid: ` +
      "Cannot update attribute pk. This attribute is part of the key"],
  ];
  for (const [statement, text] of refused) assert.equal(await refusal(execute(table, statement)), text);
});

test("each statement of a batch has its own result", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", n: 1 });
  const run = (...Statements: BatchStatementRequest[]) =>
    table.db.send(new BatchExecuteStatementCommand({ Statements, ReturnConsumedCapacity: "TOTAL" }));
  const { Responses: reads, ConsumedCapacity: used } = await run(
    { Statement: "SELECT n FROM \"table\" WHERE pk = 'a'" },
    { Statement: "SELECT n FROM \"table\" WHERE pk = 'missing'", ConsistentRead: true },
    { Statement: "SELECT n FROM \"table\" WHERE n = 1" },
    { Statement: "SLECT" },
    { Statement: "SELECT * FROM \"none\" WHERE pk = 'a'" },
  );
  assert.deepEqual(reads?.map(({ TableName, Item, Error: error }) => [TableName, plain(Item), error?.Code]), [
    ["table", { n: 1 }, undefined], ["table", undefined, undefined],
    [undefined, undefined, "ValidationError"], [undefined, undefined, "ValidationError"],
    [undefined, undefined, "ResourceNotFound"],
  ]);
  assert.deepEqual(used?.map(({ TableName, CapacityUnits }) => [TableName, CapacityUnits]), [["table", 1.5]]);
  const { Responses: writes } = await run(
    { Statement: "INSERT INTO \"table\" VALUE {'pk': 'a'}" },
    { Statement: "UPDATE \"table\" SET n = 2 WHERE pk = 'a' AND n = 5" },
    { Statement: "UPDATE \"table\" SET n = 2 WHERE pk = 'a' RETURNING ALL NEW *" },
    { Statement: "INSERT INTO \"table\" VALUE {'pk': ?}", Parameters: [{ S: "b" }] },
  );
  assert.deepEqual(writes?.map(
    ({ TableName, Item, Error: error }) => [TableName, plain(Item), error?.Code],
  ), [
    ["table", undefined, "DuplicateItem"], ["table", undefined, "ConditionalCheckFailed"],
    ["table", { pk: "a", n: 2 }, undefined], ["table", undefined, undefined],
  ]);
  assert.deepEqual(await table.item({ pk: "b" }), { pk: "b" });
  assert.equal(
    await refusal(run(
      { Statement: "SELECT n FROM \"table\" WHERE pk = 'a'" },
      { Statement: "DELETE FROM \"table\" WHERE pk = 'a'" },
    )),
    `${invalid}Read and write requests together in the same batch is not supported.`,
  );
});

function transaction(table: TableFixture, ...TransactStatements: ParameterizedStatement[]) {
  return transactionWith(table, {}, ...TransactStatements);
}

function transactionWith(
  { db }: TableFixture, more: Partial<ExecuteTransactionCommandInput>,
  ...TransactStatements: ParameterizedStatement[]
) {
  return db.send(new ExecuteTransactionCommand({ TransactStatements, ...more }));
}

async function reasons(request: Promise<unknown>): Promise<(string | undefined)[]> {
  const error: unknown = await request.then(() => undefined, (cause: unknown) => cause);
  assert.ok(error instanceof TransactionCanceledException, String(error));
  return (error.CancellationReasons ?? []).map(
    ({ Code, Message }) => (Message ? `${Code}: ${Message}` : Code),
  );
}

test("a transaction of statements happens wholly or not at all", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", n: 1 });
  await transaction(
    table,
    { Statement: "EXISTS(SELECT * FROM \"table\" WHERE pk = 'a' AND n = 1)" },
    { Statement: "INSERT INTO \"table\" VALUE {'pk': 'b', 'n': 1}" },
    { Statement: "UPDATE \"table\" SET n = n + 1 WHERE pk = 'c'" },
  ).then(() => assert.fail(), () => undefined);
  assert.deepEqual(await table.all(), [{ pk: "a", n: 1 }]);
  const { Responses } = await transaction(
    table,
    { Statement: "EXISTS(SELECT * FROM \"table\" WHERE pk = 'a' AND n = 1)" },
    { Statement: "INSERT INTO \"table\" VALUE {'pk': 'b', 'n': 1}" },
    { Statement: "DELETE FROM \"table\" WHERE pk = 'missing' AND n = 1" },
  );
  assert.deepEqual(Responses, [{}, {}, {}]);
  const read = await transaction(
    table,
    { Statement: "SELECT n FROM \"table\" WHERE pk = ?", Parameters: [{ S: "a" }] },
    { Statement: "SELECT * FROM \"table\" WHERE pk = 'missing'" },
    { Statement: "SELECT * FROM \"table\" WHERE pk = 'b'" },
  );
  assert.deepEqual(read.Responses?.map(({ Item }) => plain(Item)), [{ n: 1 }, undefined, { pk: "b", n: 1 }]);
  assert.deepEqual(
    await reasons(transaction(
      table,
      { Statement: "INSERT INTO \"table\" VALUE {'pk': 'b'}" },
      { Statement: "EXISTS(SELECT * FROM \"table\" WHERE pk = 'a' AND n = 2)" },
      { Statement: "DELETE FROM \"table\" WHERE pk = 'c'" },
    )),
    [
      "DuplicateItem: Duplicate primary key exists in table",
      "ConditionalCheckFailed: The conditional request failed", "None",
    ],
  );
  const keyless = transaction(
    table,
    { Statement: "DELETE FROM \"table\" WHERE pk = 'c'" },
    { Statement: "UPDATE \"table\" SET n = 2 WHERE n = 1" },
  );
  assert.deepEqual(
    await reasons(keyless),
    ["None", "ValidationError: The provided key element does not match the schema"],
  );
});

test("a transaction of statements is carried out once with one token", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", n: 0 });
  const add = { Statement: "UPDATE \"table\" SET n = n + 1 WHERE pk = 'a'" };
  const more = { ClientRequestToken: "token", ReturnConsumedCapacity: "INDEXES" } as const;
  const first = await transactionWith(table, more, add);
  const again = await transactionWith(table, more, add);
  assert.equal((await table.item({ pk: "a" }))?.["n"], 1);
  assert.equal(first.ConsumedCapacity?.[0]?.WriteCapacityUnits, 2);
  assert.equal(again.ConsumedCapacity?.[0]?.ReadCapacityUnits, 2);
  const other = { Statement: "DELETE FROM \"table\" WHERE pk = 'a'" };
  assert.match(await refusal(transactionWith(table, more, other)), /^IdempotentParameterMismatchException: /);
});

test("what a transaction's statements may not be is said with their number", async () => {
  await using region = await startRegion();
  const table = await indexed(region);
  const get = { Statement: "SELECT * FROM \"table\" WHERE pk = 'a' AND sk = '1'" };
  const put = { Statement: "INSERT INTO \"table\" VALUE {'pk': 'a', 'sk': '1'}" };
  const second = (text: string) => `${invalid}Validation failed in TransactStatements[1]: ${text}`;
  const refused: readonly (readonly [readonly ParameterizedStatement[], string])[] = [
    [[get, put], `${invalid}ExecuteTransaction API does not support both read and write operations ` +
      "in the same request."],
    [[get, { Statement: "SELECT * FROM \"table\".\"by-color\" WHERE color = 'red'" }],
      second("Reads on indices are not supported within transactions.")],
    [[put, { Statement: "UPDATE \"table\" SET n = 1 WHERE pk = 'a' AND sk = '2' RETURNING ALL NEW *" }],
      second("RETURNING clause is not supported in ExecuteTransaction.")],
    [[put, { Statement: "EXISTS(SELECT * FROM \"table\" WHERE pk = 'a' AND sk = '2')" }],
      second("EXISTS() must contain a single item read with additional condition")],
    [[get, { Statement: "SELECT * FROM \"table\" WHERE pk = 'a'" }], second(
      "Select statements within ExecuteTransaction must specify the primary key in the where clause.")],
    [[put, { Statement: "DELETE FROM \"table\" WHERE pk = 'a' AND sk = '1'" }],
      `${invalid}Transaction request cannot include multiple operations on one item`],
  ];
  for (const [statements, text] of refused) {
    assert.equal(await refusal(transaction(table, ...statements)), text);
  }
});

test("a statement may name its table by ARN, and be about another account's", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table";
  await execute(table, `INSERT INTO "${arn}" VALUE {'pk': 'a'}`);
  assert.deepEqual(await rows(table, `SELECT * FROM "${arn}" WHERE pk = 'a'`), [{ pk: "a" }]);
  const db = region.client(DynamoDBClient, { credentials: region.root("111111111111") });
  const select = `SELECT * FROM "${arn}" WHERE pk = 'a'`;
  assert.match(await refusal(execute({ db }, select)), /^AccessDeniedException: /);
  await createTable(region, "pk:S", {}, db);
  assert.deepEqual(await rows({ db }, "SELECT * FROM \"table\" WHERE pk = 'a'"), []);
  await table.db.send(new PutResourcePolicyCommand({
    ResourceArn: arn,
    Policy: JSON.stringify({ Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { AWS: "111111111111" }, Action: "dynamodb:PartiQLSelect", Resource: arn,
    }] }),
  }));
  assert.deepEqual(await rows({ db }, select), [{ pk: "a" }]);
  assert.match(await refusal(execute({ db }, `DELETE FROM "${arn}" WHERE pk = 'a'`)), /^AccessDenied/);
});

test("statements need leave for what they do, and may be kept to partitions and keys", async () => {
  await using region = await startRegion();
  await createTable(region);
  const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table";
  const credentials = await region.user("user", { Version: "2012-10-17", Statement: [
    { Effect: "Allow", Action: ["dynamodb:PartiQLSelect", "dynamodb:PartiQLInsert"], Resource: arn },
    { Effect: "Deny", Action: "dynamodb:PartiQLSelect", Resource: arn,
      Condition: { Bool: { "dynamodb:FullTableScan": ["true"] } } },
    { Effect: "Deny", Action: "dynamodb:PartiQLInsert", Resource: arn,
      Condition: { "ForAnyValue:StringNotEquals": { "dynamodb:LeadingKeys": ["mine"] } } },
  ] });
  const db = region.client(DynamoDBClient, { credentials });
  const denied = /^AccessDeniedException: User: arn:aws:iam::000000000000:user\/user is not authorized/;
  await execute({ db }, "INSERT INTO \"table\" VALUE {'pk': 'mine'}");
  assert.match(await refusal(execute({ db }, "INSERT INTO \"table\" VALUE {'pk': 'other'}")), denied);
  assert.equal((await rows({ db }, "SELECT * FROM \"table\" WHERE pk = 'mine'")).length, 1);
  assert.match(await refusal(execute({ db }, "SELECT * FROM \"table\"")), denied);
  assert.match(await refusal(execute({ db }, "SELECT * FROM \"table\" WHERE a = 1")), denied);
  assert.match(await refusal(execute({ db }, "DELETE FROM \"table\" WHERE pk = 'mine'")), denied);
  const { Responses } = await db.send(new BatchExecuteStatementCommand({ Statements: [
    {
      Statement: "DELETE FROM \"table\" WHERE pk = 'mine'",
    }, { Statement: "INSERT INTO \"table\" VALUE {'pk': 'x'}" },
  ] }));
  assert.deepEqual(Responses?.map(({ Error: error }) => error?.Code), ["AccessDenied", "AccessDenied"]);
});
