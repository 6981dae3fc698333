import assert from "node:assert/strict";
import { test } from "node:test";
import { CborEncoder, CborTimestamp, decodeCbor } from "./cbor-codec.ts";

/** @evidence RFC 8949, Appendix A */
const examples: readonly (readonly [hex: string, value: unknown])[] = [
  ["00", 0], ["17", 23], ["1818", 24], ["1903e8", 1000], ["1a000f4240", 1_000_000],
  ["1b000000e8d4a51000", 1_000_000_000_000], ["20", -1], ["3903e7", -1000],
  ["c249010000000000000000", 2 ** 64],
  ["f90000", 0], ["f93c00", 1], ["fb3ff199999999999a", 1.1], ["f97bff", 65_504], ["fa47c35000", 100_000],
  ["f90001", 5.960464477539063e-8], ["f90400", 0.00006103515625], ["f9c400", -4], ["f97c00", Infinity],
  ["f97e00", NaN], ["f9fc00", -Infinity], ["f4", false], ["f5", true], ["f6", null],
  ["c11a514b67b0", new CborTimestamp(1_363_896_240)],
  ["c1fb41d452d9ec200000", new CborTimestamp(1_363_896_240.5)],
  ["4401020304", Buffer.from([1, 2, 3, 4])], ["6449455446", "IETF"], ["83010203", [1, 2, 3]],
  ["8301820203820405", [1, [2, 3], [4, 5]]], ["5f42010243030405ff", Buffer.from([1, 2, 3, 4, 5])],
  ["7f657374726561646d696e67ff", "streaming"], ["9fff", []], ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
];
for (const [hex, value] of examples) {
  test(`${hex} is ${String(value)}`, () => assert.deepEqual(decodeCbor(Buffer.from(hex, "hex")), value));
}

test("maps have no prototype", () => {
  const map = decodeCbor(Buffer.from("bf695f5f70726f746f5f5f01ff", "hex"));
  assert.equal(Object.getPrototypeOf(map), null);
  assert.deepEqual(Object.entries(map as object), [["__proto__", 1]]);
});

const malformed = [
  "", "18", "62ff", "9b7fffffffffffffff", "bb7fffffffffffffff", "5b7fffffffffffffff", "1c", "ff", "9f",
  "a10101", "0000",
  "81".repeat(1_000), "c1".repeat(1_000), "7f4101ff", "5fff00", "c160", "fc",
];
for (const hex of malformed) {
  test(`${hex.slice(0, 30)} is refused`, () => {
    assert.throws(() => decodeCbor(Buffer.from(hex, "hex")), { code: "SerializationException", status: 400 });
  });
}

test("what is written reads as it was, at every length of head", () => {
  const numbers = [
    0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -1, -24, -25, -(2 ** 53 - 1),
  ];
  const texts = ["", "ü", "x".repeat(300), "y".repeat(70_000)];
  const encoder = new CborEncoder();
  encoder.startList();
  for (const number of numbers) encoder.integer(number);
  for (const text of texts) encoder.text(text);
  for (const double of [0.5, 1.1, NaN]) encoder.double(double);
  encoder.instant(1_398_796_238.123);
  encoder.integer(2n ** 64n);
  encoder.end();
  assert.deepEqual(decodeCbor(encoder.finish()), [
    ...numbers, ...texts, 0.5, 1.1, NaN, new CborTimestamp(1_398_796_238.123), 2 ** 64,
  ]);
});
