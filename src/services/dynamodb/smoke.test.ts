import { test } from "node:test";
import assert from "node:assert/strict";
import * as d from "@aws-sdk/client-dynamodb";
import { startRegion } from "../../../test/region.ts";

test("smoke", async () => {
  await using region = await startRegion();
  const db = region.client(d.DynamoDBClient);
  const created = await db.send(new d.CreateTableCommand({
    TableName: "music", BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" },
      { AttributeName: "g", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    GlobalSecondaryIndexes: [{ IndexName: "by-g", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
      Projection: { ProjectionType: "KEYS_ONLY" } }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    Tags: [{ Key: "a", Value: "b" }],
  }));
  console.log(JSON.stringify(created.TableDescription));
  await region.clock.advance({ seconds: 1 });
  console.log(JSON.stringify((await db.send(new d.DescribeTableCommand({ TableName: "music" }))).Table));
  for (let i = 0; i < 5; i++) {
    const out = await db.send(new d.PutItemCommand({ TableName: "music", Item: { pk: { S: "a" + (i % 2) }, sk: { N: String(i) }, g: { S: "x" }, b: { B: Buffer.from([1, 2]) }, constructor: { S: "c" } },
      ReturnConsumedCapacity: "INDEXES", ReturnValues: "ALL_OLD" }));
    console.log(JSON.stringify({ ...out, $metadata: undefined }));
  }
  const got = await db.send(new d.GetItemCommand({ TableName: "music", Key: { pk: { S: "a0" }, sk: { N: "2.0" } }, ReturnConsumedCapacity: "TOTAL" }));
  console.log(JSON.stringify({ ...got, $metadata: undefined }));
  const upd = await db.send(new d.UpdateItemCommand({ TableName: "music", Key: { pk: { S: "a0" }, sk: { N: "2.0" } }, UpdateExpression: "SET #n = if_not_exists(#n, :z) + :one, g = :y", ExpressionAttributeNames: { "#n": "count" }, ExpressionAttributeValues: { ":z": { N: "0" }, ":one": { N: "1" }, ":y": { S: "y" } }, ReturnValues: "ALL_NEW", ReturnConsumedCapacity: "INDEXES" }));
  console.log(JSON.stringify({ ...upd, $metadata: undefined }));
  const scan = await db.send(new d.ScanCommand({ TableName: "music", ReturnConsumedCapacity: "TOTAL", Limit: 3 }));
  console.log(JSON.stringify({ ...scan, $metadata: undefined }));
  const scan2 = await db.send(new d.ScanCommand({ TableName: "music", IndexName: "by-g", FilterExpression: "begins_with(pk, :a)", ExpressionAttributeValues: { ":a": { S: "a1" } } }));
  console.log(JSON.stringify({ ...scan2, $metadata: undefined }));
  console.log(JSON.stringify((await db.send(new d.ListTablesCommand({}))).TableNames));
  await db.send(new d.DeleteTableCommand({ TableName: "music" }));
  await region.clock.advance({ seconds: 1 });
  await assert.rejects(db.send(new d.DescribeTableCommand({ TableName: "music" })), { name: "ResourceNotFoundException" });
});
