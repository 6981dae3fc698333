/**
 * How replicas keep up: each change of a primary pokes the reconciler of each of its replicas. It asks the
 * replica's Region, as Secrets Manager itself, to take over what the primary's cell holds.
 */

import * as sm from "../../generated/secrets-manager.ts";
import type { ReplicationStatusType } from "../../generated/secrets-manager.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import { reconciler } from "../../jobs/reconciler.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { secretArn, secrets, type Replica, type Secret } from "./secret-rows.ts";

interface ReplicaWork {
  readonly name: string;
  readonly region: string;
}

interface ReplicaOfArn {
  readonly arn: string;
  readonly region: string;
}

export function shownReplicas(secret: Secret): ReplicationStatusType[] | undefined {
  if (secret.replicas.length === 0) return undefined;
  return secret.replicas.map(({ region, kmsKeyId, status, message }) => ({
    Region: region,
    KmsKeyId: kmsKeyId ?? "alias/aws/secretsmanager",
    Status: status,
    ...(message !== undefined && { StatusMessage: message }),
  }));
}

function putReplica(ctx: Context, name: string, region: string, change: Partial<Replica>): void {
  const secret = ctx.db(secrets).get(name);
  if (!secret) return;
  const replicas = secret.replicas.map((replica) => {
    const { message: _, ...before } = replica;
    return replica.region === region ? { ...before, ...change } : replica;
  });
  ctx.db(secrets).put({ ...secret, replicas });
}

/** @param failures by Region: why its key did not take the newest value */
export function scheduleReplication(
  ctx: Context, name: string, failures: ReadonlyMap<string, string> = new Map(),
): void {
  for (const { region } of ctx.db(secrets).get(name)?.replicas ?? []) {
    const failure = failures.get(region);
    if (failure !== undefined) {
      putReplica(ctx, name, region, { status: "Failed", message: failure });
      continue;
    }
    putReplica(ctx, name, region, { status: "InProgress" });
    replicate.poke(ctx, `${name} ${region}`, { name, region });
  }
}

/** What the replica's Region answers of itself; a refusal is a failed replica. */
async function replicaStatus(
  ctx: BodyContext, secret: Secret, replica: Replica,
): Promise<ReplicationStatusType> {
  try {
    const { ReplicationStatus } = await ctx.call(sm.ReplicateSecretToRegions, {
      SecretId: secretArn(ctx, secret),
      AddReplicaRegions: [{ Region: replica.region, KmsKeyId: replica.kmsKeyId }],
      ForceOverwriteReplicaSecret: replica.overwrites,
    }, { as: "service", account: ctx.account, region: replica.region });
    return ReplicationStatus?.[0] ?? { Status: "Failed" };
  } catch (cause) {
    if (cause instanceof AwsError) return { Status: "Failed", StatusMessage: cause.message };
    throw cause;
  }
}

export const replicate = reconciler<ReplicaWork>("secrets-manager.replicate", async (
  { name, region }, ctx,
) => {
  const secret = ctx.transaction((within) => within.db(secrets).get(name));
  const replica = secret?.replicas.find((each) => each.region === region);
  if (!secret || !replica) return;
  const { Status = "Failed", StatusMessage } = await replicaStatus(ctx, secret, replica);
  ctx.transaction((within) => {
    // What is in step once must not replace another secret later.
    putReplica(within, name, region, {
      status: Status,
      overwrites: replica.overwrites && Status !== "InSync",
      ...(StatusMessage !== undefined && { message: StatusMessage }),
    });
  });
});

/** Takes a replica away that its primary no longer has. */
export const removeReplica =
  asynchronousJob<ReplicaOfArn>("secrets-manager.removeReplica", async (work, ctx) => {
  const SecretId = work.arn;
  await ignoringRefusals(ctx.call(
    sm.DeleteSecret, { SecretId, ForceDeleteWithoutRecovery: true },
    { as: "service", account: ctx.account, region: work.region },
  ));
});

/** Tells the primary that a replica stands on its own now. */
export const leavePrimary =
  asynchronousJob<ReplicaOfArn>("secrets-manager.leavePrimary", async (work, ctx) => {
  await ignoringRefusals(ctx.call(
    sm.RemoveRegionsFromReplication, { SecretId: work.arn, RemoveReplicaRegions: [ctx.region] },
    { as: "service", account: ctx.account, region: work.region },
  ));
});

/** The other side may be gone already, which is what was wanted. */
async function ignoringRefusals(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause.status >= 500) throw cause;
  }
}
