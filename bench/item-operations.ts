/** What the benchmark asks of DynamoDB. */

import {

  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  waitUntilTableExists,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { json, type BenchOperation } from "./operations.ts";

const itemCount = 1_000;
const queriedCount = 100;

function clientOf(port: number): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
}

/** An item of the usual kind: a dozen attributes, some 300 bytes. */
function itemOf(partition: string, sort: number): Record<string, AttributeValue> {
  return {
    pk: { S: partition },
    sk: { N: String(sort) },
    name: { S: `The name of item ${sort}` },
    description: { S: "some text of the length that descriptions usually have " },
    price: { N: "19.95" },
    count: { N: "0" },
    active: { BOOL: true },
    tags: { L: [{ S: "red" }, { S: "large" }] },
    address: { M: { city: { S: "Berlin" }, zip: { S: "10115" } } },
    createdAt: { S: "2026-01-01T00:00:00.000Z" },
  };
}

async function createTable(port: number, name: string): Promise<DynamoDBClient> {
  const client = clientOf(port);
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "N" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: name });
  return client;
}

async function fill(client: DynamoDBClient, table: string, partition: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await client.send(new PutItemCommand({ TableName: table, Item: itemOf(partition, index) }));
  }
}

function operation(
  name: string,
  floorShare: number,
  bodies: readonly object[],
): BenchOperation {
  return {
    name: `dynamodb ${name}`,
    service: "dynamodb",
    floorShare,
    headers: json("1.0", `DynamoDB_20120810.${name.split(" ", 1)[0]}`),
    bodies: bodies.map((body) => JSON.stringify(body)),
  };
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

async function getItem(port: number): Promise<BenchOperation> {
  const table = "bench-get";
  await fill(await createTable(port, table), table, "p", itemCount);
  const bodies = times(itemCount, (index) => ({
    TableName: table,
    Key: { pk: { S: "p" }, sk: { N: String(index) } },
  }));
  return operation("GetItem", 0.45, bodies);
}

async function putItem(port: number): Promise<BenchOperation> {
  const table = "bench-put";
  await createTable(port, table);
  const bodies = times(itemCount, (index) => ({ TableName: table, Item: itemOf(`p${index % 10}`, index) }));
  return operation("PutItem", 0.35, bodies);
}

async function updateItem(port: number): Promise<BenchOperation> {
  const table = "bench-update";
  await fill(await createTable(port, table), table, "p", itemCount);
  const bodies = times(itemCount, (index) => ({
    TableName: table,
    Key: { pk: { S: "p" }, sk: { N: String(index) } },
    UpdateExpression: "SET #count = #count + :one",
    ConditionExpression: "attribute_exists(pk) AND active = :true",
    ExpressionAttributeNames: { "#count": "count" },
    ExpressionAttributeValues: { ":one": { N: "1" }, ":true": { BOOL: true } },
  }));
  return operation("UpdateItem with a condition", 0.3, bodies);
}

async function query(port: number): Promise<BenchOperation> {
  const table = "bench-query";
  const client = await createTable(port, table);
  for (const partition of ["p0", "p1", "p2", "p3"]) await fill(client, table, partition, queriedCount);
  const bodies = times(4, (index) => ({
    TableName: table,
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: { ":pk": { S: `p${index}` } },
  }));
  return operation(`Query of ${queriedCount}`, 0.12, bodies);
}

async function batchWrite(port: number): Promise<BenchOperation> {
  const table = "bench-batch";
  await createTable(port, table);
  const bodies = times(100, (batch) => ({
    RequestItems: {
      [table]: times(25, (index) => ({ PutRequest: { Item: itemOf(`p${batch}`, index) } })),
    },
  }));
  return operation("BatchWriteItem of 25", 0.06, bodies);
}

async function transactWrite(port: number): Promise<BenchOperation> {
  const table = "bench-transact";
  await createTable(port, table);
  const bodies = times(100, (batch) => ({
    TransactItems: times(10, (index) => ({ Put: { TableName: table, Item: itemOf(`p${batch}`, index) } })),
  }));
  return operation("TransactWriteItems of 10", 0.06, bodies);
}

export const itemOperations = { getItem, putItem, updateItem, query, batchWrite, transactWrite };
