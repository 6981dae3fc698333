/** The access control list of an object. */

import { isDeepStrictEqual } from "node:util";
import * as s3 from "../../../generated/s3.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onObject, versionedAction } from "./access.ts";
import { requestedGrants, shownAcl, storedAcl, type AclSubject } from "./acl.ts";
import { requireBucket, type Bucket } from "../buckets/table.ts";
import { keyIsDeleted, markerHasNoContent, noSuchKey } from "../errors.ts";
import { changeMetadata } from "../objects/metadata-changes.ts";
import { requireGrantable } from "./object-access.ts";
import { objectAclPut } from "../events/object-events.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { ownershipOf } from "./ownership.ts";
import { canonicalId } from "./owners.ts";
import { requireReplicaList } from "../replication/put-replica.ts";
import { orReplicates, replicaChange } from "../replication/replicas.ts";
import { findLatest, requireVersion } from "../objects/version-table.ts";

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
  action: orReplicates(versionedAction("PutObjectAcl")),
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const version = requireObject(ctx, input, "PUT");
    if (replicaChange(input)) return putReplicaList(ctx, bucket, version, input);
    const { owner } = version;
    const subject: AclSubject = { kind: "object", owner, bucketOwner: ctx.account };
    const grants = requestedGrants(input, subject);
    requireGrantable(ctx, bucket, { grants, subject, key: input.Key, action: "s3:PutObjectAcl" });
    setList(ctx, bucket, version, { acl: storedAcl(grants, owner), input });
    return {};
  },
});

/** Where lists are disabled there is nothing to change, nor where the replica has another owner. */
function putReplicaList(
  ctx: Context,
  bucket: Bucket,
  version: ObjectVersion,
  input: s3.PutObjectAclRequest,
): s3.PutObjectAclOutput {
  const acl = replicaChange(input)?.acl;
  const { key, owner } = version;
  const isTheirs = acl === undefined || acl.Owner?.ID === canonicalId(owner);
  if (ownershipOf(bucket) === "BucketOwnerEnforced" || !isTheirs) return {};
  if (acl) requireReplicaList(ctx, bucket, { key, owner, acl });
  setList(ctx, bucket, version, { acl, input });
  return {};
}

interface NewList {
  readonly acl: ObjectVersion["acl"];
  readonly input: s3.PutObjectAclRequest;
}

/** @evidence S3 API Reference, Event, s3:ObjectAcl:Put: not for a request that results in no change */
function setList(ctx: Context, bucket: Bucket, version: ObjectVersion, { acl, input }: NewList): void {
  changeMetadata(ctx, { bucket, version, input }, "acl", acl);
  if (!isDeepStrictEqual(acl, version.acl)) objectAclPut(ctx, bucket, version);
}
