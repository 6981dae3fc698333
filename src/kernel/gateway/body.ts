/** Undoes what clients do to bodies: `aws-chunked` framing, content encodings, checksums. Most have none. */

import type { Readable } from "node:stream";
import { isStreamingPayload, requirePayloadHash, sha256OfBody } from "../auth/payload-hash.ts";
import type { VerifiedSignature } from "../auth/sigv4.ts";
import { AwsChunkedDecoder, awsChunkedOptions, decodeAwsChunked } from "../body/aws-chunked.ts";
import { BodyChecksums, verifyChecksums } from "../body/body-checksums.ts";
import { missingContentLength } from "../body/body-errors.ts";
import { BodyStream, PlainBody } from "../body/body-stream.ts";
import { checksumHeader } from "../body/checksums.ts";
import { decodeContentEncoding } from "../body/content-encoding.ts";
import type { OperationModel, ServiceModel } from "../model/model.ts";
import type { Headers, WireRequest } from "../protocol/protocol.ts";
import { dialectOf } from "./wording.ts";

/** Bodies that are not streamed are held whole, and so are limited; also what they unpack to. */
export const bodyBytesMax = 16 * 1024 * 1024;

/** Bodies up to this size are read before anything else happens, whatever their operation does with them. */
export const wholeBytesMax = 128 * 1024;

/** Whether an operation takes its body as it comes. */
export function takesStream(operation: OperationModel, model: ServiceModel): boolean {
  const shape = operation.input && model.shapes[operation.input.shape];
  const payload = shape?.payload === undefined ? undefined : shape.members?.[shape.payload];
  const body = payload && model.shapes[payload.shape];
  return body !== undefined && (payload?.streaming === true || body.streaming === true);
}

function announcesChecksum(headers: Headers): boolean {
  if (headers["content-md5"] !== undefined) return true;
  for (const name in headers) if (name.startsWith("x-amz-checksum-")) return true;
  return false;
}

/** What completes an upload, or copies an object, speaks of the object's checksum, not of its own body's. */
function checksumIsOfBody(operation: OperationModel): boolean {
  return operation.httpChecksum !== undefined;
}

/** A body that is in memory. @throws AwsError when framing, encoding or checksum do not hold */
export function decodedBody(
  request: WireRequest,
  seed: VerifiedSignature | undefined,
  operation: OperationModel,
  model: ServiceModel,
): WireRequest {
  const { headers } = request;
  const payloadHash = headers["x-amz-content-sha256"] ?? "";
  if (isStreamingPayload(payloadHash)) {
    const options = awsChunkedOptions(headers, seed);
    if (!options) return request;
    const { body, checksum } = decodeAwsChunked(request.body, options);
    // A trailer is a header that comes late: handlers find the checksum where they look for it.
    const late = checksum && { [checksumHeader(checksum.algorithm)]: checksum.value };
    return { ...request, body, ...(late && { headers: { ...headers, ...late } }) };
  }
  const isS3 = dialectOf(model) === "s3";
  if (isS3 && payloadHash.length === 64 && request.body.length > 0) {
    requirePayloadHash(payloadHash, sha256OfBody(request.body));
  }
  if (announcesChecksum(headers) && (!isS3 || checksumIsOfBody(operation))) {
    verifyChecksums(headers, request.body);
  }
  // What S3 stores stays encoded as it was sent.
  if (isS3 || headers["content-encoding"] === undefined) return request;
  return { ...request, body: decodeContentEncoding(headers, request.body, bodyBytesMax) };
}

/** A body that is still to come. @throws AwsError when the headers announce what no body can be */
export function decodedStream(
  request: WireRequest & { readonly stream: Readable },
  seed: VerifiedSignature | undefined,
): WireRequest {
  const { headers } = request;
  const chunked = awsChunkedOptions(headers, seed);
  if (chunked) {
    const facts = { sizeBytes: chunked.decodedBytes, algorithm: chunked.checksums.algorithm };
    return { ...request, stream: new BodyStream(request.stream, new AwsChunkedDecoder(chunked), facts) };
  }
  if (headers["content-length"] === undefined) throw missingContentLength();
  return plainStream(request);
}

/** A body without framing. */
export function plainStream(request: WireRequest & { readonly stream: Readable }): WireRequest {
  const { headers } = request;
  const length = headers["content-length"];
  const sizeBytes = length === undefined ? undefined : Number(length);
  const checksums = new BodyChecksums(headers);
  const decoder = new PlainBody(sizeBytes, checksums, headers["x-amz-content-sha256"] ?? "");
  const facts = { sizeBytes, algorithm: checksums.algorithm };
  return { ...request, stream: new BodyStream(request.stream, decoder, facts) };
}
