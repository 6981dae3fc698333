/** How a bucket's objects are replicated to others. */

import * as s3 from "../../../generated/s3.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { buckets, changeBucket, findBucketName, requireBucket } from "../buckets/table.ts";
import { malformedXml } from "../errors.ts";
import { destinationName, filterOf, thresholdMinutes } from "./rules.ts";
import {
  destinationMissing, destinationUnversioned, invalidMinutes, invalidReplicationRole, keyForReplicasMissing,
  keyWithoutSelection, noReplication, priorityTwice, ruleTwice, sourceUnversioned, tagsWithDeleteMarkers,
  thresholdWithoutTime, timeWithoutMetrics,
} from "./errors.ts";

export const GetBucketReplication = operation(s3.GetBucketReplication, {
  ...onBucket,
  run(input, ctx) {
    const { replication } = requireBucket(ctx, input.Bucket);
    if (!replication) throw noReplication(input.Bucket);
    return { ReplicationConfiguration: replication };
  },
});

export const DeleteBucketReplication = operation(s3.DeleteBucketReplication, {
  ...onBucket,
  run(input, ctx) {
    changeBucket(ctx, input.Bucket, { replication: undefined });
  },
});

const rulesMax = 1000;
const roleForm = /^arn:aws:iam::\d{12}:role\/.+$/;

/** @evidence S3 API Reference, PutBucketReplication; S3 User Guide, "Requirements for replication" */
export const PutBucketReplication = operation(s3.PutBucketReplication, {
  ...onBucket,
  run(input, ctx) {
    const { Role, Rules } = input.ReplicationConfiguration;
    const bucket = requireBucket(ctx, input.Bucket);
    if (!roleForm.test(Role)) throw invalidReplicationRole(Role);
    requirePassable(ctx, Role);
    if (bucket.versioning !== "Enabled") throw sourceUnversioned();
    if (Rules.length === 0 || Rules.length > rulesMax) throw malformedXml();
    const named = Rules.map((rule) => ({ ...rule, ID: rule.ID ?? ctx.ids.uuid() }));
    requireDistinct(named);
    for (const rule of named) requireRule(ctx, input.Bucket, rule);
    changeBucket(ctx, input.Bucket, { replication: { Role, Rules: named } });
  },
});

function requirePassable(ctx: Context, role: string): void {
  ctx.authorize({
    action: "iam:PassRole",
    resource: role,
    conditions: { "iam:passedtoservice": "s3.amazonaws.com" },
  });
}

function requireDistinct(rules: readonly (s3.ReplicationRule & { readonly ID: string })[]): void {
  const ids = new Set<string>();
  const priorities = new Set<string>();
  for (const { ID, Priority, Destination } of rules) {
    if (ids.has(ID)) throw ruleTwice(ID);
    ids.add(ID);
    if (Priority === undefined) continue;
    const priority = `${Priority} ${Destination.Bucket}`;
    if (priorities.has(priority)) throw priorityTwice(Priority);
    priorities.add(priority);
  }
}

function requireRule(ctx: ReadContext, bucket: string, rule: s3.ReplicationRule): void {
  const { Filter, Prefix, DeleteMarkerReplication, Priority, Destination } = rule;
  if (Filter !== undefined) {
    const isWhole = Prefix === undefined && Priority !== undefined && DeleteMarkerReplication?.Status;
    if (!isWhole) throw malformedXml();
    const hasTags = filterOf(rule).tags.length > 0;
    if (hasTags && DeleteMarkerReplication.Status === "Enabled") throw tagsWithDeleteMarkers();
  } else if (Prefix === undefined) throw malformedXml();
  requireEncryption(rule);
  requireTimes(Destination);
  requireDestination(ctx, bucket, Destination.Bucket);
}

/** Whether the key is one is found out at work. @evidence S3 User Guide, "Replicating encrypted objects" */
function requireEncryption({ SourceSelectionCriteria, Destination }: s3.ReplicationRule): void {
  const selected = SourceSelectionCriteria?.SseKmsEncryptedObjects;
  const { EncryptionConfiguration } = Destination;
  if (EncryptionConfiguration && !selected) throw keyWithoutSelection();
  const isKeyMissing = EncryptionConfiguration?.ReplicaKmsKeyID === undefined;
  if (selected?.Status === "Enabled" && isKeyMissing) throw keyForReplicasMissing();
}

function requireTimes({ ReplicationTime, Metrics }: s3.Destination): void {
  const isTimed = ReplicationTime?.Status === "Enabled";
  if (Metrics?.EventThreshold && !isTimed) throw thresholdWithoutTime(Metrics.EventThreshold.Minutes);
  if (isTimed && Metrics?.Status !== "Enabled") throw timeWithoutMetrics();
  for (const value of [ReplicationTime?.Time, Metrics?.EventThreshold]) {
    if (value && value.Minutes !== thresholdMinutes) throw invalidMinutes(value.Minutes);
  }
}

function requireDestination(ctx: ReadContext, bucket: string, arn: string): void {
  const found = findBucketName(ctx.kernel, destinationName(arn));
  if (!found || found.name === bucket) throw destinationMissing();
  const destination = ctx.kernel.read(found, (transaction) => transaction.rows(buckets).get(found.name));
  if (destination?.versioning !== "Enabled") throw destinationUnversioned();
}
