/** Who may read an object besides policies: its owner and its access control list. */

import type * as s3 from "../../../generated/s3.ts";
import type { BodyContext, ReadContext } from "../../../kernel/context.ts";
import { aclNotSupported, publicAccessBlocked } from "./access-errors.ts";
import {
  grantsInHeaders, isOwnersAlone, isPublicAcl, storedAcl, type AclInput, type AclSubject,
} from "./acl.ts";
import { objectArn, type Bucket } from "../buckets/table.ts";
import { describeLock } from "../locks/input.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { ownershipOf } from "./ownership.ts";
import { blocks } from "./public-access-block.ts";

export interface AccessInput extends AclInput {
  readonly Key: string;
  readonly Tagging?: string | undefined;
  readonly ObjectLockMode?: s3.ObjectLockMode | undefined;
  readonly ObjectLockRetainUntilDate?: number | undefined;
  readonly ObjectLockLegalHoldStatus?: s3.ObjectLockLegalHoldStatus | undefined;
}

/**
 * Writing an object takes more permissions the more is said of it. Of services that deliver with a list for
 * the bucket's owner no more is asked than `s3:PutObject`.
 *
 * @evidence S3 User Guide, "Granting permissions for Amazon S3 Inventory and Amazon S3 analytics": the policy
 */
export function requireWriteAccess(input: Omit<AccessInput, "Key">, ctx: ReadContext): readonly string[] {
  return [
    "s3:PutObject",
    ...(saysAcl(input) && ctx.caller.type !== "AWSService" ? ["s3:PutObjectAcl"] : []),
    ...(input.Tagging === undefined ? [] : ["s3:PutObjectTagging"]),
    ...(input.ObjectLockMode === undefined ? [] : ["s3:PutObjectRetention"]),
    ...(input.ObjectLockLegalHoldStatus === undefined ? [] : ["s3:PutObjectLegalHold"]),
  ];
}

function saysAcl(input: AclInput): boolean {
  return [input.ACL, input.GrantFullControl, input.GrantRead, input.GrantReadACP, input.GrantWriteACP].some(
    (value) => value !== undefined,
  );
}

/** Owner, access control list, retention and legal hold of a new object. */
export function describeAccess(
  ctx: BodyContext,
  bucket: Bucket,
  input: AccessInput,
): Pick<ObjectVersion, "owner" | "acl" | "retention" | "legalHold"> {
  const owner = ownerOfNew(ctx, bucket, input);
  const lock = describeLock(ctx, bucket, input);
  if (!saysAcl(input)) return { owner, ...lock };
  const subject: AclSubject = { kind: "object", owner, bucketOwner: ctx.account };
  const grants = grantsInHeaders(input, subject) ?? [];
  requireGrantable(ctx, bucket, { grants, subject, key: input.Key, action: "s3:PutObject" });
  const acl = storedAcl(grants, owner);
  return { owner, ...(acl && { acl }), ...lock };
}

/** @evidence S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket" */
function ownerOfNew(ctx: ReadContext, bucket: Bucket, { ACL }: AclInput): string {
  const ownership = ownershipOf(bucket);
  const isGivenAway = ownership === "BucketOwnerPreferred" && ACL === "bucket-owner-full-control";
  const isOwn = ownership === "BucketOwnerEnforced" || isGivenAway || ctx.caller.type === "AWSService";
  return isOwn ? ctx.account : ctx.caller.account;
}

export interface Granting {
  readonly grants: readonly s3.Grant[];
  readonly subject: AclSubject;
  readonly key: string;
  readonly action: string;
}

/**
 * Where lists are disabled only one that changes nothing is taken; where public ones are blocked none is.
 *
 * @throws AccessControlListNotSupported, AccessDenied
 */
export function requireGrantable(ctx: ReadContext, bucket: Bucket, granting: Granting): void {
  const { grants, subject, key, action } = granting;
  if (ownershipOf(bucket) === "BucketOwnerEnforced") {
    if (!isOwnersAlone(grants, subject)) throw aclNotSupported();
  } else if (isPublicAcl(grants) && blocks(ctx.kernel, bucket, ctx.account, "BlockPublicAcls")) {
    const resource = objectArn(bucket.name, key);
    throw publicAccessBlocked({ caller: ctx.caller, action, resource, setting: "BlockPublicAcls" });
  }
}
