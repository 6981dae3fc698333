/**
 * The signatures of a streaming upload: each chunk's continues the one before it, the first the request's.
 */

import { hash } from "node:crypto";
import { s3SignatureMismatch } from "./auth-errors.ts";
import { EMPTY_SHA256 } from "./payload-hash.ts";
import type { SignatureClaim } from "./signature-claim.ts";
import type { SigningKey } from "./signing-keys.ts";
import { sameText } from "./sigv4.ts";

/** The request that the chunks belong to; `VerifiedSignature` is one. */
export interface StreamSeed {
  readonly claim: Pick<SignatureClaim, "accessKeyId" | "timestamp" | "scope" | "signature">;
  readonly signingKey: SigningKey;
}

/**
 * Chunks must be passed in their order, once each.
 *
 * @evidence S3 API Reference, Signature Calculations: Transferring Payload in Multiple Chunks, and
 *   …Including Trailing Headers
 */
export class ChunkSignatures {
  readonly #seed: StreamSeed;
  #previous: string;

  constructor(seed: StreamSeed) {
    this.#seed = seed;
    this.#previous = seed.claim.signature;
  }

  /** The signature of the next chunk, for the side that sends. */
  signChunk(chunkHash: string): string {
    return this.#sign(this.#chunkToSign(chunkHash));
  }

  /** The signature of the trailer, for the side that sends: `name:value` lines, each with its line feed. */
  signTrailer(trailer: string): string {
    return this.#sign(this.#trailerToSign(trailer));
  }

  /** @throws AwsError `SignatureDoesNotMatch` with the chunk's string to sign */
  verifyChunk(signature: string, chunkHash: string): void {
    this.#verify(signature, this.#chunkToSign(chunkHash));
  }

  /** @throws AwsError `SignatureDoesNotMatch` with the trailer's string to sign */
  verifyTrailer(signature: string, trailer: string): void {
    this.#verify(signature, this.#trailerToSign(trailer));
  }

  #chunkToSign(chunkHash: string): string {
    const { timestamp, scope } = this.#seed.claim;
    const hashes = `${EMPTY_SHA256}\n${chunkHash}`;
    return `AWS4-HMAC-SHA256-PAYLOAD\n${timestamp}\n${scope}\n${this.#previous}\n${hashes}`;
  }

  #trailerToSign(trailer: string): string {
    const { timestamp, scope } = this.#seed.claim;
    const trailerHash = hash("sha256", trailer, "hex");
    return `AWS4-HMAC-SHA256-TRAILER\n${timestamp}\n${scope}\n${this.#previous}\n${trailerHash}`;
  }

  #sign(toSign: string): string {
    this.#previous = this.#seed.signingKey.signHex(toSign);
    return this.#previous;
  }

  #verify(signature: string, toSign: string): void {
    const expected = this.#sign(toSign);
    if (sameText(expected, signature)) return;
    throw s3SignatureMismatch({
      accessKeyId: this.#seed.claim.accessKeyId,
      stringToSign: toSign,
      signature,
      canonicalRequest: "",
    });
  }
}
