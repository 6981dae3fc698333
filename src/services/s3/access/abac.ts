/** Whether the tags of a bucket decide over access to it. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "./access.ts";
import { changeBucket, requireBucket } from "../buckets/table.ts";
import { malformedXml } from "../errors.ts";

/** @evidence S3 User Guide, "Enabling ABAC in general purpose buckets": disabled unless it is enabled */
export const GetBucketAbac = operation(s3.GetBucketAbac, {
  ...onBucket,
  run(input, ctx) {
    return { AbacStatus: requireBucket(ctx, input.Bucket).abac ?? { Status: "Disabled" } };
  },
});

export const PutBucketAbac = operation(s3.PutBucketAbac, {
  ...onBucket,
  run(input, ctx) {
    const { Status } = input.AbacStatus;
    if (Status !== "Enabled" && Status !== "Disabled") throw malformedXml();
    changeBucket(ctx, input.Bucket, { abac: { Status } });
  },
});
