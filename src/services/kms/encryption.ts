/** Encrypt, Decrypt and ReEncrypt, with symmetric keys and with RSA. */

import { constants, createPublicKey, privateDecrypt, publicEncrypt } from "node:crypto";
import * as kms from "../../generated/kms.ts";
import type { EncryptionAlgorithmSpec } from "../../generated/kms.ts";
import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { decryptBytes, encryptBytes, parseCiphertext, type EncryptionContext } from "./ciphertexts.ts";
import { requestConditions, type Conditions } from "./conditions.ts";
import {
  accessDenied, accessDeniedToCiphertext, dryRunSucceeded, incompatibleAlgorithm, incorrectKey,
  invalidCiphertext, invalidUsage, validation,
} from "./errors.ts";
import { requireGrantTokens } from "./grant-rows.ts";
import {
  accountIn, anyKey, deniedAcrossAccounts, keyRules, locateForeignKey, locateKey, requireKey,
} from "./key-ids.ts";
import { encryptionAlgorithmsOf, isSymmetricEncryption, kindOf, oaepPlaintextBytesMax } from "./key-specs.ts";
import { keyArn, keys, requireUsable, type Key } from "./keys.ts";
import { recordUsage } from "./last-usage.ts";
import { currentMaterial, findMaterial, openMaterial } from "./materials.ts";
import { readIn, type Cell } from "./multi-region.ts";

const symmetric: EncryptionAlgorithmSpec = "SYMMETRIC_DEFAULT";

/** Attestation by Nitro Enclaves needs hardware; a plain answer in its place would be a leak. */
export function refuseRecipient(input: { readonly Recipient?: unknown }): void {
  if (input.Recipient !== undefined) {
    throw notImplemented("The Recipient parameter of KMS (AWS Nitro Enclaves)");
  }
}

export function requireEncryptionKey(
  ctx: ReadContext, key: Key, operationName: string, algorithm: EncryptionAlgorithmSpec,
): void {
  requireUsable(ctx, key);
  if (key.usage !== "ENCRYPT_DECRYPT") throw invalidUsage(keyArn(ctx, key), key.usage, operationName);
  if (!encryptionAlgorithmsOf(key.spec).includes(algorithm)) throw incompatibleAlgorithm(algorithm, key.spec);
}

function oaepHash(algorithm: EncryptionAlgorithmSpec): string {
  return algorithm === "RSAES_OAEP_SHA_1" ? "sha1" : "sha256";
}

/** The ciphertext, with the material that made it. The key must be usable for the algorithm. */
export function encryptWith(
  ctx: ReadContext, key: Key, plaintext: Uint8Array, context: EncryptionContext | undefined,
  algorithm: EncryptionAlgorithmSpec = symmetric,
): { readonly blob: Buffer; readonly materialId: string } {
  const material = currentMaterial(ctx, key);
  const { materialId } = material;
  const kind = kindOf(key.spec);
  if (kind.type !== "rsa") {
    const opened = {
      key: openMaterial(ctx, key.spec, material), account: ctx.account, keyId: key.keyId, materialId,
    };
    return { blob: encryptBytes(opened, ctx.ids, plaintext, context), materialId };
  }
  requireNoContext(context);
  const bytesMax = oaepPlaintextBytesMax(kind.lengthBits, algorithm);
  if (plaintext.length > bytesMax) {
    throw validation(
      `Algorithm ${algorithm} and key spec ${key.spec} cannot encrypt data larger than ${bytesMax} bytes.`,
    );
  }
  const der = Buffer.from(material.publicKey ?? []);
  const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return {
    blob: publicEncrypt({ key: publicKey, padding, oaepHash: oaepHash(algorithm) }, plaintext), materialId,
  };
}

/** @evidence KMS API Reference, Encrypt, EncryptionContext: only for symmetric encryption keys */
function requireNoContext(context: EncryptionContext | undefined): void {
  if (context && Object.keys(context).length > 0) {
    throw validation("An encryption context is valid only for symmetric encryption KMS keys.");
  }
}

interface Decrypted {
  readonly plaintext: Buffer;
  readonly materialId: string;
}

function decryptWith(
  ctx: ReadContext, cell: Cell, key: Key, blob: Uint8Array, context: EncryptionContext | undefined,
  algorithm: EncryptionAlgorithmSpec,
): Decrypted {
  if (!isSymmetricEncryption(key.spec)) {
    requireNoContext(context);
    return decryptRsa(ctx, cell, key, blob, algorithm);
  }
  const ciphertext = parseCiphertext(blob);
  const material = ciphertext && findMaterial(ctx, cell, key, ciphertext.materialId);
  if (!ciphertext || !material?.sealed) throw invalidCiphertext();
  const plaintext = decryptBytes(openMaterial(ctx, key.spec, material), ciphertext, context);
  if (!plaintext) throw invalidCiphertext();
  return { plaintext, materialId: material.materialId };
}

function decryptRsa(
  ctx: ReadContext, cell: Cell, key: Key, blob: Uint8Array, algorithm: EncryptionAlgorithmSpec,
): Decrypted {
  const material = findMaterial(ctx, cell, key, key.currentMaterialId ?? "");
  if (!material?.sealed) throw invalidCiphertext();
  const privateKey = openMaterial(ctx, key.spec, material);
  const options = {
    key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaepHash(algorithm),
  };
  try {
    return { plaintext: privateDecrypt(options, blob), materialId: material.materialId };
  } catch {
    throw invalidCiphertext();
  }
}

export const Encrypt = operation(kms.Encrypt, {
  ...keyRules<kms.EncryptRequest>(anyKey("Encrypt")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, anyKey("Encrypt"));
    const algorithm = input.EncryptionAlgorithm ?? symmetric;
    requireEncryptionKey(ctx, key, "Encrypt", algorithm);
    requireGrantTokens(ctx, input.GrantTokens);
    const { blob } = encryptWith(ctx, key, input.Plaintext, input.EncryptionContext, algorithm);
    if (input.DryRun) throw dryRunSucceeded();
    recordUsage(ctx, key, "Encrypt");
    return { CiphertextBlob: blob, KeyId: keyArn(ctx, key), EncryptionAlgorithm: algorithm };
  },
});

interface Sealed {
  readonly keyId: string | undefined;
  readonly blob: Buffer | undefined;
  readonly ignoreCiphertext: boolean;
}

/** @evidence KMS API Reference, Decrypt, CiphertextBlob and DryRunModifiers */
function sealedIn(
  blob: Buffer | undefined, keyId: string | undefined, input: kms.DecryptRequest | kms.ReEncryptRequest,
): Sealed {
  const modifiers = (input.DryRun && input.DryRunModifiers) || [];
  return { keyId, blob, ignoreCiphertext: modifiers.includes("IGNORE_CIPHERTEXT") };
}

/**
 * The key that a ciphertext is to be decrypted with: the one that is named, or else the one that encrypted
 * it.
 */
function decryptionKey(ctx: ReadContext, cell: Cell, sealed: Sealed, action: string): Key {
  const naming = { action, aliases: true, crossAccount: true };
  if (sealed.keyId !== undefined) {
    return cell.account === ctx.account ? locateKey(ctx, sealed.keyId, naming)
      : locateForeignKey(ctx, cell, sealed.keyId, action);
  }
  if (!sealed.blob && !sealed.ignoreCiphertext) {
    throw validation("1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy "
      + "constraint: Member must not be null");
  }
  if (!sealed.blob) throw validation("KeyId is required when the ciphertext is ignored.");
  const ciphertext = parseCiphertext(sealed.blob);
  if (!ciphertext) throw invalidCiphertext();
  const key = readIn(ctx, cell, keys, (rows) => rows.get(ciphertext.keyId));
  if (!key) throw accessDeniedToCiphertext(ctx.caller.arn, action);
  return key;
}

/** The account whose key it is: named by ARN, or by the ciphertext. */
function accountOf(sealed: Sealed): string | undefined {
  if (sealed.keyId !== undefined) return accountIn(sealed.keyId);
  const account = sealed.blob && parseCiphertext(sealed.blob)?.account;
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

function requireSameKey(sealed: Sealed, key: Key, algorithm: EncryptionAlgorithmSpec): Buffer | undefined {
  if (sealed.ignoreCiphertext) return undefined;
  const { blob } = sealed;
  if (!blob) throw invalidCiphertext();
  if (algorithm !== symmetric) return blob;
  const ciphertext = parseCiphertext(blob);
  if (!ciphertext) throw invalidCiphertext();
  if (ciphertext.keyId !== key.keyId) throw incorrectKey();
  return blob;
}

function decryptSealed(input: kms.DecryptRequest): Sealed {
  return sealedIn(input.CiphertextBlob, input.KeyId, input);
}

export const Decrypt = operation(kms.Decrypt, {
  owner: (input) => ({ account: accountOf(decryptSealed(input)) }),
  resource: (input, ctx) => keyArn(ctx, decryptionKey(ctx, ctx, decryptSealed(input), "kms:Decrypt")),
  conditions: (input, ctx) =>
    requestConditions(
      ctx, "kms:Decrypt", decryptionKey(ctx, ctx, decryptSealed(input), "kms:Decrypt"), input,
    ),
  denied: (message, input) => accessDenied(deniedCiphertext(message, input)),

  run(input, ctx) {
    refuseRecipient(input);
    const sealed = decryptSealed(input);
    const key = input.KeyId === undefined ? decryptionKey(ctx, ctx, sealed, "kms:Decrypt")
      : requireKey(ctx, input.KeyId, anyKey("Decrypt"));
    const algorithm = input.EncryptionAlgorithm ?? symmetric;
    const blob = requireSameKey(sealed, key, algorithm);
    requireEncryptionKey(ctx, key, "Decrypt", algorithm);
    requireGrantTokens(ctx, input.GrantTokens);
    if (!blob) throw dryRunSucceeded();
    const { plaintext, materialId } = decryptWith(ctx, ctx, key, blob, input.EncryptionContext, algorithm);
    if (input.DryRun) throw dryRunSucceeded();
    recordUsage(ctx, key, "Decrypt");
    return {
      KeyId: keyArn(ctx, key),
      Plaintext: plaintext,
      EncryptionAlgorithm: algorithm,
      ...(isSymmetricEncryption(key.spec) && { KeyMaterialId: materialId }),
    };
  },
});

const denial =
  /^User: (\S+) is not authorized to perform: (\S+) on resource: (\S+) (because no resource-)?/;

/**
 * Without a KeyId the text does not give away to other accounts which key it was.
 *
 * @evidence AWS Transfer documentation, Troubleshooting: "on the resource associated with this ciphertext
 *   because no identity-based policy allows the kms:Decrypt action"; reported answers for the other reason
 */
function deniedCiphertext(message: string, input: kms.DecryptRequest): string {
  if (input.KeyId !== undefined) return deniedAcrossAccounts(message);
  const [, user, action, resource = "", closed] = denial.exec(message) ?? [];
  if (user === undefined || action === undefined) return message;
  if (closed !== undefined) return accessDeniedToCiphertext(user, action).message;
  if (accountIn(resource) === parseArn(user)?.account) return message;
  return message.replace(/on resource: \S+ /, "on the resource associated with this ciphertext ");
}

function destinationOf(ctx: ReadContext, input: kms.ReEncryptRequest): Key {
  return locateKey(ctx, input.DestinationKeyId, anyKey("ReEncryptTo"));
}

interface Source {
  readonly sealed: Sealed;
  readonly cell: Cell;
  readonly source: Key;
}

function sourceOf(ctx: ReadContext, input: kms.ReEncryptRequest): Source {
  const sealed = sealedIn(input.CiphertextBlob, input.SourceKeyId, input);
  const cell = { account: accountOf(sealed) ?? ctx.caller.account, region: ctx.region };
  return { sealed, cell, source: decryptionKey(ctx, cell, sealed, "kms:ReEncryptFrom") };
}

function sameKeyCondition(source: Key, destination: Key): Conditions {
  return { "kms:reencryptonsamekey": String(source.keyId === destination.keyId) };
}

/** Source and destination may be keys of different accounts, each of which must allow its side. */
export const ReEncrypt = operation(kms.ReEncrypt, {
  owner: (input) => ({ account: accountIn(input.DestinationKeyId) }),
  action: "kms:ReEncryptTo",
  resource: (input, ctx) => keyArn(ctx, destinationOf(ctx, input)),
  conditions: (input, ctx) => {
    const destination = destinationOf(ctx, input);
    const { source } = sourceOf(ctx, input);
    return {
      ...requestConditions(ctx, "kms:ReEncryptTo", destination, {
        KeyId: input.DestinationKeyId,
        EncryptionContext: input.DestinationEncryptionContext,
        EncryptionAlgorithm: input.DestinationEncryptionAlgorithm,
      }),
      ...sameKeyCondition(source, destination),
    };
  },
  denied: (message) => accessDenied(deniedAcrossAccounts(message)),

  run(input, ctx) {
    const { sealed, cell, source } = sourceOf(ctx, input);
    const destination = requireKey(ctx, input.DestinationKeyId, anyKey("ReEncryptTo"));
    const sourceArn = authorizeSource(ctx, cell, source, destination, input);
    const sourceAlgorithm = input.SourceEncryptionAlgorithm ?? symmetric;
    const destinationAlgorithm = input.DestinationEncryptionAlgorithm ?? symmetric;
    const blob = requireSameKey(sealed, source, sourceAlgorithm);
    requireEncryptionKey(ctx, source, "ReEncrypt", sourceAlgorithm);
    requireEncryptionKey(ctx, destination, "ReEncrypt", destinationAlgorithm);
    requireGrantTokens(ctx, input.GrantTokens);
    if (!blob) throw dryRunSucceeded();
    const opened = decryptWith(ctx, cell, source, blob, input.SourceEncryptionContext, sourceAlgorithm);
    const made = encryptWith(
      ctx, destination, opened.plaintext, input.DestinationEncryptionContext, destinationAlgorithm,
    );
    if (input.DryRun) throw dryRunSucceeded();
    if (cell.account === ctx.account) recordUsage(ctx, source, "ReEncrypt");
    recordUsage(ctx, destination, "ReEncrypt");
    return {
      CiphertextBlob: made.blob,
      SourceKeyId: sourceArn,
      KeyId: keyArn(ctx, destination),
      SourceEncryptionAlgorithm: sourceAlgorithm,
      DestinationEncryptionAlgorithm: destinationAlgorithm,
      ...(isSymmetricEncryption(source.spec) && { SourceKeyMaterialId: opened.materialId }),
      ...(isSymmetricEncryption(destination.spec) && { DestinationKeyMaterialId: made.materialId }),
    };
  },
});

function authorizeSource(
  ctx: Context, cell: Cell, source: Key, destination: Key, input: kms.ReEncryptRequest,
): string {
  const arn = formatArn({ service: "kms", ...cell, resource: `key/${source.keyId}` });
  ctx.authorize({
    action: "kms:ReEncryptFrom",
    resource: arn,
    conditions: {
      ...requestConditions(ctx, "kms:ReEncryptFrom", source, {
        KeyId: input.SourceKeyId,
        EncryptionContext: input.SourceEncryptionContext,
        EncryptionAlgorithm: input.SourceEncryptionAlgorithm,
      }, cell),
      ...sameKeyCondition(source, destination),
    },
  });
  return arn;
}
