/** Making keys, looking at them, switching them on and off. */

import * as kms from "../../generated/kms.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { creationConditions } from "./conditions.ts";
import { customKeyStoreNotFound, invalidMarker, unsupported, validation } from "./errors.ts";
import { requireGrantTokens } from "./grant-rows.ts";
import { anyKey, keyRules, ownKey, requireKey } from "./key-ids.ts";
import { metadataOf } from "./key-metadata.ts";
import { kindOf, usagesOf } from "./key-specs.ts";
import { keyArn, keys, requireNotPendingDeletion, requireSettled, type Key } from "./keys.ts";
import { generateMaterial, materials, sealedMaterial } from "./materials.ts";
import { defaultKeyPolicy, putKeyPolicy } from "./policy-rows.ts";
import { rotateIfOverdue } from "./rotation-rules.ts";
import { tagNewKey } from "./tags.ts";

type Design = Pick<Key, "spec" | "usage" | "origin"> & { readonly multiRegion: boolean };

/**
 * @evidence recorded AWS answer to CreateKey without KeyUsage
 * @evidence SM2 is for the China Regions: KMS API Reference, CreateKey, KeySpec
 */
function designOf(input: kms.CreateKeyRequest): Design {
  const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? "SYMMETRIC_DEFAULT";
  if (input.KeySpec !== undefined && input.CustomerMasterKeySpec !== undefined) {
    throw validation("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
      + "CustomerMasterKeySpec is deprecated.");
  }
  const { KeyUsage: usage = "ENCRYPT_DECRYPT", Origin: origin = "AWS_KMS" } = input;
  if (input.KeyUsage === undefined && spec !== "SYMMETRIC_DEFAULT") {
    throw validation("You must specify a KeyUsage value for all KMS keys except for symmetric "
      + "encryption keys.");
  }
  if (spec === "SM2") throw unsupported(`KeySpec ${spec} is not supported in this region.`);
  if (!usagesOf(spec).includes(usage)) {
    throw validation(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
  }
  if (kindOf(spec).type === "ml-dsa" && origin === "EXTERNAL") {
    throw notImplemented(`Imported material for the key spec ${spec}`);
  }
  if (origin !== "AWS_KMS" && origin !== "EXTERNAL") {
    if (input.CustomKeyStoreId === undefined) {
      throw validation(`CustomKeyStoreId is required for origin ${origin}.`);
    }
    throw customKeyStoreNotFound();
  }
  if (input.CustomKeyStoreId !== undefined || input.XksKeyId !== undefined) {
    throw validation(`CustomKeyStoreId and XksKeyId are not valid for origin ${origin}.`);
  }
  return { spec, usage, origin, multiRegion: input.MultiRegion ?? false };
}

function draftOf(ctx: ReadContext, input: kms.CreateKeyRequest, design: Design): Key {
  const { spec, usage, origin, multiRegion } = design;
  const now = ctx.clock.now();
  return {
    keyId: multiRegion ? `mrk-${ctx.ids.hex(32)}` : ctx.ids.uuid(),
    description: input.Description ?? "",
    usage,
    spec,
    origin,
    manager: "CUSTOMER",
    createdAt: now,
    enabled: true,
    isMaterialMissing: origin === "EXTERNAL",
    onDemandRotations: 0,
    ...(multiRegion && { multiRegion: { primaryClaim: 1, readyAt: now } }),
  };
}

export const CreateKey = operation(kms.CreateKey, {
  conditions: (input, ctx) => creationConditions(
    ctx, designOf(input), input.BypassPolicyLockoutSafetyCheck ?? false,
  ),

  async body(input, ctx) {
    const design = designOf(input);
    const bytes = design.origin === "AWS_KMS" ? await generateMaterial(design.spec, ctx.ids) : undefined;
    return ctx.transaction((within) => {
      const draft = draftOf(within, input, design);
      const material = bytes && sealedMaterial(within, draft, bytes, { order: 0, state: "CURRENT" });
      if (material) within.db(materials).put(material);
      const key = within.db(keys).put({ ...draft, currentMaterialId: material?.materialId });
      const policy = input.Policy ?? defaultKeyPolicy(within.account);
      putKeyPolicy(
        within, key, policy, input.Policy === undefined || input.BypassPolicyLockoutSafetyCheck === true,
      );
      tagNewKey(within, key, input.Tags);
      return { KeyMetadata: metadataOf(within, key) };
    });
  },
});

export const DescribeKey = operation(kms.DescribeKey, {
  ...keyRules<kms.DescribeKeyRequest>(anyKey("DescribeKey")),

  run(input, ctx) {
    requireGrantTokens(ctx, input.GrantTokens);
    return { KeyMetadata: metadataOf(ctx, requireKey(ctx, input.KeyId, anyKey("DescribeKey"))) };
  },
});

export const ListKeys = operation(kms.ListKeys, {
  run(input, ctx) {
    const found = page({
      rows: ctx.db(keys),
      key: (key) => key.keyId,
      limit: input.Limit ?? 100,
      token: input.Marker,
      scope: "kms.ListKeys",
      invalid: invalidMarker,
    });
    return {
      Keys: found.items.map((key) => ({ KeyId: key.keyId, KeyArn: keyArn(ctx, key) })),
      Truncated: found.next !== undefined,
      NextMarker: found.next,
    };
  },
});

export const EnableKey = operation(kms.EnableKey, {
  ...keyRules<kms.EnableKeyRequest>(ownKey("EnableKey")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("EnableKey"));
    requireSettled(ctx, key);
    rotateIfOverdue(ctx, ctx.db(keys).put({ ...key, enabled: true }));
    return {};
  },
});

export const DisableKey = operation(kms.DisableKey, {
  ...keyRules<kms.DisableKeyRequest>(ownKey("DisableKey")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("DisableKey"));
    requireSettled(ctx, key);
    ctx.db(keys).put({ ...key, enabled: false });
    return {};
  },
});

export const UpdateKeyDescription = operation(kms.UpdateKeyDescription, {
  ...keyRules<kms.UpdateKeyDescriptionRequest>(ownKey("UpdateKeyDescription")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("UpdateKeyDescription"));
    requireNotPendingDeletion(ctx, key);
    ctx.db(keys).put({ ...key, description: input.Description });
    return {};
  },
});
