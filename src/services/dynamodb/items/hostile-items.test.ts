/** What nobody should send: contention, depth, length and numbers at the edge, over the whole way. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ExecuteStatementCommand, GetItemCommand, PutItemCommand, UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { builtOperation } from "../../../../test/suites/services.ts";
import { client } from "../../../../test/suites/wire.ts";
import { createTable } from "../table-fixture.ts";

test("of 10,000 concurrent conditional writes on one item one wins a round", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", version: 0 });
  const { send } = client(region);
  const rounds = 20;
  const writers = 10_000 / rounds;
  for (let round = 0; round < rounds; round += 1) {
    const body = (writer: number) => JSON.stringify({
      TableName: "table",
      Key: { pk: { S: "a" } },
      UpdateExpression: "SET version = version + :one, winner = :writer",
      ConditionExpression: "version = :seen",
      ExpressionAttributeValues: {
        ":one": { N: "1" }, ":seen": { N: String(round) }, ":writer": { N: String(writer) },
      },
    });
    const answers = await Promise.all(Array.from({ length: writers }, async (_, writer) => {
      const { status, text } = await send(builtOperation("dynamodb:UpdateItem"), body(writer));
      return { writer, won: status === 200, lost: text.includes("ConditionalCheckFailedException") };
    }));
    const winners = answers.filter(({ won }) => won);
    assert.equal(winners.length, 1);
    assert.equal(answers.filter(({ lost }) => lost).length, writers - 1);
    assert.deepEqual(await table.item({ pk: "a" }), {
      pk: "a", version: round + 1, winner: winners[0]?.writer,
    });
  }
});

type Refused = readonly (readonly [text: string, refusal: string])[];

const invalid = "ValidationException: 1 validation error detected: ";

test("JSON of any depth is refused, and the table goes on", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const { send } = client(region);
  const put = async (levels: number, open: string, close: string) => {
    const value = `${open.repeat(levels)}{"S":"x"}${close.repeat(levels)}`;
    const body = `{"TableName":"table","Item":{"pk":{"S":"a"},"v":${value}}}`;
    return (await send(builtOperation("dynamodb:PutItem"), body)).text;
  };
  for (const [open, close] of [['{"M":{"a":', "}}"], ['{"L":[', "]}"]] as const) {
    assert.equal(await put(31, open, close), "{}");
    for (const levels of [32, 60]) {
      assert.match(await put(levels, open, close), /#ValidationException".*Nesting Levels have exceeded/);
    }
    for (const levels of [1_000, 100_000]) {
      assert.match(await put(levels, open, close), /#SerializationException"/);
    }
  }
  await table.put({ pk: "a", v: 1 });
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", v: 1 });
});

test("expressions as long, deep and manifold as may be, and beyond", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", n: 1, l: [1] });
  const many = (text: string, count: number) => text.repeat(count);
  const failed = "ConditionalCheckFailedException: The conditional request failed";
  const condition = `${invalid}Invalid ConditionExpression: `;
  const conditions: Refused = [
    [`${many("NOT (", 290)}attribute_exists(n)${many(")", 290)}`, failed],
    [Array.from({ length: 150 }, () => "n = pk").join(" AND "), failed],
    [`${many("NOT ", 300)}attribute_exists(n)`,
      `${condition}The expression contains too many operators; operator count: 301`],
    [`${many("(", 2_000)}attribute_exists(n)${many(")", 2_000)}`,
      `${condition}The expression has redundant parentheses;`],
    [many("(", 4_096), `${condition}Syntax error; token: "<EOF>", near: "("`],
    [many(" ", 4_097),
      `${condition}Expression size has exceeded the maximum allowed size; expression size: 4097`],
    [`n = ${many("x", 1_000_000)}`,
      `${condition}Expression size has exceeded the maximum allowed size; expression size: 1000004`],
  ];
  for (const [ConditionExpression, expected] of conditions) {
    const text = ConditionExpression.slice(0, 40);
    assert.equal(await refusal(table.put({ pk: "b" }, { ConditionExpression })), expected, text);
  }
  const update = `${invalid}Invalid UpdateExpression: `;
  const updates: Refused = [
    [`SET ${Array.from({ length: 400 }, (_, index) => `a${index} = n`).join()}`, "no refusal"],
    [`SET n = ${many("if_not_exists(n,", 200)}n${many(")", 200)}`, "no refusal"],
    ["SET l[2147483647] = n", "no refusal"],
    ["SET l[2147483648] = n",
      `${update}List index is not within the allowable range; index: [2147483648]`],
    [`SET n = n${many(" + n", 500)}`, `${update}Syntax error; token: "+", near: "n + n"`],
    [`SET a${many(".b", 32)} = n`,
      `${update}The document path has too many nesting elements; nesting levels: 33`],
  ];
  for (const [expression, expected] of updates) {
    assert.equal(await refusal(table.update({ pk: "a" }, expression)), expected, expression.slice(0, 40));
  }
  const item = await table.item({ pk: "a" });
  assert.deepEqual([item?.["l"], item?.["a399"]], [[1, 1], 1]);
  const where = 'SELECT * FROM "table" WHERE ';
  for (const statement of [
    `${where}${many("(", 3_000)}pk = 'a'${many(")", 3_000)}`,
    `${where}${many("NOT ", 1_500)}pk = 'a'`,
    `INSERT INTO "table" VALUE {'pk': 'z', 'l': ${many("[", 3_000)}${many("]", 3_000)}}`,
  ]) {
    assert.equal(
      await refusal(table.db.send(new ExecuteStatementCommand({ Statement: statement }))),
      "ValidationException: Nesting Levels have exceeded supported limits", statement.slice(0, 40),
    );
  }
});

/**
 * What a sum would need more than 38 digits for is called an overflow.
 *
 * @evidence scylladb, test/alternator/test_number.py, test_update_expression_plus_imprecise
 */
test("numbers at the edge are stored whole, or refused, by writes as by arithmetic", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region);
  const TableName = "table";
  const Key = { pk: { S: "n" } };
  const put = (N: string) => refusal(db.send(new PutItemCommand({ TableName, Item: { ...Key, n: { N } } })));
  const stored = async () => (await db.send(new GetItemCommand({ TableName, Key }))).Item?.["n"]?.N;
  const most = "9.9999999999999999999999999999999999999E+125";
  const mostDigits = `${"9".repeat(38)}${"0".repeat(88)}`;
  for (const [N, shown] of [
    [most, mostDigits], [`-${most}`, `-${mostDigits}`], [`1${"0".repeat(125)}`, `1${"0".repeat(125)}`],
    ["1e-130", `0.${"0".repeat(129)}1`], ["-0", "0"], [`${"0".repeat(1_000)}1.`, "1"], [".50", "0.5"],
  ] as const) {
    assert.deepEqual([await put(N), await stored()], ["no refusal", shown], N.slice(0, 40));
  }
  const overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range";
  const underflow =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
  const noNumber = (text: string) => `The parameter cannot be converted to a numeric value: ${text}`;
  for (const [N, message] of [
    ["1e126", overflow], ["-1e126", overflow], ["1".repeat(1_000_000), overflow], ["1e-131", underflow],
    ["1".repeat(39), "Attempting to store more than 38 significant digits in a Number"],
    ...["NaN", "Infinity", "0x1", "1_000", "."].map((text) => [text, noNumber(text)] as const),
  ] as const) {
    assert.equal(await put(N), `${invalid}${message}`, N.slice(0, 40));
  }
  for (const [from, change, by, expected] of [
    [most, "SET n = n + :v", most, `ValidationException: ${overflow}`],
    [most, "ADD n :v", most, `ValidationException: ${overflow}`],
    ["1e38", "SET n = n + :v", "1", `ValidationException: ${overflow}`],
    ["1.1e-130", "SET n = n - :v", "1e-130", `ValidationException: ${underflow}`],
    ["1e37", "SET n = n + :v", "1", `1${"0".repeat(36)}1`],
    [most, "SET n = n - :v", most, "0"],
  ] as const) {
    await put(from);
    const before = await stored();
    const changed = await refusal(db.send(new UpdateItemCommand({
      TableName, Key, UpdateExpression: change, ExpressionAttributeValues: { ":v": { N: by } },
    })));
    const after = await stored();
    assert.equal(changed === "no refusal" ? after : changed, expected, `${from} ${change} ${by}`);
    if (changed !== "no refusal") assert.equal(after, before);
  }
});
