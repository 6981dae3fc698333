/**
 * ML-DSA, which the OpenSSL that this runs on does not have: key pairs from seeds, signatures over a
 * message's representative, and their verification. The library is loaded with the first such key.
 *
 * @evidence FIPS 204; RFC 9881, object identifiers and the form of public keys
 */

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import type { DSA } from "@noble/post-quantum/ml-dsa.js";

export type MlDsaSet = 44 | 65 | 87;

export const seedBytes = 32;
export const representativeBytes = 64;

const require = createRequire(import.meta.url);

function libraryFor(set: MlDsaSet): DSA {
  const library = require("@noble/post-quantum/ml-dsa.js") as typeof import("@noble/post-quantum/ml-dsa.js");
  return { 44: library.ml_dsa44, 65: library.ml_dsa65, 87: library.ml_dsa87 }[set];
}

/** The last numbers of the object identifiers. */
const identifiers: Readonly<Record<MlDsaSet, number>> = { 44: 0x11, 65: 0x12, 87: 0x13 };

/** SubjectPublicKeyInfo: an object identifier without parameters, and the key as a bit string. */
function subjectPublicKeyInfo(set: MlDsaSet, publicKey: Uint8Array): Buffer {
  const identifier =
    Buffer.from([0x30, 0x0b, 0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, identifiers[set]]);
  const long = (tag: number, length: number): Buffer => Buffer.from([tag, 0x82, length >> 8, length & 255]);
  const bits = Buffer.concat([long(3, publicKey.length + 1), Buffer.from([0]), publicKey]);
  return Buffer.concat([long(0x30, identifier.length + bits.length), identifier, bits]);
}

export function mlDsaPublicKey(set: MlDsaSet, seed: Uint8Array): Buffer {
  return subjectPublicKeyInfo(set, libraryFor(set).keygen(seed).publicKey);
}

function rawPublicKey(set: MlDsaSet, info: Uint8Array): Uint8Array {
  return info.subarray(-(libraryFor(set).lengths.publicKey ?? 0));
}

function shake256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("shake256", { outputLength: representativeBytes });
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** What is signed in a message's place, which others may work out, too. Its context is empty. */
export function mlDsaRepresentative(set: MlDsaSet, info: Uint8Array, message: Uint8Array): Buffer {
  return shake256(shake256(rawPublicKey(set, info)), Buffer.from([0, 0]), message);
}

/** @param chance 32 bytes, so that no two signatures are alike: "hedged" */
export function signMlDsa(
  set: MlDsaSet, seed: Uint8Array, representative: Uint8Array, chance: Uint8Array,
): Buffer {
  const { keygen, internal } = libraryFor(set);
  const options = { externalMu: true, extraEntropy: chance };
  return Buffer.from(internal.sign(representative, keygen(seed).secretKey, options));
}

/** @param info the public key */
export function verifyMlDsa(
  set: MlDsaSet, info: Uint8Array, representative: Uint8Array, signature: Uint8Array,
): boolean {
  const { internal, lengths } = libraryFor(set);
  if (signature.length !== lengths.signature) return false;
  return internal.verify(signature, representative, rawPublicKey(set, info), { externalMu: true });
}
