/** A picture of coloured dots, written as PNG. */

import { promisify } from "node:util";
import { crc32, deflate } from "node:zlib";
import { dotsOf, letterWidth } from "./font.ts";

/** `#rrggbb` as a number. */
export type Colour = number;

export interface Dot {
  readonly x: number;
  readonly y: number;
}

const bytesADot = 3;
const deflated = promisify(deflate);
/** @evidence PNG specification: the signature; colour type 2 (red, green, blue) of eight bits */
const signature = Buffer.from("89504e470d0a1a0a", "hex");
const depthAndColour = Buffer.from([8, 2, 0, 0, 0]);

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

export class Raster {
  readonly width: number;
  readonly height: number;
  /** Rows, each behind the number of its filter, which is none. */
  readonly #rows: Buffer;

  constructor(width: number, height: number, background: Colour) {
    this.width = width;
    this.height = height;
    this.#rows = Buffer.alloc(height * (width * bytesADot + 1));
    this.fill({ x: 0, y: 0 }, { x: width, y: height }, background);
  }

  /** What lies outside is not drawn. */
  dot(x: number, y: number, colour: Colour): void {
    if (!(x >= 0 && y >= 0 && x < this.width && y < this.height)) return;
    this.#rows.writeUIntBE(colour, y * (this.width * bytesADot + 1) + 1 + x * bytesADot, bytesADot);
  }

  /** @param to the first column and row that are outside */
  fill(from: Dot, to: Dot, colour: Colour): void {
    for (let y = Math.max(0, from.y); y < Math.min(this.height, to.y); y++) {
      for (let x = Math.max(0, from.x); x < Math.min(this.width, to.x); x++) this.dot(x, y, colour);
    }
  }

  /** Of two dots' width. */
  line(from: Dot, to: Dot, colour: Colour): void {
    const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1);
    for (let step = 0; step <= steps; step++) {
      const x = Math.round(from.x + ((to.x - from.x) * step) / steps);
      const y = Math.round(from.y + ((to.y - from.y) * step) / steps);
      this.fill({ x, y }, { x: x + 2, y: y + 2 }, colour);
    }
  }

  text(text: string, { x, y }: Dot, colour: Colour, scale = 1): void {
    for (const [column, row] of dotsOf(text)) {
      const from = { x: x + column * scale, y: y + row * scale };
      this.fill(from, { x: from.x + scale, y: from.y + scale }, colour);
    }
  }

  async png(): Promise<Buffer> {
    const size = Buffer.alloc(8);
    size.writeUInt32BE(this.width, 0);
    size.writeUInt32BE(this.height, 4);
    return Buffer.concat([
      signature, chunk("IHDR", Buffer.concat([size, depthAndColour])),
      chunk("IDAT", await deflated(this.#rows)), chunk("IEND", Buffer.alloc(0)),
    ]);
  }
}

export function textWidth(text: string, scale = 1): number {
  return [...text].length * letterWidth * scale;
}
