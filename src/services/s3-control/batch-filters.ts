/** Which objects of a bucket a generated manifest has. */

import type * as control from "../../generated/s3-control.ts";
import type { KeepVersion } from "../s3/reports/generated-manifests.ts";
import type { ObjectVersion } from "../s3/objects/version.ts";
import { rulesFor } from "../s3/replication/rules.ts";

/** @evidence S3 API Reference, JobManifestGeneratorFilter */
export function keeperFor(filter: control.JobManifestGeneratorFilter, replicates: boolean): KeepVersion {
  const { EligibleForReplication: eligible, ObjectReplicationStatuses: statuses } = filter;
  const { MatchAnyStorageClass: classes, MatchAnyObjectEncryption: encryptions } = filter;
  return ({ version, isLatest }, bucket) => {
    if (version.isDeleteMarker || !(isLatest || replicates)) return false;
    if (!isInBounds(filter, version) || !hasName(filter.KeyNameConstraint, version.key)) return false;
    const storageClass = version.storageClass ?? "STANDARD";
    if (classes && !classes.some((each) => each === storageClass)) return false;
    if (encryptions && !encryptions.some((each) => isEncrypted(each, version))) return false;
    const status = version.replication ?? "NONE";
    if (statuses && !statuses.some((each) => each === status)) return false;
    const isEligible = bucket.replication !== undefined && rulesFor(bucket.replication, version).length > 0;
    return eligible === undefined || eligible === isEligible;
  };
}

function isInBounds(filter: control.JobManifestGeneratorFilter, version: ObjectVersion): boolean {
  const { CreatedAfter, CreatedBefore, ObjectSizeGreaterThanBytes, ObjectSizeLessThanBytes } = filter;
  const { modifiedAt, sizeBytes } = version;
  return (
    (CreatedAfter === undefined || modifiedAt > CreatedAfter) &&
    (CreatedBefore === undefined || modifiedAt < CreatedBefore) &&
    (ObjectSizeGreaterThanBytes === undefined || sizeBytes > ObjectSizeGreaterThanBytes) &&
    (ObjectSizeLessThanBytes === undefined || sizeBytes < ObjectSizeLessThanBytes)
  );
}

function hasName(constraint: control.KeyNameConstraint | undefined, key: string): boolean {
  const { MatchAnyPrefix, MatchAnySuffix, MatchAnySubstring } = constraint ?? {};
  return (
    (!MatchAnyPrefix || MatchAnyPrefix.some((text) => key.startsWith(text))) &&
    (!MatchAnySuffix || MatchAnySuffix.some((text) => key.endsWith(text))) &&
    (!MatchAnySubstring || MatchAnySubstring.some((text) => key.includes(text)))
  );
}

function isEncrypted(filter: control.ObjectEncryptionFilter, { encryption }: ObjectVersion): boolean {
  if (filter.NOTSSE) return false;
  if (filter.SSES3) return encryption === undefined;
  if (filter.SSEC) return encryption?.algorithm === "customer";
  if (!encryption || encryption.algorithm === "customer") return false;
  const { KmsKeyArn } = filter.SSEKMS ?? filter.DSSEKMS ?? {};
  const BucketKeyEnabled = filter.SSEKMS?.BucketKeyEnabled;
  return (
    encryption.algorithm === (filter.SSEKMS ? "aws:kms" : "aws:kms:dsse") &&
    (KmsKeyArn === undefined || KmsKeyArn === encryption.keyId) &&
    (BucketKeyEnabled === undefined || BucketKeyEnabled === encryption.usesBucketKey)
  );
}
