/** Who owns what is written to a bucket, and whether access control lists count in it. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "./access.ts";
import { aclWithOwnership, noOwnershipControls } from "./access-errors.ts";
import { isOwnersAlone } from "./acl.ts";
import { changeBucket, requireBucket, type Bucket } from "../buckets/table.ts";
import { malformedXml } from "../errors.ts";

/** A bucket without controls is as buckets were before there were any: who writes an object owns it. */
export function ownershipOf({ ownership }: Bucket): s3.ObjectOwnership {
  return ownership ?? "ObjectWriter";
}

const choices: ReadonlySet<string> = new Set<s3.ObjectOwnership>([
  "BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced",
]);

export function isOwnership(text: string): boolean {
  return choices.has(text);
}

export const PutBucketOwnershipControls = operation(s3.PutBucketOwnershipControls, {
  ...onBucket,
  run(input, ctx) {
    const { Rules } = input.OwnershipControls;
    const [rule] = Rules;
    if (!rule || Rules.length > 1 || !isOwnership(rule.ObjectOwnership)) throw malformedXml();
    const { acl } = requireBucket(ctx, input.Bucket);
    const subject = { kind: "bucket", owner: ctx.account, bucketOwner: ctx.account } as const;
    if (rule.ObjectOwnership === "BucketOwnerEnforced" && acl && !isOwnersAlone(acl.Grants ?? [], subject)) {
      throw aclWithOwnership();
    }
    changeBucket(ctx, input.Bucket, { ownership: rule.ObjectOwnership });
  },
});

export const GetBucketOwnershipControls = operation(s3.GetBucketOwnershipControls, {
  ...onBucket,
  run(input, ctx) {
    const { ownership } = requireBucket(ctx, input.Bucket);
    if (ownership === undefined) throw noOwnershipControls(input.Bucket);
    return { OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] } };
  },
});

export const DeleteBucketOwnershipControls = operation(s3.DeleteBucketOwnershipControls, {
  ...onBucket,
  run(input, ctx) {
    changeBucket(ctx, input.Bucket, { ownership: undefined });
  },
});
