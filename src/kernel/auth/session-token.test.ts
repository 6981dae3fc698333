import assert from "node:assert/strict";
import { Ids } from "../ids.ts";
import { test } from "node:test";
import { accessKeyId, accountOfAccessKeyId } from "./access-key-id.ts";
import { seal, SessionTokens, unseal } from "./session-token.ts";

const KEY = Buffer.alloc(32, 7);
const ids = new Ids("session tokens");
const random = (count: number): Buffer => ids.bytes(count);
const PAYLOAD = { accountId: "123456789012", role: "arn:aws:iam::123456789012:role/a", expiresAtMs: 1 };

test("a session comes out of its token as it went in, large or small", () => {
  assert.deepEqual(unseal(KEY, seal(KEY, PAYLOAD, random)), PAYLOAD);
  const large = { ...PAYLOAD, policy: "a".repeat(10_000), tags: { __proto__x: "y" } };
  const token = seal(KEY, large, random);
  assert.ok(token.length < 500);
  assert.deepEqual(unseal(KEY, token), large);
  assert.throws(() => seal(KEY, { a: "a".repeat(70_000) }, random), RangeError);
});

test("the same session sealed with the same chance is the same token", () => {
  const fixed = (count: number): Buffer => Buffer.alloc(count, 1);
  assert.equal(seal(KEY, PAYLOAD, fixed), seal(KEY, PAYLOAD, fixed));
});

test("a token that is not ours, letter for letter, is nothing", () => {
  const token = seal(KEY, PAYLOAD, random);
  assert.equal(unseal(Buffer.alloc(32, 8), token), undefined);
  for (const other of [
    "",
    "x",
    `${token} `,
    `${token}AAAA`,
    token.slice(4),
    "é".repeat(99),
    "A".repeat(100_000),
  ]) {
    assert.equal(unseal(KEY, other), undefined);
  }
  for (let position = 0; position < token.length; position += 1) {
    const letter = token[position] === "A" ? "B" : "A";
    assert.equal(unseal(KEY, token.slice(0, position) + letter + token.slice(position + 1)), undefined);
  }
});

test("unsealed tokens are remembered, up to a limit", () => {
  const tokens = new SessionTokens(KEY, 2);
  const made = [1, 2, 3].map((expiresAtMs) => tokens.seal({ ...PAYLOAD, expiresAtMs }, random));
  for (const token of made) assert.ok(tokens.unseal(token));
  assert.equal(tokens.remembered, 2);
  assert.equal(tokens.unseal(made[2] ?? ""), tokens.unseal(made[2] ?? ""));
  assert.equal(tokens.unseal("forged"), undefined);
  assert.equal(tokens.remembered, 2);
});

test("an access key id tells its account", () => {
  assert.equal(accountOfAccessKeyId("ASIAQNZGKIQY56JQ7WML"), "029608264753");
  for (const account of ["000000000000", "000000000001", "123456789012", "999999999999"]) {
    for (const fill of [0, 0xff, 0x5a]) {
      const id = accessKeyId("AKIA", account, (count) => Buffer.alloc(count, fill));
      assert.match(id, /^AKIA[A-Z2-7]{16}$/);
      assert.equal(accountOfAccessKeyId(id), account);
    }
  }
});

test("old, foreign and malformed ids tell no account", () => {
  for (const id of [
    "AKIAIOSFODNN7EXAMPLE",
    "AKIDEXAMPLE",
    "test",
    "123456789012",
    "",
    "ASIA7777777777777777",
  ]) {
    assert.equal(accountOfAccessKeyId(id), undefined);
  }
  assert.throws(() => accessKeyId("AKIA", "12", (count) => Buffer.alloc(count)), TypeError);
});
