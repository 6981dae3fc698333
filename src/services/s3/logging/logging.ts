/** Server access logs: where a bucket's are delivered to. */

import * as s3 from "../../../generated/s3.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { aclNotSupported } from "../access/access-errors.ts";
import { logDelivery } from "../access/acl.ts";
import {
  bucketArn, changeBucket, findBucketName, objectArn, requireBucket, type Bucket,
} from "../buckets/table.ts";
import { malformedXml } from "../errors.ts";
import { crossLocationLogging, invalidLogTarget } from "./logging-errors.ts";
import { ownershipOf } from "../access/ownership.ts";

/** @evidence S3 API Reference, LoggingEnabled, TargetPrefix: within what a key may be */
const prefixBytesMax = 800;

/** A status without `LoggingEnabled` turns logging off. */
export const PutBucketLogging = operation(s3.PutBucketLogging, {
  ...onBucket,
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    const { LoggingEnabled: logging } = input.BucketLoggingStatus;
    if (logging) requireTarget(logging, input.Bucket, ctx);
    changeBucket(ctx, input.Bucket, { logging });
  },
});

export const GetBucketLogging = operation(s3.GetBucketLogging, {
  ...onBucket,
  run(input, ctx) {
    const { logging } = requireBucket(ctx, input.Bucket);
    return { LoggingEnabled: logging };
  },
});

/**
 * Where lists of the target count, the log delivery group must be on them, or a policy let the service in;
 * where they do not, the policy may also come later: until then nothing is delivered.
 *
 * @throws MalformedXML, InvalidTargetBucketForLogging, CrossLocationLoggingProhibitted
 * @evidence S3 User Guide, "Permissions for log delivery"
 */
function requireTarget(logging: s3.LoggingEnabled, source: string, ctx: Context): void {
  const { TargetBucket, TargetPrefix, TargetGrants, TargetObjectKeyFormat: format } = logging;
  if (Buffer.byteLength(TargetPrefix) > prefixBytesMax) throw malformedXml();
  if (format && (format.SimplePrefix === undefined) === (format.PartitionedPrefix === undefined)) {
    throw malformedXml();
  }
  const found = findBucketName(ctx.kernel, TargetBucket);
  if (!found) throw invalidLogTarget("The target bucket for logging does not exist", TargetBucket);
  if (found.account !== ctx.account) {
    const message = "The owner for the bucket to be logged and the target bucket must be the same.";
    throw invalidLogTarget(message, TargetBucket);
  }
  if (found.region !== ctx.region) throw crossLocationLogging(ctx.region, found.region);
  const target = requireBucket(ctx, TargetBucket);
  if (ownershipOf(target) === "BucketOwnerEnforced") {
    if (TargetGrants && TargetGrants.length > 0) throw aclNotSupported();
  } else if (!mayDeliver(target, source, TargetPrefix, ctx)) {
    throw invalidLogTarget(
      "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket",
      TargetBucket,
    );
  }
}

/** Whether logs of a bucket may be put under a key of another. */
export function mayDeliver(
  target: Bucket,
  source: string,
  key: string,
  ctx: ReadContext & Pick<Context, "isAllowed">,
): boolean {
  const listed = ownershipOf(target) === "BucketOwnerEnforced" ? [] : (target.acl?.Grants ?? []);
  const given = new Set(
    listed.filter(({ Grantee }) => Grantee?.URI === logDelivery).map(({ Permission }) => Permission),
  );
  if (given.has("FULL_CONTROL") || (given.has("WRITE") && given.has("READ_ACP"))) return true;
  return ctx.isAllowed({
    action: "s3:PutObject",
    resource: objectArn(target.name, key),
    conditions: { "aws:sourceaccount": ctx.account },
    service: { principal: "logging.s3.amazonaws.com", sourceArn: bucketArn(source) },
  });
}
