/** Which rules of a replication configuration an object falls under. Pure. */

import type * as s3 from "../../generated/s3.ts";
import type { ObjectVersion } from "./object-version.ts";

/**
 * The rules by which a version is replicated: of those with one destination the one of the highest priority.
 *
 * @evidence S3 User Guide, "Replication configuration file elements", Filter and Priority
 */
export function rulesFor(
  { Rules }: s3.ReplicationConfiguration,
  version: Pick<ObjectVersion, "key" | "tags" | "encryption" | "isDeleteMarker">,
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

/** Delete markers, and what KMS encrypts, are replicated only where the rule says so. */
function takes(
  rule: s3.ReplicationRule,
  { isDeleteMarker, encryption }: Pick<ObjectVersion, "isDeleteMarker" | "encryption">,
): boolean {
  if (isDeleteMarker) {
    // The older form of configurations, without filters, replicates them always.
    return rule.Filter === undefined || rule.DeleteMarkerReplication?.Status === "Enabled";
  }
  if (!encryption) return true;
  if (encryption.algorithm === "customer") return false;
  return rule.SourceSelectionCriteria?.SseKmsEncryptedObjects?.Status === "Enabled";
}
