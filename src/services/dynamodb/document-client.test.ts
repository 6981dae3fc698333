/** Tables as most programs use them: through the document client and its paginators. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand, BatchWriteCommand, DynamoDBDocumentClient, ExecuteStatementCommand, GetCommand,
  NumberValue, paginateQuery, PutCommand, TransactGetCommand, TransactWriteCommand, UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { startRegion } from "../../../test/region.ts";
import { createTable } from "./table-fixture.ts";

const TableName = "table";

test("documents come back as they were put", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region);
  const documents = DynamoDBDocumentClient.from(db, { marshallOptions: { removeUndefinedValues: true } });
  const Item = {
    pk: "a", text: "ü€😀", number: -0.25, flag: false, nothing: null, bytes: new Uint8Array([0, 1, 255]),
    list: [1, "two", { three: [3] }], map: { inner: {}, deep: { a: [] } },
    texts: new Set(["x", "y"]), numbers: new Set([1, 2.5]), empty: "", left: undefined,
  };
  await documents.send(new PutCommand({ TableName, Item }));
  const { Item: found } = await documents.send(new GetCommand({ TableName, Key: { pk: "a" } }));
  const { left: _left, ...expected } = Item;
  assert.deepEqual(found, expected);
  const big = NumberValue.from("12345678901234567890123456789012345678");
  await documents.send(new PutCommand({ TableName, Item: { pk: "big", big } }));
  const { Item: precise } = await DynamoDBDocumentClient
    .from(db, { unmarshallOptions: { wrapNumbers: (text) => text } })
    .send(new GetCommand({ TableName, Key: { pk: "big" } }));
  assert.equal(precise?.["big"], "12345678901234567890123456789012345678");
});

test("documents are updated, queried page by page, batched and transacted", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region, "pk:S sk:N");
  const documents = DynamoDBDocumentClient.from(db);
  const items = Array.from({ length: 25 }, (_, sk) => ({ pk: "a", sk }));
  await documents.send(new BatchWriteCommand({
    RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) },
  }));
  const found: unknown[] = [];
  const query = {
    TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": "a" },
  };
  for await (const page of paginateQuery({ client: documents, pageSize: 7 }, query)) {
    found.push(...(page.Items ?? []));
  }
  assert.deepEqual(found, items);
  let scanned = 0;
  const scan = paginateScan({ client: db, pageSize: 4 }, { TableName });
  for await (const page of scan) scanned += page.Count ?? 0;
  assert.equal(scanned, 25);
  const { Attributes } = await documents.send(new UpdateCommand({
    TableName, Key: { pk: "a", sk: 1 }, UpdateExpression: "SET tags = :t ADD n :n",
    ExpressionAttributeValues: { ":t": ["x"], ":n": 2 }, ReturnValues: "ALL_NEW",
  }));
  assert.deepEqual(Attributes, { pk: "a", sk: 1, tags: ["x"], n: 2 });
  await documents.send(new TransactWriteCommand({ TransactItems: [
    { Put: { TableName, Item: { pk: "b", sk: 1, from: "transaction" } } },
    { Delete: { TableName, Key: { pk: "a", sk: 0 } } },
  ] }));
  const Key = { pk: "b", sk: 1 };
  const { Responses } = await documents.send(new TransactGetCommand({ TransactItems: [
    { Get: { TableName, Key } }, { Get: { TableName, Key: { pk: "a", sk: 0 } } },
  ] }));
  assert.deepEqual(Responses?.map(({ Item }) => Item), [{ ...Key, from: "transaction" }, undefined]);
  const batch = await documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [Key] } } }));
  assert.deepEqual(batch.Responses?.[TableName], [{ ...Key, from: "transaction" }]);
  const selected = await documents.send(new ExecuteStatementCommand({
    Statement: "SELECT * FROM \"table\" WHERE pk = ? AND sk = ?", Parameters: ["b", 1],
  }));
  assert.deepEqual(selected.Items, [{ ...Key, from: "transaction" }]);
});

test("a client without a region of its own finds the table by the endpoint", async () => {
  await using region = await startRegion();
  await createTable(region);
  const client = new DynamoDBClient({
    endpoint: await region.endpoint(), region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const documents = DynamoDBDocumentClient.from(client);
  await documents.send(new PutCommand({ TableName, Item: { pk: "wire" } }));
  const { Item } = await documents.send(new GetCommand({ TableName, Key: { pk: "wire" } }));
  assert.deepEqual(Item, { pk: "wire" });
  client.destroy();
});
