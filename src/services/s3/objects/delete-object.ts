/** Deleting objects and versions. */

import * as s3 from "../../../generated/s3.ts";
import { AwsError } from "../../../kernel/errors.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket, onObject, versionedAction } from "../access/access.ts";
import { throughAccessPoint, type ThroughAccessPoint } from "../access/access-points.ts";
import { noBody } from "../bodies/table.ts";
import { objectArn, requireBucket, type Bucket } from "../buckets/table.ts";
import { objectConditions } from "../access/conditions.ts";
import { malformedXml, noSuchVersion } from "../errors.ts";
import { objectRemoved } from "../events/object-events.ts";
import type { ObjectVersion } from "./version.ts";
import { requireKey } from "./input.ts";
import { requireBypassApplicable, requireDeletable } from "../locks/protection.ts";
import { replicaFacts, type ReplicaFacts } from "../replication/replicas.ts";
import { supersedeUploads } from "../uploads/table.ts";
import { isVersionId } from "./version-ids.ts";
import { findCurrent, findVersion, newPlace, putVersion, removeVersion } from "./version-table.ts";

export const DeleteObject = operation(s3.DeleteObject, {
  ...onObject,
  action: (input, ctx) =>
    replicaFacts(input) ? "s3:ReplicateDelete" : versionedAction("DeleteObject")(input, ctx),
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const replica = replicaFacts(input);
    if (replica) {
      return putMarker(ctx, bucket, { ...deleteMarker(ctx, bucket, input.Key), ...placeOf(replica) });
    }
    requireBypassApplicable(bucket, input);
    return deleteOne(ctx, bucket, input);
  },
});

export type Deletion = Pick<
  s3.DeleteObjectRequest,
  | "Key" | "VersionId" | "MFA" | "BypassGovernanceRetention"
  | "IfMatch" | "IfMatchLastModifiedTime" | "IfMatchSize"
>;

/**
 * Without a version, a bucket that keeps versions gets a delete marker, and one that does not loses the
 * object. Deleting what is not there succeeds.
 *
 * @evidence S3 User Guide, "Deleting object versions from a versioning-enabled bucket"
 */
export function deleteOne(ctx: Context, bucket: Bucket, deletion: Deletion): s3.DeleteObjectOutput {
  const { Key, VersionId } = deletion;
  requireKey(Key);
  if (VersionId !== undefined) {
    const version = findVersion(ctx, bucket.name, Key, VersionId);
    if (version) {
      requireDeletable(ctx, bucket, version, deletion);
      removeVersion(ctx, version);
    }
    objectRemoved(ctx, bucket, { key: Key, versionId: VersionId, version, kind: "Delete" });
    return { VersionId, DeleteMarker: version?.isDeleteMarker };
  }
  const current = findCurrent(ctx, bucket.name, Key);
  requireDeletable(ctx, bucket, current, deletion);
  if (bucket.versioning === undefined) {
    if (current) removeVersion(ctx, current);
    supersedeUploads(ctx, bucket.name, Key);
    objectRemoved(ctx, bucket, { key: Key, versionId: undefined, version: current, kind: "Delete" });
    return {};
  }
  return putMarker(ctx, bucket, deleteMarker(ctx, bucket, Key));
}

function putMarker(ctx: Context, bucket: Bucket, marker: ObjectVersion): s3.DeleteObjectOutput {
  const { key, versionId } = marker;
  const isThere = marker.replication && findVersion(ctx, bucket.name, key, versionId);
  if (isThere) return { VersionId: versionId, DeleteMarker: true };
  putVersion(ctx, marker);
  objectRemoved(ctx, bucket, { key, versionId, version: marker, kind: "DeleteMarkerCreated" });
  return { VersionId: versionId, DeleteMarker: true };
}

function placeOf({ versionId, order, modifiedAt }: ReplicaFacts): Partial<ObjectVersion> {
  return { versionId, order, modifiedAt, replication: "REPLICA" };
}

export function deleteMarker(ctx: Context, bucket: Bucket, key: string): ObjectVersion {
  return {
    bucket: bucket.name, key, ...newPlace(ctx, bucket), isDeleteMarker: true, modifiedAt: ctx.clock.now(),
    owner: ctx.account, sizeBytes: 0, etag: "", bodyId: noBody,
  };
}

const keysMax = 1000;

/**
 * Each object is decided for itself, and what could not be deleted is said in the answer.
 *
 * @evidence S3 API Reference, DeleteObjects: at most 1000 keys, `Quiet` leaves successes out; recorded: what
 *   cannot be a version id is not there, while DeleteObject calls it invalid
 */
export const DeleteObjects = operation(s3.DeleteObjects, {
  ...onBucket,
  resource(input, ctx) {
    onBucket.resource(input, ctx);
    return [];
  },
  dataEvent: true,
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const { Objects, Quiet } = input.Delete;
    if (Objects.length === 0 || Objects.length > keysMax) throw malformedXml();
    const Deleted: s3.DeletedObject[] = [];
    const Errors: s3.ErrorShape[] = [];
    for (const { Key, VersionId, ETag, LastModifiedTime, Size } of Objects) {
      const deletion: Deletion = {
        Key, VersionId, MFA: input.MFA, BypassGovernanceRetention: input.BypassGovernanceRetention,
        IfMatch: ETag, IfMatchLastModifiedTime: LastModifiedTime, IfMatchSize: Size,
      };
      const denial = refusalOf(() => authorizeOne(ctx, input, deletion));
      if (!denial) requireBypassApplicable(bucket, input);
      const refusal = denial ?? refusalOf(() => {
        if (VersionId !== undefined && !isVersionId(VersionId)) throw noSuchVersion(Key, VersionId);
        const done = deleteOne(ctx, bucket, deletion);
        if (!Quiet) Deleted.push(deleted(deletion, done));
      });
      if (refusal) Errors.push({ Key, VersionId, Code: refusal.code, Message: refusal.message });
    }
    return { Deleted, Errors };
  },
});

function refusalOf(work: () => void): AwsError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}

/** As a request for the one object would be. */
function authorizeOne(ctx: Context, input: s3.DeleteObjectsRequest, deletion: Deletion): void {
  const { Key, VersionId, IfMatch } = deletion;
  const { Delete: _all, ...request } = input;
  const one: typeof request & Deletion & ThroughAccessPoint = { ...request, Key, VersionId, IfMatch };
  const action = VersionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion";
  const resources = throughAccessPoint(one, Key, objectArn(input.Bucket, Key));
  for (const resource of typeof resources === "string" ? [resources] : resources) {
    ctx.authorize({ action, resource, conditions: objectConditions(one, ctx) });
  }
}

function deleted({ Key, VersionId }: Deletion, done: s3.DeleteObjectOutput): s3.DeletedObject {
  if (!done.DeleteMarker) return { Key, VersionId };
  return { Key, VersionId, DeleteMarker: true, DeleteMarkerVersionId: done.VersionId };
}
