/** When a key's material is replaced. */

import type { RotationType } from "../../generated/kms.ts";
import type { Context } from "../../kernel/context.ts";
import { job } from "../../jobs/job.ts";
import { keyArn, keys, stateOf, type Key } from "./keys.ts";
import { materials, materialsOf, sealedMaterial, type Material } from "./materials.ts";
import { primaryOf } from "./multi-region.ts";

const dayMilliseconds = 86_400_000;

/**
 * The new material becomes current; the earlier ones decrypt what they encrypted, for as long as the key
 * exists.
 */
export function rotateTo(ctx: Context, key: Key, next: Material, type: RotationType): Key {
  const rows = ctx.db(materials);
  for (const row of materialsOf(ctx, key.keyId)) {
    if (row.state === "CURRENT") rows.put({ ...row, state: "NON_CURRENT" });
  }
  rows.put({ ...next, state: "CURRENT", rotatedAt: ctx.clock.now(), rotationType: type });
  ctx.emit({
    source: "aws.kms", detailType: "KMS CMK Rotation", resources: [keyArn(ctx, key)],
    detail: { "key-id": key.keyId },
  });
  return ctx.db(keys).put({ ...key, currentMaterialId: next.materialId });
}

/** Rotates to material that KMS makes. */
export function rotateToNew(ctx: Context, key: Key, type: RotationType): Key {
  const order = materialsOf(ctx, key.keyId).length;
  return rotateTo(ctx, key, sealedMaterial(ctx, key, ctx.ids.bytes(32), { order, state: "CURRENT" }), type);
}

/** The key with its next rotation noted, which is scheduled under the key's id. */
export function scheduleRotation(ctx: Context, key: Key, periodDays: number): Key {
  const nextAt = ctx.clock.now() + periodDays * dayMilliseconds;
  ctx.schedule(rotateAutomatically, { at: nextAt, input: { keyId: key.keyId }, id: key.keyId });
  return { ...key, rotation: { periodDays, nextAt } };
}

export function unscheduleRotation(ctx: Context, key: Key): Key {
  ctx.unschedule(rotateAutomatically, key.keyId);
  return { ...key, rotation: undefined };
}

/**
 * A key that is disabled or pending deletion is not rotated. Once it is enabled again, what is overdue is
 * made up for.
 *
 * @evidence KMS Developer Guide, "Rotate AWS KMS keys", Disabled KMS keys and KMS keys pending deletion
 */
export const rotateAutomatically = job<{ keyId: string }>("kms.rotateAutomatically", ({ keyId }, ctx) => {
  const key = ctx.db(keys).get(keyId);
  if (!key?.rotation || key.rotation.nextAt > ctx.clock.now() || stateOf(ctx, key) !== "Enabled") return;
  // A key that is a replica by now rotates with its primary.
  if (key.multiRegion && primaryOf(ctx, keyId).region !== ctx.region) return;
  const rotated = rotateToNew(ctx, key, "AUTOMATIC");
  ctx.db(keys).put(scheduleRotation(ctx, rotated, key.rotation.periodDays));
});

export function rotateIfOverdue(ctx: Context, key: Key): void {
  if (!key.rotation || key.rotation.nextAt > ctx.clock.now()) return;
  ctx.schedule(rotateAutomatically, { at: ctx.clock.now(), input: { keyId: key.keyId }, id: key.keyId });
}
