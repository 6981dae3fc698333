import assert from "node:assert/strict";
import { test } from "node:test";
import { checksum } from "./checksums.ts";
import { Ids } from "../ids.ts";
import { combineChecksums, type CombinableChecksum } from "./crc-combination.ts";

function digest(algorithm: CombinableChecksum, data: Uint8Array): Buffer {
  const sum = checksum(algorithm);
  sum.update(data);
  return sum.digest();
}

test("the check of parts in a row is that of the whole", () => {
  for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const) {
    const ids = new Ids(algorithm);
    for (const sizes of [[], [0], [1], [5, 0, 7], [1, 2, 3, 4], [1000, 1000, 13], [65_537, 1]]) {
      const parts = sizes.map((size) => ids.bytes(size));
      const checked = parts.map((part) => ({
        checksum: digest(algorithm, part), sizeBytes: part.length,
      }));
      const combined = combineChecksums(algorithm, checked);
      assert.deepEqual(combined, digest(algorithm, Buffer.concat(parts)), `${algorithm} of ${sizes.join()}`);
    }
  }
});

test("ten thousand parts of five gibibytes are combined without their bytes", () => {
  const zeros = { checksum: Buffer.alloc(8), sizeBytes: 5 * 1024 ** 3 };
  const parts = Array.from({ length: 10_000 }, () => zeros);
  assert.equal(combineChecksums("CRC64NVME", parts).length, 8);
});
