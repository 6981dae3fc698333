/** The hash of the body, as the signature covers it. */

import { hash } from "node:crypto";
import type { AwsError } from "../errors.ts";
import type { AuthDialect } from "./auth-errors.ts";
import { invalidArgument, s3Error } from "./auth-errors.ts";
import type { SignableRequest } from "./signature-claim.ts";

export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Bodies that carry their own signatures, or none, chunk by chunk. */
export const STREAMING_PAYLOADS = [
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
] as const;

export type StreamingPayload = (typeof STREAMING_PAYLOADS)[number];

const STREAMING: ReadonlySet<string> = new Set(STREAMING_PAYLOADS);
const HEX_SHA256 = /^[0-9a-f]{64}$/i;

export function isStreamingPayload(value: string): value is StreamingPayload {
  return STREAMING.has(value);
}

/**
 * What stands for the body in the canonical request. S3 signs what the header says (the body is compared
 * when it has arrived, see `requirePayloadHash`); every other service hashes the body itself, unless the
 * caller left it out on purpose or streams signed events.
 *
 * @evidence S3 API Reference, Authenticating Requests: Using the Authorization Header
 */
export function payloadHashToSign(
  request: SignableRequest,
  source: "header" | "query",
  dialect: AuthDialect,
  bodyHash: (() => string) | undefined,
): string {
  const header: unknown = request.headers["x-amz-content-sha256"];
  const declared = typeof header === "string" ? header.trim() : undefined;
  if (dialect !== "s3") {
    if (declared === UNSIGNED_PAYLOAD || declared === "STREAMING-AWS4-HMAC-SHA256-EVENTS") return declared;
    return bodyHash ? bodyHash() : sha256OfBody(request.body);
  }
  if (source === "query") return declared ?? UNSIGNED_PAYLOAD;
  if (declared === undefined) {
    throw s3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400);
  }
  if (declared !== UNSIGNED_PAYLOAD && !STREAMING.has(declared) && !HEX_SHA256.test(declared)) {
    throw invalidPayloadHash(declared);
  }
  return declared;
}

/** @evidence a recorded answer of S3 to `x-amz-content-sha256: invalid` */
export function invalidPayloadHash(declared: string): AwsError {
  const message =
    `x-amz-content-sha256 must be UNSIGNED-PAYLOAD, ${STREAMING_PAYLOADS.join(", ")} or a valid ` +
    `sha256 value.`;
  return invalidArgument(message, "x-amz-content-sha256", declared);
}

/**
 * Compares a body that has arrived with the hash it was signed with. S3 does so where a request has a body
 * that means something; a GetObject with any hash succeeds. `declared` is `VerifiedSignature.payloadHash`.
 *
 * @throws AwsError `XAmzContentSHA256Mismatch`
 * @evidence openstack/swift test/s3api/test_input_errors.py, assertSHA256Mismatch, run against S3
 */
export function requirePayloadHash(declared: string, computed: string): void {
  // S3 compares text, so that its own hash in upper case does not match.
  if (declared === UNSIGNED_PAYLOAD || STREAMING.has(declared) || declared === computed) return;
  const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
  throw s3Error("XAmzContentSHA256Mismatch", message, 400, {
    ClientComputedContentSHA256: declared,
    S3ComputedContentSHA256: computed,
  });
}

export function sha256OfBody(body: Buffer | undefined): string {
  return body === undefined || body.length === 0 ? EMPTY_SHA256 : hash("sha256", body, "hex");
}
