import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion } from "../../test/region.ts";
import type { CellName } from "../store/types.ts";
import { TagSet, taggedResources } from "./tags.ts";

const cell: CellName = { account: "000000000000", region: "us-east-1" };
const arn = "arn:aws:test:us-east-1:000000000000:thing";

async function withTags(work: (tags: TagSet, other: TagSet) => void): Promise<void> {
  await using region = await startRegion();
  region.engine.store.transact(cell, (transaction) => {
    const rows = transaction.rows(taggedResources);
    work(new TagSet(rows, arn), new TagSet(rows, `${arn}-other`));
  });
}

test("tags are added to what is there, replaced by key, and taken away; keys differ by case", async () => {
  await withTags((tags, other) => {
    assert.deepEqual(tags.list(), []);
    tags.set({ team: "red", Team: "blue" });
    tags.set([
      { Key: "team", Value: "green" },
      { Key: "stage", Value: "" },
    ]);
    assert.deepEqual(tags.list(), [
      { Key: "team", Value: "green" },
      { Key: "Team", Value: "blue" },
      { Key: "stage", Value: "" },
    ]);
    tags.remove(["Team", "unknown"]);
    assert.deepEqual({ ...tags.get() }, { team: "green", stage: "" });
    assert.deepEqual(other.list(), []);
    tags.clear();
    assert.deepEqual(tags.list(), []);
  });
});

test("a resource without tags leaves no row behind", async () => {
  await using region = await startRegion();
  region.engine.store.transact(cell, (transaction) => {
    const rows = transaction.rows(taggedResources);
    const tags = new TagSet(rows, arn);
    tags.set(undefined);
    tags.set({});
    tags.set([]);
    tags.remove(["unknown"]);
    assert.equal(rows.count(), 0);
    tags.set({ a: "x" });
    tags.remove(["a"]);
    assert.equal(rows.count(), 0);
  });
});

test("a key like __proto__ is a key like any other", async () => {
  await withTags((tags) => {
    tags.set([
      { Key: "__proto__", Value: "x" },
      { Key: "constructor", Value: "y" },
    ]);
    assert.deepEqual(tags.list(), [
      { Key: "__proto__", Value: "x" },
      { Key: "constructor", Value: "y" },
    ]);
    assert.equal(Object.getPrototypeOf(tags.get()), null);
    tags.remove(["__proto__"]);
    assert.deepEqual(tags.list(), [{ Key: "constructor", Value: "y" }]);
  });
});
