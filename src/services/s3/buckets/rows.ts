/** Rows that belong to a bucket and go with it. */

import type { Context } from "../../../kernel/context.ts";
import { dropLines } from "../logging/access-log.ts";
import { bucketArn } from "./table.ts";
import { dropConfigurations } from "../reports/configurations.ts";
import { dropBucketKeys } from "../encryption/kms-keys.ts";
import { forgetPlan } from "../lifecycle/sweep-plans.ts";
import { dropTiering } from "../lifecycle/tiering-rules.ts";
import { removeUploadsOf } from "../uploads/table.ts";

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
