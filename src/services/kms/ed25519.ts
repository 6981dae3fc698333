/**
 * Ed25519ph: Ed25519 over digests that are made already, which the OpenSSL that this runs on does not have.
 * The library is loaded with the first of them.
 *
 * @evidence RFC 8032, sections 5.1 and 7.3
 */

import { createHash, type KeyObject } from "node:crypto";
import { createRequire } from "node:module";
import type { EdDSA } from "@noble/curves/abstract/edwards.js";

const require = createRequire(import.meta.url);
/** Before all that is hashed: a name, the flag of digests, and no context. */
const domain = Buffer.concat([Buffer.from("SigEd25519 no Ed25519 collisions"), Buffer.from([1, 0])]);

let scheme: EdDSA | undefined;

/** @evidence RFC 8032, section 5.1.5 */
function clamped(bytes: Uint8Array): Uint8Array {
  const [first = 0, last = 0] = [bytes[0], bytes[31]];
  return Uint8Array.of(first & 248, ...bytes.subarray(1, 31), (last & 63) | 64);
}

function library(): EdDSA {
  if (scheme) return scheme;
  const { ed25519 } = require("@noble/curves/ed25519.js") as typeof import("@noble/curves/ed25519.js");
  const { eddsa } =
    require("@noble/curves/abstract/edwards.js") as typeof import("@noble/curves/abstract/edwards.js");
  const sha512 = Object.assign(
    (data: Uint8Array): Uint8Array => createHash("sha512").update(data).digest(), { outputLen: 64 });
  return (scheme = eddsa(ed25519.Point, sha512, {
    adjustScalarBytes: clamped,
    domain: (data: Uint8Array) => Buffer.concat([domain, data]),
    zip215: false,
  }));
}

function coordinate(key: KeyObject, name: "d" | "x"): Uint8Array {
  return Buffer.from(key.export({ format: "jwk" })[name] ?? "", "base64url");
}

/** @param digest SHA-512 of the message */
export function signEd25519Digest(privateKey: KeyObject, digest: Uint8Array): Buffer {
  return Buffer.from(library().sign(digest, coordinate(privateKey, "d")));
}

export function verifyEd25519Digest(
  publicKey: KeyObject, digest: Uint8Array, signature: Uint8Array,
): boolean {
  const { lengths, verify } = library();
  return signature.length === lengths.signature && verify(signature, digest, coordinate(publicKey, "x"));
}
