/** Who may read an object besides policies: its owner and its access control list. */

import type * as s3 from "../../generated/s3.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import type { Bucket } from "./bucket-table.ts";
import { describeLock } from "./lock-input.ts";
import type { ObjectVersion } from "./object-version.ts";

export interface AccessInput {
  readonly ACL?: s3.ObjectCannedACL | undefined;
  readonly Tagging?: string | undefined;
  readonly ObjectLockMode?: s3.ObjectLockMode | undefined;
  readonly ObjectLockRetainUntilDate?: number | undefined;
  readonly ObjectLockLegalHoldStatus?: s3.ObjectLockLegalHoldStatus | undefined;
}

/** Writing an object takes more permissions the more is said of it. */
export function requireWriteAccess(input: AccessInput, _ctx: ReadContext): readonly string[] {
  return [
    "s3:PutObject",
    ...(input.ACL === undefined ? [] : ["s3:PutObjectAcl"]),
    ...(input.Tagging === undefined ? [] : ["s3:PutObjectTagging"]),
    ...(input.ObjectLockMode === undefined ? [] : ["s3:PutObjectRetention"]),
    ...(input.ObjectLockLegalHoldStatus === undefined ? [] : ["s3:PutObjectLegalHold"]),
  ];
}

/** Owner, access control list, retention and legal hold of a new object. */
export function describeAccess(
  ctx: BodyContext,
  bucket: Bucket,
  input: AccessInput,
): Pick<ObjectVersion, "owner" | "acl" | "retention" | "legalHold"> {
  return { owner: ctx.account, ...describeLock(ctx, bucket, input) };
}
