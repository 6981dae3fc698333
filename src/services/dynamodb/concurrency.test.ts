/** Many at once: conditions have one winner, and transactions happen one after the other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  TransactGetItemsCommand, TransactWriteItemsCommand, type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { startRegion } from "../../../test/region.ts";
import { builtOperation } from "../../../test/suites/services.ts";
import { client } from "../../../test/suites/wire.ts";
import { Ids } from "../../kernel/ids.ts";
import { createTable, values } from "./table-fixture.ts";

test("of ten thousand conditional writes each version has one winner", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", version: 0 });
  const caller = client(region);
  const update = builtOperation("dynamodb:UpdateItem");
  const versions = 100;
  for (let version = 0; version < versions; version += 1) {
    const input = {
      TableName: "table", Key: values({ pk: "a" }),
      UpdateExpression: "SET version = :next", ConditionExpression: "version = :version",
      ExpressionAttributeValues: values({ ":version": version, ":next": version + 1 }),
    };
    const answers = await Promise.all(Array.from({ length: 100 }, () => caller.call(update, input)));
    const codes = answers.map(({ status, code }) => (status === 200 ? "won" : code));
    assert.equal(codes.filter((code) => code === "won").length, 1);
    assert.equal(codes.filter((code) => code === "ConditionalCheckFailedException").length, 99);
  }
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", version: versions });
});

test("whoever reads while transactions move things about sees nothing half done", async () => {
  await using region = await startRegion();
  const { db, ...table } = await createTable(region);
  const TableName = "table";
  const accounts = ["a", "b", "c", "d", "e"];
  for (const pk of accounts) await table.put({ pk, sum: 100 });
  const chance = new Ids("transfers");
  const change = (pk: string, by: number): TransactWriteItem => ({ Update: {
    TableName, Key: values({ pk }), UpdateExpression: "SET #s = #s + :by",
    ConditionExpression: "#s >= :least", ExpressionAttributeNames: { "#s": "sum" },
    ExpressionAttributeValues: values({ ":by": by, ":least": Math.max(0, -by) }),
  } });
  const transfer = async (): Promise<boolean> => {
    const from = accounts[chance.below(5)] ?? "";
    const to = accounts.filter((pk) => pk !== from)[chance.below(4)] ?? "";
    const sum = 1 + chance.below(60);
    const TransactItems = [change(from, -sum), change(to, sum)];
    return db.send(new TransactWriteItemsCommand({ TransactItems })).then(() => true, () => false);
  };
  const total = async (): Promise<number> => {
    const TransactItems = accounts.map((pk) => ({ Get: { TableName, Key: values({ pk }) } }));
    const { Responses } = await db.send(new TransactGetItemsCommand({ TransactItems }));
    return (Responses ?? []).reduce((sum, { Item }) => sum + Number(Item?.["sum"]?.N), 0);
  };
  for (let round = 0; round < 10; round += 1) {
    const [done, totals] = await Promise.all([
      Promise.all(Array.from({ length: 12 }, transfer)), Promise.all(Array.from({ length: 4 }, total)),
    ]);
    assert.ok(done.some(Boolean));
    assert.deepEqual(totals, [500, 500, 500, 500]);
  }
  assert.ok((await table.all()).every(({ sum }) => Number(sum) >= 0));
});
