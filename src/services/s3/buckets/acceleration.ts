/** Transfer acceleration: whether a bucket is to be had at the accelerate endpoints. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { changeBucket, requireBucket } from "./table.ts";
import { accelerationWithoutPeriods } from "./endpoint-errors.ts";
import { malformedXml } from "../errors.ts";

/** Once it was set, acceleration is suspended, and never unset. */
export const PutBucketAccelerateConfiguration = operation(s3.PutBucketAccelerateConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const { Status: acceleration } = input.AccelerateConfiguration;
    if (acceleration !== "Enabled" && acceleration !== "Suspended") throw malformedXml();
    if (input.Bucket.includes(".")) throw accelerationWithoutPeriods();
    changeBucket(ctx, input.Bucket, { acceleration });
  },
});

export const GetBucketAccelerateConfiguration = operation(s3.GetBucketAccelerateConfiguration, {
  ...onBucket,
  run(input, ctx) {
    return { Status: requireBucket(ctx, input.Bucket).acceleration };
  },
});
