/** Whether a bucket keeps versions. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { changeBucket, requireBucket, type Bucket } from "./table.ts";
import { malformedXml, mfaBesideLifecycle, versioningMissing } from "../errors.ts";
import { lockKeepsVersioning } from "../locks/errors.ts";
import { requireMfa } from "../locks/mfa.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { replicationKeepsVersioning } from "../replication/errors.ts";

export const GetBucketVersioning = operation(s3.GetBucketVersioning, {
  ...onBucket,
  run(input, ctx) {
    const { versioning, mfaDelete } = requireBucket(ctx, input.Bucket);
    return { Status: versioning, MFADelete: mfaDelete };
  },
});

/**
 * There is no way back to a bucket without versioning: it can only be suspended.
 *
 * @evidence S3 API Reference, PutBucketVersioning; S3 User Guide, "Configuring MFA delete": the header is
 *   needed to change versioning too, once deletes need it
 */
export const PutBucketVersioning = operation(s3.PutBucketVersioning, {
  ...onBucket,
  run(input, ctx) {
    const asked: Partial<s3.VersioningConfiguration> | undefined = input.VersioningConfiguration;
    const { Status: versioning, MFADelete } = asked ?? {};
    if (asked && versioning === undefined && MFADelete === undefined) throw versioningMissing();
    if (versioning !== "Enabled" && versioning !== "Suspended") throw malformedXml();
    if (MFADelete !== undefined && MFADelete !== "Enabled" && MFADelete !== "Disabled") throw malformedXml();
    const bucket = requireBucket(ctx, input.Bucket);
    if (versioning === "Suspended" && bucket.objectLock) throw lockKeepsVersioning();
    if (versioning === "Suspended" && bucket.replication) throw replicationKeepsVersioning();
    const mfaDelete = MFADelete ?? bucket.mfaDelete;
    if (bucket.mfaDelete === "Enabled" || mfaDelete === "Enabled") requireMfa(ctx, input.MFA);
    if (MFADelete === "Enabled" && bucket.lifecycle) throw mfaBesideLifecycle();
    changeBucket(ctx, input.Bucket, { versioning, mfaDelete });
  },
});

/** Answers name a version only where the bucket has, or once had, versioning. */
export function shownVersionId(bucket: Bucket, version: ObjectVersion): string | undefined {
  return bucket.versioning === undefined ? undefined : version.versionId;
}

/**
 * What answers the writing of a version names it only where it is one of many.
 *
 * @evidence recorded: PutObject into a suspended bucket; copies and uploads in parts are taken to be alike
 */
export function writtenVersionId(bucket: Bucket, version: ObjectVersion): string | undefined {
  return bucket.versioning === "Enabled" ? version.versionId : undefined;
}
