/** The rows of delivery streams, and of what they have yet to deliver. */

import type {
  DeliveryStreamStatus, DeliveryStreamType, ExtendedS3DestinationConfiguration,
  HttpEndpointDestinationConfiguration, KeyType, SplunkDestinationConfiguration,
} from "../../generated/firehose.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { notFound } from "./errors.ts";

export type Destination =
  | { readonly kind: "s3"; readonly extended: boolean; readonly settings: ExtendedS3DestinationConfiguration }
  | { readonly kind: "http"; readonly settings: HttpEndpointDestinationConfiguration }
  | { readonly kind: "splunk"; readonly settings: SplunkDestinationConfiguration };

export interface Source {
  readonly streamArn: string;
  readonly roleArn: string;
  /** Epoch milliseconds: what comes from then on is delivered. */
  readonly startedAt: number;
}

export interface DeliveryStream {
  readonly name: string;
  readonly number: number;
  readonly status: DeliveryStreamStatus;
  readonly createdAt: number;
  readonly updatedAt?: number;
  readonly type: DeliveryStreamType;
  readonly source?: Source;
  readonly version: number;
  readonly destination: Destination;
  readonly encryption?: StreamEncryption;
  /** When encryption was turned on or off during the last day: epoch milliseconds. */
  readonly encryptionChanges?: readonly number[];
}

/** What records are encrypted under while they wait. */
export interface EncryptionKey {
  readonly keyType: KeyType;
  /** Of a key of the customer's. */
  readonly keyArn?: string;
  readonly grantId?: string;
}

export interface StreamEncryption extends EncryptionKey {
  readonly isEnabled: boolean;
  /** What it will be in a moment: under which key, or off. */
  readonly next?: EncryptionKey | "off";
}

export const streams = table<DeliveryStream>("firehose.streams", { key: (row) => row.name });

/** Where a record of a Kinesis stream came from. */
export interface Origin {
  readonly shardId: string;
  readonly partitionKey: string;
  readonly sequenceNumber: string;
  /** Where it is one of several that a producer put together. */
  readonly subsequenceNumber?: number;
}

export interface BufferedRecord {
  readonly number: number;
  readonly sequence: number;
  /** When it came to the stream: epoch milliseconds. */
  readonly at: number;
  /** When it came to where it waits, if later. */
  readonly since?: number;
  readonly data: Uint8Array;
  /** It rests encrypted, under the region's own key where no data key is named. */
  readonly isSealed?: true;
  readonly dataKey?: number;
  readonly origin?: Origin | undefined;
  /** As the function that transformed it said. */
  readonly partitionKeys?: Readonly<Record<string, string>> | undefined;
}

const byNumber = { key: (row: BufferedRecord) => [row.number, row.sequence], seldomRead: true };

/** What waits for its delivery. */
export const records = table<BufferedRecord>("firehose.records", byNumber);
/** What waits for the function. */
export const rawRecords = table<BufferedRecord>("firehose.rawRecords", byNumber);
/** What waits for the backup. */
export const backupRecords = table<BufferedRecord>("firehose.backupRecords", byNumber);

/** What waits, added up. */
export interface Buffered {
  readonly number: number;
  readonly bytes: number;
  readonly count: number;
}

export const buffers = table<Buffered>("firehose.buffers", { key: (row) => row.number });
export const rawBuffers = table<Buffered>("firehose.rawBuffers", { key: (row) => row.number });
export const backupBuffers = table<Buffered>("firehose.backupBuffers", { key: (row) => row.number });

export const destinationId = "destinationId-000000000001";

export function streamArn(ctx: ReadContext, name: string): string {
  return ctx.arn(`deliverystream/${name}`);
}

export function nameInArn(arn: string): string {
  return parseArn(arn)?.resource.split("/")[1] ?? "";
}

export function findStream(ctx: ReadContext, name: string): DeliveryStream | undefined {
  return ctx.db(streams).get(name);
}

export function requireStream(ctx: ReadContext, name: string): DeliveryStream {
  const stream = findStream(ctx, name);
  if (!stream) throw notFound(ctx, name);
  return stream;
}

interface NamesStream {
  readonly DeliveryStreamName: string;
}

export const onStream = {
  resource: ({ DeliveryStreamName }: NamesStream, ctx: ReadContext): string =>
    streamArn(ctx, DeliveryStreamName),
};
