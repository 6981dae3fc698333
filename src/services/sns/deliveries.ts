/**
 * A message's way to its subscriptions. One job takes a message to all of them at once; what an endpoint did
 * not take is tried again by a job of its own, for as long as the rules for its kind say, and then goes to
 * the dead-letter queue.
 */

import { asynchronousJob, type Job } from "../../jobs/job.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { deadLetter } from "./dead-letters.ts";
import {
  customerRetryDelaySeconds, effectiveSubscriptionPolicy, managedRetryDelaySeconds, retryDelaySeconds,
} from "./delivery-policy.ts";
import { logDelivery } from "./delivery-logs.ts";
import { Envelopes } from "./envelopes.ts";
import type { Notification } from "./notification.ts";
import { meters } from "./metrics.ts";
import { sendTo, type Outcome } from "./senders.ts";
import { subscriptions, type Subscription } from "./subscription-table.ts";
import { isFifo, topics, type Topic } from "./topic-table.ts";

interface Delivery {
  readonly topic: string;
  readonly topicId: string;
  readonly notification: Notification;
  /** Ids. */
  readonly subscriptions: readonly string[];
}

interface Retry extends Omit<Delivery, "subscriptions"> {
  readonly subscription: string;
  /** How many attempts have failed. */
  readonly attempts: number;
}

/** What FIFO topics have still to deliver, in their order. */
interface Waiting extends Omit<Delivery, "topic"> {
  readonly order: number;
}

const waiting = table<Waiting>("sns.waiting", { key: (row) => [row.topicId, row.order] });

/** Messages of a FIFO topic that one round delivers. */
const roundMax = 50;

/** At least once, soon after the transaction; those of a FIFO topic one after the other. */
export function deliverLater(
  ctx: Context, topic: Topic, notification: Notification, receivers: readonly Subscription[],
): void {
  if (receivers.length === 0) return;
  const at = ctx.clock.now();
  const named = { topicId: topic.id, notification, subscriptions: receivers.map(({ id }) => id) };
  if (!isFifo(topic)) {
    ctx.schedule(deliver, { at, input: { topic: topic.name, ...named } });
    return;
  }
  ctx.db(waiting).add({ order: ctx.ids.sequence(), ...named });
  ctx.schedule(deliverInOrder, { at, id: topic.id, input: { topic: topic.name, topicId: topic.id } });
}

interface Found {
  readonly topic: Topic;
  readonly subscription: Subscription;
}

/** A topic that is gone, and subscriptions that are, get nothing any more. */
function receivers(ctx: ReadContext, { topic: name, topicId, subscriptions: ids }: Delivery): Found[] {
  const topic = ctx.db(topics).get(name);
  if (topic?.id !== topicId) return [];
  return ids.flatMap((id) => {
    const subscription = ctx.db(subscriptions).get([name, id]);
    return subscription ? [{ topic, subscription }] : [];
  });
}

export const deliver = asynchronousJob<Delivery>("sns.deliver", async (delivery, ctx) => {
  const found = reading(ctx, (within) => receivers(within, delivery));
  const envelopes = new Envelopes(ctx, delivery.notification);
  await Promise.all(found.map((each) => attempt(ctx, each, envelopes, delivery, 1)));
});

export const redeliver = asynchronousJob<Retry>("sns.redeliver", async (retry, ctx) => {
  const [found] = reading(ctx, (within) =>
    receivers(within, { ...retry, subscriptions: [retry.subscription] }));
  if (found) await attempt(ctx, found, new Envelopes(ctx, retry.notification), retry, retry.attempts + 1);
});

async function attempt(
  ctx: BodyContext, { topic, subscription }: Found, envelopes: Envelopes,
  { notification }: Pick<Delivery, "notification">, number: number,
): Promise<void> {
  const outcome = await sendTo(ctx, topic, subscription, envelopes);
  const delay = outcome.isRetryable ? retryDelay(topic, subscription, number) : undefined;
  if (!outcome.isDelivered && delay !== undefined) {
    ctx.transaction((within) =>
      within.schedule(redeliver, {
        at: within.clock.now() + delay * 1000,
        input: {
          topic: topic.name, topicId: topic.id, notification, subscription: subscription.id, attempts: number,
        },
      }));
    return;
  }
  await settle(ctx, topic, subscription, envelopes, outcome, number);
}

/** It has arrived, or never will. */
async function settle(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes, outcome: Outcome,
  attempts: number,
): Promise<void> {
  ctx.metric(outcome.isDelivered ? meters.delivered : meters.failed, [topic.name], 1);
  if (!outcome.isDelivered) await deadLetter(ctx, topic, subscription, envelopes);
  await logDelivery(ctx, topic, subscription, envelopes.notification, outcome, attempts);
}

function retryDelay(topic: Topic, subscription: Subscription, attempts: number): number | undefined {
  switch (subscription.protocol) {
    case "http":
    case "https": {
      const own = subscription.attributes["DeliveryPolicy"];
      const { healthyRetryPolicy } = effectiveSubscriptionPolicy(topic.attributes["DeliveryPolicy"], own);
      return retryDelaySeconds(healthyRetryPolicy, attempts);
    }
    case "sqs":
    case "lambda":
    case "firehose":
      return managedRetryDelaySeconds(attempts);
    default:
      return customerRetryDelaySeconds(attempts);
  }
}

interface Round {
  readonly topic: string;
  readonly topicId: string;
}

/**
 * What cannot be delivered for now is tried again before anything behind it: the job fails, and begins anew
 * where it was. Queues know what they have had already.
 */
export const deliverInOrder: Job<Round> = {
  ...asynchronousJob<Round>("sns.deliverInOrder", async ({ topic: name, topicId }, ctx) => {
    for (;;) {
      const rows = reading(ctx, (within) => [
        ...within.db(waiting).list({ prefix: [topicId], limit: roundMax }),
      ]);
      for (const row of rows) {
        await deliverOne(ctx, { topic: name, ...row });
        ctx.transaction((within) => within.db(waiting).delete([topicId, row.order]));
      }
      if (rows.length < roundMax) return;
    }
  }),
  persistent: true,
};

async function deliverOne(ctx: BodyContext, delivery: Delivery): Promise<void> {
  const found = reading(ctx, (within) => receivers(within, delivery));
  const envelopes = new Envelopes(ctx, delivery.notification);
  await Promise.all(found.map(async ({ topic, subscription }) => {
    const outcome = await sendTo(ctx, topic, subscription, envelopes);
    if (outcome.isRetryable) throw new Error(`${subscription.endpoint}: ${outcome.response}`);
    await settle(ctx, topic, subscription, envelopes, outcome, 1);
  }));
}

function reading<T>(ctx: BodyContext, work: (within: ReadContext) => T): T {
  return ctx.reading(() => work(ctx));
}
