import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion } from "../../../../test/region.ts";
import { createTable, plain, type Plain } from "../table-fixture.ts";

const region = await startRegion();
test.after(() => region.stop());

const index = {
  GlobalSecondaryIndexes: [{
    IndexName: "byColour", Projection: { ProjectionType: "ALL" as const },
    KeySchema: [{ AttributeName: "colour", KeyType: "HASH" as const }],
  }],
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" as const },
    { AttributeName: "sk", AttributeType: "N" as const },
    { AttributeName: "colour", AttributeType: "S" as const },
  ],
};

function withLags(lags: Parameters<typeof region.engine.lags.set>[0]): void {
  region.engine.lags.clear();
  region.engine.lags.set(lags);
}

test("eventual reads show what was, for as long as they lag; consistent ones what is", async () => {
  withLags({ "dynamodb.reads": 500 });
  const table = await createTable(region, "pk:S", { TableName: "late" });
  await table.put({ pk: "a", version: 1 });
  await region.clock.advance({ milliseconds: 500 });
  await table.put({ pk: "a", version: 2 });
  await region.clock.advance({ milliseconds: 499 });
  assert.deepEqual(plain((await table.get({ pk: "a" })).Item), { pk: "a", version: 1 });
  assert.deepEqual(await table.many([{ pk: "a" }]), [{ pk: "a", version: 1 }]);
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", version: 2 });
  await region.clock.advance({ milliseconds: 1 });
  assert.deepEqual(plain((await table.get({ pk: "a" })).Item), { pk: "a", version: 2 });
});

test("an index lags by itself, and what a write was told stays true of the table", async () => {
  withLags({ "dynamodb.indexes": 2_000 });
  const table = await createTable(region, "pk:S sk:N", { TableName: "indexed", ...index });
  const red = () => table.query("colour = :c", { ":c": "red" }, { IndexName: "byColour" });
  await table.put({ pk: "a", sk: 1, colour: "red" });
  assert.equal((await table.scan()).Count, 1);
  assert.equal((await red()).Count, 0);
  await region.clock.advance({ seconds: 2 });
  await table.put({ pk: "a", sk: 1, colour: "green" });
  assert.deepEqual(plain((await red()).Items?.[0]), { pk: "a", sk: 1, colour: "red" });
  await region.clock.advance({ seconds: 2 });
  assert.equal((await red()).Count, 0);
});

test("an eventual read is the table of a moment ago, page by page and both ways", async () => {
  const lag = 1_000;
  withLags({ "dynamodb.reads": lag });
  const table = await createTable(region, "pk:S sk:N", { TableName: "random" });
  const history: { readonly at: number; readonly items: ReadonlyMap<number, Plain> }[] = [];
  let items = new Map<number, Plain>();
  const note = (): void => void history.push({ at: region.clock.now(), items: new Map(items) });
  note();
  for (let step = 0; step < 120; step += 1) {
    const sk = (step * 7 + (step % 5) * 3) % 12;
    if (step % 3 === 2) {
      await table.delete({ pk: "p", sk });
      items.delete(sk);
    } else {
      const item = { pk: "p", sk, step };
      await table.put(item);
      items.set(sk, item);
    }
    note();
    if (step % 4 === 1) await region.clock.advance({ milliseconds: 370 });
    if (step % 10 !== 9) continue;
    const moment = region.clock.now() - lag;
    const seen = history.findLast(({ at }) => at <= moment)?.items ?? new Map<number, Plain>();
    const expected = [...seen.keys()].sort((left, right) => left - right).map((key) => seen.get(key));
    assert.deepEqual(await table.all({ Limit: 3 }), expected);
    const backwards = await table.query("pk = :p", { ":p": "p" }, { ScanIndexForward: false });
    assert.deepEqual(backwards.Items?.map(plain), expected.toReversed());
    const rest = await table.query("pk = :p and sk > :s", { ":p": "p", ":s": 5 }, { Limit: 2 });
    assert.deepEqual(rest.Items?.map(plain), expected.filter((item) => Number(item?.["sk"]) > 5).slice(0, 2));
  }
  items = new Map();
});

test("what no read can see any more is forgotten", async () => {
  withLags({ "dynamodb.reads": 1_000 });
  const table = await createTable(region, "pk:S", { TableName: "forgotten" });
  for (let n = 0; n < 10; n += 1) await table.put({ pk: "a", n });
  await region.clock.advance({ seconds: 5 });
  const { lateChanges } = await import("./lagging.ts");
  const cell = { account: "000000000000", region: "us-east-1" };
  assert.equal(region.engine.store.read(cell, (transaction) => transaction.rows(lateChanges).count()), 0);
});
