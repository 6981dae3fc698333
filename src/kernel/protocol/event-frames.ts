/**
 * The framing of `application/vnd.amazon.eventstream`: length-prefixed messages of typed headers and a
 * payload, each with a checksum of its lengths and one of the whole.
 *
 * @evidence Smithy specification, Amazon Event Stream
 */

import { crc32 } from "node:zlib";
import type { AwsError } from "../errors.ts";
import { emptyMap } from "./compile.ts";
import { serializationException } from "./refusals.ts";

export type FrameHeader =
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "byte" | "short" | "integer"; readonly value: number }
  | { readonly type: "long"; readonly value: bigint }
  | { readonly type: "bytes"; readonly value: Buffer }
  | { readonly type: "string"; readonly value: string }
  /** Epoch milliseconds. */
  | { readonly type: "timestamp"; readonly value: number }
  | { readonly type: "uuid"; readonly value: string };

export type FrameHeaders = Record<string, FrameHeader>;

export interface Frame {
  readonly headers: FrameHeaders;
  readonly payload: Buffer;
}

const preludeBytes = 12;
const checksumBytes = 4;
const frameBytesMax = 24 * 1024 * 1024;
const headersBytesMax = 128 * 1024;

const typeCodes = {
  byte: 2, short: 3, integer: 4, long: 5, bytes: 6, string: 7, timestamp: 8, uuid: 9,
} as const;

export function encodeFrame(headers: FrameHeaders, payload: Buffer): Buffer {
  const parts = Object.entries(headers).map(([name, header]) => encodeHeader(name, header));
  const headersBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const totalBytes = preludeBytes + headersBytes + payload.length + checksumBytes;
  const prelude = Buffer.alloc(preludeBytes);
  prelude.writeUInt32BE(totalBytes, 0);
  prelude.writeUInt32BE(headersBytes, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const frame = Buffer.concat([prelude, ...parts, payload, Buffer.alloc(checksumBytes)], totalBytes);
  frame.writeUInt32BE(crc32(frame.subarray(0, totalBytes - checksumBytes)), totalBytes - checksumBytes);
  return frame;
}

function encodeHeader(name: string, header: FrameHeader): Buffer {
  const nameBytes = Buffer.from(name, "utf8");
  if (nameBytes.length === 0 || nameBytes.length > 255) {
    throw new Error(`No event header may be named "${name}".`);
  }
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, encodeHeaderValue(header)]);
}

function encodeHeaderValue(header: FrameHeader): Buffer {
  if (header.type === "boolean") return Buffer.from([header.value ? 0 : 1]);
  const code = typeCodes[header.type];
  switch (header.type) {
    case "byte": {
      const bytes = Buffer.from([code, 0]);
      bytes.writeInt8(header.value, 1);
      return bytes;
    }
    case "short": {
      const bytes = Buffer.from([code, 0, 0]);
      bytes.writeInt16BE(header.value, 1);
      return bytes;
    }
    case "integer": {
      const bytes = Buffer.from([code, 0, 0, 0, 0]);
      bytes.writeInt32BE(header.value, 1);
      return bytes;
    }
    case "long": case "timestamp": {
      const bytes = Buffer.alloc(9, code);
      bytes.writeBigInt64BE(BigInt(header.value), 1);
      return bytes;
    }
    case "bytes": case "string": {
      const value = header.type === "bytes" ? header.value : Buffer.from(header.value, "utf8");
      const length = Buffer.from([code, 0, 0]);
      length.writeUInt16BE(value.length, 1);
      return Buffer.concat([length, value]);
    }
    case "uuid":
      return Buffer.concat([Buffer.from([code]), Buffer.from(header.value.replaceAll("-", ""), "hex")]);
  }
}

/** Cuts what arrives into frames, whatever the pieces it arrives in. */
export class FrameDecoder {
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** @throws AwsError `SerializationException` when checksums or lengths are wrong */
  push(piece: Buffer): Frame[] {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  /** @throws AwsError `SerializationException` when the stream ended within a frame */
  end(): void {
    if (this.#bytes > 0) throw malformedFrame("the stream ended within a message");
  }

  #next(): Frame | undefined {
    if (this.#bytes < preludeBytes) return undefined;
    if ((this.#pieces[0]?.length ?? 0) < preludeBytes) this.#join();
    const first = this.#pieces[0] ?? Buffer.alloc(0);
    const totalBytes = first.readUInt32BE(0);
    const headersBytes = first.readUInt32BE(4);
    if (crc32(first.subarray(0, 8)) !== first.readUInt32BE(8)) {
      throw malformedFrame("the prelude checksum is wrong");
    }
    if (totalBytes > frameBytesMax || headersBytes > headersBytesMax) {
      throw malformedFrame("the message is too long");
    }
    if (totalBytes < preludeBytes + headersBytes + checksumBytes) {
      throw malformedFrame("the lengths are wrong");
    }
    if (this.#bytes < totalBytes) return undefined;
    const all = this.#join();
    this.#pieces = all.length > totalBytes ? [all.subarray(totalBytes)] : [];
    this.#bytes -= totalBytes;
    return decodeFrame(all.subarray(0, totalBytes), headersBytes);
  }

  #join(): Buffer {
    const all = this.#pieces.length === 1 && this.#pieces[0] ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }
}

function decodeFrame(frame: Buffer, headersBytes: number): Frame {
  const end = frame.length - checksumBytes;
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) {
    throw malformedFrame("the message checksum is wrong");
  }
  const payloadStart = preludeBytes + headersBytes;
  try {
    return {
      headers: decodeHeaders(frame.subarray(preludeBytes, payloadStart)),
      payload: frame.subarray(payloadStart, end),
    };
  } catch (error) {
    if (error instanceof RangeError) throw malformedFrame("a header is cut short");
    throw error;
  }
}

function decodeHeaders(bytes: Buffer): FrameHeaders {
  const headers = emptyMap<FrameHeader>();
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw malformedFrame("a header is cut short");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const name = take(take(1).readUInt8(0)).toString("utf8");
    headers[name] = decodeHeaderValue(take(1).readUInt8(0), take);
  }
  return headers;
}

function decodeHeaderValue(code: number, take: (length: number) => Buffer): FrameHeader {
  switch (code) {
    case 0: return { type: "boolean", value: true };
    case 1: return { type: "boolean", value: false };
    case 2: return { type: "byte", value: take(1).readInt8(0) };
    case 3: return { type: "short", value: take(2).readInt16BE(0) };
    case 4: return { type: "integer", value: take(4).readInt32BE(0) };
    case 5: return { type: "long", value: take(8).readBigInt64BE(0) };
    case 6: return { type: "bytes", value: take(take(2).readUInt16BE(0)) };
    case 7: return { type: "string", value: take(take(2).readUInt16BE(0)).toString("utf8") };
    case 8: return { type: "timestamp", value: Number(take(8).readBigInt64BE(0)) };
    case 9: {
      const hex = take(16).toString("hex");
      return { type: "uuid", value: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") };
    }
    default: throw malformedFrame(`header type ${code} does not exist`);
  }
}

function malformedFrame(why: string): AwsError {
  return serializationException(`The event stream is malformed: ${why}.`);
}
