/** The sending side of `aws-chunked`, for in-process clients and tests. */

import { hash } from "node:crypto";
import type { ChunkSignatures } from "../auth/streaming-signature.ts";

export interface AwsChunkedEncoding {
  /** At least 8192, for S3 refuses smaller chunks anywhere but at the end. */
  readonly chunkBytes: number;
  readonly signatures?: ChunkSignatures;
  /** Trailers in the order in which they are sent; names in lower case. */
  readonly trailers?: readonly (readonly [name: string, value: string])[];
}

/**
 * The body framed; its request needs `x-amz-decoded-content-length` and the matching `x-amz-content-sha256`.
 */
export function encodeAwsChunked(body: Buffer, encoding: AwsChunkedEncoding): Buffer {
  const { signatures, trailers = [] } = encoding;
  const pieces: Buffer[] = [];
  const header = (chunk: Buffer): Buffer => {
    const signature = signatures?.signChunk(hash("sha256", chunk, "hex"));
    return Buffer.from(`${chunk.length.toString(16)}${signature ? `;chunk-signature=${signature}` : ""}\r\n`);
  };
  for (let start = 0; start < body.length; start += encoding.chunkBytes) {
    const chunk = body.subarray(start, start + encoding.chunkBytes);
    pieces.push(header(chunk), chunk, Buffer.from("\r\n"));
  }
  pieces.push(header(Buffer.alloc(0)));
  for (const [name, value] of trailers) pieces.push(Buffer.from(`${name}:${value}\r\n`));
  if (signatures && trailers.length > 0) {
    const text = trailers.map(([name, value]) => `${name}:${value}\n`).join("");
    pieces.push(Buffer.from(`x-amz-trailer-signature:${signatures.signTrailer(text)}\r\n`));
  }
  pieces.push(Buffer.from("\r\n"));
  return Buffer.concat(pieces);
}
