/** The lifecycle configuration of a bucket. */

import * as s3 from "../../../generated/s3.ts";
import type { Ids } from "../../../kernel/ids.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { changeBucket, requireBucket } from "../buckets/table.ts";
import { midnightAfter } from "./days.ts";
import { lifecycleBesideMfa, noSuchLifecycle, unknownMinimumSize } from "./errors.ts";
import { requireRules } from "./rules.ts";
import { planSweep } from "./sweep-plans.ts";

const minimumSizes: ReadonlySet<string> = new Set<s3.TransitionDefaultMinimumObjectSize>([
  "all_storage_classes_128K", "varies_by_storage_class",
]);
const usualMinimumSize = "all_storage_classes_128K";

/**
 * In place of the configuration that was there. It is for objects that are there too: what is due by it is
 * done at the next midnight.
 *
 * @evidence S3 API Reference, PutBucketLifecycleConfiguration; recorded: what is answered of the least size
 */
export const PutBucketLifecycleConfiguration = operation(s3.PutBucketLifecycleConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const size: string = input.TransitionDefaultMinimumObjectSize ?? usualMinimumSize;
    if (!minimumSizes.has(size)) throw unknownMinimumSize(size);
    const rules = input.LifecycleConfiguration?.Rules;
    requireRules(rules);
    if (bucket.mfaDelete === "Enabled") throw lifecycleBesideMfa();
    const Rules = (rules ?? []).map((rule) => ({ ...rule, ID: rule.ID ? rule.ID : ruleId(ctx.ids) }));
    changeBucket(ctx, input.Bucket, { lifecycle: { Rules, transitionDefault: size } });
    planSweep(ctx, input.Bucket, midnightAfter(ctx.clock.now()));
    return { TransitionDefaultMinimumObjectSize: size as s3.TransitionDefaultMinimumObjectSize };
  },
});

/** @evidence ids of rules that S3 named, quoted in issues: Base64 of a UUID's text */
function ruleId(ids: Ids): string {
  return Buffer.from(ids.uuid()).toString("base64");
}

export const GetBucketLifecycleConfiguration = operation(s3.GetBucketLifecycleConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const { lifecycle } = requireBucket(ctx, input.Bucket);
    if (!lifecycle) throw noSuchLifecycle(input.Bucket);
    const size = (lifecycle.transitionDefault ?? usualMinimumSize) as s3.TransitionDefaultMinimumObjectSize;
    return { Rules: lifecycle.Rules, TransitionDefaultMinimumObjectSize: size };
  },
});

export const DeleteBucketLifecycle = operation(s3.DeleteBucketLifecycle, {
  ...onBucket,
  run(input, ctx) {
    changeBucket(ctx, input.Bucket, { lifecycle: undefined });
  },
});
