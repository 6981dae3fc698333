/** Policies that restrict the use of items, and tables of other accounts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BatchGetItemCommand, BatchWriteItemCommand, CreateTableCommand, DescribeTableCommand, DynamoDBClient,
  GetItemCommand, PutItemCommand, PutResourcePolicyCommand, QueryCommand, ScanCommand,
  TransactGetItemsCommand, TransactWriteItemsCommand, UpdateItemCommand, UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { createTable, fixtureOf, keyOf, values } from "../table-fixture.ts";

const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table";

async function clientOf(region: TestRegion, statement: object, name = "user"): Promise<DynamoDBClient> {
  const credentials = await region.user(name, {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "dynamodb:*", Resource: [arn, `${arn}/index/*`], ...statement }],
  });
  return region.client(DynamoDBClient, { credentials });
}

/** Whether IAM lets a request through. */
async function isAllowed(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    assert.equal((error as Error).name, "AccessDeniedException", String(error));
    return false;
  }
}

test("dynamodb:LeadingKeys keeps a user to the partitions that are the user's", async () => {
  await using region = await startRegion();
  await createTable(region, "pk:S sk:S", {
    AttributeDefinitions: keyOf("pk:S sk:S color:S").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
    }],
  });
  const db = await clientOf(region, {
    Condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["mine", "${aws:username}"] } },
  });
  const TableName = "table";
  const key = (pk: string, sk = "1") => values({ pk, sk });
  const of = (pk: string) => ({ ExpressionAttributeValues: values({ ":pk": pk }) });
  const requests: readonly ((pk: string) => Promise<unknown>)[] = [
    (pk) => db.send(new PutItemCommand({ TableName, Item: key(pk) })),
    (pk) => db.send(new PutItemCommand({ TableName: arn, Item: key(pk) })),
    (pk) => db.send(new GetItemCommand({ TableName, Key: key(pk) })),
    (pk) => db.send(new QueryCommand({ TableName, KeyConditionExpression: "pk = :pk", ...of(pk) })),
    (pk) => db.send(new QueryCommand({ TableName, KeyConditionExpression: ":pk = pk", ...of(pk) })),
    (pk) => db.send(new QueryCommand({
      TableName, IndexName: "by-color", KeyConditionExpression: "color = :pk", ...of(pk),
    })),
    (pk) => db.send(new QueryCommand({
      TableName,
      KeyConditions: {
        pk: { ComparisonOperator: "EQ", AttributeValueList: [values({ pk })["pk"] ?? { S: "" }] },
      },
    })),
    (pk) => db.send(new BatchGetItemCommand({
      RequestItems: { table: { Keys: [key("mine", "2"), key(pk)] } },
    })),
    (pk) => db.send(new BatchWriteItemCommand({ RequestItems: {
      table: [{ PutRequest: { Item: key("mine") } }, { DeleteRequest: { Key: key(pk, "2") } }],
    } })),
    (pk) => db.send(new TransactWriteItemsCommand({ TransactItems: [
      { Put: { TableName, Item: key(pk) } }, { Delete: { TableName, Key: key("mine", "2") } },
    ] })),
  ];
  for (const [at, request] of requests.entries()) {
    assert.equal(await isAllowed(request("mine")), true, `${at} mine`);
    assert.equal(await isAllowed(request("user")), true, `${at} by name`);
    assert.equal(await isAllowed(request("other")), false, `${at} other`);
  }
});

test("dynamodb:Attributes and dynamodb:Select keep a user to some attributes", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", open: 1, secret: 2 });
  const db = await clientOf(region, {
    Condition: {
      "ForAllValues:StringEquals": { "dynamodb:Attributes": ["pk", "open"] },
      StringEqualsIfExists: {
        "dynamodb:Select": "SPECIFIC_ATTRIBUTES", "dynamodb:ReturnValues": [
          "NONE", "UPDATED_OLD", "UPDATED_NEW",
        ],
      },
    },
  });
  const TableName = "table";
  const Key = values({ pk: "a" });
  const one = { ExpressionAttributeValues: values({ ":one": 1 }) };
  const scan = (ProjectionExpression?: string) =>
    isAllowed(db.send(new ScanCommand({ TableName, ProjectionExpression })));
  const get = (ProjectionExpression: string) =>
    isAllowed(db.send(new GetItemCommand({ TableName, Key, ProjectionExpression })));
  const update = (name: string, ReturnValues?: "UPDATED_NEW" | "ALL_OLD") =>
    isAllowed(db.send(new UpdateItemCommand({
      TableName, Key, UpdateExpression: `SET ${name} = :one`, ReturnValues, ...one,
    })));
  const condition = (name: string) => isAllowed(db.send(new UpdateItemCommand({
    TableName, Key, UpdateExpression: "SET #open = :one", ConditionExpression: `${name} <> :other`,
    ExpressionAttributeNames: { "#open": "open" }, ExpressionAttributeValues: values(
      { ":one": 1, ":other": 9 },
    ),
  })));
  assert.deepEqual([await scan(), await scan("pk, secret"), await scan("pk")], [false, false, true]);
  assert.deepEqual([await get("secret"), await get("pk, secret"), await get("pk")], [false, false, true]);
  assert.deepEqual([await update("secret"), await update("secret.part")], [false, false]);
  assert.deepEqual([await update("secret", "ALL_OLD")], [false]);
  assert.deepEqual([await condition("secret"), await condition("pk")], [false, true]);
  const hidden = db.send(new ScanCommand({
    TableName, ProjectionExpression: "#s", ExpressionAttributeNames: { "#s": "secret" },
  }));
  assert.equal(await isAllowed(hidden), false);
});

test("who may read some attributes must name them, in every operation that returns items", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", open: 1, secret: 2 });
  const TableName = "table";
  const Key = values({ pk: "a" });
  const named = { ProjectionExpression: "pk" };
  type Part = typeof named | Record<string, never>;
  const requests: readonly ((db: DynamoDBClient, part: Part) => Promise<unknown>)[] = [
    (db, part) => db.send(new GetItemCommand({ TableName, Key, ...part })),
    (db, part) => db.send(new BatchGetItemCommand({ RequestItems: { table: { Keys: [Key], ...part } } })),
    (db, part) => db.send(new TransactGetItemsCommand({
      TransactItems: [{ Get: { TableName, Key, ...part } }],
    })),
    (db, part) => db.send(new ScanCommand({ TableName, ...part })),
  ];
  for (const operator of ["StringEquals", "StringEqualsIfExists"]) {
    const db = await clientOf(region, { Condition: {
      "ForAllValues:StringEquals": { "dynamodb:Attributes": ["pk", "open"] },
      [operator]: { "dynamodb:Select": "SPECIFIC_ATTRIBUTES" },
    } }, operator);
    for (const [at, request] of requests.entries()) {
      assert.equal(await isAllowed(request(db, named)), true, `${operator} ${at} named`);
      assert.equal(await isAllowed(request(db, {})), false, `${operator} ${at} all`);
    }
  }
  const writer = await clientOf(region, { Condition: { StringEquals: { "dynamodb:ReturnValues": "NONE" } } });
  const put = (ReturnValues?: "ALL_OLD") =>
    isAllowed(writer.send(new PutItemCommand({ TableName, Item: Key, ReturnValues })));
  assert.deepEqual([await put(), await put("ALL_OLD")], [true, false]);
});

test("each attribute of a partition's key has a condition key of its own", async () => {
  await using region = await startRegion();
  await createTable(region, "pk:S", {
    AttributeDefinitions: keyOf("pk:S team:S season:N").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-team", Projection: { ProjectionType: "ALL" },
      KeySchema: [{ AttributeName: "team", KeyType: "HASH" }, { AttributeName: "season", KeyType: "HASH" }],
    }],
  });
  const db = await clientOf(region, { Condition: { "ForAllValues:StringEquals": {
    "dynamodb:FirstPartitionKeyValues": ["red"], "dynamodb:SecondPartitionKeyValues": ["1"],
  } } });
  const query = (team: string, season: number) => isAllowed(db.send(new QueryCommand({
    TableName: "table", IndexName: "by-team", KeyConditionExpression: "team = :team AND season = :season",
    ExpressionAttributeValues: values({ ":team": team, ":season": season }),
  })));
  assert.deepEqual([await query("red", 1), await query("red", 2)], [true, false]);
  assert.equal(await query("blue", 1), false);
});

test("a table of another account is used by its ARN, if its policy says so", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", {
    AttributeDefinitions: keyOf("pk:S sk:S color:S").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
    }],
  });
  await table.put({ pk: "a", sk: "1", color: "red" });
  const other = region.client(DynamoDBClient, { credentials: region.root("111111111111") });
  const theirs = fixtureOf(other, arn);
  const denied = await refusal(theirs.get({ pk: "a", sk: "1" }));
  assert.match(denied, /^AccessDeniedException: User: arn:aws:iam::111111111111:root is not authorized to /);
  assert.match(denied, /perform: dynamodb:GetItem on resource: arn:aws:dynamodb:.*:table\/table because no /);
  await table.db.send(new PutResourcePolicyCommand({
    ResourceArn: arn,
    Policy: JSON.stringify({ Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { AWS: "111111111111" }, Action: ["dynamodb:GetItem", "dynamodb:Query",
        "dynamodb:DescribeTable", "dynamodb:BatchGetItem"], Resource: [arn, `${arn}/index/by-color`],
    }] }),
  }));
  assert.deepEqual(await theirs.item({ pk: "a", sk: "1" }), { pk: "a", sk: "1", color: "red" });
  const red = { IndexName: "by-color" };
  assert.equal((await theirs.query("color = :red", { ":red": "red" }, red)).Count, 1);
  assert.equal((await other.send(new DescribeTableCommand({ TableName: arn }))).Table?.TableArn, arn);
  const batch = await other.send(new BatchGetItemCommand({
    RequestItems: { [arn]: { Keys: [values({ pk: "a", sk: "1" })] } },
  }));
  assert.equal(batch.Responses?.[arn]?.length, 1);
  assert.match(await refusal(theirs.put({ pk: "b", sk: "1" })), /^AccessDeniedException: /);
  const own = fixtureOf(other, "table");
  assert.equal(
    await refusal(own.get({ pk: "a", sk: "1" })), "ResourceNotFoundException: Requested resource not found",
  );
});

test("an ARN names a table of this region, and nothing else", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const named = fixtureOf(table.db, arn);
  await named.put({ pk: "a" });
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a" });
  const elsewhere = arn.replace("us-east-1", "eu-west-1");
  const rows: readonly (readonly [string, string])[] = [
    [elsewhere, `1 validation error detected: Invalid AWS region in '${elsewhere}'`],
    [`${arn}/index/x`, `1 validation error detected: Invalid resource type in '${arn}/index/x'`],
  ];
  for (const [text, message] of rows) {
    assert.equal(
      await refusal(fixtureOf(table.db, text).get({ pk: "a" })), `ValidationException: ${message}`,
    );
  }
});

test("tags and policies given with a table need leave of their own", async () => {
  await using region = await startRegion();
  const credentials = await region.user("user", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: ["dynamodb:CreateTable", "dynamodb:UpdateTable"], Resource: "*" }],
  });
  const db = region.client(DynamoDBClient, { credentials });
  const make = (more: object) => isAllowed(db.send(new CreateTableCommand({
    TableName: "table", BillingMode: "PAY_PER_REQUEST", ...keyOf("pk:S"), ...more,
  })));
  assert.equal(await make({ Tags: [{ Key: "a", Value: "b" }] }), false);
  const statement = { Effect: "Deny", Principal: "*", Action: "dynamodb:DeleteTable", Resource: "*" };
  const ResourcePolicy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  assert.equal(await make({ ResourcePolicy }), false);
  assert.equal(await make({}), true);
  await region.clock.advance({ seconds: 1 });
  const protect = db.send(new UpdateTableCommand({ TableName: "table", DeletionProtectionEnabled: true }));
  assert.equal(await isAllowed(protect), true);
});
