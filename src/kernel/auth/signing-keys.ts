/** Derived keys: what a secret becomes for one day, region and service. */

import { createHmac, hash } from "node:crypto";
import { BoundedCache } from "./bounded-cache.ts";

const blockBytes = 64;
const digestBytes = 32;
/** Strings to sign are shorter in practice; what is longer takes the slower way. */
const textBytesMax = 1_024;

/**
 * A key that signs texts with HMAC-SHA-256. HMAC is two hashes, each over a block made of the key and what
 * follows: done like that, with the blocks ready, it takes half the time that a `Hmac` object does, and
 * leaves no object to be collected.
 *
 * @evidence RFC 2104, section 2
 */
export class SigningKey {
  readonly #key: Buffer;
  readonly #inner = Buffer.alloc(blockBytes + textBytesMax, 0x36);
  readonly #outer = Buffer.alloc(blockBytes + digestBytes, 0x5c);

  /** @param key at most 64 bytes: what is longer would have to be hashed first */
  constructor(key: Buffer) {
    if (key.length > blockBytes) throw new RangeError("a signing key has at most 64 bytes");
    this.#key = key;
    for (const [index, byte] of key.entries()) {
      this.#inner[index] = byte ^ 0x36;
      this.#outer[index] = byte ^ 0x5c;
    }
  }

  /** The signature of a text's UTF-8, in hexadecimal digits. */
  signHex(text: string): string {
    // A character takes three bytes at most.
    if (text.length * 3 > textBytesMax) return createHmac("sha256", this.#key).update(text).digest("hex");
    const end = blockBytes + this.#inner.write(text, blockBytes, "utf8");
    this.#outer.write(hash("sha256", this.#inner.subarray(0, end), "binary"), blockBytes, "latin1");
    return hash("sha256", this.#outer, "hex");
  }
}

/** @evidence IAM User Guide, Create a signed AWS API request, Derive a signing key */
export function deriveSigningKey(secret: string, date: string, region: string, service: string): SigningKey {
  let key = hmac(`AWS4${secret}`, date);
  for (const part of [region, service, "aws4_request"]) key = hmac(key, part);
  return new SigningKey(key);
}

/** Derived keys by credential and scope. Deriving costs four HMACs; a key serves a whole day. */
export class SigningKeys {
  readonly #keys: BoundedCache<SigningKey>;
  /** What was asked for last, which is nearly always what is asked for next. */
  #last: KnownKey | undefined;

  constructor(keysMax = 1_000) {
    this.#keys = new BoundedCache(keysMax);
  }

  get size(): number {
    return this.#keys.size;
  }

  get(accessKeyId: string, secret: string, date: string, region: string, service: string): SigningKey {
    const last = this.#last;
    const isSecret = last?.secret === secret && last.accessKeyId === accessKeyId;
    if (isSecret && last.date === date && last.region === region && last.service === service) return last.key;
    const key = this.#find(accessKeyId, secret, date, region, service);
    this.#last = { accessKeyId, secret, date, region, service, key };
    return key;
  }

  #find(accessKeyId: string, secret: string, date: string, region: string, service: string): SigningKey {
    // A line feed separates, for none of the parts can hold one: they come from headers, or from us.
    const name = `${accessKeyId}\n${secret}\n${date}\n${region}\n${service}`;
    const known = this.#keys.get(name);
    if (known) return known;
    const key = deriveSigningKey(secret, date, region, service);
    this.#keys.set(name, key);
    return key;
  }
}

interface KnownKey {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly key: SigningKey;
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data, "utf8").digest();
}
