import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { startRegion } from "../../test/region.ts";
import { table, type CellName, type Range } from "../store/types.ts";
import { openPageToken, page, pageOf, pageToken } from "./page.ts";

interface Row {
  readonly group: string;
  readonly number: number;
}

const rows = table<Row>("test.paged", { key: (row) => [row.group, row.number] });
const cell: CellName = { account: "000000000000", region: "us-east-1" };
const invalid = () => new Error("invalid token");

async function walk(
  limit: number,
  more: { range?: Range; keep?: (row: Row) => boolean; between?: (page: number) => Row[] } = {},
) {
  await using region = await startRegion();
  const { store } = region.engine;
  const put = (added: readonly Row[]) =>
    store.transact(cell, (transaction) => {
      for (const row of added) transaction.rows(rows).put(row);
    });
  put(["a", "b"].flatMap((group) => [1, 2, 3, 4, 5].map((number) => ({ group, number }))));
  const pages: string[][] = [];
  let token: string | undefined;
  do {
    const found = store.read(cell, (transaction) =>
      page<Row>({
        rows: transaction.rows(rows),
        key: (row) => [row.group, row.number],
        limit,
        token,
        scope: "test",
        invalid,
        ...more,
      }),
    );
    pages.push(found.items.map(({ group, number }) => `${group}${number}`));
    token = found.next;
    put(more.between?.(pages.length) ?? []);
  } while (token !== undefined);
  return pages;
}

test("pages hold all rows once, in order, and the last has no token", async () => {
  assert.deepEqual(await walk(4), [
    ["a1", "a2", "a3", "a4"],
    ["a5", "b1", "b2", "b3"],
    ["b4", "b5"],
  ]);
  assert.deepEqual(await walk(5), [
    ["a1", "a2", "a3", "a4", "a5"],
    ["b1", "b2", "b3", "b4", "b5"],
  ]);
  assert.equal((await walk(100)).length, 1);
});

test("a range is paged within its bounds, forward and backward", async () => {
  assert.deepEqual(await walk(2, { range: { prefix: ["b"] } }), [["b1", "b2"], ["b3", "b4"], ["b5"]]);
  assert.deepEqual(await walk(2, { range: { prefix: ["a"], reverse: true } }), [
    ["a5", "a4"],
    ["a3", "a2"],
    ["a1"],
  ]);
});

test("rows that are left out do not count, and cause no empty last page", async () => {
  assert.deepEqual(await walk(2, { keep: (row) => row.group === "a" && row.number < 5 }), [
    ["a1", "a2"],
    ["a3", "a4"],
  ]);
});

test("what is added behind the page is seen, what is added before it is not, nothing twice", async () => {
  const between = (count: number) =>
    count === 1
      ? [
          { group: "a", number: 0 },
          { group: "a", number: 4.5 },
        ]
      : [];
  assert.deepEqual(await walk(3, { between }), [
    ["a1", "a2", "a3"],
    ["a4", "a4.5", "a5"],
    ["b1", "b2", "b3"],
    ["b4", "b5"],
  ]);
});

test("a token is good for what it was made for, and a changed one for nothing", () => {
  const token = pageToken("here", ["a", 1]);
  assert.deepEqual(openPageToken("here", token), ["a", 1]);
  assert.equal(openPageToken("there", token), undefined);
  for (let position = 0; position < token.length; position += 1) {
    const other = token[position] === "A" ? "B" : "A";
    const changed = token.slice(0, position) + other + token.slice(position + 1);
    // Base64 has spare bits in its last letters: what reads as the same bytes is the same token.
    if (Buffer.from(changed, "base64").equals(Buffer.from(token, "base64"))) continue;
    assert.equal(openPageToken("here", changed), undefined, `changed at ${position}`);
  }
  for (const made of ["", "x", "made-up", "AAAA".repeat(1000), "\u0000", token.slice(0, 20)]) {
    assert.equal(openPageToken("here", made), undefined);
  }
  // Who reads these sources can seal what he likes.
  for (const text of ["no JSON", "null", "5", '{"0":"here"}', "[]"]) {
    const seal = createHmac("sha256", "us-local-1 page token").update(text).digest().subarray(0, 12);
    const made = Buffer.concat([seal, Buffer.from(text)]).toString("base64");
    assert.equal(openPageToken("here", made), undefined, text);
  }
});

test("a place that no page ends at is refused", () => {
  const nothing = { list: () => [] };
  for (const state of ["\ud800", ["a", "\ud800"], [], {}, [[]], null]) {
    const token = pageToken("test", state);
    assert.throws(
      () => page({ rows: nothing, key: () => "", limit: 2, token, scope: "test", invalid }), invalid(),
      JSON.stringify(state),
    );
  }
  for (const state of [-1, 0.5, 1e300, "1", null]) {
    const token = pageToken("test", state);
    assert.throws(() => pageOf(["a"], { limit: 2, token, scope: "test", invalid }), invalid());
  }
});

test("a list in memory is paged by position", () => {
  const all = ["a", "b", "c"];
  const first = pageOf(all, { limit: 2, token: undefined, scope: "test", invalid });
  assert.deepEqual(first.items, ["a", "b"]);
  const second = pageOf(all, { limit: 2, token: first.next, scope: "test", invalid });
  assert.deepEqual(second, { items: ["c"], next: undefined });
  assert.equal(pageOf(all, { limit: 3, token: undefined, scope: "test", invalid }).next, undefined);
  assert.throws(
    () => pageOf(all, { limit: 2, token: "made-up", scope: "test", invalid }),
    /^Error: invalid token$/,
  );
  assert.throws(
    () => pageOf(all, { limit: 2, token: pageToken("test", ["a"]), scope: "test", invalid }),
    /^Error: invalid token$/,
  );
});
