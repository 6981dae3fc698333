/**
 * Undoes what clients do to whole bodies: `aws-chunked` framing, content encodings, checksums. Most have none
 * of it.
 */

import type { VerifiedSignature } from "../auth/sigv4.ts";
import { isStreamingPayload } from "../auth/payload-hash.ts";
import { awsChunkedOptions, decodeAwsChunked } from "../body/aws-chunked.ts";
import { verifyChecksums } from "../body/body-checksums.ts";
import { decodeContentEncoding } from "../body/content-encoding.ts";
import type { Headers, WireRequest } from "../protocol/protocol.ts";

/** Bodies that are not streamed are held whole, and so are limited; also what they unpack to. */
export const bodyBytesMax = 16 * 1024 * 1024;

function announcesChecksum(headers: Headers): boolean {
  if (headers["content-md5"] !== undefined) return true;
  for (const name in headers) if (name.startsWith("x-amz-checksum-")) return true;
  return false;
}

/** @throws AwsError when framing, encoding or checksum do not hold */
export function decodedBody(request: WireRequest, seed: VerifiedSignature | undefined): WireRequest {
  const { headers } = request;
  if (isStreamingPayload(headers["x-amz-content-sha256"] ?? "")) {
    const options = awsChunkedOptions(headers, seed);
    return options ? { ...request, body: decodeAwsChunked(request.body, options).body } : request;
  }
  if (announcesChecksum(headers)) verifyChecksums(headers, request.body);
  if (headers["content-encoding"] === undefined) return request;
  return { ...request, body: decodeContentEncoding(headers, request.body, bodyBytesMax) };
}
