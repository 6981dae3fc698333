/** The content of an object as it was before it was compressed. */

import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { InputCompressionType } from "../../../generated/dynamodb.ts";
import { BrokenFile } from "./records.ts";
import { unpacked } from "./zstandard.ts";

export function contentOf(
  body: Readable | Buffer | undefined, compression: InputCompressionType | undefined,
): AsyncIterable<Buffer> {
  const packed = body instanceof Readable ? body : Readable.from([body ?? Buffer.alloc(0)]);
  const content = packed as AsyncIterable<Buffer>;
  if (compression === "ZSTD") return unpacked(content);
  if (compression !== "GZIP") return content;
  // Whoever reads what comes out is told what goes wrong.
  return pipeline(packed, createGunzip(), () => undefined) as AsyncIterable<Buffer>;
}

/** What is wrong with a file, undefined for what has another cause. */
export function breakOf(cause: unknown): string | undefined {
  if (cause instanceof BrokenFile) return cause.message;
  const isGzip = cause instanceof Error && "code" in cause && String(cause.code).startsWith("Z_");
  return isGzip ? cause.message : undefined;
}
