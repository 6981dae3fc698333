/**
 * Records wait for the function that transforms them, if there is one, and then for their delivery. A copy of
 * what came waits for the backup, where there is one.
 *
 * @evidence Developer Guide, "Understand data transformation flow": the function has a buffer of its own, and
 *   what it answers waits in that of the destination
 */

import { job, type Job } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { deliverBatch, singleOnes, storeBackup, storeFailures, type Parcel } from "./delivery.ts";
import { countDelivery, countIncoming } from "./metrics.ts";
import { keyForRecords, type RecordKey } from "./record-keys.ts";
import { backupOf, bufferingOf, functionBufferingOf, hasFunction, hintsOf } from "./settings.ts";
import {
  backupBuffers, backupRecords, buffers, findStream, rawBuffers, rawRecords, records, type DeliveryStream,
  type Origin,
} from "./stream-table.ts";
import { transformed } from "./transformation.ts";
import {
  admit, empty, nextBatch, release, type Batch, type Named, type WaitingRoom,
} from "./waiting-room.ts";

const untransformed: WaitingRoom = {
  records: rawRecords, buffers: rawBuffers, job: () => transformBuffered,
  limitsOf: ({ destination }) => functionBufferingOf(destination.settings.ProcessingConfiguration),
};

const outgoing: WaitingRoom = {
  records, buffers, job: () => deliverBuffered, limitsOf: ({ destination }) => bufferingOf(destination),
};

const backups: WaitingRoom = {
  records: backupRecords, buffers: backupBuffers, job: () => backUpBuffered,
  limitsOf: ({ destination }) => hintsOf(backupOf(destination)?.BufferingHints),
};

const rooms = [untransformed, outgoing, backups];

export interface Incoming {
  readonly data: Uint8Array;
  readonly at?: number;
  readonly origin?: Origin;
}

/** @param key what they rest under, if under any @returns the ids of the records */
export function buffer(
  ctx: Context, stream: DeliveryStream, incoming: readonly Incoming[], key?: RecordKey,
): string[] {
  const now = ctx.clock.now();
  const arriving = incoming.map(({ at = now, ...record }) => ({ at, ...record }));
  admit(ctx, hasFunction(stream.destination) ? untransformed : outgoing, stream, arriving, key);
  if (backupOf(stream.destination)) admit(ctx, backups, stream, arriving, key);
  const bytes = incoming.reduce((sum, { data }) => sum + data.length, 0);
  countIncoming(ctx, stream.name, incoming.length, bytes);
  return incoming.map(() => ctx.ids.text(222));
}

/** @evidence Developer Guide, "Handle data delivery failures": S3 is tried for up to 24 hours */
const triedMilliseconds = 24 * 3_600_000;
const againMilliseconds = 60_000;

/** Records of one stream that can be read. */
type Readable = Batch & { readonly parcels: readonly Parcel[] };

/** What becomes of a batch; undefined where it is to be tried again later. */
type Work = (ctx: BodyContext, batch: Readable) => Promise<((within: Context) => void) | undefined>;

/** Works off what is due. What can't be done waits, and is given up after a day. */
function worker(name: string, room: WaitingRoom, work: Work): Job<Named> {
  return {
    kind: "job",
    name,
    persistent: true,
    async body(named, ctx) {
      for (;;) {
        const batch = await nextBatch(ctx, room, named);
        if (!batch) return;
        const { parcels } = batch;
        const done = parcels && await work(ctx, { ...batch, parcels });
        if (done || batch.oldest + triedMilliseconds <= ctx.clock.now()) {
          ctx.transaction((within) => {
            release(within, room, named.number, batch);
            done?.(within);
          });
          continue;
        }
        const at = ctx.clock.now() + againMilliseconds;
        ctx.transaction((within) =>
          within.schedule(room.job(), { at, id: String(named.number), input: named }));
        return;
      }
    },
  };
}

const nothing = (): undefined => undefined;

export const transformBuffered = worker("firehose.transform", untransformed, async (ctx, batch) => {
  const { stream } = batch;
  const single = await singleOnes(ctx, stream, batch.parcels);
  if (!single) return undefined;
  const key = await keyForAnswers(ctx, stream);
  if (key === "unusable") return undefined;
  const { parcels, failed } = await transformed(ctx, stream, single);
  if (!(await storeFailures(ctx, stream, failed))) return undefined;
  return (within) => {
    const current = findStream(within, stream.name);
    if (current?.number === stream.number) admit(within, outgoing, current, parcels, key);
  };
});

/** What a function answered rests as what came does; before it is called, a key for that must be there. */
async function keyForAnswers(
  ctx: BodyContext, stream: DeliveryStream,
): Promise<RecordKey | "unusable" | undefined> {
  try {
    return await keyForRecords(ctx, stream);
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    return "unusable";
  }
}

export const deliverBuffered = worker("firehose.deliver", outgoing, async (ctx, batch) => {
  const { stream, parcels, bytes, oldest } = batch;
  const isDelivered = await deliverBatch(ctx, stream, parcels);
  countDelivery(ctx, stream.name, stream.destination.kind, {
    isDelivered, bytes, records: parcels.length, oldest,
  });
  return isDelivered ? nothing : undefined;
});

export const backUpBuffered = worker("firehose.backUp", backups, async (ctx, { stream, parcels }) =>
  (await storeBackup(ctx, stream, parcels) ? nothing : undefined));

/** What is due of a stream that is gone never comes. */
export function unscheduleAll(ctx: Context, number: number): void {
  for (const room of rooms) ctx.unschedule(room.job(), String(number));
}

/** What a stream that is gone leaves behind. */
export const dropRecords = job<{ readonly number: number }>("firehose.dropRecords", ({ number }, ctx) => {
  if (rooms.every((room) => empty(ctx, room, number))) return;
  ctx.schedule(dropRecords, { at: ctx.clock.now() + 1, input: { number } });
});
