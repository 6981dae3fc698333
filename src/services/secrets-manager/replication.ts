/**
 * Secrets in several Regions: ReplicateSecretToRegions, RemoveRegionsFromReplication,
 * StopReplicationToReplica.
 */

import * as sm from "../../generated/secrets-manager.ts";
import type { ReplicaRegionType, ReplicationStatusType } from "../../generated/secrets-manager.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { taggedResources } from "../../kernel/tags.ts";
import { secretRules } from "./conditions.ts";
import { invalidReplicaRegion, isNoReplica, secretNotFound } from "./errors.ts";
import { policies } from "./policy-rows.ts";
import { leavePrimary, removeReplica, scheduleReplication, shownReplicas } from "./replication-jobs.ts";
import { seal, unseal } from "./sealing.ts";
import {
  arnIn, isOwnService, isReplicaHere, requireChangeable, requireSecret, secretArn, secrets, touch, versions,
  versionsOf, type Replica, type Secret,
} from "./secret-rows.ts";

const regionForm = /^(?:[a-z]+-)+\d+$/;

/** The replicas that a request asks for. @throws InvalidParameterException */
export function requestedReplicas(
  ctx: ReadContext, regions: readonly ReplicaRegionType[], overwrites: boolean,
): Replica[] {
  const names = regions.map(({ Region }) => Region ?? "");
  const isWrong = names.some((region) => region === ctx.region || !regionForm.test(region));
  if (isWrong || new Set(names).size < names.length) throw invalidReplicaRegion();
  return regions.map(({ Region = "", KmsKeyId }) => ({
    region: Region,
    status: "InProgress",
    overwrites,
    ...(KmsKeyId !== undefined && KmsKeyId !== "" && { kmsKeyId: KmsKeyId }),
  }));
}

/** All values, sealed for the new Regions too, under the caller's permissions for all keys concerned. */
async function sealForReplicas(ctx: BodyContext, secret: Secret, added: readonly Replica[]): Promise<void> {
  for (const version of ctx.transaction((within) => versionsOf(within, secret.name))) {
    if (version.kind === "empty") continue;
    const value = await unseal(ctx, secret, version);
    const sealed = { ...version.sealed };
    for (const { region, kmsKeyId } of added) {
      sealed[region] = await seal(ctx, secret, version.versionId, value, region, kmsKeyId);
    }
    ctx.transaction((within) => {
      const now = within.db(versions).get([secret.name, version.versionId]);
      if (now) within.db(versions).put({ ...now, sealed: { ...now.sealed, ...sealed } });
    });
  }
}

async function addReplicas(ctx: BodyContext, id: string, added: readonly Replica[]): Promise<Secret> {
  const before = ctx.transaction((within) => requireChangeable(within, id));
  await sealForReplicas(ctx, before, added);
  return ctx.transaction((within) => {
    const secret = requireChangeable(within, id);
    const kept = secret.replicas.filter(({ region }) => added.every((replica) => replica.region !== region));
    touch(within, { ...secret, primaryRegion: within.region, replicas: [...kept, ...added] });
    scheduleReplication(within, secret.name);
    return requireSecret(within, id);
  });
}

/**
 * In the replica's cell: takes over what the primary's cell holds. A secret of the same name that is no
 * replica of this primary stays, unless it was asked to be overwritten.
 *
 * @evidence Secrets Manager User Guide, "Troubleshoot multi-Region secrets": the text of the failure
 */
function takeOver(
  ctx: Context, primaryArn: string, replica: ReplicaRegionType, overwrites: boolean,
): ReplicationStatusType {
  const { region = "", resource = "" } = parseArn(primaryArn) ?? {};
  const name = /^secret:(.+)-[A-Za-z0-9]{6}$/s.exec(resource)?.[1] ?? "";
  const cell = { account: ctx.account, region };
  const primary = ctx.kernel.read(cell, (rows) => rows.rows(secrets).get(name));
  if (!primary) throw secretNotFound();
  const existing = ctx.db(secrets).get(name);
  const isSame = existing?.suffix === primary.suffix && existing.primaryRegion === region;
  if (existing && !isSame && !overwrites) {
    const StatusMessage = `Replication failed: Secret name ${name} already exists in region ${ctx.region}.`;
    return { Region: ctx.region, Status: "Failed", StatusMessage };
  }
  if (existing && !isSame) removeSecret(ctx, existing);
  const { kmsKeyId: _, ...shared } = primary;
  ctx.db(secrets).put({
    ...shared, primaryRegion: region, replicas: [],
    ...(replica.KmsKeyId !== undefined && { kmsKeyId: replica.KmsKeyId }),
    ...(existing?.accessedAt !== undefined && isSame && { accessedAt: existing.accessedAt }),
  });
  if (copyRest(ctx, cell, primary)) return { Region: ctx.region, Status: "InSync" };
  const StatusMessage = "Replication failed: the KMS key of the replica did not encrypt every version.";
  return { Region: ctx.region, Status: "Failed", StatusMessage };
}

/**
 * Versions, tags and the resource policy.
 *
 * @evidence Secrets Manager User Guide, "Multi-Region secrets"
 * @returns whether every version with a label was sealed for this Region
 */
function copyRest(
  ctx: Context, cell: { readonly account: string; readonly region: string }, primary: Secret,
): boolean {
  const { name } = primary;
  for (const version of versionsOf(ctx, name)) ctx.db(versions).delete([name, version.versionId]);
  const source = ctx.kernel.read(cell, (rows) => ({
    versions: [...rows.rows(versions).list({ prefix: [name] })],
    policy: rows.rows(policies).get(name),
    tags: rows.rows(taggedResources).get(arnIn(cell.region, cell.account, primary))?.tags,
  }));
  for (const version of source.versions) {
    const own = version.sealed[ctx.region];
    if (own) ctx.db(versions).put({ ...version, sealed: { [ctx.region]: own } });
  }
  if (source.policy) ctx.db(policies).put(source.policy);
  else ctx.db(policies).delete(name);
  const arn = secretArn(ctx, primary);
  ctx.tags(arn).clear();
  ctx.tags(arn).set(source.tags);
  return source.versions.every(
    ({ stages, sealed, kind }) => kind === "empty" || stages.length === 0 || sealed[ctx.region] !== undefined,
  );
}

/** The secret with all that belongs to it. */
export function removeSecret(ctx: Context, secret: Secret): void {
  for (const version of versionsOf(ctx, secret.name)) {
    ctx.db(versions).delete([secret.name, version.versionId]);
  }
  ctx.db(policies).delete(secret.name);
  ctx.tags(secretArn(ctx, secret)).clear();
  ctx.db(secrets).delete(secret.name);
}

export const ReplicateSecretToRegions = operation(sm.ReplicateSecretToRegions, {
  ...secretRules<sm.ReplicateSecretToRegionsRequest>(),

  async body(input, ctx) {
    const overwrites = input.ForceOverwriteReplicaSecret ?? false;
    const [only = {}] = input.AddReplicaRegions;
    if (isOwnService(ctx) && only.Region === ctx.region) {
      const status = ctx.transaction((within) => takeOver(within, input.SecretId, only, overwrites));
      return { ARN: input.SecretId, ReplicationStatus: [status] };
    }
    const added = requestedReplicas(ctx, input.AddReplicaRegions, overwrites);
    const secret = await addReplicas(ctx, input.SecretId, added);
    return { ARN: secretArn(ctx, secret), ReplicationStatus: shownReplicas(secret) };
  },
});

/** Secrets Manager itself says so of a replica that was promoted, which then stays. */
export const RemoveRegionsFromReplication = operation(sm.RemoveRegionsFromReplication, {
  ...secretRules<sm.RemoveRegionsFromReplicationRequest>(),

  run(input, ctx) {
    const secret = requireChangeable(ctx, input.SecretId);
    const gone = new Set(input.RemoveReplicaRegions);
    if ([...gone].some((region) => secret.replicas.every((replica) => replica.region !== region))) {
      throw invalidReplicaRegion();
    }
    const arn = secretArn(ctx, secret);
    for (const region of isOwnService(ctx) ? [] : gone) {
      const input = { arn: arnIn(region, ctx.account, secret), region };
      ctx.schedule(removeReplica, { at: ctx.clock.now(), input });
    }
    const replicas = secret.replicas.filter(({ region }) => !gone.has(region));
    const changed = touch(ctx, { ...secret, replicas });
    return { ARN: arn, ReplicationStatus: shownReplicas(changed) ?? [] };
  },
});

export const StopReplicationToReplica = operation(sm.StopReplicationToReplica, {
  ...secretRules<sm.StopReplicationToReplicaRequest>(),

  run({ SecretId }, ctx) {
    const secret = requireSecret(ctx, SecretId);
    const { primaryRegion: region = "", ...standalone } = secret;
    if (!isReplicaHere(ctx, secret)) throw isNoReplica();
    touch(ctx, standalone);
    const input = { arn: arnIn(region, ctx.account, secret), region };
    ctx.schedule(leavePrimary, { at: ctx.clock.now(), input });
    return { ARN: secretArn(ctx, secret) };
  },
});
