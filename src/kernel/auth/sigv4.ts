/** Signature Version 4: whether a claim holds against the secret of its credentials. */

import { hash, timingSafeEqual, type KeyObject } from "node:crypto";
import type { AwsError } from "../errors.ts";
import { invalidSignature, s3Error, s3SignatureMismatch, signatureMismatch } from "./auth-errors.ts";
import { canonicalRequest, DEFAULT_PATHS, S3_PATHS } from "./canonical-request.ts";
import { payloadHashToSign } from "./payload-hash.ts";
import type { SignableRequest, SignatureClaim } from "./signature-claim.ts";
import type { ScopeRules } from "./signature-scope.ts";
import { verifyScope } from "./signature-scope.ts";
import type { SigningKey, SigningKeys } from "./signing-keys.ts";
import { deriveSigningKey } from "./signing-keys.ts";

export { parseSignature } from "./signature-claim.ts";
export type { SignableRequest, SignatureClaim } from "./signature-claim.ts";

export interface VerifyOptions extends ScopeRules {
  /**
   * The hex SHA-256 of the body, asked for when the signature covers it; without it `request.body` is
   * hashed.
   */
  readonly bodyHash?: () => string;
  /** Keys derived before; without it every verification derives its own. */
  readonly keys?: SigningKeys;
}

/** What a signature that held proves, and what the chunks of a streaming body need. */
export interface VerifiedSignature {
  readonly claim: SignatureClaim;
  /**
   * `x-amz-content-sha256` or the hash of the body. S3's body is to be compared with it when it has arrived.
   */
  readonly payloadHash: string;
  /** For ECDSA the public key. Undefined where credentials take any secret, and nothing was verified. */
  readonly signingKey: SigningKey | KeyObject | undefined;
}

/**
 * @throws AwsError when the claim is out of scope (see `verifyScope`) or the signature is not the secret's
 */
export function verifySignature(
  claim: SignatureClaim,
  request: SignableRequest,
  secret: string,
  options: VerifyOptions,
): VerifiedSignature {
  verifyScope(claim, request, options);
  const payloadHash = payloadHashToSign(request, claim.source, options.dialect, options.bodyHash);
  const { accessKeyId, date, region, service } = claim;
  const signingKey = options.keys
    ? options.keys.get(accessKeyId, secret, date, region, service)
    : deriveSigningKey(secret, date, region, service);

  const canonical = canonicalRequestOf(claim, request, options, payloadHash, false);
  const toSign = stringToSign(claim, canonical);
  const holds = (text: string): boolean => sameText(signingKey.signHex(text), claim.signature);
  if (
    claim.algorithm !== "AWS4-HMAC-SHA256" ||
    (!holds(toSign) && !holdsWithNarrowLists(claim, request, options, payloadHash, holds))
  ) {
    throw mismatch(claim, options, canonical, toSign);
  }
  return { claim, payloadHash, signingKey };
}

/** @throws AwsError for a path or query with a broken escape, which nobody can have signed */
export function canonicalRequestOf(
  claim: SignatureClaim,
  request: SignableRequest,
  options: VerifyOptions,
  payloadHash: string,
  narrowLists: boolean,
): string {
  // S3 Control speaks otherwise as other services do, but signs paths as S3 does.
  const paths = options.dialect === "s3" || claim.service === "s3" ? S3_PATHS : DEFAULT_PATHS;
  const canonical = canonicalRequest(request, claim.signedHeaders, { paths, payloadHash, narrowLists });
  if (canonical !== undefined) return canonical;
  if (options.dialect === "s3") throw s3Error("InvalidURI", "Couldn't parse the specified URI.", 400);
  throw invalidSignature(options.dialect, "Illegal hex characters in escape (%) pattern");
}

/** @evidence IAM User Guide, Create a signed AWS API request, Create a string to sign */
export function stringToSign(
  claim: Pick<SignatureClaim, "algorithm" | "timestamp" | "scope">,
  canonical: string,
): string {
  return `${claim.algorithm}\n${claim.timestamp}\n${claim.scope}\n${hash("sha256", canonical, "hex")}`;
}

export function mismatch(
  claim: SignatureClaim,
  options: VerifyOptions,
  canonical: string,
  toSign: string,
): AwsError {
  if (options.dialect !== "s3") return signatureMismatch(options.dialect, canonical, toSign);
  return s3SignatureMismatch({
    accessKeyId: claim.accessKeyId,
    stringToSign: toSign,
    signature: claim.signature,
    canonicalRequest: canonical,
  });
}

/**
 * A header sent more than once arrives joined by a comma and a space, but was signed joined by a comma.
 * Whether it was sent more than once cannot be seen any more, so that both are tried, the common one first.
 */
function holdsWithNarrowLists(
  claim: SignatureClaim,
  request: SignableRequest,
  options: VerifyOptions,
  payloadHash: string,
  holds: (text: string) => boolean,
): boolean {
  const lists = claim.signedHeaders.some((name) => {
    const value: unknown = request.headers[name];
    return typeof value === "string" && value.includes(", ");
  });
  if (!lists) return false;
  return holds(stringToSign(claim, canonicalRequestOf(claim, request, options, payloadHash, true)));
}

/** Compares in a time that tells nothing about where the texts differ. */
export function sameText(expected: string, given: string): boolean {
  if (expected.length !== given.length) return false;
  const expectedBytes = Buffer.from(expected, "utf8");
  const givenBytes = Buffer.from(given, "utf8");
  return expectedBytes.length === givenBytes.length && timingSafeEqual(expectedBytes, givenBytes);
}
