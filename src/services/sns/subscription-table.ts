/** The row of a subscription, which lies with its topic. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { invalidParameter, malformedArn, refusedParameter, subscriptionNotFound } from "./errors.ts";
import { readArn, topics, type Topic } from "./topic-table.ts";

export interface Subscription {
  readonly topic: string;
  /** A UUID. */
  readonly id: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** The account of who subscribed. */
  readonly owner: string;
  /** The ARN of who subscribed. */
  readonly principal: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly isPending: boolean;
  /** Whoever has it may confirm, and take back an unsubscription. */
  readonly token?: string;
  readonly isAuthenticated: boolean;
  /** Only its owner, and the topic's, may unsubscribe it. */
  readonly needsAuthentication?: boolean;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export const subscriptions = table<Subscription, "endpoint" | "owner" | "state" | "token">(
  "sns.subscriptions",
  {
    key: (row) => [row.topic, row.id],
    indexes: {
      endpoint: (row) => [row.topic, row.protocol, row.endpoint],
      owner: (row) => [row.owner, row.topic, row.id],
      state: (row) => [row.topic, row.isPending ? "pending" : "confirmed"],
      token: (row) => row.token,
    },
  },
);

/** When the next message may be posted to a subscription that takes only so many a second. */
export const turns = table<{ readonly subscription: string; readonly at: number }>("sns.turns", {
  key: (row) => row.subscription,
});

/** What was unsubscribed by a link, for as long as that may be taken back; under a token of its own. */
export const unsubscribed = table<Subscription>("sns.unsubscribed", { key: (row) => row.token ?? row.id });

export function subscriptionArn(ctx: ReadContext, { topic, id }: Pick<Subscription, "topic" | "id">): string {
  return ctx.arn(`${topic}:${id}`);
}

const idForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @throws InvalidParameter where the text is no ARN of a subscription */
export function findSubscription(ctx: ReadContext, arn: string): Subscription | undefined {
  if (arn === "") throw invalidParameter("SubscriptionArn Reason: no value for required parameter");
  const elements = arn.split(":").length;
  if (elements < 6) throw malformedArn("SubscriptionArn", elements);
  const [topic = "", id = ""] = readArn(ctx, arn, "SubscriptionArn").resource.split(":");
  if (!idForm.test(id)) throw invalidParameter("SubscriptionId");
  return ctx.db(subscriptions).get([topic, id]);
}

export function requireSubscription(ctx: ReadContext, arn: string): Subscription {
  const found = findSubscription(ctx, arn);
  if (!found) throw subscriptionNotFound();
  return found;
}

export function findByToken(ctx: ReadContext, topic: Topic | undefined, token: string): Subscription {
  if (!/^[0-9a-f]{64,}$/.test(token)) throw refusedParameter("Invalid token");
  const found =
    ctx.db(subscriptions).by("token").first({ prefix: [token] }) ?? ctx.db(unsubscribed).get(token);
  if (!topic || found?.topic !== topic.name) throw invalidParameter("Token");
  return found;
}

/** The topic counts what it lost. */
export function deleteSubscription(ctx: Context, subscription: Subscription): void {
  if (!ctx.db(subscriptions).delete([subscription.topic, subscription.id])) return;
  ctx.db(turns).delete(subscription.id);
  const topic = ctx.db(topics).get(subscription.topic);
  if (topic) ctx.db(topics).put({ ...topic, subscriptionsDeleted: topic.subscriptionsDeleted + 1 });
}
