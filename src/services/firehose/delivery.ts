/** What happens to a batch at the end of its way: partitioned, and put where it is to go. */

import type { S3DestinationConfiguration } from "../../generated/firehose.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { deaggregated, type Deaggregated } from "./deaggregation.ts";
import { logErrors } from "./error-log.ts";
import { failureLines, type Failed } from "./failures.ts";
import { sendToEndpoint } from "./http-delivery.ts";
import { storeErrors, storeObject } from "./objects.ts";
import { partitioned } from "./partitioning.ts";
import { backupOf, hasFunction, parameterOf, roleOf } from "./settings.ts";
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
}

/** @returns false where it is to be tried again later */
export async function deliverBatch(
  ctx: BodyContext, stream: DeliveryStream, batch: readonly Parcel[],
): Promise<boolean> {
  const { destination } = stream;
  if (destination.kind !== "s3") return deliverToEndpoint(ctx, stream, destination, batch);
  const { settings } = destination;
  const { parcels, failed } = singleOnes(stream, batch);
  const { groups, unpartitioned } = partitioned(settings, parcels);
  if (!(await storeFailures(ctx, stream, settings, [...failed, ...unpartitioned]))) return false;
  for (const { keys, parcels: group } of groups) {
    const delimited = withDelimiter(stream, group);
    if (!(await storeObject(ctx, stream, settings, delimited, keys))) return false;
  }
  return true;
}

/** Where there is a function, it was given them one by one. */
function singleOnes({ destination }: DeliveryStream, batch: readonly Parcel[]): Deaggregated {
  return hasFunction(destination) ? { parcels: batch, failed: [] }
    : deaggregated(destination.settings.ProcessingConfiguration, batch);
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
  ctx: BodyContext, stream: DeliveryStream, settings: S3DestinationConfiguration, failed: readonly Failed[],
): Promise<boolean> {
  if (failed.length === 0) return true;
  await logFailures(ctx, stream, failed);
  const at = Math.min(...failed.map(({ parcel }) => parcel.at));
  const lines = failureLines(ctx.clock.now(), failed);
  return storeErrors(ctx, stream, settings, { at, errorType: "processing-failed", lines });
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
  const objects = settings.S3Configuration;
  const { parcels, failed } = singleOnes(stream, batch);
  if (!(await storeFailures(ctx, stream, objects, failed))) return false;
  if (parcels.length === 0) return true;
  const refused = kind === "http" ? await sendToEndpoint(ctx, stream, settings, parcels)
    : await sendToSplunk(ctx, stream, settings, withDelimiter(stream, parcels));
  if (refused.length === 0) return true;
  await logFailures(ctx, stream, refused);
  const at = Math.min(...refused.map(({ parcel }) => parcel.at));
  const lines = failureLines(ctx.clock.now(), refused);
  return storeErrors(ctx, stream, objects, { at, errorType: errorTypes[kind], lines });
}
