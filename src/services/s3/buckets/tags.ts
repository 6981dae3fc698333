/** Tags of a bucket, as the Resource Groups Tagging API finds them too. */

import * as control from "../../../generated/s3-control.ts";
import * as s3 from "../../../generated/s3.ts";
import { withStatus } from "../../../kernel/answer-status.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import type { Tagging } from "../../../kernel/service.ts";
import { onBucket } from "../access/access.ts";
import { bucketArn, requireBucket } from "./table.ts";
import { malformedXml, noSuchTagSet } from "../errors.ts";
import { requireBucketTags } from "../objects/tagging-header.ts";

/** In place of what was there. */
export function setBucketTags(ctx: Context, bucket: string, tags: readonly s3.Tag[]): void {
  const checked = requireBucketTags(tags);
  const set = ctx.tags(bucketArn(bucket));
  set.clear();
  set.set(checked);
}

/** Of a bucket that is to be made with tags, which are not where other operations have them. */
export function newTagConditions(
  tags: readonly s3.Tag[] | undefined,
): Record<string, string | readonly string[] | undefined> {
  const conditions: Record<string, string | readonly string[] | undefined> = {
    "aws:tagkeys": tags?.map(({ Key }) => Key),
  };
  for (const { Key, Value } of tags ?? []) conditions[`aws:requesttag/${Key.toLowerCase()}`] = Value;
  return conditions;
}

export const PutBucketTagging = operation(s3.PutBucketTagging, {
  ...onBucket,
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    setBucketTags(ctx, input.Bucket, requireTagSet(input.Tagging));
    return withStatus({}, 204);
  },
});

export function requireTagSet(tagging: Partial<s3.Tagging> | undefined): readonly s3.Tag[] {
  if (!tagging?.TagSet) throw malformedXml();
  return tagging.TagSet;
}

export const GetBucketTagging = operation(s3.GetBucketTagging, {
  ...onBucket,
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    const TagSet = ctx.tags(bucketArn(input.Bucket)).list();
    if (TagSet.length === 0) throw noSuchTagSet(input.Bucket);
    return { TagSet };
  },
});

export const DeleteBucketTagging = operation(s3.DeleteBucketTagging, {
  ...onBucket,
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    ctx.tags(bucketArn(input.Bucket)).clear();
  },
});

const bucketForm = /^arn:aws[a-z-]*:s3:::[^/]+$/;

/** S3's own calls replace all tags of a bucket; those of S3 Control add to them. */
export const tagging: Tagging = {
  tag(ResourceArn, tags, AccountId) {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return bucketForm.test(ResourceArn) ? [control.TagResource, { AccountId, ResourceArn, Tags }] : undefined;
  },
  untag(ResourceArn, TagKeys, AccountId) {
    return bucketForm.test(ResourceArn)
      ? [control.UntagResource, { AccountId, ResourceArn, TagKeys: [...TagKeys] }]
      : undefined;
  },
};
