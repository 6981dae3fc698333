import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion, type TestRegion } from "../../test/region.ts";
import { job } from "../jobs/job.ts";
import { jobs } from "../jobs/rows.ts";
import { table } from "../store/types.ts";
import type { CellContext } from "./cell-context.ts";

interface Row {
  readonly name: string;
}

const rows = table<Row>("test.rows", { key: (row) => row.name });
const note = job<string>("kms.noSuchJob", () => undefined);
const event = { source: "aws.test", detailType: "Test", resources: [], detail: {} };

function contextIn(
  region: TestRegion,
  service = "kms",
  cell = { account: "000000000000", region: "us-east-1" },
): CellContext {
  return region.engine.jobContext(`${service}.test`, cell);
}

test("a transaction that throws leaves no rows, no jobs and no events behind", async () => {
  await using region = await startRegion();
  const ctx = contextIn(region);
  const heard: unknown[] = [];
  region.engine.bus.listen((each) => heard.push(each));
  const failing = () =>
    ctx.transaction((within) => {
      within.db(rows).put({ name: "a" });
      within.tags("arn").set({ a: "x" });
      within.schedule(note, { at: 0, input: "x", id: "1" });
      within.emit(event);
      throw new Error("no");
    });
  assert.throws(failing, { message: "no" });
  ctx.reading(() => {
    assert.equal(ctx.db(rows).has("a"), false);
    assert.equal(ctx.db(jobs).count(), 0);
    assert.deepEqual(ctx.tags("arn").list(), []);
  });
  assert.deepEqual(heard, []);
});

test("events are heard once the transaction has succeeded, with where and when they happened", async () => {
  await using region = await startRegion();
  const ctx = contextIn(region);
  const heard: string[] = [];
  region.engine.bus.listen((each) =>
    heard.push(`${each.account} ${each.region} ${new Date(each.time).toISOString()}`),
  );
  ctx.transaction((within) => {
    within.emit(event);
    assert.deepEqual(heard, []);
  });
  ctx.transaction(() => undefined);
  assert.deepEqual(heard, ["000000000000 us-east-1 2026-01-01T00:00:00.000Z"]);
});

test("rows are there within a transaction only, and writing takes one", async () => {
  await using region = await startRegion();
  const ctx = contextIn(region);
  assert.throws(() => ctx.db(rows), { message: "test.rows is used outside a transaction" });
  ctx.transaction((within) => within.db(rows).put({ name: "a" }));
  assert.deepEqual(
    ctx.reading(() => ctx.db(rows).get("a")),
    { name: "a" },
  );
  assert.throws(() => ctx.reading(() => ctx.db(rows).put({ name: "b" })), {
    message: "Reading only: writes belong into `transact`.",
  });
  assert.throws(() => ctx.db(rows), { message: "test.rows is used outside a transaction" });
});

test("reading within a transaction sees what it wrote", async () => {
  await using region = await startRegion();
  const ctx = contextIn(region);
  ctx.transaction((within) => {
    within.db(rows).put({ name: "a" });
    assert.equal(
      ctx.reading(() => ctx.db(rows).has("a")),
      true,
    );
  });
});

test("cells do not see each other's rows", async () => {
  await using region = await startRegion();
  contextIn(region).transaction((within) => within.db(rows).put({ name: "a" }));
  for (const cell of [
    { account: "000000000000", region: "eu-west-1" },
    { account: "111122223333", region: "us-east-1" },
  ]) {
    const ctx = contextIn(region, "kms", cell);
    assert.equal(
      ctx.reading(() => ctx.db(rows).has("a")),
      false,
    );
  }
});

test("ARNs are those of the cell; global services' have no region", async () => {
  await using region = await startRegion();
  assert.equal(contextIn(region).arn("key/k"), "arn:aws:kms:us-east-1:000000000000:key/k");
  const global = contextIn(region, "iam", { account: "000000000000", region: "aws-global" });
  assert.equal(global.arn("user/a"), "arn:aws:iam::000000000000:user/a");
  assert.equal(global.requestRegion, "us-east-1");
});

test("those who wait are woken by topic, within their cell and service", async () => {
  await using region = await startRegion();
  const ended: string[] = [];
  const elsewhere = contextIn(region, "kms", { account: "000000000000", region: "eu-west-1" });
  void contextIn(region)
    .wait(60_000, "topic")
    .then(() => ended.push("here"));
  void contextIn(region, "sqs")
    .wait(60_000, "topic")
    .then(() => ended.push("another service"));
  void elsewhere.wait(60_000, "topic").then(() => ended.push("another region"));
  contextIn(region).wake("topic");
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(ended, ["here"]);
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual(ended, ["here", "another service", "another region"]);
});
