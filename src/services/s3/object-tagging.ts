/** Tags of an object, or of one of its versions. */

import * as s3 from "../../generated/s3.ts";
import { operation } from "../../kernel/operation.ts";
import { onObject, versionedAction } from "./access.ts";
import { requireBucket } from "./bucket-table.ts";
import { requireTagSet } from "./bucket-tags.ts";
import { noSuchKey } from "./errors.ts";
import { requireObject } from "./named-version.ts";
import { objectTagged } from "./object-events.ts";
import { requireObjectTags } from "./tagging-header.ts";
import { changeVersion, findLatest } from "./version-table.ts";
import { shownVersionId } from "./versioning.ts";

/** In place of the tags that were there. @evidence S3 API Reference, PutObjectTagging */
export const PutObjectTagging = operation(s3.PutObjectTagging, {
  ...onObject,
  action: versionedAction("PutObjectTagging"),
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const version = requireObject(ctx, input, "PUT");
    const tags = requireObjectTags(requireTagSet(input.Tagging));
    changeVersion(ctx, version, { tags: Object.keys(tags).length > 0 ? tags : undefined });
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
  action: versionedAction("DeleteObjectTagging"),
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const version = requireObject(ctx, input, "DELETE");
    if (version.tags) changeVersion(ctx, version, { tags: undefined });
    objectTagged(ctx, bucket, version, "Delete");
    return { VersionId: shownVersionId(bucket, version) };
  },
});
