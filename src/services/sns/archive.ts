/**
 * The archive of a FIFO topic, and replays of it. Rows go with the retention that the topic has.
 *
 * @evidence SNS Developer Guide, "Message archiving and replay for FIFO topics"
 */

import { asynchronousJob, job } from "../../jobs/job.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { deliverLater } from "./deliveries.ts";
import { Filterable } from "./filter-policy.ts";
import type { Notification } from "./notification.ts";
import type { ReplayPolicy } from "./replay-policy.ts";
import { subscriptions, type Subscription } from "./subscription-table.ts";
import { topics, type Topic } from "./topic-table.ts";

interface Archived {
  readonly topicId: string;
  readonly sequence: number;
  readonly at: number;
  readonly notification: Notification;
}

const archived = table<Archived, "age">("sns.archive", {
  key: (row) => [row.topicId, row.sequence],
  indexes: { age: (row) => [row.topicId, row.at] },
});

interface Replay {
  readonly topic: string;
  readonly subscription: string;
  readonly status: "Pending" | "In Progress" | "Completed" | "Failed";
  /** The policy that it follows; a later one takes its place. */
  readonly policy: string;
  readonly after: number;
}

const replays = table<Replay>("sns.replays", { key: (row) => row.subscription });

const dayMilliseconds = 86_400_000;

export function retentionMilliseconds({ attributes }: Topic): number | undefined {
  const text = attributes["ArchivePolicy"];
  if (text === undefined) return undefined;
  const { MessageRetentionPeriod } = JSON.parse(text) as { readonly MessageRetentionPeriod: string | number };
  return Number(MessageRetentionPeriod) * dayMilliseconds;
}

export function archive(ctx: Context, topic: Topic, sequence: number, notification: Notification): void {
  const retention = retentionMilliseconds(topic);
  if (retention === undefined) return;
  const { at } = notification;
  ctx.db(archived).add({ topicId: topic.id, sequence, at, notification });
  const input = { topic: topic.name, topicId: topic.id };
  ctx.schedule(sweepArchive, { at: nextSweep(at, retention), id: topic.id, input });
}

/** Not before the oldest message may go, and seldom. */
function nextSweep(at: number, retention: number): number {
  return (Math.floor((at + Math.min(retention, dayMilliseconds)) / dayMilliseconds) + 1) * dayMilliseconds;
}

const sweptMax = 1_000;

export const sweepArchive = job<{ readonly topic: string; readonly topicId: string }>(
  "sns.sweepArchive",
  (input, ctx) => {
    const { topicId } = input;
    const topic = ctx.db(topics).get(input.topic);
    const now = ctx.clock.now();
    const retention = topic?.id === topicId ? retentionMilliseconds(topic) : undefined;
    const before = retention === undefined ? {} : { before: [topicId, now - retention] };
    const rows = [...ctx.db(archived).by("age").list({ prefix: [topicId], ...before, limit: sweptMax })];
    for (const row of rows) ctx.db(archived).delete([row.topicId, row.sequence]);
    const isMore = rows.length === sweptMax;
    if (!isMore && !ctx.db(archived).first({ prefix: [topicId] })) return;
    const at = isMore ? now : nextSweep(now, retention ?? dayMilliseconds);
    ctx.schedule(sweepArchive, { at, id: topicId, input });
  },
);

export function forgetArchive(ctx: Context, topic: Topic): void {
  const input = { topic: topic.name, topicId: topic.id };
  ctx.schedule(sweepArchive, { at: ctx.clock.now(), id: topic.id, input });
}

/** @evidence SNS API Reference, GetTopicAttributes, BeginningArchiveTime */
export function beginningOf(ctx: ReadContext, topic: Topic): string | undefined {
  if (retentionMilliseconds(topic) === undefined) return undefined;
  const oldest = ctx.db(archived).by("age").first({ prefix: [topic.id] });
  return new Date(oldest?.at ?? topic.createdAt).toISOString();
}

export function replayStatusOf(ctx: ReadContext, { id, attributes }: Subscription): string | undefined {
  return attributes["ReplayPolicy"] === undefined ? undefined : ctx.db(replays).get(id)?.status;
}

/** A policy that is set starts anew; one that is taken away ends what is under way. */
export function startReplay(ctx: Context, topic: Topic, subscription: Subscription): void {
  const policy = subscription.attributes["ReplayPolicy"];
  const { id } = subscription;
  if (policy === undefined) {
    ctx.db(replays).delete(id);
    return;
  }
  ctx.db(replays).put({ topic: topic.name, subscription: id, status: "Pending", policy, after: 0 });
  ctx.schedule(replay, { at: ctx.clock.now(), id, input: { topic: topic.name, subscription: id } });
}

const roundMax = 100;

/** Round by round, each a transaction: what has been handed on is not handed on again after a crash. */
export const replay = asynchronousJob<{ readonly topic: string; readonly subscription: string }>(
  "sns.replay",
  async (input, ctx: BodyContext) => {
    while (ctx.transaction((within) => replayRound(within, input.topic, input.subscription)));
    await Promise.resolve();
  },
);

/** @returns whether there is more */
function replayRound(ctx: Context, name: string, id: string): boolean {
  const topic = ctx.db(topics).get(name);
  const subscription = ctx.db(subscriptions).get([name, id]);
  const under = ctx.db(replays).get(id);
  if (!topic || !subscription || !under) return false;
  const { StartingPoint, EndingPoint } = JSON.parse(under.policy) as ReplayPolicy;
  const [from, to] = [Date.parse(StartingPoint), EndingPoint ? Date.parse(EndingPoint) : Infinity];
  const range = { prefix: [topic.id], after: [topic.id, under.after], limit: roundMax };
  const rows = [...ctx.db(archived).list(range)];
  for (const { at, notification } of rows) {
    if (at < from || at > to) continue;
    const { attributes } = subscription;
    const filterable = new Filterable(notification.attributes, notification.message);
    if (!filterable.passes(ctx.kernel, attributes["FilterPolicy"], attributes["FilterPolicyScope"])) continue;
    // A queue that has had it within five minutes is to take it again.
    const again = `${notification.deduplicationId ?? ""}-${ctx.ids.hex(8)}`.slice(-128);
    const repeated: Notification = { ...notification, isReplayed: true, deduplicationId: again };
    deliverLater(ctx, topic, repeated, [subscription]);
  }
  const isMore = rows.length === roundMax;
  const after = rows.at(-1)?.sequence ?? under.after;
  ctx.db(replays).put({ ...under, after, status: isMore ? "In Progress" : "Completed" });
  return isMore;
}
