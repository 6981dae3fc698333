/** Putting reports on a bucket into another one. */

import type { Readable } from "node:stream";
import type * as s3 from "../../../generated/s3.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import { bucketArn, type Bucket } from "../buckets/table.ts";
import { PutObject } from "../objects/put-object.ts";
import { destinationName } from "../replication/rules.ts";

export interface ReportDestination {
  /** Its ARN. */
  readonly Bucket: string;
  readonly AccountId?: string | undefined;
  readonly Encryption?: s3.InventoryEncryption | undefined;
}

/** As S3 itself, so that the destination's policy decides. @throws AccessDenied and what else S3 refuses */
export function putReport(
  ctx: BodyContext,
  about: Bucket,
  { Bucket, AccountId, Encryption }: ReportDestination,
  Key: string,
  Body: Buffer | Readable,
): Promise<unknown> {
  const input: s3.PutObjectRequest = {
    Bucket: destinationName(Bucket), Key,
    Body: Body as Readable,
    ACL: "bucket-owner-full-control",
    ...(AccountId !== undefined && { ExpectedBucketOwner: AccountId }),
    ...(Encryption?.SSES3 && { ServerSideEncryption: "AES256" as const }),
    ...(Encryption?.SSEKMS && {
      ServerSideEncryption: "aws:kms" as const, SSEKMSKeyId: Encryption.SSEKMS.KeyId,
    }),
  };
  const sourceArn = bucketArn(about.name);
  return ctx.call(PutObject, input, { as: "service", sourceArn, account: ctx.account });
}
