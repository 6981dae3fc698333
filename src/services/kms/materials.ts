/** The bytes behind a key: sealed with the region's secret at rest, opened once and kept for a while. */

import {
  createCipheriv, createDecipheriv, createHash, createPrivateKey, createPublicKey, createSecretKey,
  generateKeyPair, hkdfSync, type KeyObject,
} from "node:crypto";
import { promisify } from "node:util";
import type { ExpirationModelType, KeySpec, RotationType } from "../../generated/kms.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { BoundedCache } from "../../kernel/auth/bounded-cache.ts";
import type { Ids } from "../../kernel/ids.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { table } from "../../store/types.ts";
import { isAsymmetric, kindOf, type KeyKind } from "./key-specs.ts";
import type { Key } from "./keys.ts";
import { mlDsaPublicKey, seedBytes } from "./ml-dsa.ts";
import { primaryOf, readIn } from "./multi-region.ts";

export interface Material {
  readonly keyId: string;
  readonly materialId: string;
  /** From 0, in the order in which the materials came to the key. */
  readonly order: number;
  readonly state: "CURRENT" | "NON_CURRENT" | "PENDING_ROTATION";
  /** Absent once imported material has been deleted or has expired. */
  readonly sealed?: Uint8Array | undefined;
  /** SubjectPublicKeyInfo, DER, of asymmetric material. */
  readonly publicKey?: Uint8Array | undefined;
  readonly rotatedAt?: number | undefined;
  readonly rotationType?: RotationType | undefined;
  readonly description?: string | undefined;
  readonly expirationModel?: ExpirationModelType | undefined;
  /** Epoch milliseconds. */
  readonly validTo?: number | undefined;
}

export const materials = table<Material>("kms.materials", { key: (row) => [row.keyId, row.materialId] });

const ivBytes = 12;
const tagBytes = 16;
const openedMax = 4096;

interface Vault {
  readonly sealingKey: KeyObject;
  readonly opened: BoundedCache<KeyObject>;
}

/** Opened keys live as long as the region they belong to, and no longer. */
const vaults = new WeakMap<Kernel, Vault>();

function vaultOf(kernel: Kernel): Vault {
  let vault = vaults.get(kernel);
  if (!vault) {
    const bytes = Buffer.from(hkdfSync("sha256", kernel.secret, "", "kms key material", 32));
    vault = { sealingKey: createSecretKey(bytes), opened: new BoundedCache(openedMax) };
    vaults.set(kernel, vault);
  }
  return vault;
}

/** AES-256-GCM under a key of the region's; `purpose` must be the same on opening. */
export function sealBytes(kernel: Kernel, ids: Ids, purpose: string, bytes: Uint8Array): Buffer {
  const iv = ids.bytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", vaultOf(kernel).sealingKey, iv).setAAD(Buffer.from(purpose));
  const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

/** Undefined when the bytes were not sealed here for this purpose. */
export function openBytes(kernel: Kernel, purpose: string, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < ivBytes + tagBytes) return undefined;
  const iv = sealed.subarray(0, ivBytes);
  const decipher = createDecipheriv(
    "aes-256-gcm", vaultOf(kernel).sealingKey, iv, { authTagLength: tagBytes },
  );
  decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/**
 * Computed from the key's id and the material, so that imported material is recognized when it comes again.
 *
 * @evidence KMS API Reference, ImportKeyMaterial, KeyMaterialId
 */
export function materialIdOf(keyId: string, bytes: Uint8Array): string {
  return createHash("sha256").update(`${keyId}\n`).update(bytes).digest("hex");
}

const generatePair = promisify(generateKeyPair);

/**
 * Raw bytes of a symmetric key, the seed of an ML-DSA one, PKCS #8 of other private ones. RSA takes a while
 * and is done off the loop.
 */
export async function generateMaterial(spec: KeySpec, ids: Ids): Promise<Buffer> {
  const kind = kindOf(spec);
  switch (kind.type) {
    case "symmetric": return ids.bytes(32);
    case "hmac": return ids.bytes(kind.lengthBytes);
    case "ml-dsa": return ids.bytes(seedBytes);
    default: return (await generatePrivateKey(kind, spec)).export({ format: "der", type: "pkcs8" });
  }
}

export async function generatePrivateKey(kind: KeyKind, spec: string): Promise<KeyObject> {
  switch (kind.type) {
    case "rsa": return (await generatePair("rsa", { modulusLength: kind.lengthBits })).privateKey;
    case "ec": return (await generatePair("ec", { namedCurve: kind.curve })).privateKey;
    case "ed25519": return (await generatePair("ed25519", {})).privateKey;
    default: throw notImplemented(`The key spec ${spec}`);
  }
}

/** Whether node:crypto knows such keys as private ones. */
function isPrivate(spec: KeySpec): boolean {
  return isAsymmetric(spec) && kindOf(spec).type !== "ml-dsa";
}

/** SubjectPublicKeyInfo, DER; undefined for keys that have no public part. */
function publicPart(spec: KeySpec, bytes: Uint8Array): Buffer | undefined {
  const kind = kindOf(spec);
  if (kind.type === "ml-dsa") return mlDsaPublicKey(kind.set, bytes);
  return isPrivate(spec) ? publicKeyDer(privateKeyFrom(bytes)) : undefined;
}

export function publicKeyDer(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ format: "der", type: "spki" });
}

export function privateKeyFrom(der: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" });
}

/** A row for new material of a key, sealed. */
export function sealedMaterial(
  ctx: ReadContext, key: Pick<Key, "keyId" | "spec">, bytes: Uint8Array,
  rest: Pick<Material, "order" | "state">,
): Material {
  const materialId = materialIdOf(key.keyId, bytes);
  const publicKey = publicPart(key.spec, bytes);
  return {
    keyId: key.keyId,
    materialId,
    ...rest,
    sealed: sealBytes(ctx.kernel, ctx.ids, materialId, bytes),
    ...(publicKey && { publicKey }),
  };
}

/** The key of a row whose material is there: secret or private; of ML-DSA, its seed as a secret one. */
export function openMaterial(ctx: ReadContext, spec: KeySpec, row: Material): KeyObject {
  const { opened } = vaultOf(ctx.kernel);
  const known = opened.get(row.materialId);
  if (known) return known;
  const bytes = row.sealed && openBytes(ctx.kernel, row.materialId, row.sealed);
  if (!bytes) throw new Error(`the material ${row.materialId} of ${row.keyId} cannot be opened`);
  const key = isPrivate(spec) ? privateKeyFrom(bytes) : createSecretKey(bytes);
  opened.set(row.materialId, key);
  return key;
}

/** The material of a key that is used for what is new. The key must be usable. */
export function currentMaterial(ctx: ReadContext, key: Key): Material {
  const shared = key.multiRegion && key.origin === "AWS_KMS" ? primaryOf(ctx, key.keyId) : undefined;
  const region = shared?.region ?? ctx.region;
  const materialId = shared ? shared.key.currentMaterialId : key.currentMaterialId;
  const row = materialId === undefined ? undefined
    : readIn(ctx, { account: ctx.account, region }, materials, (rows) => rows.get([key.keyId, materialId]));
  if (!row) throw new Error(`the key ${key.keyId} has no material`);
  return row;
}

/** Any material that the key has or had. */
export function findMaterial(
  ctx: ReadContext, cell: { readonly account: string; readonly region: string }, key: Key, materialId: string,
): Material | undefined {
  const own = readIn(ctx, cell, materials, (rows) => rows.get([key.keyId, materialId]));
  if (own || !key.multiRegion || key.origin === "EXTERNAL" || cell.account !== ctx.account) return own;
  const { region } = primaryOf(ctx, key.keyId);
  return readIn(
    ctx, { account: cell.account, region }, materials, (rows) => rows.get([key.keyId, materialId]),
  );
}

/** All materials of a key of this cell, oldest first. */
export function materialsOf(ctx: ReadContext, keyId: string): Material[] {
  return [...ctx.db(materials).list({ prefix: [keyId] })].sort((one, other) => one.order - other.order);
}
