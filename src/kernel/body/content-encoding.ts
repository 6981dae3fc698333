/** Compressed request bodies. */

import { gunzipSync } from "node:zlib";
import type { Headers } from "../protocol/protocol.ts";
import { bodyTooLarge, corruptEncoding } from "./body-errors.ts";

/** Nobody compresses twice on purpose; a thousand times is an attack. */
const LAYERS_MAX = 2;

/**
 * The body without its `gzip`, the one encoding that clients compress requests with. Any other token is left
 * alone, for clients say things like `amz-1.0` that mean nothing. Not for S3 objects, whose encoding belongs
 * to the object.
 *
 * @param limitBytes how large the body may become
 * @throws AwsError `SerializationException` for a body that is not what it says, `RequestEntityTooLarge`
 * @evidence Smithy 2.0, requestCompression trait: "gzip" is the only encoding; the models of CloudWatch and
 *   Logs
 */
export function decodeContentEncoding(headers: Readonly<Headers>, body: Buffer, limitBytes: number): Buffer {
  const header = headers["content-encoding"];
  if (header === undefined) return body;
  const layers = header.split(",").filter((token) => token.trim().toLowerCase() === "gzip").length;
  if (layers > LAYERS_MAX) throw corruptEncoding("gzip");
  let decoded = body;
  for (let layer = 0; layer < layers; layer += 1) decoded = gunzip(decoded, limitBytes);
  return decoded;
}

function gunzip(body: Buffer, limitBytes: number): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: limitBytes });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    throw code === "ERR_BUFFER_TOO_LARGE" ? bodyTooLarge(limitBytes) : corruptEncoding("gzip");
  }
}
