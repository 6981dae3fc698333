/** The access control list of an object. */

import * as s3 from "../../generated/s3.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { onObject, versionedAction } from "./access.ts";
import { requestedGrants, shownAcl, storedAcl, type AclSubject } from "./acl.ts";
import { requireBucket } from "./bucket-table.ts";
import { keyIsDeleted, markerHasNoContent, noSuchKey } from "./errors.ts";
import { requireGrantable } from "./object-access.ts";
import type { ObjectVersion } from "./object-version.ts";
import { changeVersion, findLatest, requireVersion } from "./version-table.ts";

interface NamesVersion {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

/** @throws NoSuchKey, NoSuchVersion, MethodNotAllowed */
function requireObject(
  ctx: ReadContext,
  { Bucket, Key, VersionId }: NamesVersion,
  method: string,
): ObjectVersion {
  const version =
    VersionId === undefined ? findLatest(ctx, Bucket, Key) : requireVersion(ctx, Bucket, Key, VersionId);
  if (!version) throw noSuchKey(Key);
  if (!version.isDeleteMarker) return version;
  throw VersionId === undefined
    ? keyIsDeleted(Key, version.versionId)
    : markerHasNoContent(method, VersionId, version.modifiedAt);
}

export const GetObjectAcl = operation(s3.GetObjectAcl, {
  ...onObject,
  action: versionedAction("GetObjectAcl"),
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    const { acl, owner } = requireObject(ctx, input, "GET");
    return shownAcl(acl, owner);
  },
});

/** @evidence S3 API Reference, PutObjectAcl */
export const PutObjectAcl = operation(s3.PutObjectAcl, {
  ...onObject,
  action: versionedAction("PutObjectAcl"),
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const version = requireObject(ctx, input, "PUT");
    const { owner } = version;
    const subject: AclSubject = { kind: "object", owner, bucketOwner: ctx.account };
    const grants = requestedGrants(input, subject);
    requireGrantable(ctx, bucket, { grants, subject, key: input.Key, action: "s3:PutObjectAcl" });
    changeVersion(ctx, version, { acl: storedAcl(grants, owner) } as Partial<ObjectVersion>);
  },
});
