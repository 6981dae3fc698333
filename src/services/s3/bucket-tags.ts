/** Tags of a bucket. */

import type * as s3 from "../../generated/s3.ts";
import type { Context } from "../../kernel/context.ts";
import { bucketArn } from "./bucket-table.ts";
import { requireTags } from "./tagging-header.ts";

export function setBucketTags(ctx: Context, bucket: string, tags: readonly s3.Tag[]): void {
  if (tags.length > 0) ctx.tags(bucketArn(bucket)).set(requireTags(tags));
}
