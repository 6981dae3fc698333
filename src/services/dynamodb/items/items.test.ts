/** One item at a time. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { builtOperation } from "../../../../test/suites/services.ts";
import { client } from "../../../../test/suites/wire.ts";
import { createTable, plain, values } from "../table-fixture.ts";

test("dynamodb-nosql-tables-items-attributes: items have their own attributes, of every type", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const item = {
    pk: { S: "all" }, S: { S: "text" }, N: { N: "-1.5" }, B: { B: new Uint8Array([0, 1, 255]) },
    BOOL: { BOOL: false }, NULL: { NULL: true }, M: { M: { "a.b": { L: [{ N: "1" }, { M: {} }] } } },
    L: { L: [] }, SS: { SS: ["b", "a"] }, NS: { NS: ["2", "1"] },
    BS: { BS: [new Uint8Array([1]), new Uint8Array([2])] },
  };
  await table.db.send(new PutItemCommand({ TableName: table.name, Item: item }));
  await table.put({ pk: "other", entirely: { different: [1] } });
  const { Item } = await table.get({ pk: "all" });
  assert.deepEqual(Item, item);
  assert.deepEqual(await table.item({ pk: "other" }), { pk: "other", entirely: { different: [1] } });
});

test("dynamodb-partition-key-unique: putting a key again replaces the item", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", first: 1 });
  await table.put({ pk: "a", second: 2 });
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", second: 2 });
  assert.equal((await table.scan()).Count, 1);
  const again = table.put({ pk: "a" }, { ConditionExpression: "attribute_not_exists(pk)" });
  assert.equal(await refusal(again), "ConditionalCheckFailedException: The conditional request failed");
});

test("dynamodb-composite-key: items may share a partition key, not both keys", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N");
  await table.put({ pk: "a", sk: 1, v: "one" });
  await table.put({ pk: "a", sk: 2, v: "two" });
  assert.equal((await table.query("pk = :a", { ":a": "a" })).Count, 2);
  const { Attributes } = await table.put({ pk: "a", sk: 1, v: "new" }, { ReturnValues: "ALL_OLD" });
  assert.deepEqual(plain(Attributes), { pk: "a", sk: 1, v: "one" });
  assert.equal((await table.query("pk = :a", { ":a": "a" })).Count, 2);
});

test("dynamodb-strong-reads: a consistent read sees every write before it", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  for (let count = 0; count < 1_000; count += 1) {
    await table.put({ pk: "a", count });
    assert.equal((await table.get({ pk: "a" }, { ConsistentRead: true })).Item?.["count"]?.N, String(count));
  }
});

test("dynamodb-item-limit-400kb: names and values of an item are 400 KB at most", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const sized = (bytes: number) => ({ pk: "a", text: "x".repeat(bytes - "pk".length - 1 - "text".length) });
  await table.put(sized(409_600));
  const tooLarge = "ValidationException: Item size has exceeded the maximum allowed size";
  assert.equal(await refusal(table.put(sized(409_601))), tooLarge);
  const updated = (pk: string, bytes: number) => table.update(
    { pk }, "SET body = :b", { ":b": "x".repeat(bytes - "body".length) },
  );
  await updated("b", 409_600 - 22);
  const longer = updated("b", 409_600 - 21);
  assert.equal(
    await refusal(longer), "ValidationException: Item size to update has exceeded the maximum allowed size",
  );
});

test("dynamodb-nesting-35: 32 levels are stored, 33 refused", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const nested = (levels: number): unknown => (levels === 0 ? "x" : { a: nested(levels - 1) });
  await table.put({ pk: "a", v: nested(31) });
  assert.equal(
    await refusal(table.put({ pk: "a", v: nested(32) })),
    "ValidationException: 1 validation error detected: Nesting Levels have exceeded supported limits: " +
      "Attributes in the item have nested levels beyond supported limit",
  );
});

test("dynamodb-conditional-writes-idempotent: the same request has no further effect", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", price: 10 });
  const raise = () => table.update(
    { pk: "a" }, "SET price = :new", { ":new": 12, ":old": 10 }, { ConditionExpression: "price = :old" },
  );
  await raise();
  assert.equal(await refusal(raise()), "ConditionalCheckFailedException: The conditional request failed");
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", price: 12 });
});

test("dynamodb-conditional-check-failed-contention: of many who update one version one wins", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", version: 0 });
  for (let round = 0; round < 25; round += 1) {
    const results = await Promise.all(Array.from({ length: 20 }, (_, client) => refusal(table.update(
      { pk: "a" }, "SET version = :next, winner = :client",
      { ":next": round + 1, ":client": client, ":seen": round }, { ConditionExpression: "version = :seen" },
    ))));
    assert.equal(results.filter((each) => each === "no refusal").length, 1);
    assert.equal(
      results.filter((each) => each.startsWith("ConditionalCheckFailedException: ")).length, 19,
    );
  }
});

test("dynamodb-atomic-counters: increments of several clients do not disturb each other", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const answers = await Promise.all(Array.from({ length: 100 }, () => table.update(
    { pk: "a" }, "ADD c :one", { ":one": 1 }, { ReturnValues: "UPDATED_NEW" },
  )));
  assert.equal(new Set(answers.map(({ Attributes }) => Attributes?.["c"]?.N)).size, 100);
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", c: 100 });
});

test("dynamodb-atomic-not-idempotent: sending an increment twice increments twice", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", c: 1 });
  for (let sent = 0; sent < 2; sent += 1) await table.update({ pk: "a" }, "SET c = c + :one", { ":one": 1 });
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", c: 3 });
});

test("an update returns what was, what is, or what of it changed", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const change = async (ReturnValues: "ALL_OLD" | "ALL_NEW" | "UPDATED_OLD" | "UPDATED_NEW" | "NONE") => {
    await table.put({ pk: "a", n: 1, m: { x: 1, y: 2 }, l: ["a", "b"], other: true });
    const { Attributes } = await table.update(
      { pk: "a" }, "SET m.x = :v, l[1] = :v, fresh = :v REMOVE n", { ":v": "v" }, { ReturnValues },
    );
    return plain(Attributes);
  };
  const before = { pk: "a", n: 1, m: { x: 1, y: 2 }, l: ["a", "b"], other: true };
  const after = { pk: "a", m: { x: "v", y: 2 }, l: ["a", "v"], other: true, fresh: "v" };
  assert.equal(await change("NONE"), undefined);
  assert.deepEqual(await change("ALL_OLD"), before);
  assert.deepEqual(await change("ALL_NEW"), after);
  assert.deepEqual(await change("UPDATED_OLD"), { m: { x: 1 }, l: ["b"], n: 1 });
  assert.deepEqual(await change("UPDATED_NEW"), { m: { x: "v" }, l: ["v"], fresh: "v" });
});

test("an update without an item makes one, with or without an expression", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const { Attributes } = await table.update(
    { pk: "a" }, "SET v = :v", { ":v": 1 }, { ReturnValues: "ALL_OLD" },
  );
  assert.equal(Attributes, undefined);
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", v: 1 });
  await table.db.send(new UpdateItemCommand({ TableName: table.name, Key: values({ pk: "b" }) }));
  assert.deepEqual(await table.item({ pk: "b" }), { pk: "b" });
});

test("a failed condition shows the item to who asks for it", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", v: 1, bytes: new Uint8Array([1, 2]) });
  const asked = { ConditionExpression: "v > pk", ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  const item = values({ pk: "a", v: 1, bytes: new Uint8Array([1, 2]) });
  await assert.rejects(
    table.delete({ pk: "a" }, asked), { name: "ConditionalCheckFailedException", Item: item },
  );
  await assert.rejects(table.put({ pk: "a" }, asked), { Item: item });
  await assert.rejects(table.update({ pk: "a" }, "SET v = :v", { ":v": 2 }, asked), { Item: item });
  await assert.rejects(table.delete({ pk: "missing" }, asked), { Item: undefined });
});

test("deleting answers with the item that was, and succeeds where there was none", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", v: 1 });
  assert.deepEqual(
    plain((await table.delete({ pk: "a" }, { ReturnValues: "ALL_OLD" })).Attributes), { pk: "a", v: 1 },
  );
  assert.equal((await table.delete({ pk: "a" }, { ReturnValues: "ALL_OLD" })).Attributes, undefined);
  assert.equal(await table.item({ pk: "a" }), undefined);
});

test("names that every object has are attributes like others", async () => {
  await using region = await startRegion();
  await createTable(region, "__proto__:S constructor:S");
  const { send } = client(region);
  const ask = async (operation: string, body: string) =>
    (await send(builtOperation(`dynamodb:${operation}`), `{"TableName":"table",${body}}`)).text;
  const key = '{"__proto__":{"S":"a"},"constructor":{"S":"b"}}';
  const map = '{"M":{"__proto__":{"S":"d"},"valueOf":{"N":"1"}}}';
  const item = `${key.slice(0, -1)},"toString":{"S":"c"},"m":${map}}`;
  assert.equal(await ask("PutItem", `"Item":${item}`), "{}");
  assert.equal(await ask("GetItem", `"Key":${key}`), `{"Item":${item}}`);
  const projected = await ask("GetItem", `"Key":${key},"ProjectionExpression":"valueOf, toString"`);
  assert.equal(projected, '{"Item":{"toString":{"S":"c"}}}');
  const update = '"UpdateExpression":"SET #p = #t, #m.#p = #t REMOVE hasOwnProperty",' +
    '"ExpressionAttributeNames":{"#p":"prototype","#t":"toString","#m":"m"}';
  const changed = await ask("UpdateItem", `"Key":${key},${update},"ReturnValues":"UPDATED_NEW"`);
  assert.equal(changed, '{"Attributes":{"prototype":{"S":"c"},"m":{"M":{"prototype":{"S":"c"}}}}}');
});

test("numbers keep 38 digits, and equal numbers are one key", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:N");
  const TableName = table.name;
  const put = (N: string) => table.db.send(
    new PutItemCommand({ TableName, Item: { pk: { N }, sent: { S: N } } }),
  );
  for (const one of ["1", "1.0", "0.1e1", "+1", "01"]) await put(one);
  await put("-99999999999999999999999999999999999999");
  await put("1e-130");
  await put("9.9999999999999999999999999999999999999E+125");
  assert.equal((await table.scan()).Count, 4);
  const { Item } = await table.db.send(new GetItemCommand({ TableName, Key: { pk: { N: "1e0" } } }));
  assert.deepEqual(Item, { pk: { N: "1" }, sent: { S: "01" } });
  assert.equal(
    await refusal(put("1e126")),
    "ValidationException: 1 validation error detected: Number overflow. " +
      "Attempting to store a number with magnitude larger than supported range",
  );
});

test("keys of every length that AWS takes are kept apart and in order", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:B");
  const pk = "p".repeat(2_048);
  const keys = [0, 1, 254, 255].flatMap((end) => [
    new Uint8Array(1_023).fill(7), new Uint8Array([...new Uint8Array(1_023).fill(7), end]),
    new Uint8Array(1_000).fill(end || 1),
  ]);
  for (const [index, sk] of keys.entries()) await table.put({ pk, sk, index });
  const { Items } = await table.query("pk = :pk", { ":pk": pk });
  const sorted = [...new Set(keys.map((key) => Buffer.from(key).toString("hex")))].sort();
  assert.deepEqual((Items ?? []).map((item) => Buffer.from(item["sk"]?.B ?? []).toString("hex")), sorted);
  const long = "ValidationException: One or more parameter values were invalid: ";
  assert.equal(
    await refusal(table.put({ pk: `${pk}p`, sk: new Uint8Array([1]) })),
    `${long}Size of hashkey has exceeded the maximum size limit of2048 bytes`,
  );
  assert.equal(
    await refusal(table.put({ pk, sk: new Uint8Array(1_025) })),
    `${long}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`,
  );
});
