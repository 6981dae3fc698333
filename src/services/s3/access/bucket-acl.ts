/** The access control list of a bucket. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "./access.ts";
import { aclNotSupported, publicAccessBlocked } from "./access-errors.ts";
import { isPublicAcl, requestedGrants, shownAcl, storedAcl } from "./acl.ts";
import { bucketArn, changeBucket, requireBucket } from "../buckets/table.ts";
import { ownershipOf } from "./ownership.ts";
import { blocks } from "./public-access-block.ts";

export const GetBucketAcl = operation(s3.GetBucketAcl, {
  ...onBucket,
  run: (input, ctx) => shownAcl(requireBucket(ctx, input.Bucket).acl, ctx.account),
});

/** @evidence S3 API Reference, PutBucketAcl */
export const PutBucketAcl = operation(s3.PutBucketAcl, {
  ...onBucket,
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const subject = { kind: "bucket", owner: ctx.account, bucketOwner: ctx.account } as const;
    if (ownershipOf(bucket) === "BucketOwnerEnforced") throw aclNotSupported();
    const grants = requestedGrants(input, subject);
    if (isPublicAcl(grants) && blocks(ctx.kernel, bucket, ctx.account, "BlockPublicAcls")) {
      throw publicAccessBlocked({
        caller: ctx.caller,
        action: "s3:PutBucketAcl",
        resource: bucketArn(input.Bucket),
        setting: "BlockPublicAcls",
      });
    }
    changeBucket(ctx, input.Bucket, { acl: storedAcl(grants, ctx.account) });
  },
});
