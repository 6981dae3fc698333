import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyTooLong } from "./errors.ts";
import { KEY_SIZE_BYTES_MAX, decodeKey, encodeKey, encodeOpenPrefix, encodeSoughtKey } from "./keys.ts";
import type { Key, KeyPart } from "./types.ts";

test("keys in their order stay in their order as bytes", () => {
  const inOrder: KeyPart[][] = [
    [],
    [-Infinity],
    [-1e300],
    [-1.5],
    [-1],
    [-Number.MIN_VALUE],
    [0],
    [0, "a"],
    [Number.MIN_VALUE],
    [1],
    [1.5],
    [2 ** 53],
    [Infinity],
    [""],
    ["", ""],
    ["", "a"],
    ["\u0000"],
    ["a"],
    ["a", 1],
    ["a", "a"],
    ["a\u0000"],
    ["a\u0000", "a"],
    ["a\u0000b"],
    ["a\u0001"],
    ["ab"],
    ["é"],
    ["\uffff"],
    ["🎵"],
    [new Uint8Array([])],
    [new Uint8Array([0])],
    [new Uint8Array([0, 0])],
    [new Uint8Array([0, 255])],
    [new Uint8Array([255])],
  ];
  assert.deepEqual(inOrder.toReversed().sort(byEncoding), inOrder);
});

test("a key is decoded to the parts it was made of", () => {
  const parts = ["a\u0000\u00ffé🎵", -1.5, 0, new Uint8Array([0, 255, 0]), "", 2 ** 60];
  assert.deepEqual(decodeKey(encodeKey(parts)), parts);
  assert.equal(encodeKey(["a"]), encodeKey("a"));
  assert.equal(encodeKey(-0), encodeKey(0));
});

test("an open prefix is the beginning of the keys whose last part begins so", () => {
  assert.ok(encodeKey(["a", "bc", 1]).startsWith(encodeOpenPrefix(["a", "b"])));
  assert.ok(!encodeKey(["ab"]).startsWith(encodeKey(["a"])));
  assert.throws(() => encodeOpenPrefix(["a", 1]), {
    message: "prefixOfLastPart needs a prefix whose last part is a string.",
  });
});

test("what cannot be a key is refused", () => {
  const refused = (key: unknown, message: string): void =>
    assert.throws(() => encodeKey(key as Key), { message });
  refused(NaN, "NaN has no place in an order: it cannot be part of a key.");
  refused("\ud800", "A key is well-formed Unicode; this one has a lone surrogate.");
  refused([null], "A key part is a number, a string or bytes, not null.");
  refused([undefined], "A key part is a number, a string or bytes, not undefined.");
  refused([["a"]], "A key part is a number, a string or bytes, not object.");
  assert.throws(() => encodeKey("x".repeat(KEY_SIZE_BYTES_MAX)), KeyTooLong);
  assert.doesNotThrow(() => encodeSoughtKey("x".repeat(KEY_SIZE_BYTES_MAX)));
});

function byEncoding(left: Key, right: Key): number {
  return Buffer.compare(Buffer.from(encodeKey(left), "latin1"), Buffer.from(encodeKey(right), "latin1"));
}
