/** Rows that belong to a bucket and go with it. */

import type { Context } from "../../kernel/context.ts";
import { dropLines } from "./access-log.ts";
import { bucketArn } from "./bucket-table.ts";
import { dropConfigurations } from "./configurations.ts";
import { dropBucketKeys } from "./kms-keys.ts";
import { forgetPlan } from "./sweep-plans.ts";
import { dropTiering } from "./tiering-rules.ts";
import { removeUploadsOf } from "./upload-table.ts";

export function dropBucketRows(ctx: Context, bucket: string): void {
  ctx.tags(bucketArn(bucket)).clear();
  removeUploadsOf(ctx, bucket);
  dropConfigurations(ctx, bucket);
  dropLines(ctx, bucket);
  // Those that are left expire.
  dropBucketKeys(ctx, bucket);
  forgetPlan(ctx, bucket);
  dropTiering(ctx, bucket);
}
