/** Objects in S3: their names, their compression, and how they are put there under the stream's role. */

import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import type {
  CompressionFormat, ExtendedS3DestinationConfiguration, S3DestinationConfiguration,
} from "../../generated/firehose.ts";
import * as s3 from "../../generated/s3.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import type { Parcel } from "./delivery.ts";
import { logErrors, refusedByS3 } from "./error-log.ts";
import { errorPrefixFor, formatTime, prefixFor, type PrefixFacts } from "./prefixes.ts";
import { streamArn, type DeliveryStream } from "./stream-table.ts";

type Settings = S3DestinationConfiguration & Partial<ExtendedS3DestinationConfiguration>;

/** @evidence Developer Guide, "Configure Amazon S3 object name format" */
const extensions: Readonly<Record<CompressionFormat, string>> = {
  UNCOMPRESSED: "", GZIP: ".gz", ZIP: ".zip", Snappy: ".snappy", HADOOP_SNAPPY: ".hsnappy",
};

async function compressed(data: Buffer, format: CompressionFormat, name: string): Promise<Buffer> {
  switch (format) {
    case "UNCOMPRESSED": return data;
    case "GZIP": return gzipSync(data);
    case "ZIP": return zipOf(data, name);
    case "Snappy": return (await import("./snappy.ts")).framedSnappy(data);
    case "HADOOP_SNAPPY": return (await import("./snappy.ts")).hadoopSnappy(data);
  }
}

/** An archive of one file. @evidence PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16 */
function zipOf(data: Buffer, name: string): Buffer {
  const body = deflateRawSync(data);
  const path = Buffer.from(name);
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(20, 0);
  facts.writeUInt16LE(8, 4);
  facts.writeUInt32LE(crc32(data), 10);
  facts.writeUInt32LE(body.length, 14);
  facts.writeUInt32LE(data.length, 18);
  facts.writeUInt16LE(path.length, 22);
  const local = Buffer.concat([Buffer.from("PK\u0003\u0004", "latin1"), facts, path, body]);
  const entry = Buffer.concat([
    Buffer.from("PK\u0001\u0002", "latin1"), Buffer.from([20, 0]), facts, Buffer.alloc(14), path,
  ]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(entry.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, entry, Buffer.from("PK\u0005\u0006", "latin1"), end]);
}

/** `name-1-2026-01-31-23-59-59-uuid`. */
function objectName(ctx: BodyContext, stream: DeliveryStream, at: number, timeZone: string): string {
  const time = formatTime("yyyy-MM-dd-HH-mm-ss", at, timeZone);
  return `${stream.name}-${stream.version}-${time}-${ctx.ids.uuid()}`;
}

function factsOf(ctx: BodyContext, { CustomTimeZone: zone }: Settings, at: number): PrefixFacts {
  const timeZone = zone === undefined || zone === "" ? "UTC" : zone;
  return { at, timeZone, random: () => ctx.ids.text(11) };
}

/** @returns false where S3 did not take it */
async function put(
  ctx: BodyContext, stream: DeliveryStream, settings: Settings, key: string, body: Buffer,
): Promise<boolean> {
  const kmsKey = settings.EncryptionConfiguration?.KMSEncryptionConfig?.AWSKMSKeyARN;
  try {
    const session = await sessionOf(ctx, {
      roleArn: settings.RoleARN, principal: "firehose.amazonaws.com",
      sourceArn: streamArn(ctx, stream.name), sessionName: "AWSFirehoseToS3",
    });
    await ctx.call(s3.PutObject, {
      Bucket: settings.BucketARN.slice(settings.BucketARN.lastIndexOf(":") + 1),
      Key: key,
      Body: body,
      ContentType: "application/octet-stream",
      ...(settings.CompressionFormat === "GZIP" && { ContentEncoding: "gzip" }),
      ...(kmsKey !== undefined && { ServerSideEncryption: "aws:kms" as const, SSEKMSKeyId: kmsKey }),
    }, { as: { session } });
    return true;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const logging = { options: settings.CloudWatchLoggingOptions, roleArn: settings.RoleARN };
    await logErrors(ctx, stream, logging, [refusedByS3(settings.BucketARN, error)]);
    return false;
  }
}

export async function storeObject(
  ctx: BodyContext, stream: DeliveryStream, settings: Settings, parcels: readonly Parcel[],
  partitionKeys?: Readonly<Record<string, string>>,
): Promise<boolean> {
  if (parcels.length === 0) return true;
  const at = parcels.reduce((least, parcel) => Math.min(least, parcel.at), Infinity);
  const facts = { ...factsOf(ctx, settings, at), ...(partitionKeys && { partitionKeys }) };
  const name = objectName(ctx, stream, at, facts.timeZone);
  const format = settings.CompressionFormat ?? "UNCOMPRESSED";
  const extension = settings.FileExtension === undefined || settings.FileExtension === ""
    ? extensions[format] : settings.FileExtension;
  const body = await compressed(Buffer.concat(parcels.map(({ data }) => data)), format, name);
  return put(ctx, stream, settings, `${prefixFor(settings.Prefix ?? "", facts)}${name}${extension}`, body);
}

export interface ErrorObject {
  readonly at: number;
  readonly errorType: string;
  readonly lines: Buffer;
}

/** Failures are not compressed. */
export async function storeErrors(
  ctx: BodyContext, stream: DeliveryStream, settings: Settings, { at, errorType, lines }: ErrorObject,
): Promise<boolean> {
  const facts = { ...factsOf(ctx, settings, at), errorType };
  const prefix = errorPrefixFor(settings.ErrorOutputPrefix, settings.Prefix, facts);
  const name = objectName(ctx, stream, at, facts.timeZone);
  const { CompressionFormat: _format, ...plain } = settings;
  return put(ctx, stream, plain, `${prefix}${name}`, lines);
}
