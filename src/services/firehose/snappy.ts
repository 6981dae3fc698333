/**
 * Objects in the two formats of Snappy: blocks that can be unpacked one by one.
 *
 * @evidence Snappy's "framing_format.txt"; Hadoop's BlockCompressorStream. Which frames Firehose's `Snappy`
 *   has is not documented
 */

import { snappyCompress } from "hyparquet-writer/src/snappy.js";
import { crc32c } from "../../kernel/body/crc.ts";

/** @evidence "framing_format.txt", 4.2: a chunk holds at most 65,536 bytes */
const chunkBytesMax = 65_536;
const identifier = Buffer.from("\u00ff\u0006\u0000\u0000sNaPpY", "latin1");

function* blocksOf(data: Buffer, bytesMax: number): Generator<Buffer> {
  for (let at = 0; at < data.length; at += bytesMax) yield data.subarray(at, at + bytesMax);
}

/** @evidence "framing_format.txt", 3: CRC-32C, rotated by 15 bits, and a constant added */
function maskedChecksum(data: Buffer): number {
  const checksum = crc32c(data, 0);
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}

export function framedSnappy(data: Buffer): Buffer {
  const parts = [identifier];
  for (const block of blocksOf(data, chunkBytesMax)) {
    const packed = snappyCompress(block);
    const isSmaller = packed.length < block.length;
    const body = isSmaller ? packed : block;
    const head = Buffer.alloc(8);
    head.writeUInt32LE((body.length + 4) * 256 + (isSmaller ? 0 : 1), 0);
    head.writeUInt32LE(maskedChecksum(block), 4);
    parts.push(head, Buffer.from(body));
  }
  return Buffer.concat(parts);
}

/** So long that what Hadoop's buffer of 256 KiB holds is enough to unpack it. */
const hadoopBytesMax = 131_072;

/** Of each block its length, and that of what is packed. */
export function hadoopSnappy(data: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (const block of blocksOf(data, hadoopBytesMax)) {
    const packed = snappyCompress(block);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(block.length, 0);
    head.writeUInt32BE(packed.length, 4);
    parts.push(head, Buffer.from(packed));
  }
  return Buffer.concat(parts);
}
