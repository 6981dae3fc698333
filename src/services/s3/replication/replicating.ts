/** Replication at work: a job a version, which does what is pending of it. */

import type * as s3 from "../../../generated/s3.ts";
import { asynchronousJob } from "../../../jobs/job.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { buckets, type Bucket } from "../buckets/table.ts";
import { midnightAfter } from "../lifecycle/days.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { makeReplica } from "./replica-making.ts";
import { isPassing, ReplicationFailure } from "./failures.ts";
import { replicateAt, replicationJob, type Replication } from "./job.ts";
import { rulesFor, shownReplication } from "./rules.ts";
import { pendingReplications, placeOf, type PendingReplication } from "./table.ts";
import { findRule, settle, type Outcome } from "./tracking.ts";
import { planSweep } from "../lifecycle/sweep-plans.ts";
import { changeVersion, findVersion } from "../objects/version-table.ts";

export { measurePending, missThreshold } from "./tracking.ts";

const retryMilliseconds = 1_000;
const retryMillisecondsMax = 15 * 60_000;

/**
 * What is refused is over and shown as FAILED; what only waits for something stays PENDING, and is tried
 * again.
 *
 * @evidence S3 User Guide, "Getting replication status information", temporary failures
 */
export const replicate = asynchronousJob<Replication>(replicationJob, async (named, ctx) => {
  const { attempts = 0 } = named;
  for (const row of ctx.reading(() => pendingOf(ctx as BodyContext & Context, named))) {
    const found = find(ctx, row);
    if (!found) {
      ctx.transaction((within) => within.db(pendingReplications).delete(placeOf(row)));
      continue;
    }
    const outcome = await attempt(ctx, found, row).catch(whenBusy);
    if (outcome === "later") {
      const delay = Math.min(retryMilliseconds * 2 ** attempts, retryMillisecondsMax);
      const again = { ...named, attempts: attempts + 1 };
      return ctx.transaction((within) => replicateAt(within, within.clock.now() + delay, again));
    }
    ctx.transaction((within) => {
      settle(within, found.bucket, row, found.rule, outcome);
      showOutcome(within, named, outcome);
    });
  }
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

/** @throws AwsError where it is worth trying again */
async function attempt(
  ctx: BodyContext,
  { bucket, version, rule }: Found,
  { operation }: PendingReplication,
): Promise<Outcome> {
  if (!bucket.replication) return { failure: "SrcBucketReplicationConfigMissing" };
  if (!rule) return { failure: "SrcObjectNotEligible" };
  if (!version) return { failure: "SrcVersionNotFound" };
  try {
    await makeReplica(ctx, { bucket, version, role: bucket.replication.Role, rule, operation });
    return {};
  } catch (error) {
    if (error instanceof ReplicationFailure) return { failure: error.reason };
    throw error;
  }
}

function whenBusy(error: unknown): "later" {
  if (!isPassing(error)) throw error;
  return "later";
}

/**
 * One destination that refuses it is enough to have failed; all must have it for it to be completed. A
 * replica stays one, whatever is changed of it.
 *
 * @evidence S3 User Guide, "Getting replication status information", replication to several destinations
 */
function showOutcome(ctx: Context, named: Replication, { failure }: Outcome): void {
  const { key, versionId } = named;
  const bucket = ctx.db(buckets).get(named.bucket);
  const version = bucket && findVersion(ctx, named.bucket, key, versionId);
  if (!version || version.isDeleteMarker) return;
  const isReplica = version.replication === "REPLICA";
  if (failure !== undefined) {
    return changeVersion(ctx, version, isReplica ? { sync: "FAILED" } : { replication: "FAILED" });
  }
  const isOver = pendingOf(ctx, named).length === 0 && shownReplication(version) === "PENDING";
  if (isOver) complete(ctx, bucket, version);
}

/** What it kept lifecycle rules from may be overdue. */
function complete(ctx: Context, bucket: Bucket, version: ObjectVersion): void {
  if (version.replication === "REPLICA") changeVersion(ctx, version, { sync: undefined });
  else changeVersion(ctx, version, { replication: "COMPLETED" });
  if (bucket.lifecycle) planSweep(ctx, bucket.name, midnightAfter(ctx.clock.now()));
}

/**
 * A version that is there is replicated now, and all of it: Batch Replication asks for that.
 *
 * @returns how it ended; undefined when no rule covers the version, or it is gone
 */
export async function replicateVersion(named: Replication, ctx: BodyContext): Promise<Outcome | undefined> {
  const cell = ctx as BodyContext & Context;
  const { bucket, version } = ctx.reading(() => {
    const found = cell.db(buckets).get(named.bucket);
    return { bucket: found, version: found && findVersion(cell, named.bucket, named.key, named.versionId) };
  });
  if (!bucket?.replication || !version) return undefined;
  const rules = rulesFor(bucket.replication, version);
  if (rules.length === 0) return undefined;
  let failed: Outcome = {};
  for (const rule of rules) {
    const row = asRow(ctx, version, rule);
    const outcome = await attempt(ctx, { bucket, version, rule }, row);
    ctx.transaction((within) => settle(within, bucket, row, rule, outcome));
    if (outcome.failure !== undefined) failed = outcome;
  }
  ctx.transaction((within) => {
    const now = findVersion(within, bucket.name, named.key, named.versionId);
    if (!now || now.isDeleteMarker || now.replication === "REPLICA") return;
    if (failed.failure === undefined) complete(within, bucket, now);
    else changeVersion(within, now, { replication: "FAILED" });
  });
  return failed;
}

function asRow(ctx: BodyContext, version: ObjectVersion, rule: s3.ReplicationRule): PendingReplication {
  const { bucket, key, versionId, sizeBytes } = version;
  return {
    bucket, key, versionId, sizeBytes, order: ctx.ids.sequence(), requestedAt: ctx.clock.now(),
    operation: version.isDeleteMarker ? "deleteMarker" : "object",
    ruleId: rule.ID ?? "", destination: rule.Destination.Bucket,
  };
}
