/** Which rules of a replication configuration an object falls under. Pure. */

import type * as s3 from "../../../generated/s3.ts";
import type { ObjectVersion } from "../objects/version.ts";

type Replicable = Pick<
  ObjectVersion, "key" | "tags" | "encryption" | "isDeleteMarker" | "storageClass" | "restore"
>;

/**
 * The rules by which a version is replicated: of those with one destination the one of the highest priority.
 *
 * @evidence S3 User Guide, "Replication configuration file elements", Filter and Priority
 */
export function rulesFor(
  { Rules }: s3.ReplicationConfiguration,
  version: Replicable,
): s3.ReplicationRule[] {
  const byDestination = new Map<string, s3.ReplicationRule>();
  for (const rule of Rules) {
    if (rule.Status !== "Enabled" || !covers(rule, version) || !takes(rule, version)) continue;
    const other = byDestination.get(rule.Destination.Bucket);
    if (other && (other.Priority ?? 0) >= (rule.Priority ?? 0)) continue;
    byDestination.set(rule.Destination.Bucket, rule);
  }
  return [...byDestination.values()];
}

interface RuleFilter {
  readonly prefix: string;
  readonly tags: readonly s3.Tag[];
}

export function filterOf({ Prefix, Filter }: s3.ReplicationRule): RuleFilter {
  const { And, Tag } = Filter ?? {};
  return {
    prefix: And?.Prefix ?? Filter?.Prefix ?? Prefix ?? "",
    tags: And?.Tags ?? (Tag ? [Tag] : []),
  };
}

function covers(rule: s3.ReplicationRule, { key, tags = {} }: Pick<ObjectVersion, "key" | "tags">): boolean {
  const filter = filterOf(rule);
  return key.startsWith(filter.prefix) && filter.tags.every(({ Key, Value }) => tags[Key] === Value);
}

const archives: ReadonlySet<string | undefined> = new Set<s3.StorageClass>(["GLACIER", "DEEP_ARCHIVE"]);

/**
 * Delete markers, and what KMS encrypts, are replicated only where the rule says so; what is archived is not.
 *
 * @evidence S3 User Guide, "What does Amazon S3 replicate?"; "Replicating encrypted objects": SSE-C always
 */
function takes(
  rule: s3.ReplicationRule,
  { isDeleteMarker, encryption, storageClass, restore }: Replicable,
): boolean {
  if (isDeleteMarker) {
    // The older form of configurations, without filters, replicates them always.
    return rule.Filter === undefined || rule.DeleteMarkerReplication?.Status === "Enabled";
  }
  if (archives.has(storageClass) && !restore) return false;
  if (!encryption || encryption.algorithm === "customer") return true;
  return rule.SourceSelectionCriteria?.SseKmsEncryptedObjects?.Status === "Enabled";
}

/**
 * @evidence S3 User Guide, "Getting replication status information", "…if Amazon S3 replica modification sync
 *   is enabled"
 */
export function shownReplication(
  { sync, replication }: Pick<ObjectVersion, "sync" | "replication">,
): s3.ReplicationStatus | undefined {
  return sync ?? replication;
}

/** @evidence ibid.: S3 Lifecycle blocks expiration and transition until the replication is completed */
export function isKeptForReplication(version: Pick<ObjectVersion, "sync" | "replication">): boolean {
  const status = shownReplication(version);
  return status === "PENDING" || status === "FAILED";
}

/** The bucket in `arn:aws:s3:::bucket`. */
export function destinationName(arn: string): string {
  return arn.slice(arn.lastIndexOf(":") + 1);
}

/** @evidence S3 API Reference, ReplicationTimeValue: 15 is all that may be asked for */
export const thresholdMinutes = 15;

/** S3 Replication Time Control. */
export function isTimed({ Destination }: s3.ReplicationRule): boolean {
  return Destination.ReplicationTime?.Status === "Enabled";
}

/** @evidence S3 User Guide, "Using S3 Replication metrics": turned on with Replication Time Control */
export function isMeasured(rule: s3.ReplicationRule): boolean {
  return rule.Destination.Metrics?.Status === "Enabled" || isTimed(rule);
}

/** The replica is given to who owns its bucket: lists do not come along. */
export function changesOwner({ Destination }: s3.ReplicationRule): boolean {
  return Destination.AccessControlTranslation?.Owner === "Destination";
}

/**
 * Whether changes of replicas go back by this rule: both sides must have it so.
 *
 * @param there how the bucket that the rule leads to is replicated
 * @param here ARN of the bucket with the replicas
 * @evidence S3 User Guide, "Replicating metadata changes with replica modification sync", note
 */
export function syncsReplicas(
  rule: s3.ReplicationRule,
  there: s3.ReplicationConfiguration | undefined,
  here: string,
  version: Replicable,
): boolean {
  const syncs = (each: s3.ReplicationRule): boolean =>
    each.Status === "Enabled" && each.SourceSelectionCriteria?.ReplicaModifications?.Status === "Enabled";
  const leadsBack = (each: s3.ReplicationRule): boolean =>
    each.Destination.Bucket === here && covers(each, { key: version.key });
  return syncs(rule) && (there?.Rules.some((each) => syncs(each) && leadsBack(each)) ?? false);
}
