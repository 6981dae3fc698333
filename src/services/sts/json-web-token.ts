/** JSON Web Tokens: reading them, and telling whether a provider's key made them. */

import { createPublicKey, verify, type JsonWebKey, type KeyObject } from "node:crypto";

export type Claims = Readonly<Record<string, unknown>>;

export interface JsonWebToken {
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly claims: Claims;
  /** What the signature is of. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** A public key as providers publish it: only members that make up the key. */
export interface PublishedKey {
  readonly kid?: string;
  readonly kty: string;
  readonly n?: string;
  readonly e?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
}

interface Algorithm {
  readonly digest: "sha256" | "sha384" | "sha512";
  readonly type: "rsa" | "ec";
  readonly curve?: string;
}

/** @evidence IAM User Guide, Obtain the thumbprint / OIDC federation: RS and ES algorithms; RFC 7518, 3.1 */
const algorithms: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ["RS256", { digest: "sha256", type: "rsa" }],
  ["RS384", { digest: "sha384", type: "rsa" }],
  ["RS512", { digest: "sha512", type: "rsa" }],
  ["ES256", { digest: "sha256", type: "ec", curve: "prime256v1" }],
  ["ES384", { digest: "sha384", type: "ec", curve: "secp384r1" }],
  ["ES512", { digest: "sha512", type: "ec", curve: "secp521r1" }],
]);

const modulusBitsMin = 2_048;
const base64Url = /^[A-Za-z0-9_-]*$/;

function jsonObject(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for what is no signed JSON Web Token. */
export function readToken(text: string): JsonWebToken | undefined {
  const parts = text.split(".");
  const [head = "", body = "", signature = ""] = parts;
  const formed = parts.length === 3 && signature !== "" && parts.every((part) => base64Url.test(part));
  if (!formed) return undefined;
  const header = jsonObject(head);
  const claims = jsonObject(body);
  if (header === undefined || claims === undefined || typeof header.alg !== "string") return undefined;
  return {
    algorithm: header.alg, keyId: typeof header.kid === "string" ? header.kid : undefined, claims,
    signed: Buffer.from(`${head}.${body}`), signature: Buffer.from(signature, "base64url"),
  };
}

/** A token without a key id means the only key there is. */
export function keyOf(token: JsonWebToken, keys: readonly PublishedKey[]): PublishedKey | undefined {
  if (token.keyId === undefined) return keys.length === 1 ? keys[0] : undefined;
  return keys.find((key) => key.kid === token.keyId);
}

function asKeyObject(key: PublishedKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: key as JsonWebKey, format: "jwk" });
  } catch {
    return undefined;
  }
}

function fits(key: KeyObject, algorithm: Algorithm): boolean {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType !== algorithm.type) return false;
  return algorithm.type === "rsa"
    ? (details?.modulusLength ?? 0) >= modulusBitsMin : details?.namedCurve === algorithm.curve;
}

/** The key decides which algorithms can be meant, so that a token can't choose a weaker one. */
export function isSignedBy(token: JsonWebToken, published: PublishedKey): boolean {
  const algorithm = algorithms.get(token.algorithm);
  const key = asKeyObject(published);
  if (algorithm === undefined || key === undefined || !fits(key, algorithm)) return false;
  return verify(algorithm.digest, token.signed, { key, dsaEncoding: "ieee-p1363" }, token.signature);
}
