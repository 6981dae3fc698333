/** Who pays for requests to a bucket. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "./access.ts";
import { changeBucket, requireBucket } from "../buckets/table.ts";
import { malformedXml } from "../errors.ts";

export const PutBucketRequestPayment = operation(s3.PutBucketRequestPayment, {
  ...onBucket,
  run(input, ctx) {
    const { Payer } = input.RequestPaymentConfiguration;
    if (Payer !== "Requester" && Payer !== "BucketOwner") throw malformedXml();
    changeBucket(ctx, input.Bucket, { requestPayer: Payer });
  },
});

export const GetBucketRequestPayment = operation(s3.GetBucketRequestPayment, {
  ...onBucket,
  run: (input, ctx) => ({ Payer: requireBucket(ctx, input.Bucket).requestPayer ?? "BucketOwner" }),
});
