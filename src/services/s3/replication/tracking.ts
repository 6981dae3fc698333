/**
 * Keeping track of what is on its way: metrics, Replication Time Control and the events of both.
 *
 * @evidence S3 User Guide, "Using S3 Replication metrics", "Meeting compliance requirements with S3
 *   Replication Time Control", "Receiving replication failure events with Amazon S3 Event Notifications"
 */

import type * as s3 from "../../../generated/s3.ts";
import { job, recurringJob, type Job } from "../../../jobs/job.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { meter, type Meter, type MetricUnit } from "../../../kernel/metrics.ts";
import type { Key } from "../../../store/types.ts";
import { buckets, findBucketName, type Bucket } from "../buckets/table.ts";
import { notify } from "../events/delivery.ts";
import type { EventName } from "../events/object-events.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { destinationName, isMeasured, isTimed, thresholdMinutes } from "./rules.ts";
import {
  pendingReplications, placeOf, type PendingReplication, type ReplicatedOperation,
} from "./table.ts";
import { findVersion } from "../objects/version-table.ts";

const minuteMilliseconds = 60_000;

/** Part of the transaction in which something of a version is to be replicated by a rule. */
export function track(
  ctx: Context,
  bucket: Bucket,
  version: ObjectVersion,
  rule: s3.ReplicationRule,
  operation: ReplicatedOperation,
): void {
  const requestedAt = ctx.clock.now();
  const row: PendingReplication = {
    bucket: bucket.name, key: version.key, versionId: version.versionId, operation,
    ruleId: rule.ID ?? "", destination: rule.Destination.Bucket, requestedAt, order: ctx.ids.sequence(),
    sizeBytes: operation === "object" ? version.sizeBytes : 0,
    ...(isMeasured(rule) && { isMeasured: true }),
  };
  ctx.db(pendingReplications).put(row);
  if (row.isMeasured) measureLater(ctx, bucket.name);
  if (!isTimed(rule)) return;
  ctx.schedule(missThreshold, {
    id: JSON.stringify(placeOf(row)), at: requestedAt + thresholdMinutes * minuteMilliseconds, input: row,
  });
}

/** How it ended, for what was refused with the reason. */
export interface Outcome {
  /** @evidence S3 User Guide, "Amazon S3 replication failure reasons" */
  readonly failure?: string;
}

/**
 * Part of the transaction in which one operation is over.
 *
 * @param rule as it is now; undefined when it is gone
 */
export function settle(
  ctx: Context,
  bucket: Bucket,
  row: PendingReplication,
  rule: s3.ReplicationRule | undefined,
  { failure }: Outcome,
): void {
  const isStill = ctx.db(pendingReplications).get(placeOf(row));
  const { isLate } = isStill ?? row;
  if (isStill?.order === row.order) {
    ctx.db(pendingReplications).delete(placeOf(row));
    ctx.unschedule(missThreshold, JSON.stringify(placeOf(row)));
  }
  if (!rule || !isMeasured(rule)) {
    if (row.isMeasured) tellOf(ctx, bucket, row, "Replication:OperationNotTracked", {});
    return;
  }
  const took = ctx.clock.now() - row.requestedAt;
  if (failure !== undefined) {
    ctx.metric(operationsFailed, dimensionsOf(row), 1);
    tellOf(ctx, bucket, row, "Replication:OperationFailedReplication", { failureReason: failure });
    return;
  }
  addThere(ctx, row, latency, took / 1_000);
  if (isLate) {
    const more = { threshold: `${thresholdMinutes}`, replicationTime: `${took / minuteMilliseconds}` };
    tellOf(ctx, bucket, row, "Replication:OperationReplicatedAfterThreshold", more);
  }
}

/** Still on its way a quarter of an hour later. */
export const missThreshold: Job<PendingReplication> = job("s3.missReplicationThreshold", (asked, ctx) => {
  const row = ctx.db(pendingReplications).get(placeOf(asked));
  const bucket = ctx.db(buckets).get(asked.bucket);
  if (!bucket || row?.order !== asked.order) return;
  const rule = findRule(bucket, row);
  if (!rule || !isTimed(rule)) return;
  ctx.db(pendingReplications).put({ ...row, isLate: true });
  const more = { threshold: `${thresholdMinutes}` };
  tellOf(ctx, bucket, row, "Replication:OperationMissedThreshold", more);
});

/** The rule by which it was asked for, if it is still there and enabled. */
export function findRule(
  { replication }: Bucket,
  { ruleId, destination }: Pick<PendingReplication, "ruleId" | "destination">,
): s3.ReplicationRule | undefined {
  return replication?.Rules.find(
    ({ ID, Status, Destination }) =>
      ID === ruleId && Status === "Enabled" && Destination.Bucket === destination,
  );
}

/** As events call them. Of AWS only the first is recorded. */
const eventOperations: Readonly<Record<ReplicatedOperation, string>> = {
  object: "OBJECT_PUT", deleteMarker: "OBJECT_DELETE", tags: "OBJECT_TAGGING", acl: "OBJECT_ACL",
  retention: "OBJECT_RETENTION", legalHold: "OBJECT_LEGAL_HOLD",
};

function tellOf(
  ctx: Context,
  bucket: Bucket,
  row: PendingReplication,
  name: EventName,
  more: Readonly<Record<string, string>>,
): void {
  if (!bucket.notifications) return;
  const { key, versionId, ruleId, destination, operation, requestedAt } = row;
  const replicationEventData = {
    replicationRuleId: ruleId, destinationBucket: destination, s3Operation: eventOperations[operation],
    requestTime: new Date(requestedAt).toISOString(), ...more,
  };
  const version = findVersion(ctx, bucket.name, key, versionId);
  const event = { name, key, versionId, version, more: { replicationEventData } };
  notify(ctx, bucket, bucket.notifications, event);
}

const ofRule = (name: string, unit: MetricUnit): Meter =>
  meter("AWS/S3", name, unit, ["SourceBucket", "DestinationBucket", "RuleId"]);

const latency = ofRule("ReplicationLatency", "Seconds");
const bytesPending = ofRule("BytesPendingReplication", "Bytes");
const operationsPending = ofRule("OperationsPendingReplication", "Count");
const operationsFailed = ofRule("OperationsFailedReplication", "Count");

type OfRule = Pick<PendingReplication, "bucket" | "destination" | "ruleId">;

function dimensionsOf({ bucket, destination, ruleId }: OfRule): string[] {
  return [bucket, destinationName(destination), ruleId];
}

/** To the account of the source, in the region of the destination. */
function addThere(ctx: Context, row: OfRule, of: Meter, value: number): void {
  const dimensions = dimensionsOf(row);
  const place = findBucketName(ctx.kernel, dimensions[1] ?? "");
  if (!place) return;
  ctx.kernel.metrics.add({ account: ctx.account, region: place.region }, of, dimensions, value);
}

interface Measured {
  readonly bucket: string;
}

function measureLater(ctx: Context, bucket: string): void {
  const now = ctx.clock.now();
  const at = now - (now % minuteMilliseconds) + minuteMilliseconds;
  ctx.schedule(measurePending, { id: bucket, at, input: { bucket } });
}

interface Totals {
  operations: number;
  bytes: number;
  seconds: number;
}

type TotalsByRule = ReadonlyMap<s3.ReplicationRule, Totals>;

const rowsPerPage = 500;

/** Each minute for as long as anything is on its way, and once more when nothing is. */
export const measurePending = recurringJob<Measured>("s3.measureReplication", async (measured, ctx) => {
  const { bucket: name } = measured;
  const cell = ctx as BodyContext & Context;
  const bucket = ctx.reading(() => cell.db(buckets).get(name));
  if (!bucket?.replication) return;
  const totals: TotalsByRule = new Map(
    bucket.replication.Rules.filter((rule) => rule.Status === "Enabled" && isMeasured(rule))
      .map((rule) => [rule, { operations: 0, bytes: 0, seconds: 0 }]),
  );
  await addUp(ctx, bucket, totals);
  ctx.transaction((within) => {
    for (const [{ ID: ruleId = "", Destination }, { operations, bytes, seconds }] of totals) {
      const row = { bucket: name, destination: Destination.Bucket, ruleId };
      addThere(within, row, operationsPending, operations);
      addThere(within, row, bytesPending, bytes);
      addThere(within, row, latency, seconds);
    }
    if ([...totals.values()].some(({ operations }) => operations > 0)) measureLater(within, name);
  });
});

/** A great many may be on their way: others have their turn after each page of them. */
async function addUp(ctx: BodyContext, bucket: Bucket, totals: TotalsByRule): Promise<void> {
  const now = ctx.clock.now();
  let after: Key | undefined;
  do {
    const page = readPage(ctx, bucket.name, after);
    for (const row of page) {
      const rule = findRule(bucket, row);
      const total = rule && totals.get(rule);
      if (!total) continue;
      total.operations += 1;
      total.bytes += row.sizeBytes;
      total.seconds = Math.max(total.seconds, (now - row.requestedAt) / 1_000);
    }
    const last = page.length < rowsPerPage ? undefined : page.at(-1);
    after = last && placeOf(last);
    if (after) await ctx.wait(0);
  } while (after);
}

function readPage(ctx: BodyContext, bucket: string, after: Key | undefined): PendingReplication[] {
  const cell = ctx as BodyContext & Context;
  const range = { prefix: [bucket], limit: rowsPerPage, ...(after !== undefined && { after }) };
  return ctx.reading(() => [...cell.db(pendingReplications).list(range)]);
}
