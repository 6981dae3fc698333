/** Who may reach a bucket besides policies: ownership, access control list, public access block. */

import type * as s3 from "../../../generated/s3.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import { aclWithOwnership, publicAclBlocked, unknownOwnership } from "./access-errors.ts";
import { grantsInHeaders, isOwnersAlone, storedAcl } from "./acl.ts";
import type { Bucket } from "../buckets/table.ts";
import { isOwnership } from "./ownership.ts";
import { isPublicAcl } from "./acl.ts";

/** @evidence S3 User Guide, "Default settings for new buckets" since April 2023 */
const blockAll: s3.PublicAccessBlockConfiguration = {
  BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true,
};

/**
 * A new bucket takes a list only with another ownership than the default, and a public one never: it blocks
 * public access from the start.
 *
 * @throws InvalidArgument, InvalidBucketAclWithObjectOwnership, InvalidBucketAclWithBlockPublicAccessError
 */
export function describeBucketAccess(
  ctx: BodyContext,
  input: s3.CreateBucketRequest,
): Pick<Bucket, "ownership" | "acl" | "publicAccessBlock"> {
  const ownership = input.ObjectOwnership ?? "BucketOwnerEnforced";
  if (!isOwnership(ownership)) throw unknownOwnership(ownership);
  const subject = { kind: "bucket", owner: ctx.account, bucketOwner: ctx.account } as const;
  const grants = grantsInHeaders(input, subject);
  if (grants && ownership === "BucketOwnerEnforced" && !isOwnersAlone(grants, subject)) {
    throw aclWithOwnership();
  }
  if (grants && isPublicAcl(grants)) throw publicAclBlocked();
  const acl = storedAcl(grants, ctx.account);
  return { ownership, publicAccessBlock: blockAll, ...(acl && { acl }) };
}

/** Who makes a bucket and says who has what of it needs more than the permission to make it. */
export function createBucketActions(input: s3.CreateBucketRequest): readonly string[] {
  const saysAcl = [
    input.ACL, input.GrantFullControl, input.GrantRead, input.GrantReadACP, input.GrantWrite,
    input.GrantWriteACP,
  ].some((value) => value !== undefined);
  return [
    "s3:CreateBucket",
    ...(saysAcl ? ["s3:PutBucketAcl"] : []),
    ...(input.ObjectOwnership === undefined ? [] : ["s3:PutBucketOwnershipControls"]),
    ...(input.ObjectLockEnabledForBucket
      ? ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"]
      : []),
    ...(input.CreateBucketConfiguration?.Tags?.length ? ["s3:TagResource"] : []),
  ];
}
