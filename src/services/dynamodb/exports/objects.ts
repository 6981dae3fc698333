/** What exports write to buckets, in the name of whoever asked for the export. */

import { createHash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import * as s3 from "../../../generated/s3.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import type { Export, ExportWork } from "./export-rows.ts";

/**
 * The bucket's owner has the objects, whoever wrote them.
 *
 * @evidence Developer Guide, "Requesting a table export": the caller needs s3:PutObject, s3:PutObjectAcl
 * @returns the object's ETag without its quotes
 */
export async function storeObject(
  ctx: BodyContext, row: Export & { readonly work: ExportWork }, key: string, body: Buffer | Readable,
): Promise<string> {
  const { S3Bucket, S3BucketOwner, S3SseAlgorithm: sse = "AES256", S3SseKmsKeyId } = row.request;
  const { ETag } = await ctx.call(s3.PutObject, {
    Bucket: S3Bucket,
    Key: key,
    Body: body,
    ACL: "bucket-owner-full-control",
    ServerSideEncryption: sse === "KMS" ? "aws:kms" : "AES256",
    ...(sse === "KMS" && S3SseKmsKeyId !== undefined && { SSEKMSKeyId: S3SseKmsKeyId }),
    ...(S3BucketOwner !== undefined && { ExpectedBucketOwner: S3BucketOwner }),
  }, { as: { for: row.work.caller }, region: row.work.region ?? ctx.region });
  return (ETag ?? "").replaceAll('"', "");
}

/** Where a bucket is that S3 was asked for in another region: S3 says which endpoint to go to. */
export function bucketRegionIn(cause: unknown): string | undefined {
  if (!(cause instanceof AwsError) || cause.code !== "PermanentRedirect") return undefined;
  return /\.s3\.([a-z0-9-]+)\.amazonaws\.com$/.exec(String(cause.members.Endpoint))?.[1];
}

/**
 * Why an export or import fails that S3 refused something.
 *
 * @evidence recorded: S3NoSuchBucket, S3AccessDenied, KmsNotFoundException, and their texts; other codes are
 *   inferred from these
 */
export function failureOf(
  ctx: Pick<BodyContext, "ids">, { code, message, status }: AwsError,
): { readonly code: string; readonly message: string } {
  const shown = code.startsWith("KMS.") ? `Kms${code.slice(4)}` : `S3${code}`;
  const request = ctx.ids.from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 16);
  const extended = Buffer.from(ctx.ids.hex(112), "hex").toString("base64");
  return {
    code: shown,
    message: `${message} (Service: Amazon S3; Status Code: ${status}; Error Code: ${code}; ` +
      `Request ID: ${request}; S3 Extended Request ID: ${extended}; Proxy: null)`,
  };
}

interface Compressed {
  readonly body: Readable;
  /** Base64, once the body has been read to its end. */
  md5(): string;
}

/** Nothing of it is held in memory but what is on its way. */
export function compressed(content: AsyncIterable<Buffer>): Compressed {
  const md5 = createHash("md5");
  // Whoever reads the body is told what goes wrong.
  const packed = pipeline(Readable.from(content), createGzip(), () => undefined);
  const passing = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of packed as AsyncIterable<Buffer>) {
      md5.update(chunk);
      yield chunk;
    }
  };
  return { body: Readable.from(passing()), md5: () => md5.digest("base64") };
}
