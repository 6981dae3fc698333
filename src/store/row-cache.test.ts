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
  for (let index = 0; index < 1_000; index++) cache.setWritten(`written ${index}`, { index }, 5_000);
  assert.ok(cache.size <= 30);
  cache.setWritten("written 999", {}, 50_000);
  assert.equal(cache.peek("written 999"), undefined);
});

test("what is deleted or replaced is not found in its old state", () => {
  const cache = new RowCache(4, 1_000_000);
  for (const key of ["a", "b", "c", "d"]) cache.set(key, 1, 10);
  cache.set("a", 2, 10);
  cache.delete("b");
  assert.deepEqual([cache.peek("a"), cache.peek("b")], [2, undefined]);
  cache.setWritten("a", 3, 10);
  assert.equal(cache.get("a"), 3);
  cache.setWritten("e", 4, 10);
  cache.set("e", 5, 10);
  assert.equal(cache.peek("e"), 5);
  cache.setWritten("f", 6, 10);
  cache.delete("f");
  assert.equal(cache.peek("f"), undefined);
});

test("what is written is soon forgotten, unless it was read before or is read since", () => {
  const cache = new RowCache(100_000, 100_000_000);
  cache.set("read before", 1, 10);
  cache.setWritten("read before", 2, 10);
  cache.setWritten("read since", 3, 10);
  cache.setWritten("only written", 4, 10);
  assert.equal(cache.get("read since"), 3);
  assert.equal(cache.peek("only written"), 4);
  for (let index = 0; index < 2_000; index++) cache.setWritten(`more ${index}`, index, 10);
  assert.equal(cache.peek("only written"), undefined);
  assert.deepEqual([cache.get("read before"), cache.get("read since")], [2, 3]);
  assert.equal(cache.get("more 1999"), 1_999);
});
