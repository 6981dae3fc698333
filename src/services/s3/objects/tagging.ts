/** Tags of an object, or of one of its versions. */

import * as s3 from "../../../generated/s3.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onObject, versionedAction } from "../access/access.ts";
import { objectArn, requireBucket } from "../buckets/table.ts";
import { requireTagSet } from "../buckets/tags.ts";
import { accessDenied, noSuchKey } from "../errors.ts";
import { changeMetadata } from "./metadata-changes.ts";
import { requireObject } from "./named-version.ts";
import { objectTagged } from "../events/object-events.ts";
import { requireObjectTags } from "./tagging-header.ts";
import { orReplicates, replicaChange } from "../replication/replicas.ts";
import { findLatest } from "./version-table.ts";
import { shownVersionId } from "../buckets/versioning.ts";

/** In place of the tags that were there. @evidence S3 API Reference, PutObjectTagging */
export const PutObjectTagging = operation(s3.PutObjectTagging, {
  ...onObject,
  action: orReplicates(versionedAction("PutObjectTagging")),
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const version = requireObject(ctx, input, "PUT");
    const tags = requireObjectTags(requireTagSet(input.Tagging));
    requireTagsWanted(ctx, input);
    const kept = Object.keys(tags).length > 0 ? tags : undefined;
    changeMetadata(ctx, { bucket, version, input }, "tags", kept);
    objectTagged(ctx, bucket, { ...version, tags }, "Put");
    return { VersionId: shownVersionId(bucket, version) };
  },
});

export const GetObjectTagging = operation(s3.GetObjectTagging, {
  ...onObject,
  action: versionedAction("GetObjectTagging"),
  run(input, ctx) {
    const { Bucket, Key, VersionId } = input;
    const bucket = requireBucket(ctx, Bucket);
    // @evidence recorded: here alone the error names the bucket with the key
    if (VersionId === undefined && !findLatest(ctx, Bucket, Key)) throw noSuchKey(`${Bucket}/${Key}`);
    const version = requireObject(ctx, input, "GET");
    const TagSet = Object.entries(version.tags ?? {}).map(([key, Value]) => ({ Key: key, Value }));
    return { VersionId: shownVersionId(bucket, version), TagSet };
  },
});

export const DeleteObjectTagging = operation(s3.DeleteObjectTagging, {
  ...onObject,
  action: orReplicates(versionedAction("DeleteObjectTagging")),
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const version = requireObject(ctx, input, "DELETE");
    requireTagsWanted(ctx, input);
    if (version.tags) changeMetadata(ctx, { bucket, version, input }, "tags", undefined);
    objectTagged(ctx, bucket, version, "Delete");
    return { VersionId: shownVersionId(bucket, version) };
  },
});

/**
 * Replicas come without tags where their bucket denies them.
 *
 * @throws AccessDenied
 */
function requireTagsWanted(ctx: Context, input: { readonly Bucket: string; readonly Key: string }): void {
  const resource = objectArn(input.Bucket, input.Key);
  if (replicaChange(input) && ctx.isForbidden({ action: "s3:ReplicateTags", resource })) throw accessDenied();
}
