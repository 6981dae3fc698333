/** The row of a message, and the order in which messages stand. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { table, type Rows } from "../../store/types.ts";
import type { MessageAttribute } from "./message-attributes.ts";
import { isFifo, numberOf, type Queue } from "./queue-table.ts";

export interface Message {
  readonly generation: string;
  /** Epoch milliseconds, as all times here. With `tie` the order of sending, and what the row is found by. */
  readonly sentAt: number;
  /** Tells apart what was sent within one millisecond: later is larger. */
  readonly tie: number;
  readonly id: string;
  readonly body: string;
  readonly bodyMd5: string;
  readonly attributes?: readonly MessageAttribute[];
  readonly senderId: string;
  readonly traceHeader?: string;
  readonly fifo?: true;
  readonly group?: string;
  readonly deduplicationId?: string;
  readonly deadLetterSourceArn?: string;
  /** Delayed or hidden until then. */
  readonly visibleAt: number;
  readonly receiveCount: number;
  readonly firstReceivedAt?: number;
  /** The latest receive, and the secret of the handle that it gave out. Absent until it is received here. */
  readonly receivedAt?: number;
  readonly receipt?: string;
}

/**
 * Two indexes tell everything that changes, so that no counter needs to be kept: what a receive may take
 * (visible until now), how many are hidden (visible later), and how many of those only because they were
 * delayed. What was sent without a delay, which is nearly everything, is never in the second.
 */
export const messages = table<Message, "visibility" | "delay" | "group">("sqs.messages", {
  key: (message) => keyOf(message),
  indexes: {
    visibility: (message) => [message.generation, message.visibleAt],
    delay: (message) =>
      (message.receipt === undefined && message.visibleAt > message.sentAt
        ? [message.generation, message.visibleAt] : undefined),
    group: (message) => (message.fifo ? [message.generation, message.group ?? ""] : undefined),
  },
});

export type MessageRows = Rows<Message, "visibility" | "delay" | "group">;

export function keyOf(message: Pick<Message, "generation" | "sentAt" | "tie">): [string, number, number] {
  return [message.generation, message.sentAt, message.tie];
}

export function isInFlight(message: Message, now: number): boolean {
  return message.receipt !== undefined && message.visibleAt > now;
}

export function expiresAt(message: Message, queue: Queue): number {
  return message.sentAt + numberOf(queue, "MessageRetentionPeriod") * 1000;
}

/**
 * What a receive may take from a standard queue, the longest visible first. Nothing may be written to the
 * table while this is being read.
 */
export function visibleMessages(rows: MessageRows, generation: string, now: number): Iterable<Message> {
  return rows.by("visibility").list({ prefix: [generation], before: [generation, now + 1] });
}

/** When the next delayed or hidden message of a standard queue shows; undefined when there is none. */
export function nextVisibleAt(rows: MessageRows, generation: string, now: number): number | undefined {
  return rows.by("visibility").first({ prefix: [generation], from: [generation, now + 1] })?.visibleAt;
}

export interface Counts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export function countMessages(ctx: ReadContext, { generation }: Queue): Counts {
  const index = ctx.db(messages).by("visibility");
  const visible = index.count({ prefix: [generation], before: [generation, ctx.clock.now() + 1] });
  return { visible, ...countHidden(ctx, generation) };
}

export function countInFlight(ctx: ReadContext, queue: Queue): number {
  return countHidden(ctx, queue.generation).inFlight;
}

function countHidden(ctx: ReadContext, generation: string): Omit<Counts, "visible"> {
  const rows = ctx.db(messages);
  const later = { prefix: [generation], from: [generation, ctx.clock.now() + 1] };
  // When the clock was set back, there are messages from the future: hidden, but not by a delay of theirs.
  if (rows.first(later)) {
    const hidden = [...rows.by("visibility").list(later)];
    const inFlight = hidden.filter((message) => message.receipt !== undefined).length;
    return { inFlight, delayed: hidden.length - inFlight };
  }
  const delayed = rows.by("delay").count(later);
  return { inFlight: rows.by("visibility").count(later) - delayed, delayed };
}

/**
 * A row for a message that arrives in a queue: in a standard queue it keeps the place that its age gives it.
 */
export function placeOf(
  ctx: Context, queue: Queue, sentAt: number,
): Pick<Message, "generation" | "sentAt" | "tie"> {
  const { generation } = queue;
  if (isFifo(queue)) throw new Error("FIFO queues number their messages themselves");
  return { generation, sentAt, tie: ctx.ids.sequence() };
}
