/** What an export writes to its bucket, as the bucket's policy lets the service of logs. */

import { Readable } from "node:stream";
import * as s3 from "../../generated/s3.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { invalidParameter } from "./errors.ts";
import { groupArn } from "./group-table.ts";

export interface Place {
  readonly group: string;
  readonly bucket: string;
  readonly prefix: string;
}

/** @evidence CloudWatch Logs User Guide, "Export log data to Amazon S3", the bucket policy */
function asLogs(ctx: BodyContext, { group }: Place): CallOptions {
  return {
    as: "service", principal: `logs.${ctx.region}.amazonaws.com`, sourceArn: `${groupArn(ctx, group)}:*`,
    account: ctx.account,
  };
}

/** The policies that the guide has for buckets ask for this ACL. */
export async function writeObject(
  ctx: BodyContext, place: Place, name: string, body: Buffer | Readable,
): Promise<void> {
  const Key = place.prefix === "" ? name : `${place.prefix}/${name}`;
  const object = { Bucket: place.bucket, Key, Body: body, ACL: "bucket-owner-full-control" } as const;
  await ctx.call(s3.PutObject, object, asLogs(ctx, place));
}

/** @evidence recorded (reports): the three sentences, and the object that is left behind */
export async function requireBucket(ctx: BodyContext, place: Place): Promise<void> {
  await orRefuse("GetBucketAcl", () =>
    ctx.call(s3.GetBucketAcl, { Bucket: place.bucket }, asLogs(ctx, place)));
  await orRefuse("PutObject", () =>
    writeObject(ctx, place, "aws-logs-write-test", Buffer.from("Permission Check Successful")));
}

async function orRefuse(call: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    if (error.code === "NoSuchBucket" || error.code === "PermanentRedirect") {
      throw invalidParameter("The given bucket does not exist. Please provide a valid bucket.");
    }
    throw invalidParameter(
      `${call} call on the given bucket failed. Please check if CloudWatch Logs has been granted ` +
        "permission to perform this operation.",
    );
  }
}
