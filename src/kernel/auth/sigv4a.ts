/**
 * The asymmetric Signature Version 4A: one signature for many regions, made with a key derived from the
 * secret.
 */

import type { KeyObject } from "node:crypto";
import { createECDH, createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { BoundedCache } from "./bounded-cache.ts";
import { canonicalRequest, DEFAULT_PATHS, S3_PATHS } from "./canonical-request.ts";
import { payloadHashToSign, sha256OfBody } from "./payload-hash.ts";
import type { SignableRequest, SignatureClaim } from "./signature-claim.ts";
import { verifyScope } from "./signature-scope.ts";
import type { Credentials } from "./signing.ts";
import type { VerifiedSignature, VerifyOptions } from "./sigv4.ts";
import { canonicalRequestOf, mismatch, stringToSign } from "./sigv4.ts";
import { holdsAsymmetrically } from "./streaming-signature.ts";
import { basicTimestamp } from "./timestamp.ts";
import { uriEncode } from "./uri-encoding.ts";

const ALGORITHM = "AWS4-ECDSA-P256-SHA256";
/** The order of P-256, less two: the largest candidate that can become a private key. */
const CANDIDATE_MAX = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n - 2n;

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * The key pair of a secret: NIST SP 800-108 in counter mode, asked again with the next counter until the
 * candidate is below the order of the curve.
 *
 * @evidence IAM User Guide, Create a signed AWS API request, SigV4a: Deriving a signing key
 */
export function deriveKeyPair(accessKeyId: string, secret: string): KeyPair {
  for (let counter = 1; counter <= 254; counter += 1) {
    const candidate = BigInt(`0x${candidateKey(accessKeyId, secret, counter).toString("hex")}`);
    if (candidate <= CANDIDATE_MAX) return keyPairOf(candidate + 1n);
  }
  throw new Error("No key can be derived from this secret");
}

function candidateKey(accessKeyId: string, secret: string, counter: number): Buffer {
  return createHmac("sha256", `AWS4A${secret}`)
    .update(Buffer.from([0, 0, 0, 1]))
    .update(ALGORITHM)
    .update(Buffer.from([0]))
    .update(accessKeyId)
    .update(Buffer.from([counter, 0, 0, 1, 0]))
    .digest();
}

function keyPairOf(scalar: bigint): KeyPair {
  const d = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey();
  const jwk = {
    kty: "EC",
    crv: "P-256",
    d: d.toString("base64url"),
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
  };
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** Key pairs by credential; deriving one costs a multiplication on the curve. */
export class KeyPairs {
  readonly #pairs: BoundedCache<KeyPair>;

  constructor(pairsMax = 200) {
    this.#pairs = new BoundedCache(pairsMax);
  }

  get(accessKeyId: string, secret: string): KeyPair {
    const name = `${accessKeyId}\n${secret}`;
    const known = this.#pairs.get(name);
    if (known) return known;
    const pair = deriveKeyPair(accessKeyId, secret);
    this.#pairs.set(name, pair);
    return pair;
  }
}

/**
 * The region is compared with the region set of the claim, wildcards included, by `verifyScope`.
 *
 * @throws AwsError when the claim is out of scope or the signature is not the key's
 */
export function verifyAsymmetricSignature(
  claim: SignatureClaim,
  request: SignableRequest,
  secret: string,
  options: VerifyOptions & { readonly pairs?: KeyPairs },
): VerifiedSignature {
  verifyScope(claim, request, options);
  const payloadHash = payloadHashToSign(request, claim.source, options.dialect, options.bodyHash);
  const canonical = canonicalRequestOf(claim, request, options, payloadHash, false);
  const toSign = stringToSign(claim, canonical);
  const regionSetIsSigned = claim.source === "query" || claim.signedHeaders.includes("x-amz-region-set");
  const pair = options.pairs
    ? options.pairs.get(claim.accessKeyId, secret)
    : deriveKeyPair(claim.accessKeyId, secret);
  const signingKey = pair.publicKey;
  const { algorithm, signature } = claim;
  if (algorithm !== ALGORITHM || !regionSetIsSigned || !holdsAsymmetrically(signingKey, toSign, signature)) {
    throw mismatch(claim, options, canonical, toSign);
  }
  return { claim, payloadHash, signingKey };
}

export interface AsymmetricSigningOptions {
  readonly credentials: Credentials;
  /** `us-east-1`, `us-*`, `*`. */
  readonly regionSet: readonly string[];
  readonly service: string;
  readonly nowMs: number;
  readonly payloadHash?: string;
}

/** The request with its headers and `authorization` added. */
export function signAsymmetrically<Request extends SignableRequest>(
  request: Request,
  options: AsymmetricSigningOptions,
): Request {
  const payloadHash = options.payloadHash ?? sha256OfBody(request.body);
  const timestamp = basicTimestamp(options.nowMs);
  const { accessKeyId, sessionToken } = options.credentials;
  const headers: Record<string, string> = {
    ...request.headers,
    "x-amz-content-sha256": payloadHash,
    "x-amz-date": timestamp,
    "x-amz-region-set": options.regionSet.join(","),
    ...(sessionToken !== undefined && { "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const signature = signatureOf({ ...request, headers }, names, options, payloadHash);
  headers["authorization"] =
    `${ALGORITHM} Credential=${accessKeyId}/${scopeOf(options)}, ` +
    `SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...request, headers };
}

/** The request with its signature in the query. */
export function presignAsymmetrically<Request extends SignableRequest>(
  request: Request,
  options: AsymmetricSigningOptions & { readonly expiresSeconds: number },
): Request {
  const names = Object.keys(request.headers).sort();
  const { accessKeyId, sessionToken } = options.credentials;
  const parameters: [string, string][] = [
    ["X-Amz-Algorithm", ALGORITHM],
    ["X-Amz-Credential", `${accessKeyId}/${scopeOf(options)}`],
    ["X-Amz-Date", basicTimestamp(options.nowMs)],
    ["X-Amz-Expires", String(options.expiresSeconds)],
    ["X-Amz-Region-Set", options.regionSet.join(",")],
    ["X-Amz-SignedHeaders", names.join(";")],
  ];
  if (sessionToken !== undefined) parameters.push(["X-Amz-Security-Token", sessionToken]);
  const added = parameters.map(([name, value]) => `${name}=${uriEncode(value)}`).join("&");
  const query = request.query === "" ? added : `${request.query}&${added}`;
  const payloadHash = options.payloadHash ?? "UNSIGNED-PAYLOAD";
  const signature = signatureOf({ ...request, query }, names, options, payloadHash);
  return { ...request, query: `${query}&X-Amz-Signature=${signature}` };
}

function scopeOf(options: AsymmetricSigningOptions): string {
  return `${basicTimestamp(options.nowMs).slice(0, 8)}/${options.service}/aws4_request`;
}

function signatureOf(
  request: SignableRequest,
  names: readonly string[],
  options: AsymmetricSigningOptions,
  payloadHash: string,
): string {
  const paths = options.service.startsWith("s3") ? S3_PATHS : DEFAULT_PATHS;
  const canonical = canonicalRequest(request, names, { paths, payloadHash });
  if (canonical === undefined)
    throw new TypeError(`Not a valid request target: ` + `${request.path}?${request.query}`);
  const timestamp = basicTimestamp(options.nowMs);
  const toSign = stringToSign({ algorithm: ALGORITHM, timestamp, scope: scopeOf(options) }, canonical);
  const { accessKeyId, secretAccessKey } = options.credentials;
  const { privateKey } = deriveKeyPair(accessKeyId, secretAccessKey);
  return sign("sha256", Buffer.from(toSign, "utf8"), privateKey).toString("hex");
}
