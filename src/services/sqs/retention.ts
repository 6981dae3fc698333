/** What takes messages away in the background: their age, a purge, the end of their queue. */

import type { Context } from "../../kernel/context.ts";
import { job } from "../../jobs/job.ts";
import { forgetDataKeys } from "./encryption.ts";
import { forgetSome, groups, settleGroup } from "./fifo.ts";
import { expiresAt, keyOf, messages, type Message } from "./message-table.ts";
import { numberOf, queues, type Queue } from "./queue-table.ts";

/** How many rows one transaction of a job takes away, so that none blocks the region. */
const sliceRows = 500;

/**
 * A busy queue has something to expire all the time; looking once a second is often enough, as receives look
 * too.
 */
const sweepIntervalMilliseconds = 1000;

export function deleteMessages(ctx: Context, gone: readonly Message[]): void {
  const touched = new Map<string, Message>();
  for (const message of gone) {
    ctx.db(messages).delete(keyOf(message));
    if (message.fifo) touched.set(message.group ?? "", message);
  }
  for (const [group, { generation }] of touched) settleGroup(ctx, generation, group);
}

/**
 * Deletes up to `limit` messages that are past their retention, oldest first; returns how many there were.
 */
export function expireSome(ctx: Context, queue: Queue, limit: number): number {
  const { generation } = queue;
  const cutoff = ctx.clock.now() - numberOf(queue, "MessageRetentionPeriod") * 1000;
  const expired = [
    ...ctx.db(messages).list({ prefix: [generation], before: [generation, cutoff + 1], limit }),
  ];
  deleteMessages(ctx, expired);
  return expired.length;
}

/** Sees to it that a message will be swept up in time. Costs a write only when none earlier was planned. */
export function planSweep(ctx: Context, queue: Queue, message: Message): void {
  const at = expiresAt(message, queue);
  if (queue.sweepAt === undefined || at < queue.sweepAt) putSweep(ctx, queue, at);
}

function putSweep(ctx: Context, queue: Queue, at: number): void {
  ctx.schedule(expireMessages, { at, id: queue.id, input: { name: queue.name, id: queue.id } });
  ctx.db(queues).put({ ...queue, sweepAt: at });
}

/** After the retention period changed. */
export function replanSweep(ctx: Context, queue: Queue): void {
  const oldest = ctx.db(messages).first({ prefix: [queue.generation] });
  if (oldest) putSweep(ctx, queue, Math.max(expiresAt(oldest, queue), ctx.clock.now()));
}

export const expireMessages = job<{ name: string; id: string }>("sqs.expireMessages", ({ name, id }, ctx) => {
  const queue = ctx.db(queues).get(name);
  if (queue?.id !== id) return;
  const expired = expireSome(ctx, queue, sliceRows);
  const oldest = ctx.db(messages).first({ prefix: [queue.generation] });
  if (oldest) {
    const wait = expired === sliceRows ? 0 : sweepIntervalMilliseconds;
    putSweep(ctx, queue, Math.max(expiresAt(oldest, queue), ctx.clock.now() + wait));
  } else {
    const { sweepAt: _past, ...rest } = queue;
    ctx.db(queues).put(rest);
  }
});

interface Remains {
  readonly generation: string;
  /** When the queue itself is gone, and not only purged. */
  readonly queueId?: string;
}

/** Nobody sees these rows any more: they go slice by slice. */
export function dropGeneration(ctx: Context, remains: Remains): void {
  ctx.schedule(dropMessages, { at: ctx.clock.now(), id: remains.generation, input: remains });
}

export const dropMessages = job<Remains>("sqs.dropMessages", (remains, ctx) => {
  const range = { prefix: [remains.generation], limit: sliceRows };
  const gone = [...ctx.db(messages).list(range)];
  for (const message of gone) ctx.db(messages).delete(keyOf(message));
  const goneGroups = [...ctx.db(groups).list(range)];
  for (const group of goneGroups) ctx.db(groups).delete([group.generation, group.name]);
  const forgotten = remains.queueId === undefined ||
    (forgetSome(ctx, remains.queueId, sliceRows) && forgetDataKeys(ctx, remains.queueId, sliceRows));
  const more = gone.length === sliceRows || goneGroups.length === sliceRows || !forgotten;
  if (more) dropGeneration(ctx, remains);
});
