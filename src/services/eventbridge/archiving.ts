/** Events join archives as they come to a bus, and leave when their time is over. */

import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { archivedEvents, archives, type Archive } from "./archive-table.ts";
import { eventText, type Event } from "./event.ts";

const dayMilliseconds = 86_400_000;
const sweptMax = 1_000;

export function archiveEvent(ctx: Context, name: string, event: Event): void {
  const archive = ctx.db(archives).get(name);
  if (!archive) return;
  const sizeBytes = Buffer.byteLength(eventText(event));
  ctx.db(archivedEvents).put({ archive: name, event, sizeBytes });
  const { eventCount, sizeBytes: before } = archive;
  ctx.db(archives).put({ ...archive, eventCount: eventCount + 1, sizeBytes: before + sizeBytes });
  if (eventCount === 0) planExpiry(ctx, archive);
}

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
