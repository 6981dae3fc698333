/** Rows that belong to a bucket and go with it. */

import type { Context } from "../../kernel/context.ts";
import { bucketArn } from "./bucket-table.ts";
import { dropBucketKeys } from "./kms-keys.ts";
import { removeUploadsOf } from "./upload-table.ts";

export function dropBucketRows(ctx: Context, bucket: string): void {
  ctx.tags(bucketArn(bucket)).clear();
  removeUploadsOf(ctx, bucket);
  // Those that are left expire.
  dropBucketKeys(ctx, bucket);
}
