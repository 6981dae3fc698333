/** Records wait until they are many enough or old enough, and are then delivered together. */

import { job, type Job } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { seal, sealedBytesMore, sealingIvBytes, unseal } from "../../kernel/sealing.ts";
import { deliverBatch, type Parcel } from "./delivery.ts";
import { countDelivery, countIncoming } from "./metrics.ts";
import { bufferingOf } from "./settings.ts";
import {
  buffers, findStream, records, type BufferedRecord, type DeliveryStream, type Origin,
} from "./stream-table.ts";

export interface Incoming {
  readonly data: Uint8Array;
  readonly at?: number;
  readonly origin?: Origin;
}

const purpose = "firehose records";

function sealed(ctx: Context, data: Uint8Array): Buffer {
  return seal(data, ctx.kernel.keyFor(purpose), ctx.ids.bytes(sealingIvBytes));
}

function dataOf(ctx: BodyContext, { data, isSealed }: BufferedRecord): Buffer {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return isSealed ? unseal(bytes, ctx.kernel.keyFor(purpose)) : bytes;
}

/** @returns the ids of the records */
export function buffer(ctx: Context, stream: DeliveryStream, incoming: readonly Incoming[]): string[] {
  const { number, name } = stream;
  const now = ctx.clock.now();
  const before = ctx.db(buffers).get(number) ?? { number, bytes: 0, count: 0 };
  let { bytes } = before;
  const isSealed = stream.encryption?.isEnabled === true;
  for (const { data, at = now, origin } of incoming) {
    ctx.db(records).add({
      number, sequence: ctx.ids.sequence(), at, data: isSealed ? sealed(ctx, data) : data,
      ...(isSealed && { isSealed }), ...(origin && { origin }),
    });
    bytes += data.length;
  }
  ctx.db(buffers).put({ number, bytes, count: before.count + incoming.length });
  countIncoming(ctx, name, incoming.length, bytes - before.bytes);
  const { bytes: bytesMax, milliseconds } = bufferingOf(stream.destination);
  const input = { name, number };
  if (bytes >= bytesMax && before.bytes < bytesMax) {
    ctx.schedule(deliverBuffered, { at: now, id: String(number), input });
  } else if (before.count === 0 && incoming.length > 0) {
    ctx.schedule(deliverBuffered, { at: now + milliseconds, id: String(number), input });
  }
  return incoming.map(() => ctx.ids.text(222));
}

interface Named {
  readonly name: string;
  readonly number: number;
}

interface Batch {
  readonly stream: DeliveryStream;
  readonly rows: readonly BufferedRecord[];
  readonly bytes: number;
}

/** Undefined while nothing is due; else the records of one delivery, the oldest first. */
function nextBatch(ctx: Context, { name, number }: Named): Batch | undefined {
  const stream = findStream(ctx, name);
  const waiting = ctx.db(buffers).get(number);
  if (stream?.number !== number || !waiting || waiting.count === 0) return undefined;
  const { bytes: bytesMax, milliseconds } = bufferingOf(stream.destination);
  const oldest = ctx.db(records).first({ prefix: [number] });
  if (!oldest) return undefined;
  const dueAt = oldest.at + milliseconds;
  if (waiting.bytes < bytesMax && dueAt > ctx.clock.now()) {
    ctx.schedule(deliverBuffered, { at: dueAt, id: String(number), input: { name, number } });
    return undefined;
  }
  const rows: BufferedRecord[] = [];
  let bytes = 0;
  for (const row of ctx.db(records).list({ prefix: [number] })) {
    if (rows.length > 0 && bytes + row.data.length > bytesMax) break;
    rows.push(row);
    bytes += row.data.length;
  }
  return { stream, rows, bytes };
}

/** A sealed record is longer than what it counted for. */
function sizeOf({ data, isSealed }: BufferedRecord): number {
  return isSealed ? data.length - sealedBytesMore : data.length;
}

function forget(ctx: Context, number: number, rows: readonly BufferedRecord[]): void {
  for (const { sequence } of rows) ctx.db(records).delete([number, sequence]);
  const before = ctx.db(buffers).get(number);
  if (!before) return;
  const bytes = before.bytes - rows.reduce((sum, row) => sum + sizeOf(row), 0);
  ctx.db(buffers).put({ number, bytes, count: before.count - rows.length });
}

/** @evidence Developer Guide, "Handle data delivery failures": S3 is tried for up to 24 hours */
const triedMilliseconds = 24 * 3_600_000;
const againMilliseconds = 60_000;

/** Delivers what is due. What can't be delivered waits, and is given up after a day. */
export const deliverBuffered: Job<Named> = {
  kind: "job",
  name: "firehose.deliver",
  persistent: true,
  async body(named, ctx) {
    for (;;) {
      const batch = ctx.transaction((within) => nextBatch(within, named));
      if (!batch) return;
      const parcels: Parcel[] = batch.rows.map((row) => ({
        id: String(row.sequence),
        at: row.at,
        data: dataOf(ctx, row),
        ...(row.origin && { origin: row.origin }),
      }));
      const isDelivered = await deliverBatch(ctx, batch.stream, parcels);
      const oldest = batch.rows[0]?.at ?? 0;
      countDelivery(ctx, named.name, batch.stream.destination.kind, {
        isDelivered, bytes: batch.bytes, records: batch.rows.length, oldest,
      });
      const isOver = oldest + triedMilliseconds <= ctx.clock.now();
      if (isDelivered || isOver) {
        ctx.transaction((within) => forget(within, named.number, batch.rows));
        continue;
      }
      const at = ctx.clock.now() + againMilliseconds;
      ctx.transaction((within) =>
        within.schedule(deliverBuffered, { at, id: String(named.number), input: named }));
      return;
    }
  },
};

const rowsAtOnce = 500;

/** What a stream that is gone leaves behind. */
export const dropRecords = job<{ readonly number: number }>("firehose.dropRecords", ({ number }, ctx) => {
  const some = [...ctx.db(records).list({ prefix: [number], limit: rowsAtOnce })];
  for (const { sequence } of some) ctx.db(records).delete([number, sequence]);
  ctx.db(buffers).delete(number);
  if (some.length === rowsAtOnce) {
    ctx.schedule(dropRecords, { at: ctx.clock.now() + 1, input: { number } });
  }
});
