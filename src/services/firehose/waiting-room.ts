/** A place where records of delivery streams wait until they are many enough or old enough. */

import type { Job } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { sealedBytesMore } from "../../kernel/sealing.ts";
import type { Table } from "../../store/types.ts";
import type { Parcel } from "./delivery.ts";
import { openedRecords, sealedRecord, type RecordKey } from "./record-keys.ts";
import { findStream, type Buffered, type BufferedRecord, type DeliveryStream } from "./stream-table.ts";

export interface Named {
  readonly name: string;
  readonly number: number;
}

export interface WaitingRoom {
  readonly records: Table<BufferedRecord>;
  readonly buffers: Table<Buffered>;
  /** Works off what is due. */
  job(): Job<Named>;
  limitsOf(stream: DeliveryStream): { readonly bytes: number; readonly milliseconds: number };
}

/** A sealed record is longer than what it counts for. */
function sizeOf({ data, isSealed }: BufferedRecord): number {
  return isSealed ? data.length - sealedBytesMore : data.length;
}

export type Arriving = Pick<BufferedRecord, "at" | "data" | "origin" | "partitionKeys">;

/** @param key what they rest under, if under any */
export function admit(
  ctx: Context, room: WaitingRoom, stream: DeliveryStream, arriving: readonly Arriving[],
  key: RecordKey | undefined,
): void {
  if (arriving.length === 0) return;
  const { number, name } = stream;
  const now = ctx.clock.now();
  const before = ctx.db(room.buffers).get(number) ?? { number, bytes: 0, count: 0 };
  let { bytes } = before;
  for (const { at, data, origin, partitionKeys } of arriving) {
    ctx.db(room.records).add({
      number, sequence: ctx.ids.sequence(), at, since: now, ...sealedRecord(ctx, data, key),
      ...(origin && { origin }), ...(partitionKeys && { partitionKeys }),
    });
    bytes += data.length;
  }
  ctx.db(room.buffers).put({ number, bytes, count: before.count + arriving.length });
  const { bytes: bytesMax, milliseconds } = room.limitsOf(stream);
  const schedule = { id: String(number), input: { name, number } };
  if (bytes >= bytesMax && before.bytes < bytesMax) ctx.schedule(room.job(), { at: now, ...schedule });
  else if (before.count === 0) ctx.schedule(room.job(), { at: now + milliseconds, ...schedule });
}

export interface Batch {
  readonly stream: DeliveryStream;
  readonly rows: readonly BufferedRecord[];
  /** None while the key that they rest under can't be used. */
  readonly parcels: readonly Parcel[] | undefined;
  readonly bytes: number;
  /** When its oldest record came to the stream. */
  readonly oldest: number;
}

/** Undefined while nothing is due; else the records that go together, the oldest first. */
export async function nextBatch(
  ctx: BodyContext, room: WaitingRoom, named: Named,
): Promise<Batch | undefined> {
  const found = ctx.transaction((within) => nextRows(within, room, named));
  if (!found) return undefined;
  const opened = await openedRecords(ctx, found.stream, found.rows);
  const parcels = opened?.map(([row, data]) => parcelOf(row, data));
  const oldest = found.rows.reduce((least, { at }) => Math.min(least, at), Infinity);
  return { ...found, parcels, oldest };
}

function parcelOf(row: BufferedRecord, data: Buffer): Parcel {
  const { sequence, at, origin, partitionKeys } = row;
  return {
    id: String(sequence), at, data, ...(origin && { origin }), ...(partitionKeys && { partitionKeys }),
  };
}

function nextRows(ctx: Context, room: WaitingRoom, { name, number }: Named) {
  const stream = findStream(ctx, name);
  const waiting = ctx.db(room.buffers).get(number);
  if (stream?.number !== number || !waiting || waiting.count === 0) return undefined;
  const { bytes: bytesMax, milliseconds } = room.limitsOf(stream);
  const oldest = ctx.db(room.records).first({ prefix: [number] });
  if (!oldest) return undefined;
  const dueAt = (oldest.since ?? oldest.at) + milliseconds;
  if (waiting.bytes < bytesMax && dueAt > ctx.clock.now()) {
    ctx.schedule(room.job(), { at: dueAt, id: String(number), input: { name, number } });
    return undefined;
  }
  const rows: BufferedRecord[] = [];
  let bytes = 0;
  for (const row of ctx.db(room.records).list({ prefix: [number] })) {
    if (rows.length > 0 && bytes + sizeOf(row) > bytesMax) break;
    rows.push(row);
    bytes += sizeOf(row);
  }
  return { stream, rows, bytes };
}

export function release(ctx: Context, room: WaitingRoom, number: number, { rows, bytes }: Batch): void {
  for (const { sequence } of rows) ctx.db(room.records).delete([number, sequence]);
  const before = ctx.db(room.buffers).get(number);
  if (!before) return;
  ctx.db(room.buffers).put({ number, bytes: before.bytes - bytes, count: before.count - rows.length });
}

const rowsAtOnce = 500;

/** @returns whether all of a stream's records are gone */
export function empty(ctx: Context, room: WaitingRoom, number: number): boolean {
  const some = [...ctx.db(room.records).list({ prefix: [number], limit: rowsAtOnce })];
  for (const { sequence } of some) ctx.db(room.records).delete([number, sequence]);
  ctx.db(room.buffers).delete(number);
  return some.length < rowsAtOnce;
}
