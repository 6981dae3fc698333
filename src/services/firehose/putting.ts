/** PutRecord and PutRecordBatch. */

import * as firehose from "../../generated/firehose.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { buffer } from "./buffering.ts";
import { isDecompressing } from "./decompression.ts";
import { invalidArgument, notFound, onlyFromLogs } from "./errors.ts";
import { keyForRecords, type RecordKey } from "./record-keys.ts";
import { onStream, requireStream, type DeliveryStream } from "./stream-table.ts";

function requireDirect(ctx: ReadContext, name: string): DeliveryStream {
  const stream = requireStream(ctx, name);
  if (stream.type !== "DirectPut") {
    throw invalidArgument(`This operation is not permitted on ${stream.type} delivery stream type.`);
  }
  if (stream.status !== "ACTIVE") throw notFound(ctx, name);
  const { ProcessingConfiguration: processing } = stream.destination.settings;
  if (isDecompressing(processing) && ctx.origin.sourceIp !== "logs.amazonaws.com") throw onlyFromLogs();
  return stream;
}

interface Taken {
  readonly ids: readonly string[];
  readonly Encrypted: boolean;
}

/** Under the key that the stream has by then. */
async function take(ctx: BodyContext, name: string, data: readonly Uint8Array[]): Promise<Taken> {
  const key: RecordKey | undefined = await keyForRecords(ctx, ctx.reading(() => requireDirect(ctx, name)));
  const ids = ctx.transaction((within) =>
    buffer(within, requireDirect(within, name), data.map((each) => ({ data: each })), key));
  return { ids, Encrypted: key !== undefined };
}

export const PutRecord = operation(firehose.PutRecord, {
  ...onStream,
  dataEvent: true,
  async body(input, ctx) {
    const { ids, Encrypted } = await take(ctx, input.DeliveryStreamName, [input.Record.Data]);
    return { RecordId: ids[0] ?? "", Encrypted };
  },
});

/** @evidence API Reference, PutRecordBatch: 4 MiB for the entire request */
const batchBytesMax = 4 * 1_048_576;

export const PutRecordBatch = operation(firehose.PutRecordBatch, {
  ...onStream,
  dataEvent: true,
  async body(input, ctx) {
    const data = input.Records.map(({ Data }) => Data);
    const sizeBytes = data.reduce((sum, { length }) => sum + length, 0);
    if (sizeBytes > batchBytesMax) throw invalidArgument("Records size exceeds 4 MB limit");
    const { ids, Encrypted } = await take(ctx, input.DeliveryStreamName, data);
    return { FailedPutCount: 0, Encrypted, RequestResponses: ids.map((RecordId) => ({ RecordId })) };
  },
});
