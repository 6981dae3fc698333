/**
 * Replicas of multi-Region keys. Both operations work in the cell that changes, the new replica's and the new
 * primary's, and read what they need of the primary; the others find out by reading (see multi-region.ts).
 */

import * as kms from "../../generated/kms.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { creationConditions, requestConditions, type Conditions } from "./conditions.ts";
import {
  invalidKeyId, invalidState, keyDisabled, keyNotFound, replicaExists, unsupported, validation, wrongRegion,
} from "./errors.ts";
import { metadataOf } from "./key-metadata.ts";
import { keyArn, keys, type Key } from "./keys.ts";
import { materials } from "./materials.ts";
import { claimOf, primaryOf, readIn } from "./multi-region.ts";
import { defaultKeyPolicy, putKeyPolicy } from "./policy-rows.ts";
import { scheduleRotation } from "./rotation-rules.ts";
import { shownTags, tagNewKey } from "./tags.ts";

/** How long a new replica stays in the state Creating. */
const creationMilliseconds = 2_000;

interface Primary {
  readonly key: Key;
  readonly arn: string;
}

/** The key as the Region of the request knows it. */
function requestedKey(ctx: ReadContext, name: string): Primary {
  const [, , , region, , resource = name] = name.startsWith("arn:") ? name.split(":") : [];
  if (region !== undefined && region !== ctx.requestRegion) throw wrongRegion(region);
  const keyId = resource.startsWith("key/") ? resource.slice("key/".length) : resource;
  if (keyId.startsWith("alias/")) throw invalidKeyId(name);
  const cell = { account: ctx.account, region: ctx.requestRegion };
  const arn = formatArn({ service: "kms", ...cell, resource: `key/${keyId}` });
  const key = readIn(ctx, cell, keys, (rows) => rows.get(keyId));
  if (!key) throw keyNotFound(arn);
  return { key, arn };
}

/** The primary is in the Region that is asked, and not in the one where the operation works. */
function primaryConditions(
  ctx: ReadContext, action: string, input: { readonly KeyId: string },
): Conditions {
  const cell = { account: ctx.account, region: ctx.requestRegion };
  return requestConditions(ctx, action, requestedKey(ctx, input.KeyId).key, input, cell);
}

/** Only the primary of a set is replicated, and makes way for another. */
function requirePrimary(ctx: ReadContext, { key, arn }: Primary): void {
  if (!key.multiRegion) throw unsupported(`${arn} is not a multi-Region key.`);
  if (primaryOf(ctx, key.keyId).region !== ctx.requestRegion) {
    throw unsupported(`${arn} is not a primary key.`);
  }
  if (key.deletion) throw invalidState(arn, "pending deletion");
  if (!key.enabled) throw keyDisabled(arn);
}

export const ReplicateKey = operation(kms.ReplicateKey, {
  owner: (input) => ({ region: input.ReplicaRegion }),
  resource: (input, ctx) => requestedKey(ctx, input.KeyId).arn,
  conditions: (input, ctx) => primaryConditions(ctx, "kms:ReplicateKey", input),

  run(input, ctx) {
    const primary = requestedKey(ctx, input.KeyId);
    requirePrimary(ctx, primary);
    const { keyId, usage, spec, origin, manager } = primary.key;
    const arn = keyArn(ctx, { keyId });
    // @evidence recorded AWS answers, radkawar/stackd, testdata/aws/kms/multi_region.json, both texts
    if (ctx.region === ctx.requestRegion) {
      throw validation(`${ctx.region} cannot have a replica because it contains the primary.`);
    }
    if (ctx.db(keys).has(keyId)) throw replicaExists();
    const bypass = input.BypassPolicyLockoutSafetyCheck ?? false;
    const conditions =
      creationConditions(ctx, { usage, spec, origin, multiRegion: true }, bypass, "REPLICA");
    ctx.authorize({ action: "kms:CreateKey", resource: "*", conditions });
    const now = ctx.clock.now();
    const replica = ctx.db(keys).put({
      keyId, usage, spec, origin, manager,
      description: input.Description ?? "",
      createdAt: now,
      enabled: true,
      isMaterialMissing: origin === "EXTERNAL",
      onDemandRotations: 0,
      multiRegion: { primaryClaim: 0, readyAt: now + creationMilliseconds },
    });
    if (origin === "AWS_KMS") copyMaterials(ctx, keyId, ctx.requestRegion);
    const policy = input.Policy ?? defaultKeyPolicy(ctx.account);
    putKeyPolicy(ctx, replica, policy, input.Policy === undefined || bypass);
    tagNewKey(ctx, replica, input.Tags);
    return {
      ReplicaKeyMetadata: metadataOf(ctx, replica), ReplicaPolicy: policy, ReplicaTags: shownTags(ctx, arn),
    };
  },
});

function copyMaterials(ctx: Context, keyId: string, region: string): void {
  const cell = { account: ctx.account, region };
  const rows = readIn(ctx, cell, materials, (all) => [...all.list({ prefix: [keyId] })]);
  for (const row of rows) ctx.db(materials).put(row);
}

/** The new primary takes over all material and the rotation; the old one finds its claim exceeded. */
export const UpdatePrimaryRegion = operation(kms.UpdatePrimaryRegion, {
  owner: (input) => ({ region: input.PrimaryRegion }),
  resource: (input, ctx) => [requestedKey(ctx, input.KeyId).arn],
  conditions: (input, ctx) => primaryConditions(ctx, "kms:UpdatePrimaryRegion", input),

  run(input, ctx) {
    const primary = requestedKey(ctx, input.KeyId);
    requirePrimary(ctx, primary);
    const { keyId, rotation, origin, onDemandRotations } = primary.key;
    const arn = keyArn(ctx, { keyId });
    const replica = ctx.db(keys).get(keyId);
    if (ctx.region === ctx.requestRegion) {
      throw validation("The key is the primary key of this Region already.");
    }
    if (!replica) throw keyNotFound(arn);
    if (replica.deletion) throw invalidState(arn, "pending deletion");
    if (!replica.enabled) throw keyDisabled(arn);
    const action = "kms:UpdatePrimaryRegion";
    ctx.authorize({ action, resource: arn, conditions: requestConditions(ctx, action, replica, input) });
    const claim = claimOf(primaryOf(ctx, keyId)) + 1;
    if (origin === "AWS_KMS") copyMaterials(ctx, keyId, ctx.requestRegion);
    const promoted: Key = {
      ...replica,
      onDemandRotations,
      ...(origin === "AWS_KMS" && { currentMaterialId: primary.key.currentMaterialId }),
      multiRegion: { primaryClaim: claim, readyAt: ctx.clock.now() },
    };
    ctx.db(keys).put(rotation ? scheduleRotation(ctx, promoted, rotation.periodDays) : promoted);
    return {};
  },
});
