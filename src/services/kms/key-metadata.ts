/** A key as DescribeKey shows it. */

import type { KeyMetadata } from "../../generated/kms.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import {
  encryptionAlgorithmsOf, isSymmetricEncryption, macAlgorithmsOf, signingAlgorithmsOf,
} from "./key-specs.ts";
import { keyArn, stateOf, type Key } from "./keys.ts";
import { materials } from "./materials.ts";
import { membersOf, primaryOf } from "./multi-region.ts";

function multiRegionOf(ctx: ReadContext, key: Key): Partial<KeyMetadata> {
  if (!key.multiRegion) return { MultiRegion: false };
  const primary = primaryOf(ctx, key.keyId);
  const place = (region: string) => ({
    Arn: formatArn({ service: "kms", region, account: ctx.account, resource: `key/${key.keyId}` }),
    Region: region,
  });
  return {
    MultiRegion: true,
    MultiRegionConfiguration: {
      MultiRegionKeyType: primary.region === ctx.region ? "PRIMARY" : "REPLICA",
      PrimaryKey: place(primary.region),
      ReplicaKeys: membersOf(ctx, key.keyId).map((member) => member.region)
        .filter((region) => region !== primary.region).map(place),
    },
  };
}

/** The expiry of the imported material in use; nothing while there is none. */
function importOf(ctx: ReadContext, key: Key): Partial<KeyMetadata> {
  if (key.origin !== "EXTERNAL" || key.currentMaterialId === undefined || key.isMaterialMissing) return {};
  const material = ctx.db(materials).get([key.keyId, key.currentMaterialId]);
  if (!material?.sealed) return {};
  return {
    ExpirationModel: material.expirationModel,
    ...(material.validTo !== undefined && { ValidTo: material.validTo }),
  };
}

function algorithmsOf(key: Key): Partial<KeyMetadata> {
  switch (key.usage) {
    case "ENCRYPT_DECRYPT": return { EncryptionAlgorithms: [...encryptionAlgorithmsOf(key.spec)] };
    case "SIGN_VERIFY": return { SigningAlgorithms: [...signingAlgorithmsOf(key.spec)] };
    case "GENERATE_VERIFY_MAC": return { MacAlgorithms: [...macAlgorithmsOf(key.spec)] };
    case "KEY_AGREEMENT": return { KeyAgreementAlgorithms: ["ECDH"] };
  }
}

export function metadataOf(ctx: ReadContext, key: Key): KeyMetadata {
  const state = stateOf(ctx, key);
  const current = isSymmetricEncryption(key.spec) ? currentMaterialIdOf(ctx, key) : undefined;
  return {
    AWSAccountId: ctx.account,
    KeyId: key.keyId,
    Arn: keyArn(ctx, key),
    CreationDate: key.createdAt,
    Enabled: state === "Enabled",
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: state,
    ...(key.deletion?.at !== undefined && { DeletionDate: key.deletion.at }),
    ...(state === "PendingReplicaDeletion" && { PendingDeletionWindowInDays: key.deletion?.windowDays }),
    Origin: key.origin,
    KeyManager: key.manager,
    CustomerMasterKeySpec: key.spec as KeyMetadata["CustomerMasterKeySpec"],
    KeySpec: key.spec,
    ...algorithmsOf(key),
    ...importOf(ctx, key),
    ...multiRegionOf(ctx, key),
    ...(current !== undefined && { CurrentKeyMaterialId: current }),
  };
}

/** Rotation is a shared property of multi-Region keys with KMS's material: the primary's counts. */
export function currentMaterialIdOf(ctx: ReadContext, key: Key): string | undefined {
  if (!key.multiRegion || key.origin === "EXTERNAL") return key.currentMaterialId;
  return primaryOf(ctx, key.keyId).key.currentMaterialId;
}
