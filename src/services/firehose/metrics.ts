/**
 * What CloudWatch is told of delivery streams.
 *
 * @evidence Developer Guide, "Monitor Amazon Data Firehose with CloudWatch metrics"
 */

import type { ReadContext } from "../../kernel/context.ts";
import { meter, type Meter, type MetricUnit } from "../../kernel/metrics.ts";

function ofStream(name: string, unit: MetricUnit): Meter {
  return meter("AWS/Firehose", name, unit, ["DeliveryStreamName"]);
}

const incomingBytes = ofStream("IncomingBytes", "Bytes");
const incomingRecords = ofStream("IncomingRecords", "Count");

const delivered = {
  s3: {
    bytes: ofStream("DeliveryToS3.Bytes", "Bytes"),
    records: ofStream("DeliveryToS3.Records", "Count"),
    success: ofStream("DeliveryToS3.Success", "Count"),
    age: ofStream("DeliveryToS3.DataFreshness", "Seconds"),
  },
  http: {
    bytes: ofStream("DeliveryToHttpEndpoint.Bytes", "Bytes"),
    records: ofStream("DeliveryToHttpEndpoint.Records", "Count"),
    success: ofStream("DeliveryToHttpEndpoint.Success", "Count"),
    age: ofStream("DeliveryToHttpEndpoint.DataFreshness", "Seconds"),
  },
  splunk: {
    bytes: ofStream("DeliveryToSplunk.Bytes", "Bytes"),
    records: ofStream("DeliveryToSplunk.Records", "Count"),
    success: ofStream("DeliveryToSplunk.Success", "Count"),
    age: ofStream("DeliveryToSplunk.DataFreshness", "Seconds"),
  },
} as const;

export function countIncoming(ctx: ReadContext, name: string, records: number, bytes: number): void {
  ctx.metric(incomingBytes, [name], bytes);
  ctx.metric(incomingRecords, [name], records);
}

/** By what KMS answers. */
const keyTroubles: Readonly<Record<string, Meter>> = {
  AccessDeniedException: ofStream("KMSKeyAccessDenied", "Count"),
  DisabledException: ofStream("KMSKeyDisabled", "Count"),
  KMSInvalidStateException: ofStream("KMSKeyInvalidState", "Count"),
  NotFoundException: ofStream("KMSKeyNotFound", "Count"),
};

export function countKeyTrouble(ctx: ReadContext, name: string, code: string): void {
  const counted = keyTroubles[code];
  if (counted) ctx.metric(counted, [name], 1);
}

const decompression = {
  recordsDone: ofStream("OutputDecompressedRecords.Success", "Count"),
  bytesDone: ofStream("OutputDecompressedBytes.Success", "Bytes"),
  recordsFailed: ofStream("OutputDecompressedRecords.Failed", "Count"),
  bytesFailed: ofStream("OutputDecompressedBytes.Failed", "Bytes"),
};

interface DecompressionFacts {
  readonly unpacked: readonly { readonly data: Buffer }[];
  readonly undecompressed: readonly { readonly parcel: { readonly data: Buffer } }[];
}

/** @evidence Developer Guide, "CloudWatch Logs Decompression Metrics" */
export function countDecompression(
  ctx: ReadContext, name: string, { unpacked, undecompressed }: DecompressionFacts,
): void {
  const lengthOf = (all: readonly { readonly data: Buffer }[]): number =>
    all.reduce((sum, { data }) => sum + data.length, 0);
  ctx.metric(decompression.recordsDone, [name], unpacked.length);
  ctx.metric(decompression.bytesDone, [name], lengthOf(unpacked));
  ctx.metric(decompression.recordsFailed, [name], undecompressed.length);
  ctx.metric(decompression.bytesFailed, [name], lengthOf(undecompressed.map(({ parcel }) => parcel)));
}

export interface DeliveryFacts {
  readonly isDelivered: boolean;
  readonly bytes: number;
  readonly records: number;
  /** When the oldest record came. */
  readonly oldest: number;
}

export function countDelivery(
  ctx: ReadContext, name: string, kind: keyof typeof delivered, facts: DeliveryFacts,
): void {
  const meters = delivered[kind];
  ctx.metric(meters.success, [name], facts.isDelivered ? 1 : 0);
  ctx.metric(meters.age, [name], Math.max(0, ctx.clock.now() - facts.oldest) / 1000);
  if (!facts.isDelivered) return;
  ctx.metric(meters.bytes, [name], facts.bytes);
  ctx.metric(meters.records, [name], facts.records);
}
