/** Transactions: all or nothing, once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  TransactGetItemsCommand, TransactWriteItemsCommand, type TransactWriteItem,
  type TransactWriteItemsCommandInput,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { createTable, keyOf, values, type Plain, type TableFixture } from "../table-fixture.ts";

const invalid = "ValidationException: ";

function transact(
  table: TableFixture, TransactItems: TransactWriteItem[], more: Partial<TransactWriteItemsCommandInput> = {},
) {
  return table.db.send(new TransactWriteItemsCommand({ TransactItems, ...more }));
}

const put = (item: Plain, more: object = {}, TableName = "table"): TransactWriteItem =>
  ({ Put: { TableName, Item: values(item), ...more } });
const update = (
  key: Plain, UpdateExpression: string, given: Plain, more: object = {}
): TransactWriteItem => ({
  Update: {
    TableName: "table", Key: values(key), UpdateExpression, ExpressionAttributeValues: values(given), ...more,
  },
});
const remove = (key: Plain, more: object = {}): TransactWriteItem =>
  ({ Delete: { TableName: "table", Key: values(key), ...more } });
const check = (key: Plain, ConditionExpression: string, more: object = {}): TransactWriteItem =>
  ({ ConditionCheck: { TableName: "table", Key: values(key), ConditionExpression, ...more } });

/** Codes and texts of the reasons. */
async function reasonsOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "no refusal";
  } catch (error) {
    const { CancellationReasons: reasons } = error as {
      CancellationReasons?: { Code: string; Message?: string }[],
    };
    if (!reasons) throw error;
    return reasons.map(({ Code, Message }) => (Message === undefined ? Code : `${Code}: ${Message}`));
  }
}

test("a transaction writes to several tables, all or nothing", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const other = await createTable(region, "pk:S sk:N", { TableName: "other" });
  await table.put({ pk: "old", v: 1 });
  await table.put({ pk: "gone" });
  await transact(table, [
    put({ pk: "new" }), update({ pk: "old" }, "SET v = v + :one", { ":one": 1 }), remove({ pk: "gone" }),
    put({ pk: "a", sk: 1 }, {}, "other"), check({ pk: "none" }, "attribute_not_exists(pk)"),
  ]);
  assert.deepEqual((await table.all()).sort((a, b) => (String(a["pk"]) < String(b["pk"]) ? -1 : 1)), [
    { pk: "new" }, { pk: "old", v: 2 },
  ]);
  assert.equal((await other.scan()).Count, 1);

  const failed = transact(table, [
    put({ pk: "never" }), check({ pk: "old" }, "v = :v", { ExpressionAttributeValues: values({ ":v": 1 }) }),
    remove({ pk: "new" }),
  ]);
  await assert.rejects(failed, {
    name: "TransactionCanceledException",
    message: "Transaction cancelled, please refer cancellation reasons for specific reasons " +
      "[None, ConditionalCheckFailed, None]",
    CancellationReasons: [
      { Code: "None" }, { Code: "ConditionalCheckFailed", Message: "The conditional request failed" },
      { Code: "None" },
    ],
  });
  assert.equal(await table.item({ pk: "never" }), undefined);
  assert.deepEqual(await table.item({ pk: "new" }), { pk: "new" });
});

test("each action has its reason, with the item where it is asked for", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", v: 1 });
  const failed = transact(table, [
    put({ pk: "a" }, {
      ConditionExpression: "attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
    remove({ pk: "b" }, {
      ConditionExpression: "attribute_exists(pk)", ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
    update({ pk: "c" }, "SET v = w", {}, { ExpressionAttributeValues: undefined }),
    update({ pk: "a2" }, "SET v = :v", { ":v": 1 }),
  ]);
  await assert.rejects(failed, {
    CancellationReasons: [
      {
        Code: "ConditionalCheckFailed", Message: "The conditional request failed",
        Item: values({ pk: "a", v: 1 }),
      },
      { Code: "ConditionalCheckFailed", Message: "The conditional request failed" },
      {
        Code: "ValidationError",
        Message: "The provided expression refers to an attribute that does not exist in the item",
      },
      { Code: "None" },
    ],
  });
});

test("what is wrong with a key is a reason, what is wrong with the request is not", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", {
    AttributeDefinitions: keyOf("pk:S g:S").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-g", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
      Projection: { ProjectionType: "ALL" },
    }],
  });
  const reasons = (item: TransactWriteItem) => reasonsOf(transact(table, [item]));
  const wrong = "ValidationError: One or more parameter values were invalid: ";
  assert.deepEqual(await reasons(put({ pk: 5 })), [`${wrong}Type mismatch for key pk expected: S actual: N`]);
  assert.deepEqual(
    await reasons(put({ pk: "a", g: 5 })),
    [`${wrong}Type mismatch for Index Key g Expected: S Actual: N IndexName: by-g`],
  );
  assert.deepEqual(
    await reasons(update({ pk: "a" }, "SET g = :v", { ":v": [1] })),
    [`${wrong}Type mismatch for Index Key g Expected: S Actual: L IndexName: by-g`],
  );
  for (const item of [
    remove({ pk: 5 }), update({ pk: ["x"] }, "SET v = :v", { ":v": 1 }), check({}, "attribute_exists(pk)"),
  ]) {
    assert.deepEqual(
      await reasons(item), ["ValidationError: The provided key element does not match the schema"],
    );
  }
  const empty = `${invalid}One or more parameter values are not valid. `;
  assert.equal(
    await refusal(transact(table, [put({ pk: "" })])),
    `${empty}The AttributeValue for a key attribute cannot contain an empty string value. Key: pk`,
  );
  assert.equal(
    await refusal(transact(table, [update({ pk: "a" }, "SET g = :v", { ":v": "" })])),
    `${empty}The update expression attempted to update a secondary index key to a value that is not ` +
      "supported. The AttributeValue for a key attribute cannot contain an empty string value.",
  );
  assert.equal(
    await refusal(transact(table, [put({ pk: "a" }), remove({ pk: "a" })])),
    `${invalid}Transaction request cannot include multiple operations on one item`,
  );
  assert.equal(
    await refusal(transact(table, [put({ pk: "a" }, {}, "none")])),
    "ResourceNotFoundException: Requested resource not found",
  );
  assert.equal(
    await refusal(transact(table, [{ ...put({ pk: "a" }), ...remove({ pk: "b" }) }])),
    `${invalid}TransactItems can only contain one of Check, Put, Update or Delete`,
  );
  assert.match(
    await refusal(transact(table, [])),
    /at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1$/,
  );
});

test("a transaction of 100 actions and 4 MB is carried out, more is not", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const puts = (count: number, body = "") =>
    Array.from({ length: count }, (_, index) => put({ pk: String(index), body }));
  await transact(table, puts(100));
  assert.equal((await table.scan()).Count, 100);
  assert.match(
    await refusal(transact(table, puts(101))), /Member must have length less than or equal to 100$/,
  );
  const large = "x".repeat(350_000);
  await transact(table, puts(11, large));
  assert.match(await refusal(transact(table, puts(12, large))), /^ValidationException: /);
});

test("a token makes a transaction happen once in ten minutes", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const add = (amount: number) => transact(
    table, [update({ pk: "a" }, "ADD v :v", { ":v": amount })],
    { ClientRequestToken: "token", ReturnConsumedCapacity: "TOTAL" },
  );
  const first = await add(1);
  assert.deepEqual(first.ConsumedCapacity, [{ TableName: "table", CapacityUnits: 2, WriteCapacityUnits: 2 }]);
  const again = await add(1);
  assert.deepEqual(again.ConsumedCapacity, [{ TableName: "table", CapacityUnits: 2, ReadCapacityUnits: 2 }]);
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", v: 1 });
  assert.match(await refusal(add(2)), /^IdempotentParameterMismatchException: /);
  await region.clock.advance({ minutes: 10 });
  await add(2);
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", v: 3 });
  await region.clock.advance({ minutes: 30 });
});

test("a transaction reads several items as they are at one moment", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", v: 1, w: 2 });
  const get = (...items: object[]) => table.db.send(new TransactGetItemsCommand({
    TransactItems: items.map((each) => ({ Get: { TableName: "table", ...each } as never })),
  }));
  const a = { Key: values({ pk: "a" }) };
  const { Responses } = await get(a, { Key: values({ pk: "missing" }) });
  assert.deepEqual(Responses, [{ Item: values({ pk: "a", v: 1, w: 2 }) }, {}]);
  assert.deepEqual((await get({ ...a, ProjectionExpression: "w" })).Responses, [{ Item: values({ w: 2 }) }]);
  assert.equal(
    await refusal(get(a, a)), `${invalid}Transaction request cannot include multiple operations on one item`,
  );
  assert.deepEqual(
    await reasonsOf(get(a, { Key: {} })),
    ["None", "ValidationError: The provided key element does not match the schema"],
  );
  assert.match(
    await refusal(get({ ...a, ProjectionExpression: "!!!" })),
    /^ValidationException: Invalid ProjectionExpression: Syntax error/,
  );
});
