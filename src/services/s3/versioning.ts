/** Whether a bucket keeps versions. */

import * as s3 from "../../generated/s3.ts";
import { operation } from "../../kernel/operation.ts";
import { onBucket } from "./access.ts";
import { changeBucket, requireBucket, type Bucket } from "./bucket-table.ts";
import { malformedXml } from "./errors.ts";
import type { ObjectVersion } from "./object-version.ts";

export const GetBucketVersioning = operation(s3.GetBucketVersioning, {
  ...onBucket,
  run(input, ctx) {
    const { versioning, mfaDelete } = requireBucket(ctx, input.Bucket);
    return { Status: versioning, MFADelete: mfaDelete };
  },
});

/** There is no way back to a bucket without versioning: it can only be suspended. */
export const PutBucketVersioning = operation(s3.PutBucketVersioning, {
  ...onBucket,
  run(input, ctx) {
    const { Status: versioning } = input.VersioningConfiguration;
    if (versioning !== "Enabled" && versioning !== "Suspended") throw malformedXml();
    changeBucket(ctx, input.Bucket, { versioning });
  },
});

/** Answers name a version only where the bucket has, or once had, versioning. */
export function shownVersionId(bucket: Bucket, version: ObjectVersion): string | undefined {
  return bucket.versioning === undefined ? undefined : version.versionId;
}
