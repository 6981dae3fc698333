/** Batches of reads and of writes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BatchGetItemCommand, BatchWriteItemCommand, DynamoDBClient, type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { createTable, values } from "../table-fixture.ts";

const invalid = "ValidationException: ";
const keysOf = (count: number) => Array.from({ length: count }, (_, index) => values({ pk: String(index) }));

test("dynamodb-batchget-100-items-1mb: a batch reads 100 items and 16 MB", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const read = (count: number) => table.db.send(
    new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: keysOf(count) } } }),
  );
  assert.match(await refusal(read(101)), /Member must have length less than or equal to 100$/);
  const other = await createTable(region, "pk:S", { TableName: "other" });
  const spread = table.db.send(new BatchGetItemCommand({
    RequestItems: { [table.name]: { Keys: keysOf(60) }, [other.name]: { Keys: keysOf(41) } },
  }));
  assert.equal(await refusal(spread), `${invalid}Too many items requested for the BatchGetItem call`);

  const body = "x".repeat(390_000);
  for (const key of keysOf(45)) await table.put({ pk: key["pk"]?.S, body });
  const { Responses, UnprocessedKeys } = await read(45);
  assert.equal(Responses?.[table.name]?.length, 43);
  assert.deepEqual(UnprocessedKeys, { [table.name]: { Keys: keysOf(45).slice(43) } });
});

test("dynamodb-batchget-multi-table: a batch reads from several tables", async () => {
  await using region = await startRegion();
  const one = await createTable(region, "pk:S", { TableName: "one" });
  const two = await createTable(region, "pk:S sk:N", { TableName: "two" });
  await one.put({ pk: "a", v: 1, w: 2 });
  await two.put({ pk: "a", sk: 1, v: 3 });
  const { Responses, UnprocessedKeys, ConsumedCapacity } = await one.db.send(new BatchGetItemCommand({
    RequestItems: {
      one: {
        Keys: [values({ pk: "missing" }), values({ pk: "a" })], ProjectionExpression: "#v",
        ExpressionAttributeNames: { "#v": "v" },
      },
      two: { Keys: [values({ sk: 1, pk: "a" })] },
    },
    ReturnConsumedCapacity: "TOTAL",
  }));
  assert.deepEqual(Responses, { one: [values({ v: 1 })], two: [values({ pk: "a", sk: 1, v: 3 })] });
  assert.deepEqual(UnprocessedKeys, {});
  assert.deepEqual(ConsumedCapacity?.map(({ TableName }) => TableName), ["one", "two"]);
});

test("a batch writes and deletes up to 25 items", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const write = (requests: WriteRequest[], name = table.name) => table.db.send(
    new BatchWriteItemCommand({ RequestItems: { [name]: requests } }),
  );
  const puts = (count: number) => keysOf(count).map((Item) => ({ PutRequest: { Item } }));
  await write(puts(25));
  await write(
    [{ DeleteRequest: { Key: values({ pk: "3" }) } }, { PutRequest: { Item: values({ pk: "new" }) } }],
  );
  const left = (await table.all()).map(({ pk }) => pk);
  assert.equal(left.length, 25);
  assert.ok(!left.includes("3") && left.includes("new"));
  assert.ok((await refusal(write(puts(26)))).endsWith(
    "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: "
      + "[Member must have length less than or equal to 25, "
      + "Member must have length greater than or equal to 1]",
  ));
  await createTable(region, "pk:S", { TableName: "other" });
  const spread = table.db.send(new BatchWriteItemCommand({
    RequestItems: { [table.name]: puts(20), other: puts(6) },
  }));
  assert.equal(await refusal(spread), `${invalid}Too many items requested for the BatchWriteItem call`);
});

test("what is wrong with one part of a batch refuses all of it, in AWS's words", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const write = (requests: WriteRequest[], name = table.name) => refusal(table.db.send(
    new BatchWriteItemCommand({ RequestItems: { [name]: requests } }),
  ));
  const put = (item: object) => ({ PutRequest: { Item: values(item as never) } });
  const good = put({ pk: "good" });
  assert.equal(
    await write([good, good]), `${invalid}Provided list of item keys contains duplicates`,
  );
  assert.equal(
    await write([good, { DeleteRequest: { Key: values({ pk: "good" }) } }]),
    `${invalid}Provided list of item keys contains duplicates`,
  );
  assert.equal(
    await write([good, put({ other: 1 })]),
    `${invalid}One or more parameter values were invalid: Missing the key pk in the item`,
  );
  assert.equal(
    await write([good, put({ pk: 1 })]),
    `${invalid}One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N`,
  );
  assert.equal(
    await write([good, put({ pk: "big", body: "x".repeat(409_600) })]),
    `${invalid}Item size has exceeded the maximum allowed size`,
  );
  assert.equal(
    await write([good, { DeleteRequest: { Key: values({ pk: "a", more: 1 }) } }]),
    `${invalid}The provided key element does not match the schema`,
  );
  assert.equal(await write([good], "none"), "ResourceNotFoundException: Requested resource not found");
  assert.equal((await table.scan()).Count, 0);
});

test("empty batches are refused as they are on AWS", async () => {
  await using region = await startRegion();
  const db = region.client(DynamoDBClient);
  assert.equal(
    await refusal(db.send(new BatchGetItemCommand({ RequestItems: {} }))),
    `${invalid}The requestItems parameter is required for BatchGetItem`,
  );
  assert.equal(
    await refusal(db.send(new BatchWriteItemCommand({ RequestItems: {} }))),
    `${invalid}The requestItems parameter is required for BatchWriteItem`,
  );
  const twice = db.send(new BatchGetItemCommand({
    RequestItems: { table: { Keys: [values({ pk: "a" }), values({ pk: "a" })] } },
  }));
  assert.equal(await refusal(twice), "ResourceNotFoundException: Requested resource not found");
  await createTable(region);
  const again = db.send(new BatchGetItemCommand({
    RequestItems: { table: { Keys: [values({ pk: "a" }), values({ pk: "a" })] } },
  }));
  assert.equal(await refusal(again), `${invalid}Provided list of item keys contains duplicates`);
});
