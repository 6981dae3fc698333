/** The JavaScript SDK's document client over a socket: plain objects in, plain objects out. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ConditionalCheckFailedException, CreateTableCommand, DynamoDBClient, TransactionCanceledException,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand, BatchWriteCommand, DeleteCommand, DynamoDBDocumentClient, ExecuteStatementCommand,
  GetCommand, NumberValue, paginateQuery, paginateScan, PutCommand, QueryCommand, TransactGetCommand,
  TransactWriteCommand, UpdateCommand, type TranslateConfig,
} from "@aws-sdk/lib-dynamodb";
import { keyOf } from "../../src/services/dynamodb/table-fixture.ts";
import { startWorkstation, type Workstation } from "./clients.ts";

const TableName = "shop";

/** A table with a hash and a range key, and a client to it. */
async function shop(
  station: Workstation, translation: TranslateConfig = {},
): Promise<DynamoDBDocumentClient> {
  const client = new DynamoDBClient({
    endpoint: station.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  await client.send(
    new CreateTableCommand({ TableName, BillingMode: "PAY_PER_REQUEST", ...keyOf("pk:S sk:N") }),
  );
  const { state } = await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName });
  assert.equal(state, "SUCCESS");
  return DynamoDBDocumentClient.from(client, translation);
}

test("objects of every type come back as they were put", async () => {
  await using station = await startWorkstation();
  const documents = await shop(station, { marshallOptions: { removeUndefinedValues: true } });
  const item = {
    pk: "ana", sk: -1.5e-30, text: "héllo 🎈", yes: true, nothing: null, bytes: Uint8Array.of(0, 255),
    names: new Set(["b", "a"]), numbers: new Set([1, 2.5]), list: [1, ["two", { three: 3 }]],
    map: { toString: 1, deep: { list: [{}] } }, empty: "",
  };
  await documents.send(new PutCommand({ TableName, Item: { ...item, gone: undefined } }));
  const { Item } = await documents.send(new GetCommand({ TableName, Key: { pk: item.pk, sk: item.sk } }));
  assert.deepEqual({ ...Item }, { ...item, names: new Set(["a", "b"]) });
});

test("numbers keep all of their 38 digits where they are wrapped", async () => {
  await using station = await startWorkstation();
  const documents = await shop(station, { unmarshallOptions: { wrapNumbers: true } });
  const digits = "12345678901234567890123456789012345678";
  await documents.send(new PutCommand({
    TableName, Item: { pk: "n", sk: NumberValue.from(`-${digits}`), bigint: 9007199254740993n },
  }));
  const { Items } = await documents.send(new QueryCommand({
    TableName, KeyConditionExpression: "pk = :p AND sk < :s",
    ExpressionAttributeValues: { ":p": "n", ":s": NumberValue.from(`-${digits.slice(0, -1)}7`) },
  }));
  assert.deepEqual(Items?.map(({ sk, bigint }) => [String(sk), String(bigint)]), [
    [`-${digits}`, "9007199254740993"],
  ]);
});

test("a condition that fails answers the item that failed it", async () => {
  await using station = await startWorkstation();
  const documents = await shop(station);
  const Key = { pk: "counter", sk: 0 };
  const count = (limit: number) => documents.send(new UpdateCommand({
    TableName, Key, UpdateExpression: "SET hits = if_not_exists(hits, :none) + :one",
    ConditionExpression: "attribute_not_exists(hits) OR hits < :limit",
    ExpressionAttributeValues: { ":none": 0, ":one": 1, ":limit": limit },
    ReturnValues: "UPDATED_NEW", ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  }));
  assert.deepEqual((await count(2)).Attributes, { hits: 1 });
  assert.deepEqual((await count(2)).Attributes, { hits: 2 });
  await assert.rejects(count(2), (error: unknown) => {
    assert.ok(error instanceof ConditionalCheckFailedException);
    assert.deepEqual(error.Item, { pk: { S: "counter" }, sk: { N: "0" }, hits: { N: "2" } });
    return true;
  });
  const { Attributes } = await documents.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }));
  assert.deepEqual(Attributes, { ...Key, hits: 2 });
});

test("batches and pages", async () => {
  await using station = await startWorkstation();
  const documents = await shop(station);
  const numbers = Array.from({ length: 25 }, (_, sk) => sk);
  await documents.send(new BatchWriteCommand({
    RequestItems: { [TableName]: numbers.map((sk) => ({ PutRequest: { Item: { pk: "page", sk } } })) },
  }));
  const Keys = [3, 99, 1].map((sk) => ({ pk: "page", sk }));
  const { Responses, UnprocessedKeys } = await documents.send(
    new BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }),
  );
  const found: unknown[] = (Responses?.[TableName] ?? []).map(({ sk }) => Number(sk)).sort();
  assert.deepEqual([found, UnprocessedKeys], [[1, 3], {}]);

  const pages: number[] = [];
  const seen: unknown[] = [];
  const query = {
    TableName, KeyConditionExpression: "pk = :p AND sk BETWEEN :a AND :b", ScanIndexForward: false,
    ExpressionAttributeValues: { ":p": "page", ":a": 2, ":b": 21 },
  };
  for await (const { Items = [] } of paginateQuery({ client: documents, pageSize: 8 }, query)) {
    pages.push(Items.length);
    seen.push(...Items.map(({ sk }) => Number(sk)));
  }
  assert.deepEqual([pages, seen], [[8, 8, 4], numbers.slice(2, 22).reverse()]);
  let scanned = 0;
  for await (const page of paginateScan({ client: documents, pageSize: 10 }, { TableName })) {
    scanned += page.Count ?? 0;
  }
  assert.equal(scanned, 25);
});

test("transactions and PartiQL", async () => {
  await using station = await startWorkstation();
  const documents = await shop(station);
  const put = (sk: number, balance: number) => ({ Put: { TableName, Item: { pk: "account", sk, balance } } });
  await documents.send(new TransactWriteCommand({ TransactItems: [put(1, 100), put(2, 0)] }));
  const move = (sk: number, amount: number) => ({
    Update: {
      TableName, Key: { pk: "account", sk }, UpdateExpression: "SET balance = balance + :amount",
      ConditionExpression: "balance >= :least",
      ExpressionAttributeValues: { ":amount": amount, ":least": -amount },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
    },
  });
  const transfer = () => documents.send(
    new TransactWriteCommand({ TransactItems: [move(1, -70), move(2, 70)] }),
  );
  await transfer();
  await assert.rejects(transfer(), (error: unknown) => {
    assert.ok(error instanceof TransactionCanceledException);
    assert.deepEqual(error.CancellationReasons?.map(({ Code, Item }) => [Code, Item?.["balance"]]), [
      ["ConditionalCheckFailed", { N: "30" }], ["None", undefined],
    ]);
    return true;
  });
  const { Responses } = await documents.send(new TransactGetCommand({
    TransactItems: [1, 2].map((sk) => ({ Get: { TableName, Key: { pk: "account", sk } } })),
  }));
  assert.deepEqual(Responses?.map(({ Item }) => Number(Item?.["balance"])), [30, 70]);
  const { Items } = await documents.send(new ExecuteStatementCommand({
    Statement: `SELECT balance FROM "${TableName}" WHERE pk = ? AND sk IN [?, ?] ORDER BY sk DESC`,
    Parameters: ["account", 1, 2],
  }));
  assert.deepEqual(Items, [{ balance: 70 }, { balance: 30 }]);
});
