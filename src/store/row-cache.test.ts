import assert from "node:assert/strict";
import { test } from "node:test";
import { RowCache } from "./row-cache.ts";

test("the cache is bounded by rows, and keeps what is read", () => {
  const cache = new RowCache(100, 1_000_000);
  cache.set("hot", { hot: true }, 10);
  for (let index = 0; index < 10_000; index++) {
    cache.set(`cold ${index}`, { index }, 10);
    assert.deepEqual(cache.get("hot"), { hot: true });
  }
  assert.ok(cache.size <= 102);
  assert.equal(cache.get("cold 1"), undefined);
});

test("the cache is bounded by bytes, and takes no row that would fill it alone", () => {
  const cache = new RowCache(1_000_000, 100_000);
  for (let index = 0; index < 1_000; index++) cache.set(`row ${index}`, { index }, 5_000);
  assert.ok(cache.size <= 22);
  cache.set("large", {}, 50_000);
  assert.equal(cache.get("large"), undefined);
});

test("what is deleted or replaced is not found in its old state", () => {
  const cache = new RowCache(4, 1_000_000);
  for (const key of ["a", "b", "c", "d"]) cache.set(key, 1, 10);
  cache.set("a", 2, 10);
  cache.delete("b");
  assert.deepEqual([cache.peek("a"), cache.peek("b")], [2, undefined]);
});
