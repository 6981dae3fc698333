/** Derived keys: what a secret becomes for one day, region and service. */

import type { KeyObject } from "node:crypto";
import { createHmac, createSecretKey } from "node:crypto";
import { BoundedCache } from "./bounded-cache.ts";

/** @evidence IAM User Guide, Create a signed AWS API request, Derive a signing key */
export function deriveSigningKey(secret: string, date: string, region: string, service: string): KeyObject {
  let key = hmac(`AWS4${secret}`, date);
  for (const part of [region, service, "aws4_request"]) key = hmac(key, part);
  return createSecretKey(key);
}

/** Derived keys by credential and scope. Deriving costs four HMACs; a key serves a whole day. */
export class SigningKeys {
  readonly #keys: BoundedCache<KeyObject>;

  constructor(keysMax = 1_000) {
    this.#keys = new BoundedCache(keysMax);
  }

  get size(): number {
    return this.#keys.size;
  }

  get(accessKeyId: string, secret: string, date: string, region: string, service: string): KeyObject {
    // A line feed separates, for none of the parts can hold one: they come from headers, or from us.
    const name = `${accessKeyId}\n${secret}\n${date}\n${region}\n${service}`;
    const known = this.#keys.get(name);
    if (known) return known;
    const key = deriveSigningKey(secret, date, region, service);
    this.#keys.set(name, key);
    return key;
  }
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data, "utf8").digest();
}
