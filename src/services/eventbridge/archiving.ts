/** Events join archives as they come to a bus, and leave when their time is over. */

import { asynchronousJob, job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { archivedEvents, archives, type Archive } from "./archive-table.ts";
import { makeDataKey, openEvent, sealEvent } from "./encryption.ts";
import { eventText, type Event, type RestingEvent } from "./event.ts";

const dayMilliseconds = 86_400_000;
const sweptMax = 1_000;

export function archiveEvent(ctx: Context, name: string, event: Event, resting: RestingEvent = event): void {
  const archive = ctx.db(archives).get(name);
  if (!archive || ctx.db(archivedEvents).has([name, event.ingestedAt, event.id])) return;
  const sizeBytes = Buffer.byteLength(eventText(event));
  ctx.db(archivedEvents).put({ archive: name, event: resting, sizeBytes });
  const { eventCount, sizeBytes: before } = archive;
  ctx.db(archives).put({ ...archive, eventCount: eventCount + 1, sizeBytes: before + sizeBytes });
  if (eventCount === 0) planExpiry(ctx, archive);
}

interface Archiving {
  readonly archive: string;
  readonly bus: string;
  /** As it waits on its bus. */
  readonly event: RestingEvent;
}

/** What comes from a bus with a key, or goes to an archive with one. What no key opens is lost to it. */
export const archiveUnderKey = asynchronousJob<Archiving>(
  "eventbridge.archiveUnderKey",
  async ({ archive: name, bus, event }, ctx) => {
    const kmsKey = ctx.reading(() => ctx.db(archives).get(name)?.kmsKey);
    const opened = await openEvent(ctx, bus, event);
    const key = kmsKey === undefined ? undefined : await makeDataKey(ctx, bus, kmsKey);
    if ("failure" in opened || (key && "failure" in key)) return;
    ctx.transaction((within) => {
      archiveEvent(within, name, opened, key ? sealEvent(within, opened, key) : opened);
    });
  },
);

/** When the oldest event has been kept long enough. */
export function planExpiry(ctx: Context, { name, retentionDays }: Archive): void {
  const oldest = retentionDays > 0 ? ctx.db(archivedEvents).first({ prefix: name }) : undefined;
  if (!oldest) {
    ctx.unschedule(expireArchived, name);
    return;
  }
  const at = oldest.event.ingestedAt + retentionDays * dayMilliseconds;
  ctx.schedule(expireArchived, { at, id: name, input: { archive: name } });
}

export const expireArchived = job<{ readonly archive: string }>(
  "eventbridge.expireArchived",
  ({ archive: name }, ctx) => {
    const archive = ctx.db(archives).get(name);
    if (!archive || archive.retentionDays === 0) return;
    const before = ctx.clock.now() - archive.retentionDays * dayMilliseconds + 1;
    let { eventCount, sizeBytes } = archive;
    const range = { prefix: name, before: [name, before], limit: sweptMax };
    for (const row of ctx.db(archivedEvents).list(range)) {
      ctx.db(archivedEvents).delete([name, row.event.ingestedAt, row.event.id]);
      eventCount -= 1;
      sizeBytes -= row.sizeBytes;
    }
    planExpiry(ctx, ctx.db(archives).put({ ...archive, eventCount, sizeBytes }));
  },
);

/** The events of an archive that is gone. */
export const dropArchived = job<{ readonly archive: string }>(
  "eventbridge.dropArchived",
  ({ archive: name }, ctx) => {
    const rows = [...ctx.db(archivedEvents).list({ prefix: name, limit: sweptMax })];
    for (const { event } of rows) ctx.db(archivedEvents).delete([name, event.ingestedAt, event.id]);
    if (rows.length < sweptMax) return;
    ctx.schedule(dropArchived, { at: ctx.clock.now(), input: { archive: name } });
  },
);
