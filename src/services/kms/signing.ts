/** Sign and Verify. */

import { constants, createPublicKey, sign, verify, type KeyObject, type SigningOptions } from "node:crypto";
import * as kms from "../../generated/kms.ts";
import type { MessageType, SigningAlgorithmSpec } from "../../generated/kms.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { signEcdsa, verifyEcdsa } from "./ecdsa.ts";
import { signEd25519Digest, verifyEd25519Digest } from "./ed25519.ts";
import {
  dryRunSucceeded, incompatibleAlgorithm, invalidSignature, invalidUsage, validation,
} from "./errors.ts";
import { requireGrantTokens } from "./grant-rows.ts";
import { anyKey, keyRules, requireKey } from "./key-ids.ts";
import { kindOf, signingAlgorithmsOf } from "./key-specs.ts";
import { keyArn, requireUsable, type Key } from "./keys.ts";
import { recordUsage } from "./last-usage.ts";
import { currentMaterial, openMaterial, type Material } from "./materials.ts";
import { mlDsaRepresentative, representativeBytes, signMlDsa, verifyMlDsa } from "./ml-dsa.ts";
import { signPkcs1, signPss, verifyPkcs1, verifyPss } from "./rsa-signatures.ts";

interface Scheme {
  readonly family: "pss" | "pkcs1" | "ecdsa" | "ed25519" | "ed25519ph" | "ml-dsa";
  readonly hash: string;
  /** Of what is signed in the message's place, where the request has that already. */
  readonly hashBytes: number;
}

function schemeOf(algorithm: SigningAlgorithmSpec): Scheme {
  if (algorithm === "ML_DSA_SHAKE_256") {
    return { family: "ml-dsa", hash: "shake256", hashBytes: representativeBytes };
  }
  const bits = Number(algorithm.slice(-3));
  const hash = `sha${bits}`;
  const hashBytes = bits / 8;
  if (algorithm.startsWith("RSASSA_PSS")) return { family: "pss", hash, hashBytes };
  if (algorithm.startsWith("RSASSA_PKCS1")) return { family: "pkcs1", hash, hashBytes };
  if (algorithm.startsWith("ECDSA")) return { family: "ecdsa", hash, hashBytes };
  if (algorithm === "ED25519_PH_SHA_512") return { family: "ed25519ph", hash, hashBytes };
  // SM2 is for the China Regions.
  if (algorithm !== "ED25519_SHA_512") throw notImplemented(`The signing algorithm ${algorithm}`);
  return { family: "ed25519", hash, hashBytes };
}

/** @evidence recorded AWS answers for keys of other usages, and for MAC algorithms of other key specs */
function requireSigningKey(
  ctx: ReadContext, key: Key, name: "Sign" | "Verify", algorithm: SigningAlgorithmSpec,
): void {
  requireUsable(ctx, key);
  if (key.usage !== "SIGN_VERIFY") throw invalidUsage(keyArn(ctx, key), key.usage, name);
  if (!signingAlgorithmsOf(key.spec).includes(algorithm)) throw incompatibleAlgorithm(algorithm, key.spec);
}

function typesOf({ family }: Scheme): readonly MessageType[] {
  switch (family) {
    case "ed25519": return ["RAW"];
    case "ed25519ph": return ["DIGEST"];
    case "ml-dsa": return ["RAW", "EXTERNAL_MU"];
    default: return ["RAW", "DIGEST"];
  }
}

/**
 * @returns whether the request has what is signed in the message's place: a digest, or ML-DSA's
 *   representative
 * @evidence KMS API Reference, Sign, MessageType and Message
 */
function isDigest(
  type: MessageType = "RAW", message: Uint8Array, algorithm: SigningAlgorithmSpec, scheme: Scheme,
): boolean {
  if (!typesOf(scheme).includes(type)) {
    throw validation(`MessageType ${type} is not valid for algorithm ${algorithm}.`);
  }
  if (type === "RAW") return false;
  if (message.length !== scheme.hashBytes) {
    throw validation(`Digest is invalid length for algorithm ${algorithm}.`);
  }
  return true;
}

function options(key: KeyObject, scheme: Scheme): SigningOptions & { key: KeyObject } {
  if (scheme.family !== "pss") return { key };
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.hashBytes };
}

function signDigest(
  ctx: ReadContext, privateKey: KeyObject, key: Key, scheme: Scheme, digest: Uint8Array,
): Buffer {
  const kind = kindOf(key.spec);
  if (kind.type === "ed25519") return signEd25519Digest(privateKey, digest);
  if (kind.type === "ec") return signEcdsa(privateKey, kind.curve, digest);
  if (kind.type !== "rsa") throw incompatibleAlgorithm(scheme.family, key.spec);
  return scheme.family === "pkcs1" ? signPkcs1(privateKey, scheme.hash, digest)
    : signPss(privateKey, kind.lengthBits, scheme.hash, digest, ctx.ids.bytes(scheme.hashBytes));
}

function isValid(
  publicKey: KeyObject, key: Key, scheme: Scheme, digest: Uint8Array, signature: Uint8Array,
): boolean {
  const kind = kindOf(key.spec);
  if (kind.type === "ed25519") return verifyEd25519Digest(publicKey, digest, signature);
  if (kind.type === "ec") return verifyEcdsa(publicKey, kind.curve, digest, signature);
  return scheme.family === "pkcs1" ? verifyPkcs1(publicKey, scheme.hash, digest, signature)
    : verifyPss(publicKey, scheme.hash, digest, signature);
}

interface Signable {
  readonly key: Key;
  readonly scheme: Scheme;
  readonly message: Uint8Array;
  readonly digested: boolean;
}

function publicKeyOf({ publicKey }: Material): Buffer {
  return Buffer.from(publicKey ?? []);
}

function signatureOf(ctx: ReadContext, { key, scheme, message, digested }: Signable): Buffer {
  const material = currentMaterial(ctx, key);
  const privateKey = openMaterial(ctx, key.spec, material);
  const kind = kindOf(key.spec);
  if (kind.type === "ml-dsa") {
    const { set } = kind;
    const represented = digested ? message : mlDsaRepresentative(set, publicKeyOf(material), message);
    return signMlDsa(set, privateKey.export(), represented, ctx.ids.bytes(32));
  }
  if (digested) return signDigest(ctx, privateKey, key, scheme, message);
  return sign(scheme.family === "ed25519" ? null : scheme.hash, message, options(privateKey, scheme));
}

function holds(
  ctx: ReadContext, { key, scheme, message, digested }: Signable, signature: Uint8Array,
): boolean {
  const der = publicKeyOf(currentMaterial(ctx, key));
  const kind = kindOf(key.spec);
  if (kind.type === "ml-dsa") {
    const represented = digested ? message : mlDsaRepresentative(kind.set, der, message);
    return verifyMlDsa(kind.set, der, represented, signature);
  }
  const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
  if (digested) return isValid(publicKey, key, scheme, message, signature);
  const hash = scheme.family === "ed25519" ? null : scheme.hash;
  return verify(hash, message, options(publicKey, scheme), signature);
}

export const Sign = operation(kms.Sign, {
  ...keyRules<kms.SignRequest>(anyKey("Sign")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, anyKey("Sign"));
    const { SigningAlgorithm: algorithm, Message: message } = input;
    requireSigningKey(ctx, key, "Sign", algorithm);
    requireGrantTokens(ctx, input.GrantTokens);
    const scheme = schemeOf(algorithm);
    const digested = isDigest(input.MessageType, message, algorithm, scheme);
    if (input.DryRun) throw dryRunSucceeded();
    const signature = signatureOf(ctx, { key, scheme, message, digested });
    recordUsage(ctx, key, "Sign");
    return { KeyId: keyArn(ctx, key), Signature: signature, SigningAlgorithm: algorithm };
  },
});

export const Verify = operation(kms.Verify, {
  ...keyRules<kms.VerifyRequest>(anyKey("Verify")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, anyKey("Verify"));
    const { SigningAlgorithm: algorithm, Message: message, Signature: signature } = input;
    requireSigningKey(ctx, key, "Verify", algorithm);
    requireGrantTokens(ctx, input.GrantTokens);
    const scheme = schemeOf(algorithm);
    const digested = isDigest(input.MessageType, message, algorithm, scheme);
    if (!holds(ctx, { key, scheme, message, digested }, signature)) throw invalidSignature();
    if (input.DryRun) throw dryRunSucceeded();
    recordUsage(ctx, key, "Verify");
    return { KeyId: keyArn(ctx, key), SignatureValid: true, SigningAlgorithm: algorithm };
  },
});
