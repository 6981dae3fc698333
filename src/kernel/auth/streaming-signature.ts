/**
 * The signatures of a streaming upload: each chunk's continues the one before it, the first the request's.
 */

import type { KeyObject } from "node:crypto";
import { hash, sign, verify } from "node:crypto";
import { s3SignatureMismatch } from "./auth-errors.ts";
import { EMPTY_SHA256 } from "./payload-hash.ts";
import type { SignatureClaim } from "./signature-claim.ts";
import { SigningKey } from "./signing-keys.ts";
import { sameText } from "./sigv4.ts";

/** The request that the chunks belong to; `VerifiedSignature` is one. */
export interface StreamSeed {
  readonly claim: Pick<SignatureClaim, "algorithm" | "accessKeyId" | "timestamp" | "scope" | "signature">;
  /**
   * A secret's key for HMAC; for ECDSA a key of the pair, a private one where it signs. Undefined where the
   * credentials take any secret: there is nothing to verify with.
   */
  readonly signingKey: SigningKey | KeyObject | undefined;
}

/**
 * ECDSA signatures vary in length. Clients that must know the length of a body beforehand fill them up to
 * that of the longest, 72 bytes in hex. What is signed next continues the signature without the filling.
 *
 * @evidence aws-c-auth, aws_trim_padded_sigv4a_signature and tests/test_chunked_signing.c
 */
const paddedLength = 144;
const padding = /\*+$/;

/**
 * Chunks must be passed in their order, once each.
 *
 * @evidence S3 API Reference, Signature Calculations: Transferring Payload in Multiple Chunks, and
 *   …Including Trailing Headers
 * @evidence aws-c-auth tests/test_chunked_signing.c: the strings to sign of ECDSA
 */
export class ChunkSignatures {
  readonly #seed: StreamSeed;
  #previous: string;

  constructor(seed: StreamSeed) {
    this.#seed = seed;
    this.#previous = seed.claim.signature;
  }

  /** Whether the hashes of chunks are looked at. */
  get isVerifiable(): boolean {
    return this.#seed.signingKey !== undefined;
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
    if (this.isVerifiable) this.#verify(signature, this.#chunkToSign(chunkHash));
  }

  /** @throws AwsError `SignatureDoesNotMatch` with the trailer's string to sign */
  verifyTrailer(signature: string, trailer: string): void {
    if (this.isVerifiable) this.#verify(signature, this.#trailerToSign(trailer));
  }

  #chunkToSign(chunkHash: string): string {
    const { algorithm, timestamp, scope } = this.#seed.claim;
    const hashes = `${EMPTY_SHA256}\n${chunkHash}`;
    return `${algorithm}-PAYLOAD\n${timestamp}\n${scope}\n${this.#previous}\n${hashes}`;
  }

  #trailerToSign(trailer: string): string {
    const { algorithm, timestamp, scope } = this.#seed.claim;
    const trailerHash = hash("sha256", trailer, "hex");
    return `${algorithm}-TRAILER\n${timestamp}\n${scope}\n${this.#previous}\n${trailerHash}`;
  }

  #sign(toSign: string): string {
    const { signingKey } = this.#seed;
    if (!signingKey) throw new TypeError("Without a key nothing can be signed");
    if (signingKey instanceof SigningKey) return (this.#previous = signingKey.signHex(toSign));
    this.#previous = sign("sha256", Buffer.from(toSign, "utf8"), signingKey).toString("hex");
    return this.#previous.padEnd(paddedLength, "*");
  }

  #verify(given: string, toSign: string): void {
    const { claim } = this.#seed;
    const signature = claim.algorithm === "AWS4-HMAC-SHA256" ? given : given.replace(padding, "");
    this.#previous = signature;
    if (this.#holds(signature, toSign)) return;
    const { accessKeyId } = claim;
    throw s3SignatureMismatch({ accessKeyId, stringToSign: toSign, signature: given, canonicalRequest: "" });
  }

  #holds(signature: string, toSign: string): boolean {
    const { signingKey } = this.#seed;
    if (!signingKey) return true;
    if (signingKey instanceof SigningKey) return sameText(signingKey.signHex(toSign), signature);
    return holdsAsymmetrically(signingKey, toSign, signature);
  }
}

/** `signature` is the hex of a DER signature, which for P-256 has at most 72 bytes. */
export function holdsAsymmetrically(key: KeyObject, toSign: string, signature: string): boolean {
  if (!/^(?:[0-9a-f]{2}){8,72}$/.test(signature)) return false;
  return verify("sha256", Buffer.from(toSign, "utf8"), key, Buffer.from(signature, "hex"));
}
