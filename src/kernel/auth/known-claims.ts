/**
 * What a client repeats in its Authorization header from request to request: all but the signature at its
 * end. Read once, it is the same object for all requests that carry it.
 */

import type { AuthDialect } from "./auth-errors.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { SignatureAlgorithm } from "./signature-claim.ts";

/** The part of a claim that does not change from request to request. */
export interface ClaimHead {
  readonly algorithm: SignatureAlgorithm;
  readonly accessKeyId: string;
  /** The day of the credential scope, `YYYYMMDD`. */
  readonly date: string;
  /** Empty for the asymmetric algorithm, whose regions are in `regionSet`. */
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  /** The credential without its access key id: `20150830/us-east-1/iam/aws4_request`. */
  readonly scope: string;
  /** Names in lower case, in the order sent. */
  readonly signedHeaders: readonly string[];
}

const headsMax = 1_000;
/** Nobody fills memory with long headers. */
const lengthMax = 1_024;
const signature = /^[0-9a-f]{64}$/;
const signatureLength = 64;
const beforeSignature = "Signature=";

/** A header that ends as clients end it, in two parts. */
export interface SplitHeader {
  readonly start: string;
  readonly signature: string;
}

/** Undefined for headers of any other form: they are read from scratch. */
export function splitHeader(header: string): SplitHeader | undefined {
  const at = header.length - signatureLength;
  if (at > lengthMax || !header.startsWith(beforeSignature, at - beforeSignature.length)) return undefined;
  const end = header.slice(at);
  return signature.test(end) ? { start: header.slice(0, at), signature: end } : undefined;
}

export class KnownClaims {
  /** By dialect, because dialects read headers differently. */
  readonly #heads = new Map<AuthDialect, BoundedCache<ClaimHead>>();

  get(dialect: AuthDialect, start: string): ClaimHead | undefined {
    return this.#heads.get(dialect)?.get(start);
  }

  set(dialect: AuthDialect, start: string, head: ClaimHead): void {
    let heads = this.#heads.get(dialect);
    if (!heads) this.#heads.set(dialect, (heads = new BoundedCache(headsMax)));
    heads.set(start, head);
  }
}
