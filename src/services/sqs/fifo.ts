/** What FIFO queues add: numbered messages, groups that are worked through in order, and no duplicates. */

import { createHash } from "node:crypto";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { isInFlight, messages, type Message } from "./message-table.ts";
import type { Queue } from "./queue-table.ts";

/**
 * Where the numbering of a queue's messages stands. It outlives the messages, so that no number comes twice.
 */
interface Cursor {
  readonly queueId: string;
  readonly sentAt: number;
  readonly tie: number;
}

const cursors = table<Cursor>("sqs.fifoCursors", { key: (row) => row.queueId });

/**
 * A group that holds messages. Its messages are taken from the head, and only while none of them is in
 * flight.
 */
interface Group {
  readonly generation: string;
  readonly name: string;
  /** Nothing of the group is given out before. */
  readonly availableAt: number;
  readonly headSentAt: number;
  readonly headTie: number;
}

export const groups = table<Group, "available">("sqs.fifoGroups", {
  key: (row) => [row.generation, row.name],
  indexes: { available: (row) => [row.generation, row.availableAt, row.headSentAt, row.headTie] },
});

export interface Sent {
  readonly id: string;
  readonly sentAt: number;
  readonly tie: number;
}

interface Deduplication extends Sent {
  readonly queueId: string;
  /** The group where duplicates are looked for within groups, else empty. */
  readonly scope: string;
  readonly deduplicationId: string;
  readonly at: number;
}

export const deduplications = table<Deduplication, "age">("sqs.deduplications", {
  key: (row) => [row.queueId, row.scope, row.deduplicationId],
  indexes: { age: (row) => [row.queueId, row.at] },
});

/** @evidence SQS Developer Guide, "Exactly-once processing": the deduplication interval is 5 minutes */
export const deduplicationMilliseconds = 5 * 60 * 1000;

const tieMax = 999_999;

/** The next place in a FIFO queue: later than every earlier one, even when the clock was set back. */
export function nextPlace(ctx: Context, queue: Queue): Pick<Message, "generation" | "sentAt" | "tie"> {
  const now = ctx.clock.now();
  const last = ctx.db(cursors).get(queue.id);
  let place = { sentAt: now, tie: 0 };
  if (last && last.sentAt >= now) {
    const { sentAt, tie } = last;
    place = tie < tieMax ? { sentAt, tie: tie + 1 } : { sentAt: sentAt + 1, tie: 0 };
  }
  ctx.db(cursors).put({ queueId: queue.id, ...place });
  return { generation: queue.generation, ...place };
}

/** 20 digits that grow, as AWS's do. */
export function sequenceNumberOf(place: Pick<Message, "sentAt" | "tie">): string {
  return `1${String(place.sentAt).padStart(13, "0")}${String(place.tie).padStart(6, "0")}`;
}

/** The content decides where the sender does not say. */
export function contentId(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}

function scopeOf(queue: Queue, group: string): string {
  return queue.attributes["DeduplicationScope"] === "messageGroup" ? group : "";
}

/** What was sent under this id within the last five minutes, whether it has been deleted since or not. */
export function findDuplicate(ctx: ReadContext, queue: Queue, group: string, id: string): Sent | undefined {
  const found = ctx.db(deduplications).get([queue.id, scopeOf(queue, group), id]);
  return found && found.at + deduplicationMilliseconds > ctx.clock.now() ? found : undefined;
}

export function rememberSent(ctx: Context, queue: Queue, group: string, id: string, sent: Sent): void {
  const rows = ctx.db(deduplications);
  const now = ctx.clock.now();
  // Each send takes two old ones away, so that they never pile up and no send pays for all.
  const before = [queue.id, now - deduplicationMilliseconds + 1];
  for (const old of [...rows.by("age").list({ prefix: [queue.id], before, limit: 2 })]) {
    rows.delete([old.queueId, old.scope, old.deduplicationId]);
  }
  rows.put({ ...sent, queueId: queue.id, scope: scopeOf(queue, group), deduplicationId: id, at: now });
}

/** After a message joined the end of its group. */
export function joinGroup(ctx: Context, message: Message): void {
  const rows = ctx.db(groups);
  const name = message.group ?? "";
  if (rows.has([message.generation, name])) return;
  rows.put({
    generation: message.generation,
    name,
    availableAt: message.visibleAt,
    headSentAt: message.sentAt,
    headTie: message.tie,
  });
}

/**
 * After messages of a group were received, hidden, shown or deleted. Received ones stand at the head and are
 * ten at most, because a group with one in flight gives out no more.
 */
export function settleGroup(ctx: Context, generation: string, name: string): void {
  const now = ctx.clock.now();
  let head: Message | undefined;
  let availableAt = 0;
  for (const message of ctx.db(messages).by("group").list({ prefix: [generation, name] })) {
    if (!head || isInFlight(message, now)) availableAt = Math.max(availableAt, message.visibleAt);
    head ??= message;
    if (message.receipt === undefined) break;
  }
  if (!head) ctx.db(groups).delete([generation, name]);
  else ctx.db(groups).put({ generation, name, availableAt, headSentAt: head.sentAt, headTie: head.tie });
}

/**
 * What a receive may take: group after group, each in its order. Nothing may be written while this is being
 * read.
 */
export function* availableMessages(ctx: ReadContext, queue: Queue): Generator<Message> {
  const now = ctx.clock.now();
  const { generation } = queue;
  const available = { prefix: [generation], before: [generation, now + 1] };
  for (const group of ctx.db(groups).by("available").list(available)) {
    for (const message of ctx.db(messages).by("group").list({ prefix: [generation, group.name] })) {
      if (message.visibleAt > now) break;
      yield message;
    }
  }
}

export function nextAvailableAt(ctx: ReadContext, queue: Queue): number | undefined {
  const from = [queue.generation, ctx.clock.now() + 1];
  return ctx.db(groups).by("available").first({ prefix: [queue.generation], from })?.availableAt;
}

/** A retried receive gives the same messages out again while nothing was done with them. */
interface ReceiveAttempt {
  readonly queueId: string;
  readonly attemptId: string;
  readonly at: number;
  readonly taken: readonly { readonly sentAt: number; readonly tie: number; readonly receipt: string }[];
}

export const receiveAttempts = table<ReceiveAttempt, "age">("sqs.receiveAttempts", {
  key: (row) => [row.queueId, row.attemptId],
  indexes: { age: (row) => [row.queueId, row.at] },
});

/**
 * Undefined unless every message of the attempt is as the attempt left it: still in flight under the same
 * handle.
 */
export function findAttempt(ctx: ReadContext, queue: Queue, attemptId: string): Message[] | undefined {
  const now = ctx.clock.now();
  const attempt = ctx.db(receiveAttempts).get([queue.id, attemptId]);
  if (!attempt || attempt.at + deduplicationMilliseconds <= now) return undefined;
  const found: Message[] = [];
  for (const { sentAt, tie, receipt } of attempt.taken) {
    const message = ctx.db(messages).get([queue.generation, sentAt, tie]);
    if (message?.receipt !== receipt || !isInFlight(message, now)) return undefined;
    found.push(message);
  }
  return found.length === 0 ? undefined : found;
}

export function rememberAttempt(
  ctx: Context, queue: Queue, attemptId: string, taken: readonly Message[],
): void {
  const rows = ctx.db(receiveAttempts);
  const now = ctx.clock.now();
  const before = [queue.id, now - deduplicationMilliseconds + 1];
  for (const old of [...rows.by("age").list({ prefix: [queue.id], before, limit: 2 })]) {
    rows.delete([old.queueId, old.attemptId]);
  }
  if (taken.length === 0) return;
  const places = taken.map(({ sentAt, tie, receipt = "" }) => ({ sentAt, tie, receipt }));
  rows.put({ queueId: queue.id, attemptId, at: now, taken: places });
}

/** Everything kept beside the messages of a queue that is gone. Returns false while some is left. */
export function forgetSome(ctx: Context, queueId: string, limit: number): boolean {
  ctx.db(cursors).delete(queueId);
  const sent = [...ctx.db(deduplications).list({ prefix: [queueId], limit })];
  for (const row of sent) ctx.db(deduplications).delete([row.queueId, row.scope, row.deduplicationId]);
  const attempts = [...ctx.db(receiveAttempts).list({ prefix: [queueId], limit })];
  for (const row of attempts) ctx.db(receiveAttempts).delete([row.queueId, row.attemptId]);
  return sent.length < limit && attempts.length < limit;
}
