/**
 * Session tokens carry what they stand for, sealed: nothing is looked up to use one, and nobody can make one.
 *
 * A token is base64 of one byte of format, a nonce of 12 bytes, the sealed JSON and a tag of 16 bytes.
 */

import { createCipheriv, createDecipheriv, createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { BoundedCache } from "./bounded-cache.ts";

export type SessionPayload = Readonly<Record<string, unknown>>;

const PLAIN = 1;
const DEFLATED = 2;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Below this, compressing gains nothing. */
const COMPRESS_FROM_BYTES = 256;
const PAYLOAD_BYTES_MAX = 65_536;
const TOKEN_LENGTH_MAX = 65_536;

/** @param key 32 bytes. @param randomBytes the chance that the nonce is taken from; it must never repeat */
export function seal(
  key: Uint8Array | KeyObject,
  payload: SessionPayload,
  randomBytes: (count: number) => Uint8Array,
): string {
  const json = Buffer.from(JSON.stringify(payload), "utf8");
  if (json.length > PAYLOAD_BYTES_MAX) throw new RangeError("The session is too large to be sealed");
  const deflated = json.length >= COMPRESS_FROM_BYTES ? deflateRawSync(json) : json;
  const format = Buffer.from([deflated.length < json.length ? DEFLATED : PLAIN]);
  const content = deflated.length < json.length ? deflated : json;

  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", secretKey(key), nonce);
  cipher.setAAD(format);
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([format, nonce, sealed, cipher.getAuthTag()]).toString("base64");
}

/** The payload, or undefined for anything that this key did not seal, letter for letter. */
export function unseal(key: Uint8Array | KeyObject, token: string): SessionPayload | undefined {
  if (token.length > TOKEN_LENGTH_MAX) return undefined;
  const bytes = Buffer.from(token, "base64");
  if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes.toString("base64") !== token) return undefined;
  const format = bytes.subarray(0, 1);
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const sealed = bytes.subarray(1 + NONCE_BYTES, bytes.length - TAG_BYTES);
  try {
    const decipher = createDecipheriv("aes-256-gcm", secretKey(key), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(format);
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    const content = Buffer.concat([decipher.update(sealed), decipher.final()]);
    const json =
      format[0] === DEFLATED ? inflateRawSync(content, { maxOutputLength: PAYLOAD_BYTES_MAX }) : content;
    return JSON.parse(json.toString("utf8")) as SessionPayload;
  } catch {
    // Whatever went wrong, the token is not one of ours; its bearer learns no more than that.
    return undefined;
  }
}

/** Sealing with one key, remembering what was unsealed: a client sends the same token with every request. */
export class SessionTokens {
  readonly #key: KeyObject;
  readonly #unsealed: BoundedCache<SessionPayload>;

  constructor(key: Uint8Array, tokensMax = 1_000) {
    this.#key = secretKey(key);
    this.#unsealed = new BoundedCache(tokensMax);
  }

  get remembered(): number {
    return this.#unsealed.size;
  }

  seal(payload: SessionPayload, randomBytes: (count: number) => Uint8Array): string {
    return seal(this.#key, payload, randomBytes);
  }

  /** The same frozen object for the same token. Whether the session has expired is for the caller to see. */
  unseal(token: string): SessionPayload | undefined {
    const known = this.#unsealed.get(token);
    if (known) return known;
    const payload = unseal(this.#key, token);
    if (payload) this.#unsealed.set(token, Object.freeze(payload));
    return payload;
  }
}

function secretKey(key: Uint8Array | KeyObject): KeyObject {
  return key instanceof Uint8Array ? createSecretKey(key) : key;
}
