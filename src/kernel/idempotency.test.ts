import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startRegion, type TestRegion } from "../../test/region.ts";
import { table } from "../store/types.ts";
import { unmodelled } from "./errors.ts";
import { idempotent } from "./idempotency.ts";
import type { OperationToken } from "./tokens.ts";

interface Input {
  readonly ClientRequestToken?: string | undefined;
  readonly Items?: unknown;
}
interface Output {
  readonly number: number;
  readonly bytes?: Buffer;
}

/** Its model marks `ClientRequestToken`; what it does here is the test's. */
const operation: OperationToken<Input, Output> = { service: "dynamodb", name: "TransactWriteItems" };
const made = table<Output>("test.made", { key: (row) => row.number });
const mismatch = (token: string) => unmodelled("IdempotentParameterMismatchException", token);
const minute = 60_000;

const run = idempotent(operation, { keepMilliseconds: 10 * minute, mismatch }, (input, ctx) => {
  if (input.Items === "refused") throw unmodelled("ValidationException", "no");
  const number = ctx.db(made).count() + 1;
  return ctx.db(made).put({ number, bytes: Buffer.from([number]) });
});

function ask(region: TestRegion, input: Input, account = "000000000000"): number | string {
  const ctx = region.engine.jobContext("dynamodb.test", { account, region: "us-east-1" });
  try {
    return ctx.transaction((within) => run(input, within)).number;
  } catch (error) {
    return (error as Error).name;
  }
}

test("the same token and input get the same answer, and are done once", async () => {
  await using region = await startRegion();
  const input = { ClientRequestToken: "t", Items: [{ a: 1, b: Buffer.from("x") }] };
  assert.equal(ask(region, input), 1);
  assert.equal(ask(region, input), 1);
  const reordered = { Items: [{ b: Buffer.from("x"), a: 1, c: undefined }], ClientRequestToken: "t" };
  assert.equal(ask(region, reordered), 1);
  assert.equal(ask(region, { ...input, ClientRequestToken: "u" }), 2);
  assert.equal(ask(region, { Items: [] }), 3);
  assert.equal(ask(region, { Items: [] }), 4);
  assert.equal(ask(region, input, "111111111111"), 1);
});

test("the same token with another input is refused, until the answer is forgotten", async () => {
  await using region = await startRegion();
  assert.equal(ask(region, { ClientRequestToken: "t", Items: [1] }), 1);
  for (const Items of [[2], ["1"], [1, 1], { 0: 1 }, [[1]], [Buffer.from("1")], undefined]) {
    assert.equal(ask(region, { ClientRequestToken: "t", Items }), "IdempotentParameterMismatchException");
  }
  await region.clock.advance({ milliseconds: 10 * minute - 1 });
  assert.equal(ask(region, { ClientRequestToken: "t", Items: [1] }), 1);
  assert.equal(ask(region, { ClientRequestToken: "t", Items: [2] }), "IdempotentParameterMismatchException");
  await region.clock.advance({ milliseconds: 1 });
  assert.equal(ask(region, { ClientRequestToken: "t", Items: [2] }), 2);
});

test("a refusal is not remembered, and old answers do not pile up", async () => {
  await using region = await startRegion();
  assert.equal(ask(region, { ClientRequestToken: "t", Items: "refused" }), "ValidationException");
  assert.equal(ask(region, { ClientRequestToken: "t", Items: "fine" }), 1);
  for (let index = 0; index < 20; index += 1) ask(region, { ClientRequestToken: `old ${index}` });
  await region.clock.advance({ milliseconds: 10 * minute + 1 });
  for (let index = 0; index < 20; index += 1) ask(region, { ClientRequestToken: `new ${index}` });
  const answers = table<{ operation: string; token: string }>("kernel.answers", {
    key: (row) => [row.operation, row.token],
  });
  const left = region.engine.read({ account: "000000000000", region: "us-east-1" }, (transaction) =>
    transaction.rows(answers).count(),
  );
  assert.equal(left, 20);
});

test("answers survive a restart, bytes and all", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "us-local-1-idempotency-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const input = { ClientRequestToken: "t", Items: [1] };
  {
    await using region = await startRegion({ dataDir });
    assert.equal(ask(region, input), 1);
  }
  await using region = await startRegion({ dataDir });
  const ctx = region.engine.jobContext("dynamodb.test", { account: "000000000000", region: "us-east-1" });
  const again = ctx.transaction((within) => run(input, within));
  assert.equal(again.number, 1);
  assert.deepEqual(Buffer.from(again.bytes ?? ""), Buffer.from([1]));
  assert.equal(ask(region, { ...input, Items: [2] }), "IdempotentParameterMismatchException");
});

test("a repetition may be answered in its own way", async () => {
  await using region = await startRegion();
  const cell = { account: "000000000000", region: "us-east-1" };
  const other = idempotent(
    operation,
    { keepMilliseconds: minute, mismatch, repeated: ({ number }) => ({ number: -number }) },
    () => ({ number: 7 }),
  );
  const ctx = region.engine.jobContext("dynamodb.test", cell);
  const twice = [1, 2].map(() =>
    ctx.transaction((within) => other({ ClientRequestToken: "t" }, within).number),
  );
  assert.deepEqual(twice, [7, -7]);
});

test("an operation whose model has no token is a mistake of ours", async () => {
  await using region = await startRegion();
  const wrong = idempotent<Input, Output>(
    { service: "dynamodb", name: "PutItem" },
    { keepMilliseconds: minute, mismatch },
    () => ({ number: 1 }),
  );
  const ctx = region.engine.jobContext("dynamodb.test", { account: "000000000000", region: "us-east-1" });
  assert.throws(() => ctx.transaction((within) => wrong({}, within)), TypeError);
});
