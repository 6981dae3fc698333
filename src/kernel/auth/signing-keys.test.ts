import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { SigningKey } from "./signing-keys.ts";

test("a signing key signs as HMAC-SHA-256 does, texts of every length and alphabet", () => {
  for (const keyBytes of [0, 1, 32, 64]) {
    const key = Buffer.alloc(keyBytes, "a key of any bytes \u0080\u00ff", "latin1");
    const signing = new SigningKey(key);
    for (const character of ["a", "é", "€", "\ud800", "😀"]) {
      for (const length of [0, 1, 63, 64, 170, 341, 342, 5_000]) {
        const text = character.repeat(length);
        assert.equal(signing.signHex(text), createHmac("sha256", key).update(text, "utf8").digest("hex"));
      }
    }
  }
  assert.throws(() => new SigningKey(Buffer.alloc(65)), RangeError);
});
