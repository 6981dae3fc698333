/**
 * A message's way to its subscriptions. One job takes a message to all of them at once; what an endpoint did
 * not take is tried again by a job of its own, for as long as the rules for its kind say, and then goes to
 * the dead-letter queue.
 */

import { asynchronousJob, type Job } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { protectOutbound } from "./data-protection.ts";
import { deadLetter } from "./dead-letters.ts";
import {
  customerRetryDelaySeconds, effectiveSubscriptionPolicy, managedRetryDelaySeconds, retryDelaySeconds,
} from "./delivery-policy.ts";
import { isDeliveryLogged, logDelivery } from "./delivery-logs.ts";
import { Envelopes } from "./envelopes.ts";
import type { Notification } from "./notification.ts";
import { meters } from "./metrics.ts";
import { sendToAll, type Outcome } from "./senders.ts";
import { subscriptions, turns, type Subscription } from "./subscription-table.ts";
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

/** A message, and who gets it. */
export interface Round {
  readonly topic: Topic;
  readonly notification: Notification;
  readonly subscriptions: readonly Subscription[];
}

type InOrder = Pick<Delivery, "topic" | "topicId">;

/** What FIFO topics have still to deliver, in their order. */
interface Waiting extends Omit<Delivery, "topic"> {
  readonly order: number;
}

const waiting = table<Waiting>("sns.waiting", { key: (row) => [row.topicId, row.order] });

/** Messages of a FIFO topic that one round delivers. */
const roundMax = 50;

/** So many queues get a message at once; where there are more, nobody waits for it. */
const atOnceMax = 100;

/**
 * What is to be delivered now, before the publisher is answered: queues are near, and what has arrived needs
 * no job that remembers it. All else is delivered later.
 */
export function deliverSoon(
  ctx: Context, topic: Topic, notification: Notification, receivers: readonly Subscription[],
): Round | undefined {
  const queues = receivers.filter(({ protocol }) => protocol === "sqs");
  if (isFifo(topic) || queues.length === 0 || queues.length > atOnceMax) {
    deliverLater(ctx, topic, notification, receivers);
    return undefined;
  }
  if (queues.length < receivers.length) {
    deliverLater(ctx, topic, notification, receivers.filter(({ protocol }) => protocol !== "sqs"));
  }
  return { topic, notification, subscriptions: queues };
}

/** In the name of the service, not of who published. */
export async function deliverNow(ctx: BodyContext, rounds: readonly Round[]): Promise<void> {
  const service = ctx.asService();
  await Promise.all(rounds.map((round) => attempt(service, round, 1)));
}

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

/** A topic that is gone, and subscriptions that are, get nothing any more. */
function roundOf(ctx: BodyContext, delivery: Delivery): Round | undefined {
  const { topic: name, topicId, notification, subscriptions: ids } = delivery;
  return ctx.reading(() => {
    const topic = ctx.db(topics).get(name);
    if (topic?.id !== topicId) return undefined;
    const rows = ctx.db(subscriptions);
    const found = ids.map((id) => rows.get([name, id])).filter((each) => each !== undefined);
    return { topic, notification, subscriptions: found };
  });
}

export const deliver = asynchronousJob<Delivery>("sns.deliver", async (delivery, ctx) => {
  const round = roundOf(ctx, delivery);
  if (!round) return;
  const due = round.subscriptions.filter((each) => !isHeldBack(ctx, round, each));
  await attempt(ctx, { ...round, subscriptions: due }, 1);
});

/**
 * Whether a message must wait for its turn, which it then gets by a job of its own.
 *
 * @evidence SNS Developer Guide, "Creating a delivery policy": maxReceivesPerSecond, the average rate
 */
function isHeldBack(ctx: BodyContext, { topic, notification }: Round, subscription: Subscription): boolean {
  if (!subscription.protocol.startsWith("http")) return false;
  const own = subscription.attributes["DeliveryPolicy"];
  const { throttlePolicy } = effectiveSubscriptionPolicy(topic.attributes["DeliveryPolicy"], own);
  if (!throttlePolicy) return false;
  return ctx.transaction((within) => {
    const now = within.clock.now();
    const at = Math.max(now, within.db(turns).get(subscription.id)?.at ?? 0);
    const next = at + 1_000 / throttlePolicy.maxReceivesPerSecond;
    within.db(turns).put({ subscription: subscription.id, at: next });
    if (at <= now) return false;
    const named = { topic: topic.name, topicId: topic.id, notification, subscription: subscription.id };
    within.schedule(redeliver, { at: Math.ceil(at), input: { ...named, attempts: 0 } });
    return true;
  });
}

export const redeliver = asynchronousJob<Retry>("sns.redeliver", async (retry, ctx) => {
  const round = roundOf(ctx, { ...retry, subscriptions: [retry.subscription] });
  if (round) await attempt(ctx, round, retry.attempts + 1);
});

/** What the data protection policy leaves of a message for each subscription; nothing where it denies it. */
async function attempt(ctx: BodyContext, round: Round, number: number): Promise<void> {
  const { topic, notification } = round;
  if (topic.dataProtection === undefined) return send(ctx, round, notification, number);
  await Promise.all(round.subscriptions.map((subscription) => {
    const left = protectOutbound(ctx, topic, subscription.principal, notification);
    if (!left) return deny(ctx, topic, subscription, notification, number);
    return send(ctx, { ...round, subscriptions: [subscription] }, left, number);
  }));
}

async function deny(
  ctx: BodyContext, topic: Topic, subscription: Subscription, notification: Notification, attempts: number,
): Promise<void> {
  ctx.metric(meters.failed, [topic.name], 1);
  const response = () => "The message is denied by the data protection policy of the topic.";
  const outcome = { isDelivered: false, isRetryable: false, response, status: 403 };
  if (!isDeliveryLogged(ctx, topic, subscription, outcome)) return;
  await logDelivery(ctx, topic, subscription, notification, outcome, attempts);
}

/** @param left what is sent; what is tried again begins with the message as it came */
async function send(
  ctx: BodyContext, round: Round, left: Notification, number: number,
): Promise<void> {
  const { topic, notification } = round;
  const envelopes = new Envelopes(ctx, left);
  const outcomes = await sendToAll(ctx, topic, round.subscriptions, envelopes);
  const settling: Promise<void>[] = [];
  for (const [index, subscription] of round.subscriptions.entries()) {
    const outcome = outcomes[index] as Outcome;
    const delay = outcome.isRetryable ? retryDelay(topic, subscription, number) : undefined;
    if (outcome.isDelivered || delay === undefined) {
      settling.push(...settle(ctx, topic, subscription, envelopes, outcome, number));
      continue;
    }
    ctx.transaction((within) =>
      within.schedule(redeliver, {
        at: within.clock.now() + delay * 1000,
        input: {
          topic: topic.name, topicId: topic.id, notification, subscription: subscription.id, attempts: number,
        },
      }));
  }
  if (settling.length > 0) await Promise.all(settling);
}

/** It has arrived, or never will. @returns what is still to be waited for, which mostly is nothing */
function settle(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes, outcome: Outcome,
  attempts: number,
): Promise<void>[] {
  ctx.metric(outcome.isDelivered ? meters.delivered : meters.failed, [topic.name], 1);
  const isLogged = isDeliveryLogged(ctx, topic, subscription, outcome);
  if (outcome.isDelivered && !isLogged) return [];
  return [conclude(ctx, topic, subscription, envelopes, outcome, isLogged ? attempts : undefined)];
}

/** @param attempts undefined where no log is wanted */
async function conclude(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes, outcome: Outcome,
  attempts: number | undefined,
): Promise<void> {
  if (!outcome.isDelivered) await deadLetter(ctx, topic, subscription, envelopes);
  if (attempts === undefined) return;
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

/**
 * What cannot be delivered for now is tried again before anything behind it: the job fails, and begins anew
 * where it was. Queues know what they have had already.
 */
export const deliverInOrder: Job<InOrder> = {
  ...asynchronousJob<InOrder>("sns.deliverInOrder", async ({ topic: name, topicId }, ctx) => {
    for (;;) {
      const rows = ctx.reading(() => [...ctx.db(waiting).list({ prefix: [topicId], limit: roundMax })]);
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
  const round = roundOf(ctx, delivery);
  if (!round) return;
  const { topic } = round;
  const envelopes = new Envelopes(ctx, round.notification);
  const outcomes = await sendToAll(ctx, topic, round.subscriptions, envelopes);
  const settling: Promise<void>[] = [];
  let refusal: string | undefined;
  for (const [index, subscription] of round.subscriptions.entries()) {
    const outcome = outcomes[index] as Outcome;
    if (outcome.isRetryable) refusal ??= `${subscription.endpoint}: ${outcome.response()}`;
    else settling.push(...settle(ctx, topic, subscription, envelopes, outcome, 1));
  }
  await Promise.all(settling);
  if (refusal !== undefined) throw new Error(refusal);
}
