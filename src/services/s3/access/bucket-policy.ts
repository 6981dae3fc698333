/** The policy of a bucket. */

import * as s3 from "../../../generated/s3.ts";
import { withStatus } from "../../../kernel/answer-status.ts";
import { operation } from "../../../kernel/operation.ts";
import { shownPolicy } from "../../../kernel/policy-principals.ts";
import { onBucket } from "./access.ts";
import { noSuchBucketPolicy, publicAccessBlocked } from "./access-errors.ts";
import { bucketArn, changeBucket, requireBucket } from "../buckets/table.ts";
import { bucketPlace, requirePolicy } from "./policy-validation.ts";
import { blocks } from "./public-access-block.ts";
import { isPublicPolicy } from "./public-policy.ts";

/** @evidence S3 API Reference, PutBucketPolicy; S3 User Guide, "Blocking public access", BlockPublicPolicy */
export const PutBucketPolicy = operation(s3.PutBucketPolicy, {
  ...onBucket,
  run(input, ctx) {
    const { Bucket, Policy } = input;
    const bucket = requireBucket(ctx, Bucket);
    const policy = requirePolicy(Policy, bucketPlace(Bucket), ctx.kernel);
    if (isPublicPolicy(policy) && blocks(ctx.kernel, bucket, ctx.account, "BlockPublicPolicy")) {
      throw publicAccessBlocked({
        caller: ctx.caller,
        action: "s3:PutBucketPolicy",
        resource: bucketArn(Bucket),
        setting: "BlockPublicPolicy",
      });
    }
    changeBucket(ctx, Bucket, { policy });
    return withStatus({}, 204);
  },
});

/** The text as it was put, with the names that its principals have now. */
export const GetBucketPolicy = operation(s3.GetBucketPolicy, {
  ...onBucket,
  run(input, ctx) {
    const { policy } = requireBucket(ctx, input.Bucket);
    if (policy === undefined) throw noSuchBucketPolicy(input.Bucket);
    return { Policy: shownPolicy(ctx.kernel.identity, policy) };
  },
});

export const DeleteBucketPolicy = operation(s3.DeleteBucketPolicy, {
  ...onBucket,
  run(input, ctx) {
    changeBucket(ctx, input.Bucket, { policy: undefined });
  },
});

export const GetBucketPolicyStatus = operation(s3.GetBucketPolicyStatus, {
  ...onBucket,
  run(input, ctx) {
    const { policy } = requireBucket(ctx, input.Bucket);
    if (policy === undefined) throw noSuchBucketPolicy(input.Bucket);
    return { PolicyStatus: { IsPublic: isPublicPolicy(policy) } };
  },
});
