/** Who may reach a bucket besides policies: ownership, access control list, public access block. */

import type * as s3 from "../../generated/s3.ts";
import type { BodyContext } from "../../kernel/context.ts";
import type { Bucket } from "./bucket-table.ts";

/** @evidence S3 User Guide, "Default settings for new buckets" since April 2023 */
const blockAll: s3.PublicAccessBlockConfiguration = {
  BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true,
};

export function describeBucketAccess(
  _ctx: BodyContext,
  input: s3.CreateBucketRequest,
): Pick<Bucket, "ownership" | "acl" | "publicAccessBlock"> {
  return { ownership: input.ObjectOwnership ?? "BucketOwnerEnforced", publicAccessBlock: blockAll };
}
