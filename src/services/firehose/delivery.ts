/** What happens to a batch at the end of its way: partitioned, and put where it is to go. */

import type { S3DestinationConfiguration } from "../../generated/firehose.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { deaggregated } from "./deaggregation.ts";
import { decompressed, isDecompressing } from "./decompression.ts";
import { logErrors } from "./error-log.ts";
import { failureLines, type Failed } from "./failures.ts";
import { sendToEndpoint } from "./http-delivery.ts";
import { countDecompression } from "./metrics.ts";
import { storeErrors, storeObject } from "./objects.ts";
import { partitioned } from "./partitioning.ts";
import { parameterOf } from "./processors.ts";
import { backupOf, hasFunction, roleOf } from "./settings.ts";
import { sendToSplunk } from "./splunk-delivery.ts";
import type { DeliveryStream, Destination, Origin } from "./stream-table.ts";

/** A record on its way. */
export interface Parcel {
  readonly id: string;
  readonly at: number;
  readonly data: Buffer;
  readonly origin?: Origin;
  /** As the function that transformed it said. */
  readonly partitionKeys?: Readonly<Record<string, string>>;
  /** As it came, where it was unpacked: what is kept of it if it fails later. */
  readonly packed?: Buffer;
}

/** @returns false where it is to be tried again later */
export async function deliverBatch(
  ctx: BodyContext, stream: DeliveryStream, batch: readonly Parcel[],
): Promise<boolean> {
  const { destination } = stream;
  if (destination.kind !== "s3") return deliverToEndpoint(ctx, stream, destination, batch);
  const { settings } = destination;
  const parcels = await unprocessed(ctx, stream, batch);
  if (!parcels) return false;
  const { groups, unpartitioned } = partitioned(settings, parcels, ctx.clock.now());
  if (!(await storeFailures(ctx, stream, unpartitioned))) return false;
  for (const { keys, parcels: group } of groups) {
    const delimited = withDelimiter(stream, group);
    if (!(await storeObject(ctx, stream, settings, delimited, keys))) return false;
  }
  return true;
}

/** Where there is a function, it was given them unpacked and one by one. */
async function unprocessed(
  ctx: BodyContext, stream: DeliveryStream, batch: readonly Parcel[],
): Promise<readonly Parcel[] | undefined> {
  return hasFunction(stream.destination) ? batch : singleOnes(ctx, stream, batch);
}

/** Unpacked and taken apart, as the stream is set. @returns undefined where it is to be tried again later */
export async function singleOnes(
  ctx: BodyContext, stream: DeliveryStream, batch: readonly Parcel[],
): Promise<readonly Parcel[] | undefined> {
  const { ProcessingConfiguration: processing } = stream.destination.settings;
  const { parcels: unpacked, failed: undecompressed } = decompressed(processing, batch);
  if (!(await storeFailures(ctx, stream, undecompressed, "decompression-failed"))) return undefined;
  if (isDecompressing(processing)) countDecompression(ctx, stream.name, { unpacked, undecompressed });
  const { parcels, failed } = deaggregated(processing, unpacked);
  return (await storeFailures(ctx, stream, failed)) ? parcels : undefined;
}

/** What came to the stream, as it came. @returns false where it is to be tried again later */
export async function storeBackup(
  ctx: BodyContext, stream: DeliveryStream, batch: readonly Parcel[],
): Promise<boolean> {
  const backup = backupOf(stream.destination);
  return backup === undefined || storeObject(ctx, stream, backup, batch);
}

/** @returns false where it is to be tried again later */
export async function storeFailures(
  ctx: BodyContext, stream: DeliveryStream, failed: readonly Failed[],
  errorType: "processing-failed" | "decompression-failed" = "processing-failed",
): Promise<boolean> {
  const came = failed.map(({ parcel, ...how }) =>
    ({ ...how, parcel: { ...parcel, data: parcel.packed ?? parcel.data } }));
  return storeUndelivered(ctx, stream, came, errorType);
}

async function storeUndelivered(
  ctx: BodyContext, stream: DeliveryStream, failed: readonly Failed[], errorType: string,
): Promise<boolean> {
  if (failed.length === 0) return true;
  await logFailures(ctx, stream, failed);
  const kept = failed.filter(({ isLost }) => !isLost);
  if (kept.length === 0) return true;
  const at = kept.reduce((least, { parcel }) => Math.min(least, parcel.at), Infinity);
  const lines = failureLines(ctx.clock.now(), kept);
  return storeErrors(ctx, stream, objectsOf(stream.destination), { at, errorType, lines });
}

/** Where what fails is kept. */
function objectsOf({ kind, settings }: Destination): S3DestinationConfiguration {
  return kind === "s3" ? settings : settings.S3Configuration;
}

/** In the log of the destination; errors that are alike are one line. */
async function logFailures(
  ctx: BodyContext, { destination, ...stream }: DeliveryStream, failed: readonly Failed[],
): Promise<void> {
  const { CloudWatchLoggingOptions: options } = destination.settings;
  const place = placeOf(destination);
  const errors = failed.map(({ errorCode, errorMessage: message }) =>
    ({ destination: place, errorCode, message }));
  await logErrors(ctx, { destination, ...stream }, { options, roleArn: roleOf(destination) }, errors);
}

function placeOf({ kind, settings }: Destination): string {
  if (kind === "s3") return settings.BucketARN;
  return kind === "http" ? settings.EndpointConfiguration.Url : settings.HECEndpoint;
}

/** @evidence Developer Guide, "AppendDelimiterToRecord": `\n`, written as it is typed */
function withDelimiter({ destination }: DeliveryStream, parcels: readonly Parcel[]): readonly Parcel[] {
  const { ProcessingConfiguration: processing } = destination.settings;
  const isOn = processing?.Enabled
    && processing.Processors?.some(({ Type }) => Type === "AppendDelimiterToRecord");
  if (!isOn) return parcels;
  const given = parameterOf(processing, "AppendDelimiterToRecord", "Delimiter") ?? "\\n";
  const delimiter = Buffer.from(given.replaceAll("\\n", "\n").replaceAll("\\t", "\t"));
  return parcels.map((parcel) => ({ ...parcel, data: Buffer.concat([parcel.data, delimiter]) }));
}

/** @evidence Developer Guide, "Understand custom prefixes for Amazon S3 objects" */
const errorTypes = { http: "http-endpoint-failed", splunk: "splunk-failed" } as const;

async function deliverToEndpoint(
  ctx: BodyContext, stream: DeliveryStream, destination: Exclude<Destination, { kind: "s3" }>,
  batch: readonly Parcel[],
): Promise<boolean> {
  const { kind, settings } = destination;
  const parcels = await unprocessed(ctx, stream, batch);
  if (!parcels) return false;
  if (parcels.length === 0) return true;
  const refused = kind === "http" ? await sendToEndpoint(ctx, stream, settings, parcels)
    : await sendToSplunk(ctx, stream, settings, withDelimiter(stream, parcels));
  return storeUndelivered(ctx, stream, refused, errorTypes[kind]);
}
