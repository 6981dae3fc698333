/** Replication at work: a job a version, which does what is pending of it. */

import type * as s3 from "../../generated/s3.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { buckets, type Bucket } from "./bucket-table.ts";
import type { ObjectVersion } from "./object-version.ts";
import { makeReplica } from "./replica-making.ts";
import { isPassing, ReplicationFailure } from "./replication-failures.ts";
import { replicateAt, replicationJob, type Replication } from "./replication-job.ts";
import { rulesFor } from "./replication-rules.ts";
import { pendingReplications, type PendingReplication } from "./replication-table.ts";
import { findRule, settle, type Outcome } from "./replication-tracking.ts";
import { changeVersion, findVersion } from "./version-table.ts";

export { measurePending, missThreshold } from "./replication-tracking.ts";

const retryMilliseconds = 1_000;
const retryMillisecondsMax = 15 * 60_000;
/** About a day. */
const attemptsMax = 100;

/**
 * What is refused is over and shown as FAILED; what only waits for something is tried again.
 *
 * @evidence S3 User Guide, "Getting replication status information"
 */
export const replicate = asynchronousJob<Replication>(replicationJob, async (named, ctx) => {
  let { hasFailed = false } = named;
  const { attempts = 0 } = named;
  for (const row of ctx.reading(() => pendingOf(ctx as BodyContext & Context, named))) {
    const found = find(ctx, row);
    if (!found) continue;
    const outcome = await attempt(ctx, found, row, attempts);
    if (outcome === "later") {
      const delay = Math.min(retryMilliseconds * 2 ** attempts, retryMillisecondsMax);
      const again = { ...named, attempts: attempts + 1, hasFailed };
      return ctx.transaction((within) => replicateAt(within, within.clock.now() + delay, again));
    }
    ctx.transaction((within) => settle(within, found.bucket, row, found.rule, outcome));
    hasFailed ||= outcome.failure !== undefined;
  }
  ctx.transaction((within) => finish(within, named, hasFailed));
});

/** The version itself before what has changed of it. */
function pendingOf(ctx: Context, { bucket, key, versionId }: Replication): PendingReplication[] {
  const rows = [...ctx.db(pendingReplications).list({ prefix: [bucket, key, versionId] })];
  return rows.sort((one, other) => one.order - other.order);
}

interface Found {
  readonly bucket: Bucket;
  readonly version: ObjectVersion | undefined;
  readonly rule: s3.ReplicationRule | undefined;
}

function find(ctx: BodyContext, { key, versionId, ...row }: PendingReplication): Found | undefined {
  const cell = ctx as BodyContext & Context;
  return ctx.reading(() => {
    const bucket = cell.db(buckets).get(row.bucket);
    if (!bucket) return undefined;
    const version = findVersion(cell, bucket.name, key, versionId);
    return { bucket, version, rule: findRule(bucket, row) };
  });
}

async function attempt(
  ctx: BodyContext,
  { bucket, version, rule }: Found,
  { operation }: PendingReplication,
  attempts: number,
): Promise<Outcome | "later"> {
  if (!bucket.replication) return { failure: "SrcBucketReplicationConfigMissing" };
  if (!rule) return { failure: "SrcObjectNotEligible" };
  if (!version) return { failure: "SrcVersionNotFound" };
  try {
    await makeReplica(ctx, { bucket, version, role: bucket.replication.Role, rule, operation });
    return {};
  } catch (error) {
    if (error instanceof ReplicationFailure) return { failure: error.reason };
    if (isPassing(error) && attempts < attemptsMax) return "later";
    throw error;
  }
}

/** How it ended for all destinations. A replica stays one, whatever is changed of it. */
function finish(ctx: Context, named: Replication, hasFailed: boolean): void {
  const { bucket, key, versionId } = named;
  if (pendingOf(ctx, named).length > 0) return;
  const version = ctx.db(buckets).has(bucket) ? findVersion(ctx, bucket, key, versionId) : undefined;
  if (!version || version.isDeleteMarker) return;
  if (version.replication === "REPLICA") changeVersion(ctx, version, { isSyncing: undefined });
  else changeVersion(ctx, version, { replication: hasFailed ? "FAILED" : "COMPLETED" });
}

/**
 * A version that is there is replicated now, and all of it: Batch Replication asks for that.
 *
 * @returns how it ended; undefined when no rule covers the version, or it is gone
 */
export async function replicateVersion(
  named: Replication,
  ctx: BodyContext,
): Promise<"COMPLETED" | "FAILED" | undefined> {
  const cell = ctx as BodyContext & Context;
  const { bucket, version } = ctx.reading(() => {
    const found = cell.db(buckets).get(named.bucket);
    return { bucket: found, version: found && findVersion(cell, named.bucket, named.key, named.versionId) };
  });
  if (!bucket?.replication || !version) return undefined;
  const rules = rulesFor(bucket.replication, version);
  if (rules.length === 0) return undefined;
  let hasFailed = false;
  for (const rule of rules) {
    const row = asRow(ctx, version, rule);
    const outcome = await attempt(ctx, { bucket, version, rule }, row, attemptsMax);
    if (outcome === "later") continue;
    ctx.transaction((within) => settle(within, bucket, row, rule, outcome));
    hasFailed ||= outcome.failure !== undefined;
  }
  ctx.transaction((within) => finish(within, named, hasFailed));
  return hasFailed ? "FAILED" : "COMPLETED";
}

function asRow(ctx: BodyContext, version: ObjectVersion, rule: s3.ReplicationRule): PendingReplication {
  const { bucket, key, versionId, sizeBytes } = version;
  return {
    bucket, key, versionId, sizeBytes, order: ctx.ids.sequence(), requestedAt: ctx.clock.now(),
    operation: version.isDeleteMarker ? "deleteMarker" : "object",
    ruleId: rule.ID ?? "", destination: rule.Destination.Bucket,
  };
}
