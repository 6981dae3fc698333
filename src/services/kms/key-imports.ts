/** Keys whose material comes from outside: wrapped on its way in, and gone when it expires. */

import { constants, createDecipheriv, generateKeyPair, privateDecrypt, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import * as kms from "../../generated/kms.ts";
import type { AlgorithmSpec } from "../../generated/kms.ts";
import { job } from "../../jobs/job.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import {
  expiredImportToken, incorrectKeyMaterial, invalidCiphertext, invalidImportToken, invalidOrigin,
  invalidState, unsupported, validation,
} from "./errors.ts";
import { keyRules, ownKey, requireKey } from "./key-ids.ts";
import { isSymmetricEncryption, kindOf } from "./key-specs.ts";
import { keyArn, keys, requireNotPendingDeletion, type Key } from "./keys.ts";
import {
  materialIdOf, materials, materialsOf, openBytes, privateKeyFrom, publicKeyDer, sealBytes, sealedMaterial,
  type Material,
} from "./materials.ts";
import { primaryOf, readIn } from "./multi-region.ts";

const dayMilliseconds = 86_400_000;
/** @evidence KMS API Reference, ImportKeyMaterial, ValidTo */
const validityDaysMax = 365;
const tokenPurpose = "kms import token";
const generatePair = promisify(generateKeyPair);

/** What a token seals; nothing is stored until material comes back with it. */
interface ImportParameters {
  readonly keyArn: string;
  readonly algorithm: AlgorithmSpec;
  /** Epoch milliseconds. */
  readonly validTo: number;
  /** PKCS #8, base64. */
  readonly wrappingKey: string;
}

function requireImportable(ctx: Context, keyName: string, name: string): Key {
  const key = requireKey(ctx, keyName, ownKey(name));
  if (key.origin !== "EXTERNAL") throw invalidOrigin(keyArn(ctx, key), key.origin);
  return key;
}

/** @evidence KMS API Reference, GetParametersForImport, WrappingAlgorithm and WrappingKeySpec */
function requireWrapping(key: Key, input: kms.GetParametersForImportRequest): void {
  const { WrappingAlgorithm: algorithm, WrappingKeySpec: wrappingSpec } = input;
  if (algorithm === "RSAES_PKCS1_V1_5") throw unsupported("RSAES_PKCS1_V1_5 is no longer supported.");
  if (algorithm === "SM2PKE" || wrappingSpec === "SM2") {
    throw unsupported("SM2 is not supported in this region.");
  }
  const direct = algorithm.startsWith("RSAES");
  const isLongCurve = key.spec === "ECC_NIST_P521" && wrappingSpec === "RSA_2048";
  if (direct && (isLongCurve || kindOf(key.spec).type === "rsa")) {
    throw validation(`${algorithm} with ${wrappingSpec} cannot wrap ${key.spec} key material.`);
  }
}

export const GetParametersForImport = operation(kms.GetParametersForImport, {
  ...keyRules<kms.GetParametersForImportRequest>(ownKey("GetParametersForImport")),

  async body(input, ctx) {
    const key = ctx.transaction((within) => {
      const found = requireImportable(within, input.KeyId, "GetParametersForImport");
      requireNotPendingDeletion(within, found);
      requireWrapping(found, input);
      return found;
    });
    const modulusLength = Number(input.WrappingKeySpec.slice(-4));
    const { privateKey } = await generatePair("rsa", { modulusLength });
    const parameters: ImportParameters = {
      keyArn: keyArn(ctx, key),
      algorithm: input.WrappingAlgorithm,
      validTo: ctx.clock.now() + dayMilliseconds,
      wrappingKey: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64"),
    };
    return {
      KeyId: parameters.keyArn,
      ImportToken: sealBytes(ctx.kernel, ctx.ids, tokenPurpose, Buffer.from(JSON.stringify(parameters))),
      PublicKey: publicKeyDer(privateKey),
      ParametersValidTo: parameters.validTo,
    };
  },
});

function openToken(ctx: ReadContext, key: Key, token: Buffer): ImportParameters {
  const text = openBytes(ctx.kernel, tokenPurpose, token);
  if (!text) throw invalidImportToken();
  const parameters = JSON.parse(text.toString()) as ImportParameters;
  if (parameters.keyArn !== keyArn(ctx, key)) throw invalidImportToken();
  if (parameters.validTo <= ctx.clock.now()) throw expiredImportToken();
  return parameters;
}

/** The initial value of AES key wrap with padding. @evidence RFC 5649, 3 */
const keyWrapIv = Buffer.from("a65959a6", "hex");

/** @throws InvalidCiphertextException for what was not wrapped with the key and the algorithm of the token */
function unwrap(parameters: ImportParameters, wrapped: Buffer): Buffer {
  const privateKey: KeyObject = privateKeyFrom(Buffer.from(parameters.wrappingKey, "base64"));
  const oaepHash = parameters.algorithm.endsWith("SHA_1") ? "sha1" : "sha256";
  const rsa = { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
  try {
    if (parameters.algorithm.startsWith("RSAES")) return privateDecrypt(rsa, wrapped);
    const modulusBytes = (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
    const wrappingKey = privateDecrypt(rsa, wrapped.subarray(0, modulusBytes));
    const decipher = createDecipheriv("id-aes256-wrap-pad", wrappingKey, keyWrapIv);
    return Buffer.concat([decipher.update(wrapped.subarray(modulusBytes)), decipher.final()]);
  } catch {
    throw invalidCiphertext();
  }
}

/** Symmetric material has its length; private keys are PKCS #8 of the key's own kind. */
function requireFitting(key: Key, bytes: Buffer): void {
  const kind = kindOf(key.spec);
  const misfit = incorrectKeyMaterial(`The key material is not valid for key spec ${key.spec}.`);
  if (kind.type === "symmetric" || kind.type === "hmac") {
    if (bytes.length !== (kind.type === "hmac" ? kind.lengthBytes : 32)) throw misfit;
    return;
  }
  let imported: KeyObject;
  try {
    imported = privateKeyFrom(bytes);
  } catch {
    throw misfit;
  }
  const { modulusLength, namedCurve } = imported.asymmetricKeyDetails ?? {};
  const fits = imported.asymmetricKeyType === kind.type
    && (kind.type !== "rsa" || modulusLength === kind.lengthBits)
    && (kind.type !== "ec" || namedCurve === kind.curve);
  if (!fits) throw misfit;
}

type Expiry = Pick<Material, "expirationModel" | "validTo">;

/**
 * @evidence recorded AWS answer to ImportKeyMaterial without ValidTo; KMS API Reference, ImportKeyMaterial,
 * ValidTo
 */
function expiryOf(ctx: ReadContext, input: kms.ImportKeyMaterialRequest): Expiry {
  const { ExpirationModel: model = "KEY_MATERIAL_EXPIRES", ValidTo: validTo } = input;
  if (model === "KEY_MATERIAL_DOES_NOT_EXPIRE") {
    if (validTo === undefined) return { expirationModel: model, validTo: undefined };
    throw validation("A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE");
  }
  if (validTo === undefined) {
    throw validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES");
  }
  const latest = ctx.clock.now() + validityDaysMax * dayMilliseconds;
  if (validTo <= ctx.clock.now() || validTo > latest) {
    throw validation(`The validTo date must be in the future and within ${validityDaysMax} days.`);
  }
  return { expirationModel: model, validTo };
}

/** The material as it is to be kept: that of before, or what is new to the key. */
function placed(ctx: ReadContext, key: Key, bytes: Buffer, input: kms.ImportKeyMaterialRequest): Material {
  const all = materialsOf(ctx, key.keyId);
  const materialId = materialIdOf(key.keyId, bytes);
  const known = all.find((row) => row.materialId === materialId);
  const isNew = (input.ImportType ?? (all.length === 0 ? "NEW_KEY_MATERIAL" : "EXISTING_KEY_MATERIAL"))
    === "NEW_KEY_MATERIAL";
  if (input.KeyMaterialId !== undefined && (isNew || input.KeyMaterialId !== materialId)) {
    throw incorrectKeyMaterial();
  }
  const again = known && sealedMaterial(ctx, key, bytes, { order: known.order, state: known.state });
  if (known && again) return { ...known, ...again };
  const isFirst = all.length === 0;
  if (isFirst && isReplica(ctx, key) && !primaryHas(ctx, key, materialId)) throw incorrectKeyMaterial();
  if (!isFirst && !isNew) throw incorrectKeyMaterial();
  if (!isFirst && !isSymmetricEncryption(key.spec)) throw incorrectKeyMaterial();
  if (all.some((row) => row.state === "PENDING_ROTATION")) {
    throw invalidState(keyArn(ctx, key), "pending rotation");
  }
  return sealedMaterial(
    ctx, key, bytes, { order: all.length, state: isFirst ? "CURRENT" : "PENDING_ROTATION" },
  );
}

function isReplica(ctx: ReadContext, key: Key): boolean {
  return key.multiRegion !== undefined && primaryOf(ctx, key.keyId).region !== ctx.region;
}

/**
 * A replica takes only the material of its primary.
 *
 * @evidence KMS Developer Guide, "Multi-Region keys", imported material
 */
function primaryHas(ctx: ReadContext, key: Key, materialId: string): boolean {
  const { region } = primaryOf(ctx, key.keyId);
  return readIn(
    ctx, { account: ctx.account, region }, materials, (rows) => rows.has([key.keyId, materialId]),
  );
}

/** A key can be used once all its material, that for a later rotation apart, is there. */
function settle(ctx: Context, key: Key): void {
  const needed = materialsOf(ctx, key.keyId).filter((row) => row.state !== "PENDING_ROTATION");
  const current = needed.find((row) => row.state === "CURRENT");
  const isMaterialMissing = current === undefined || needed.some((row) => !row.sealed);
  ctx.db(keys).put({ ...key, isMaterialMissing, currentMaterialId: current?.materialId });
}

export const ImportKeyMaterial = operation(kms.ImportKeyMaterial, {
  ...keyRules<kms.ImportKeyMaterialRequest>(ownKey("ImportKeyMaterial")),

  run(input, ctx) {
    const key = requireImportable(ctx, input.KeyId, "ImportKeyMaterial");
    requireNotPendingDeletion(ctx, key);
    const expiry = expiryOf(ctx, input);
    const bytes = unwrap(openToken(ctx, key, input.ImportToken), input.EncryptedKeyMaterial);
    requireFitting(key, bytes);
    const row = placed(ctx, key, bytes, input);
    const description = input.KeyMaterialDescription ?? row.description;
    ctx.db(materials).put({ ...row, ...expiry, ...(description !== undefined && { description }) });
    const id = `${key.keyId} ${row.materialId}`;
    if (expiry.validTo === undefined) ctx.unschedule(expireMaterial, id);
    else {
      const { keyId, materialId } = row;
      ctx.schedule(expireMaterial, { at: expiry.validTo, input: { keyId, materialId }, id });
    }
    settle(ctx, key);
    return {
      KeyId: keyArn(ctx, key), ...(isSymmetricEncryption(key.spec) && { KeyMaterialId: row.materialId }),
    };
  },
});

/** The row stays, so that only the same material can come back; what awaits a rotation is forgotten. */
function removeMaterial(ctx: Context, key: Key, row: Material): void {
  if (row.state === "PENDING_ROTATION") ctx.db(materials).delete([row.keyId, row.materialId]);
  else {
    ctx.db(materials).put({ ...row, sealed: undefined, expirationModel: undefined, validTo: undefined });
  }
  ctx.unschedule(expireMaterial, `${row.keyId} ${row.materialId}`);
  settle(ctx, key);
}

export const DeleteImportedKeyMaterial = operation(kms.DeleteImportedKeyMaterial, {
  ...keyRules<kms.DeleteImportedKeyMaterialRequest>(ownKey("DeleteImportedKeyMaterial")),

  run(input, ctx) {
    const key = requireImportable(ctx, input.KeyId, "DeleteImportedKeyMaterial");
    const materialId = input.KeyMaterialId ?? key.currentMaterialId;
    const row = materialId === undefined ? undefined : ctx.db(materials).get([key.keyId, materialId]);
    if (!row && input.KeyMaterialId !== undefined) throw incorrectKeyMaterial();
    if (row) removeMaterial(ctx, key, row);
    return {
      KeyId: keyArn(ctx, key),
      ...(row && isSymmetricEncryption(key.spec) && { KeyMaterialId: row.materialId }),
    };
  },
});

export const expireMaterial = job<{ keyId: string; materialId: string }>(
  "kms.expireMaterial", ({ keyId, materialId }, ctx) => {
    const key = ctx.db(keys).get(keyId);
    const row = ctx.db(materials).get([keyId, materialId]);
    if (!key || row?.validTo === undefined || row.validTo > ctx.clock.now()) return;
    removeMaterial(ctx, key, row);
    ctx.emit({
      source: "aws.kms",
      detailType: "KMS Imported Key Material Expiration",
      resources: [keyArn(ctx, key)],
      detail: { "key-id": keyId },
    });
  },
);
