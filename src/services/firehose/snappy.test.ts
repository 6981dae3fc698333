import assert from "node:assert/strict";
import test from "node:test";
import { snappyUncompress } from "hyparquet";
import { crc32c } from "../../kernel/body/crc.ts";
import { framedSnappy, hadoopSnappy } from "./snappy.ts";

/** Reads the frames as their description has it. */
function unframed(bytes: Buffer): Buffer {
  assert.equal(bytes.subarray(0, 10).toString("latin1"), "\u00ff\u0006\u0000\u0000sNaPpY");
  const blocks: Buffer[] = [];
  for (let at = 10; at < bytes.length;) {
    const length = bytes.readUIntLE(at + 1, 3);
    const body = bytes.subarray(at + 8, at + 4 + length);
    const block = bytes[at] === 0 ? unpacked(body) : body;
    const checksum = (bytes.readUInt32LE(at + 4) - 0xa282ead8) >>> 0;
    assert.equal(((checksum >>> 17) | (checksum << 15)) >>> 0, crc32c(block, 0));
    assert.ok(block.length <= 65_536);
    blocks.push(block);
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}

/** A packed block begins with its length, seven bits a byte. */
function unpacked(packed: Buffer): Buffer {
  let length = 0;
  for (let index = 0, shift = 0; ; index += 1, shift += 7) {
    const byte = packed[index] ?? 0;
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  const block = new Uint8Array(length);
  snappyUncompress(packed, block);
  return Buffer.from(block);
}

const texts = [
  Buffer.alloc(0), Buffer.from("a"), Buffer.from("hello ".repeat(50_000)),
  Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919 * (index % 251)) & 255)),
];

test("framed Snappy has chunks with checksums, packed only where that is shorter", () => {
  for (const text of texts) assert.deepEqual(unframed(framedSnappy(text)), text);
  assert.ok(framedSnappy(Buffer.from("hello ".repeat(50_000))).length < 30_000);
  // Of python-snappy's own documentation: the file of `hello\n`.
  assert.equal(framedSnappy(Buffer.from("hello\n")).toString("latin1"),
    "\u00ff\u0006\u0000\u0000sNaPpY\u0001\n\u0000\u0000SU\u00ffShello\n");
});

test("Hadoop's Snappy has the length of each block before and after packing", () => {
  for (const text of texts) {
    const bytes = hadoopSnappy(text);
    const blocks: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const packedLength = bytes.readUInt32BE(at + 4);
      const block = unpacked(bytes.subarray(at + 8, at + 8 + packedLength));
      assert.equal(block.length, bytes.readUInt32BE(at));
      blocks.push(block);
      at += 8 + packedLength;
    }
    assert.deepEqual(Buffer.concat(blocks), text);
  }
});
