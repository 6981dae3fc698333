/** QR codes as PNG pictures: black on white, with the quiet zone that readers need around them. */

import { crc32, deflateSync } from "node:zlib";
import qrcode from "qrcode-generator";

const pixelsPerModule = 4;
/** @evidence ISO/IEC 18004, Quiet zone: four modules wide */
const quietModules = 4;
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** @evidence PNG (Portable Network Graphics) Specification, Chunk layout */
function chunk(name: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

/** A square picture with one bit a pixel, white where it is set. */
function png(size: number, isDark: (x: number, y: number) => boolean): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.writeUInt8(1, 8);
  const rowBytes = 1 + Math.ceil(size / 8);
  const pixels = Buffer.alloc(rowBytes * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = y * rowBytes + 1 + (x >> 3);
      if (!isDark(x, y)) pixels.writeUInt8(pixels.readUInt8(at) | (0x80 >> (x & 7)), at);
    }
  }
  return Buffer.concat([
    pngSignature, chunk("IHDR", header), chunk("IDAT", deflateSync(pixels)), chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** @param text at most some 2,000 bytes */
export function qrCodePng(text: string): Buffer {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const modules = code.getModuleCount();
  const module = (pixel: number) => Math.floor(pixel / pixelsPerModule) - quietModules;
  const isDark = (x: number, y: number): boolean => {
    const [column, row] = [module(x), module(y)];
    const inside = column >= 0 && row >= 0 && column < modules && row < modules;
    return inside && code.isDark(row, column);
  };
  return png((modules + 2 * quietModules) * pixelsPerModule, isDark);
}
