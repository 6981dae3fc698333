/** Keys go after a waiting period, and can be kept until it is over. */

import * as kms from "../../generated/kms.ts";
import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { aliases } from "./alias-rows.ts";
import { invalidState, validation } from "./errors.ts";
import { grants } from "./grant-rows.ts";
import { keyRules, ownKey, requireKey } from "./key-ids.ts";
import { keyArn, keys, requireNotPendingDeletion, stateOf, type Key } from "./keys.ts";
import { usages } from "./last-use.ts";
import { materials, materialsOf } from "./materials.ts";
import { membersOf, primaryOf } from "./multi-region.ts";
import { keyPolicies } from "./policy-rows.ts";
import { unscheduleRotation } from "./rotation-rules.ts";

const dayMilliseconds = 86_400_000;
/** How often a primary looks whether its replicas have gone. */
const replicaCheckMilliseconds = 3_600_000;
const windowDaysDefault = 30;

function hasReplicas(ctx: Context, key: Key): boolean {
  return key.multiRegion !== undefined && membersOf(ctx, key.keyId).length > 1
    && primaryOf(ctx, key.keyId).region === ctx.region;
}

/**
 * The waiting period of a primary begins when the last replica has gone.
 *
 * @evidence KMS API Reference, ScheduleKeyDeletion
 */
function beginWaiting(ctx: Context, key: Key, windowDays: number): Key {
  const input = { keyId: key.keyId };
  if (hasReplicas(ctx, key)) {
    ctx.schedule(deleteKey, { at: ctx.clock.now() + replicaCheckMilliseconds, input, id: key.keyId });
    return ctx.db(keys).put({ ...key, deletion: { windowDays } });
  }
  const at = ctx.clock.now() + windowDays * dayMilliseconds;
  ctx.schedule(deleteKey, { at, input, id: key.keyId });
  return ctx.db(keys).put({ ...key, deletion: { windowDays, at } });
}

export const ScheduleKeyDeletion = operation(kms.ScheduleKeyDeletion, {
  ...keyRules<kms.ScheduleKeyDeletionRequest>(ownKey("ScheduleKeyDeletion")),

  run(input, ctx) {
    const windowDays = input.PendingWindowInDays ?? windowDaysDefault;
    if (windowDays < 7 || windowDays > 30) {
      throw validation(`PendingWindowInDays should be between 7 and 30, but it is ${windowDays}`);
    }
    const key = requireKey(ctx, input.KeyId, ownKey("ScheduleKeyDeletion"));
    requireNotPendingDeletion(ctx, key);
    const going = beginWaiting(ctx, key, windowDays);
    return {
      KeyId: keyArn(ctx, key),
      ...(going.deletion?.at !== undefined && { DeletionDate: going.deletion.at }),
      KeyState: stateOf(ctx, going),
      PendingWindowInDays: windowDays,
    };
  },
});

/** A key that is kept is disabled. @evidence KMS API Reference, CancelKeyDeletion */
export const CancelKeyDeletion = operation(kms.CancelKeyDeletion, {
  ...keyRules<kms.CancelKeyDeletionRequest>(ownKey("CancelKeyDeletion")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("CancelKeyDeletion"));
    if (!key.deletion) throw invalidState(keyArn(ctx, key), "not pending deletion");
    ctx.unschedule(deleteKey, key.keyId);
    ctx.db(keys).put({ ...key, deletion: undefined, enabled: false });
    return { KeyId: keyArn(ctx, key) };
  },
});

/** With its material everything that was encrypted under the key is lost. */
export const deleteKey = job<{ keyId: string }>("kms.deleteKey", ({ keyId }, ctx) => {
  const key = ctx.db(keys).get(keyId);
  if (!key?.deletion) return;
  if (key.deletion.at === undefined) {
    beginWaiting(ctx, key, key.deletion.windowDays);
    return;
  }
  if (key.deletion.at > ctx.clock.now()) return;
  const arn = keyArn(ctx, key);
  unscheduleRotation(ctx, key);
  for (const row of materialsOf(ctx, keyId)) ctx.db(materials).delete([keyId, row.materialId]);
  for (const row of ctx.db(grants).list({ prefix: [keyId] })) ctx.db(grants).delete([keyId, row.grantId]);
  for (const row of [...ctx.db(aliases).by("key").list({ prefix: keyId })]) ctx.db(aliases).delete(row.name);
  ctx.db(keyPolicies).delete(keyId);
  ctx.db(usages).delete(keyId);
  ctx.tags(arn).clear();
  ctx.db(keys).delete(keyId);
  const detail = { "key-id": keyId };
  ctx.emit({ source: "aws.kms", detailType: "KMS CMK Deletion", resources: [arn], detail });
});
