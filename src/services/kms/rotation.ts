/** Rotation: new material by the clock or on demand, while the old keeps decrypting. */

import * as kms from "../../generated/kms.ts";
import type { RotationsListEntry } from "../../generated/kms.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import { invalidMarker, invalidOrigin, invalidState, limitExceeded, unsupported } from "./errors.ts";
import { keyRules, ownKey, requireKey, sharedKey } from "./key-ids.ts";
import { isSymmetricEncryption } from "./key-specs.ts";
import { keyArn, keys, requireUsable, stateOf, type Key } from "./keys.ts";
import { materials, materialsOf, type Material } from "./materials.ts";
import { primaryOf, readIn } from "./multi-region.ts";
import { rotateTo, rotateToNew, scheduleRotation, unscheduleRotation } from "./rotation-rules.ts";

const periodDaysDefault = 365;
/** @evidence KMS API Reference, RotateKeyOnDemand */
const onDemandRotationsMax = 25;

/** Refused without a text. @evidence terraform-aws-modules/terraform-aws-kms, issue 20 */
function requireRotatable(ctx: ReadContext, key: Key): void {
  if (!isSymmetricEncryption(key.spec)) throw unsupported();
  if (key.multiRegion && primaryOf(ctx, key.keyId).region !== ctx.region) {
    throw unsupported(`${keyArn(ctx, key)} is a multi-Region replica key. Rotate the primary key.`);
  }
}

function requireAutomatic(ctx: Context, keyName: string, name: string): Key {
  const key = requireKey(ctx, keyName, ownKey(name));
  requireRotatable(ctx, key);
  if (key.origin === "EXTERNAL") throw invalidOrigin(keyArn(ctx, key), key.origin);
  requireUsable(ctx, key);
  return key;
}

/**
 * Enabling again changes nothing unless it gives another period, which then starts anew.
 *
 * @evidence recorded AWS answers, radkawar/stackd, testdata/aws/kms/rotation.json: status_default,
 *   status_same_period, status_reenable_omitted
 */
export const EnableKeyRotation = operation(kms.EnableKeyRotation, {
  ...keyRules<kms.EnableKeyRotationRequest>(ownKey("EnableKeyRotation")),

  run(input, ctx) {
    const key = requireAutomatic(ctx, input.KeyId, "EnableKeyRotation");
    const period = input.RotationPeriodInDays ?? key.rotation?.periodDays ?? periodDaysDefault;
    if (period !== key.rotation?.periodDays) ctx.db(keys).put(scheduleRotation(ctx, key, period));
    return {};
  },
});

export const DisableKeyRotation = operation(kms.DisableKeyRotation, {
  ...keyRules<kms.DisableKeyRotationRequest>(ownKey("DisableKeyRotation")),

  /** Keys that never rotate have nothing to disable. @evidence ibid., hmac_disable-key-rotation */
  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("DisableKeyRotation"));
    if (!isSymmetricEncryption(key.spec)) {
      requireUsable(ctx, key);
      return {};
    }
    ctx.db(keys).put(unscheduleRotation(ctx, requireAutomatic(ctx, input.KeyId, "DisableKeyRotation")));
    return {};
  },
});

/**
 * Asymmetric, HMAC and imported keys have a status, which is always false; a key that is pending deletion
 * shows none, and has it again when it is kept.
 *
 * @evidence KMS API Reference, GetKeyRotationStatus
 * @evidence recorded AWS answers, radkawar/stackd, testdata/aws/kms/rotation.json and multi_region.json
 */
export const GetKeyRotationStatus = operation(kms.GetKeyRotationStatus, {
  ...keyRules<kms.GetKeyRotationStatusRequest>(sharedKey("GetKeyRotationStatus")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, sharedKey("GetKeyRotationStatus"));
    const isGoing = stateOf(ctx, key) === "PendingDeletion";
    const { rotation } = isGoing ? {} : key.multiRegion ? primaryOf(ctx, key.keyId).key : key;
    return {
      KeyId: keyArn(ctx, key),
      KeyRotationEnabled: rotation !== undefined,
      ...(rotation && { RotationPeriodInDays: rotation.periodDays, NextRotationDate: rotation.nextAt }),
    };
  },
});

/** Imported material must have been imported everywhere before it is rotated to. */
function pendingMaterial(ctx: ReadContext, key: Key): Material {
  const pending = materialsOf(ctx, key.keyId).find((row) => row.state === "PENDING_ROTATION");
  if (!pending?.sealed) {
    throw invalidState(keyArn(ctx, key), "not pending rotation: import new key material first");
  }
  return pending;
}

export const RotateKeyOnDemand = operation(kms.RotateKeyOnDemand, {
  ...keyRules<kms.RotateKeyOnDemandRequest>(ownKey("RotateKeyOnDemand")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("RotateKeyOnDemand"));
    requireRotatable(ctx, key);
    requireUsable(ctx, key);
    if (key.multiRegion && key.origin === "EXTERNAL") {
      throw unsupported("On-demand rotation of multi-Region keys with imported key material is not "
        + "supported.");
    }
    const arn = keyArn(ctx, key);
    if (key.onDemandRotations >= onDemandRotationsMax) {
      throw limitExceeded("The on-demand rotations limit has been reached for the given keyId. "
        + `No more on-demand rotations can be performed for this key: ${arn}`);
    }
    const counted = { ...key, onDemandRotations: key.onDemandRotations + 1 };
    if (key.origin === "EXTERNAL") rotateTo(ctx, counted, pendingMaterial(ctx, key), "ON_DEMAND");
    else rotateToNew(ctx, counted, "ON_DEMAND");
    return { KeyId: arn };
  },
});

function shown(arn: string, key: Key, row: Material): RotationsListEntry {
  return {
    KeyId: arn,
    KeyMaterialId: row.materialId,
    KeyMaterialState: row.state,
    ...(row.rotatedAt !== undefined && { RotationDate: row.rotatedAt, RotationType: row.rotationType }),
    ...(key.origin === "EXTERNAL" && {
      ImportState: row.sealed ? "IMPORTED" : "PENDING_IMPORT",
      KeyMaterialDescription: row.description,
      ExpirationModel: row.expirationModel,
      ...(row.validTo !== undefined && { ValidTo: row.validTo }),
    }),
  };
}

export const ListKeyRotations = operation(kms.ListKeyRotations, {
  ...keyRules<kms.ListKeyRotationsRequest>(ownKey("ListKeyRotations")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("ListKeyRotations"));
    const shared = key.multiRegion && key.origin === "AWS_KMS" ? primaryOf(
      ctx, key.keyId,
    ).region : ctx.region;
    const arn = keyArn(ctx, key);
    const rows = readIn(ctx, { account: ctx.account, region: shared }, materials,
      (all) => [...all.list({ prefix: [key.keyId] })].sort((one, other) => one.order - other.order));
    const wanted = input.IncludeKeyMaterial === "ALL_KEY_MATERIAL" ? rows
      : rows.filter((row) => row.rotatedAt !== undefined);
    const found = pageOf(wanted, {
      limit: input.Limit ?? 100,
      token: input.Marker,
      scope: `kms.ListKeyRotations ${key.keyId} ${input.IncludeKeyMaterial}`,
      invalid: invalidMarker,
    });
    return {
      Rotations: found.items.map((row) => shown(arn, key, row)),
      Truncated: found.next !== undefined,
      NextMarker: found.next,
    };
  },
});
