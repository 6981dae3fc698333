/** PutRecord and PutRecordBatch. */

import * as firehose from "../../generated/firehose.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { buffer } from "./buffering.ts";
import { invalidArgument, notFound } from "./errors.ts";
import { onStream, requireStream, type DeliveryStream } from "./stream-table.ts";

function requireDirect(ctx: Context, name: string): DeliveryStream {
  const stream = requireStream(ctx, name);
  if (stream.type !== "DirectPut") {
    throw invalidArgument(`This operation is not permitted on ${stream.type} delivery stream type.`);
  }
  if (stream.status !== "ACTIVE") throw notFound(ctx, name);
  return stream;
}

export const PutRecord = operation(firehose.PutRecord, {
  ...onStream,
  dataEvent: true,
  run(input, ctx) {
    const stream = requireDirect(ctx, input.DeliveryStreamName);
    const [RecordId = ""] = buffer(ctx, stream, [{ data: input.Record.Data }]);
    return { RecordId, Encrypted: stream.encryption?.isEnabled ?? false };
  },
});

/** @evidence API Reference, PutRecordBatch: 4 MiB for the entire request */
const batchBytesMax = 4 * 1_048_576;

export const PutRecordBatch = operation(firehose.PutRecordBatch, {
  ...onStream,
  dataEvent: true,
  run(input, ctx) {
    const stream = requireDirect(ctx, input.DeliveryStreamName);
    const sizeBytes = input.Records.reduce((sum, { Data }) => sum + Data.length, 0);
    if (sizeBytes > batchBytesMax) throw invalidArgument("Records size exceeds 4 MB limit");
    const ids = buffer(ctx, stream, input.Records.map(({ Data }) => ({ data: Data })));
    return {
      FailedPutCount: 0,
      Encrypted: stream.encryption?.isEnabled ?? false,
      RequestResponses: ids.map((RecordId) => ({ RecordId })),
    };
  },
});
