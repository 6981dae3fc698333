import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { ChecksumAlgorithm } from "./checksums.ts";
import { checksum, CHECKSUM_ALGORITHMS, checksumBase64, parseChecksum } from "./checksums.ts";

function digestOf(name: ChecksumAlgorithm, data: Buffer, cuts: readonly number[] = []): string {
  const sum = checksum(name);
  let start = 0;
  for (const cut of cuts) {
    sum.update(data.subarray(start, cut));
    start = Math.max(start, cut);
  }
  sum.update(data.subarray(start));
  return sum.digest().toString("hex");
}

function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 31 + 7) & 255));
}

/** @evidence Catalogue of parametrised CRC algorithms, the check values; FIPS 180-4; RFC 1321 */
test("every algorithm gives the published value for its check input", () => {
  const digits = Buffer.from("123456789");
  assert.equal(digestOf("CRC32", digits), "cbf43926");
  assert.equal(digestOf("CRC32C", digits), "e3069283");
  assert.equal(digestOf("CRC64NVME", digits), "ae8b14860a799888");
  assert.equal(digestOf("SHA1", Buffer.from("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assert.equal(digestOf("MD5", Buffer.from("abc")), "900150983cd24fb0d6963f7d28e17f72");
  for (const name of ["SHA256", "SHA512"] as const) {
    assert.equal(digestOf(name, digits), createHash(name.toLowerCase()).update(digits).digest("hex"));
  }
});

/** @evidence the reference implementation, xxHash 0.8.3, over bytes (i * 31 + 7) mod 256 */
const XX: [number, string, string, string][] = [
  [0, "ef46db3751d8e999", "2d06800538d394c2", "99aa06d3014798d86001c324468d497f"],
  [1, "a96c7f0ce858bbb7", "4c5cca45d0f4811f", "495b62073ef70ca44c5cca45d0f4811f"],
  [3, "56e6957632a487f9", "15f7093b173d005c", "46f66cb93538156515f7093b173d005c"],
  [4, "c60d15b1e3ff8f04", "dca012f95811b6b9", "7fefeeffb4d0eab3b987ca5d9241572a"],
  [8, "3da5c7aa269683e0", "dec6a9a43575982e", "803c675a846cc6c256bb836ceb6d4baa"],
  [9, "4b17a9ba9e215c09", "cbe393399f17ffbd", "d46556872d230f224376673580310154"],
  [16, "a19ad429b02bc413", "7e484c18d74895d0", "650fe308c566747df853dd94614dfa07"],
  [17, "fe9f0feb7eeedc09", "208bde5ee2bed407", "18217300b5132d5a78c349fe81b2f26c"],
  [64, "7bbabbc45729d17e", "dd30702ab46b3745", "f9bfa77da0891a9636c5f7e547426bc4"],
  [128, "725a5b9b3bedfe94", "f92b70eaa21a6288", "b4f87b99d2db8a511e04fad9f0cacb4d"],
  [129, "28fc8362643627d7", "f8f76713f2bb60fa", "6881633650cd8924c51bc887976aef63"],
  [240, "d430520ae3ed2fc6", "ccc7375172c41f03", "de57aab31e77a2ff93e173833f75ab66"],
  [241, "d3f50496d5bf27e0", "0b3b630948ce4a00", "92b991a7192f3f080b3b630948ce4a00"],
  [512, "17bd9866c1c8ce58", "efc2e52d1c2ffbaa", "2080c7d36a7ea4bbefc2e52d1c2ffbaa"],
  [1024, "149aa44972cdae00", "23bc880ebf0d29c6", "4c17271c906df79223bc880ebf0d29c6"],
  [1025, "2c9d0b038b4a4b35", "c09fdfbc398c7d82", "70a4eb1b9691d77fc09fdfbc398c7d82"],
  [5000, "aa5b264f05aca4d4", "559fff92c2b7f8ee", "3bf60aa89c7feeaa559fff92c2b7f8ee"],
];
for (const [length, xx64, xx3, xx128] of XX) {
  test(`xxHash of ${length} bytes is the reference implementation's`, () => {
    assert.equal(digestOf("XXHASH64", pattern(length)), xx64);
    assert.equal(digestOf("XXHASH3", pattern(length)), xx3);
    assert.equal(digestOf("XXHASH128", pattern(length)), xx128);
  });
}

test("a body gives the same checksum however it is cut", () => {
  for (const name of CHECKSUM_ALGORITHMS) {
    for (const length of [1, 63, 64, 65, 127, 128, 129, 240, 241, 300, 1024, 1025, 2100]) {
      const data = pattern(length);
      const whole = digestOf(name, data);
      for (const step of [1, 7, 32, 63, 64, 65, 128, 200]) {
        const cuts = Array.from({ length: Math.floor(length / step) }, (_, index) => (index + 1) * step);
        assert.equal(digestOf(name, data, cuts), whole, `${name} of ${length} in steps of ${step}`);
      }
    }
  }
});

test("headers carry base64 of exactly the digest's length", () => {
  assert.equal(checksumBase64("CRC32", Buffer.from("123456789")), "y/Q5Jg==");
  assert.equal(parseChecksum("CRC32", "y/Q5Jg==")?.toString("hex"), "cbf43926");
  for (const value of [
    "",
    "y/Q5Jg",
    "y/Q5Jg==x",
    " y/Q5Jg==",
    "y_Q5Jg==",
    "y/Q5JgA=",
    "y/Q5Jh==",
    "invalid",
  ]) {
    assert.equal(parseChecksum("CRC32", value), undefined);
  }
});
