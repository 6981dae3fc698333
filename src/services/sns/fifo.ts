/** FIFO topics: sequence numbers, and messages that were sent before. */

import { hash } from "node:crypto";
import type { Context } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import type { Topic } from "./topic-table.ts";

/** Where a topic is in its sequence. */
interface Cursor {
  readonly topicId: string;
  readonly last: number;
}

const cursors = table<Cursor>("sns.cursors", { key: (row) => row.topicId });

/** @evidence SNS, recorded: 20 digits, as those of queues */
const firstSequence = 10_000_000_000_000_000_000n;

export function nextSequence(ctx: Context, topic: Topic): number {
  const last = (ctx.db(cursors).get(topic.id)?.last ?? 0) + 1;
  ctx.db(cursors).put({ topicId: topic.id, last });
  return last;
}

export function shownSequence(sequence: number): string {
  return String(firstSequence + BigInt(sequence) * 1_000n);
}

/** What was published, for whoever publishes it again. */
export interface Sent {
  readonly messageId: string;
  readonly sequence: number;
}

interface Deduplication extends Sent {
  readonly topicId: string;
  /** The message group, where duplicates count within groups only. */
  readonly scope: string;
  readonly deduplicationId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

const deduplications = table<Deduplication, "age">("sns.deduplications", {
  key: (row) => [row.topicId, row.scope, row.deduplicationId],
  indexes: { age: (row) => [row.topicId, row.at] },
});

/** @evidence SNS Developer Guide, "Message deduplication for FIFO topics": five minutes */
const deduplicationMilliseconds = 300_000;

/** @evidence SNS, recorded: the SHA-256 of the message's body */
export function contentId(message: string): string {
  return hash("sha256", message, "hex");
}

function scopeOf(topic: Topic, group: string): string {
  return topic.attributes["FifoThroughputScope"] === "MessageGroup" ? `group ${group}` : "";
}

export function findSent(ctx: Context, topic: Topic, group: string, id: string): Sent | undefined {
  const found = ctx.db(deduplications).get([topic.id, scopeOf(topic, group), id]);
  return found && found.at + deduplicationMilliseconds > ctx.clock.now() ? found : undefined;
}

export function rememberSent(ctx: Context, topic: Topic, group: string, id: string, sent: Sent): void {
  const rows = ctx.db(deduplications);
  const now = ctx.clock.now();
  const before = [topic.id, now - deduplicationMilliseconds + 1];
  for (const old of [...rows.by("age").list({ prefix: [topic.id], before, limit: 2 })]) {
    rows.delete([old.topicId, old.scope, old.deduplicationId]);
  }
  const { messageId, sequence } = sent;
  const scope = scopeOf(topic, group);
  rows.put({ topicId: topic.id, scope, deduplicationId: id, messageId, sequence, at: now });
}

export function forgetSent(ctx: Context, topic: Topic): void {
  ctx.db(cursors).delete(topic.id);
  for (const row of [...ctx.db(deduplications).list({ prefix: [topic.id] })]) {
    ctx.db(deduplications).delete([row.topicId, row.scope, row.deduplicationId]);
  }
}
