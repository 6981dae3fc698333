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

/** Sent here and never received, or received: the two halves of the index by visibility. */
const fresh = 0;
const received = 1;

/**
 * One index tells everything that changes: what a receive may take (visible until now), how many are delayed
 * (fresh, visible later) and how many in flight (received, visible later), so that no counter needs to be
 * kept.
 */
export const messages = table<Message, "visibility" | "group">("sqs.messages", {
  key: (message) => keyOf(message),
  indexes: {
    visibility: (message) =>
      [message.generation, message.receipt === undefined ? fresh : received, message.visibleAt],
    group: (message) => (message.fifo ? [message.generation, message.group ?? ""] : undefined),
  },
});

export type MessageRows = Rows<Message, "visibility" | "group">;

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
export function* visibleMessages(rows: MessageRows, generation: string, now: number): Generator<Message> {
  const index = rows.by("visibility");
  const halves = [fresh, received].map((half) =>
    index.list({ prefix: [generation, half], before: [generation, half, now + 1] })[Symbol.iterator]());
  const heads = halves.map((half) => half.next());
  for (;;) {
    const [one, other] = heads;
    if (!one || !other || (one.done && other.done)) return;
    const first = other.done || (!one.done && one.value.visibleAt <= other.value.visibleAt) ? 0 : 1;
    const head = heads[first];
    const half = halves[first];
    if (!head || head.done || !half) return;
    yield head.value;
    heads[first] = half.next();
  }
}

/** When the next delayed or hidden message of a standard queue shows; undefined when there is none. */
export function nextVisibleAt(rows: MessageRows, generation: string, now: number): number | undefined {
  const index = rows.by("visibility");
  const times = [fresh, received].map((half) =>
    index.first({ prefix: [generation, half], from: [generation, half, now + 1] })?.visibleAt ?? Infinity);
  const next = Math.min(...times);
  return next === Infinity ? undefined : next;
}

export interface Counts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export function countMessages(ctx: ReadContext, queue: Queue): Counts {
  const index = ctx.db(messages).by("visibility");
  const { generation } = queue;
  const later = ctx.clock.now() + 1;
  const visible = (half: number) =>
    index.count({ prefix: [generation, half], before: [generation, half, later] });
  const hidden = (half: number) =>
    index.count({ prefix: [generation, half], from: [generation, half, later] });
  return { visible: visible(fresh) + visible(received), inFlight: hidden(received), delayed: hidden(fresh) };
}

export function countInFlight(ctx: ReadContext, queue: Queue): number {
  const from = [queue.generation, received, ctx.clock.now() + 1];
  return ctx.db(messages).by("visibility").count({ prefix: [queue.generation, received], from });
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
