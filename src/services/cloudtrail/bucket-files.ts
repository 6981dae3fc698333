/** Files of trails in their buckets, written by CloudTrail as itself: the bucket's policy decides. */

import * as s3 from "../../generated/s3.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { trailArn, type Trail } from "./trail-rows.ts";

export interface TrailFile {
  readonly key: string;
  /** Packed. */
  readonly body: Buffer;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Digests are under S3's key, whatever the trail's is. */
  readonly isDigest?: boolean;
  /** Only to see whether it would be taken. */
  readonly isCheck?: boolean;
}


/** @throws AwsError what S3 answers */
export async function putFile(ctx: BodyContext, trail: Trail, file: TrailFile): Promise<void> {
  const put = (region: string): Promise<unknown> => ctx.call(s3.PutObject, {
    Bucket: trail.bucket,
    Key: file.key,
    Body: file.body,
    ACL: "bucket-owner-full-control",
    ContentType: "application/json",
    ContentEncoding: "gzip",
    ...(file.metadata && { Metadata: { ...file.metadata } }),
    ...(file.isCheck && { IfMatch: `"none"` }),
    ...encryption(ctx, trail, file),
  }, { as: "service", account: ctx.account, sourceArn: trailArn(ctx, trail), region });
  try {
    await put(trail.homeRegion);
  } catch (cause) {
    const elsewhere = bucketRegionIn(cause);
    if (elsewhere === undefined) throw cause;
    await put(elsewhere);
  }
}

/** @evidence CloudTrail User Guide, "Configure AWS KMS key policies": `aws:cloudtrail:arn` */
function encryption(
  ctx: BodyContext, trail: Trail, { isDigest }: TrailFile,
): Pick<s3.PutObjectRequest, "ServerSideEncryption" | "SSEKMSKeyId" | "SSEKMSEncryptionContext"> {
  if (trail.kmsKeyArn === undefined || isDigest) return { ServerSideEncryption: "AES256" };
  const context = JSON.stringify({ "aws:cloudtrail:arn": trailArn(ctx, trail) });
  return {
    ServerSideEncryption: "aws:kms", SSEKMSKeyId: trail.kmsKeyArn,
    SSEKMSEncryptionContext: Buffer.from(context).toString("base64"),
  };
}

/** S3 says at which endpoint a bucket is that was asked for at another. */
function bucketRegionIn(cause: unknown): string | undefined {
  if (!(cause instanceof AwsError) || cause.code !== "PermanentRedirect") return undefined;
  return /\.s3\.([a-z0-9-]+)\.amazonaws\.com$/.exec(String(cause.members["Endpoint"]))?.[1];
}
