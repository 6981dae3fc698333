/** SubscribeToShard: what comes to a shard is pushed for five minutes. */

import * as kinesis from "../../generated/kinesis.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { findStream, ownerOf, requireReadableShard, shardIdOf } from "./addresses.ts";
import { consumers, statusOf, type Consumer } from "./consumer-table.ts";
import { requireConsumerByArn } from "./consumers.ts";
import { withKeys } from "./encryption.ts";
import { resourceInUse, streamNotFound, streamWords } from "./errors.ts";
import { pageFrom, startOf } from "./positions.ts";
import { childrenOf, shownRecord } from "./reading.ts";
import { shownSequence } from "./sequence-numbers.ts";
import { shards, topicOf, type Shard, type Stream } from "./stream-table.ts";

/** The one subscription that a consumer has to a shard: a later call takes its place. */
interface Subscription {
  readonly consumer: string;
  readonly stream: number;
  readonly shard: number;
  readonly id: string;
  readonly at: number;
}

const subscriptions = table<Subscription>("kinesis.subscriptions", {
  key: (row) => [row.stream, row.consumer, row.shard],
});

/** @evidence API Reference, SubscribeToShard: five minutes; another call within five seconds is refused */
const subscriptionMilliseconds = 5 * 60_000;
const callApartMilliseconds = 5_000;
/** An event without records comes now and then, so that consumers know how far behind they are. */
const heartbeatMilliseconds = 5_000;

interface Subscribed {
  readonly subscription: Subscription;
  readonly stream: Stream;
  readonly shard: Shard;
  readonly sequence: number;
}

function subscribe(ctx: Context, input: kinesis.SubscribeToShardInput): Subscribed {
  const consumer = requireConsumerByArn(ctx, input.ConsumerARN);
  const stream = findStream(ctx, consumer.streamName);
  if (!stream) throw streamNotFound(ctx, consumer.streamName);
  if (statusOf(ctx, consumer) !== "ACTIVE") {
    throw resourceInUse(`Consumer ${input.ConsumerARN} is not ACTIVE.`);
  }
  const shard = requireReadableShard(ctx, stream, input.ShardId);
  const now = ctx.clock.now();
  const before = ctx.db(subscriptions).get([stream.number, consumer.name, shard.index]);
  if (before && now - before.at < callApartMilliseconds) {
    throw resourceInUse(
      `Another active subscription exists for this consumer: ${consumer.name} on shard ` +
        `${shardIdOf(shard.index)} in ${streamWords(ctx, stream.name)}.`,
    );
  }
  const { Type, SequenceNumber, Timestamp } = input.StartingPosition;
  const start = { type: Type, sequenceNumber: SequenceNumber, timestamp: Timestamp };
  const sequence = startOf(ctx, stream, shard, start, "SubscribeToShard");
  const subscription = ctx.db(subscriptions).put({
    consumer: consumer.name, stream: stream.number, shard: shard.index, id: ctx.ids.uuid(), at: now,
  });
  ctx.wake(topicOf(stream.number, shard.index));
  return { subscription, stream, shard, sequence };
}

export const SubscribeToShard = operation(kinesis.SubscribeToShard, {
  owner: ({ ConsumerARN }) => ownerOf(ConsumerARN),
  resource: ({ ConsumerARN }) => ConsumerARN,
  dataEvent: true,
  async body(input, ctx) {
    const subscribed = ctx.transaction((within) => subscribe(within, input));
    return { EventStream: events(ctx, subscribed) };
  },
});

/** Ends the stream of who was superseded. */
function superseded(): Error {
  return modelled(
    kinesis.ResourceInUseException, "Another subscription of this consumer to this shard took over.",
  );
}

interface Pushed {
  readonly event: kinesis.SubscribeToShardEvent;
  readonly next: number | undefined;
}

const recordsMax = 10_000;

/** @throws ResourceNotFoundException once the stream or the consumer is gone */
function requireGoing(ctx: Context, { subscription, stream, shard }: Subscribed): [Stream, Shard] {
  const current = ctx.db(subscriptions).get([stream.number, subscription.consumer, shard.index]);
  const now = findStream(ctx, stream.name);
  const consumer: Consumer | undefined = ctx.db(consumers).get([stream.number, subscription.consumer]);
  const shardNow = ctx.db(shards).get([stream.number, shard.index]);
  if (now?.number !== stream.number || !shardNow) throw streamNotFound(ctx, stream.name);
  if (!consumer || statusOf(ctx, consumer) !== "ACTIVE") {
    throw modelled(kinesis.ResourceNotFoundException, `Consumer ${subscription.consumer} is gone.`);
  }
  if (current?.id !== subscription.id) throw superseded();
  return [now, shardNow];
}

/**
 * The model says that a sequence number to go on from is always there. At the end of a shard it is not.
 *
 * @evidence Kinesis Client Library, FanOutRecordsPublisher, and Apache Flink's and Beam's consumers: an event
 *   without one ends the shard, and names its children; one with both is taken for broken
 */
function push(ctx: Context, subscribed: Subscribed, from: number): Pushed {
  const [stream, shard] = requireGoing(ctx, subscribed);
  const page = pageFrom(ctx, stream, shard, from, recordsMax);
  const last = page.records.at(-1)?.sequence ?? from;
  const event = {
    Records: page.records.map((record) => shownRecord(ctx, stream, record)),
    MillisBehindLatest: page.millisBehindLatest,
    ...(page.next === undefined ? { ChildShards: childrenOf(ctx, stream, shard) }
      : { ContinuationSequenceNumber: shownSequence({ sequence: last, shard: shard.index }) }),
  };
  return { event: event as kinesis.SubscribeToShardEvent, next: page.next };
}

async function* events(
  ctx: BodyContext, subscribed: Subscribed,
): AsyncGenerator<{ SubscribeToShardEvent: kinesis.SubscribeToShardEvent }> {
  const { subscription, stream, shard } = subscribed;
  const endsAt = subscription.at + subscriptionMilliseconds;
  let from = subscribed.sequence;
  let quietUntil = 0;
  while (!ctx.signal.aborted && ctx.clock.now() < endsAt) {
    const { event, next } = await withKeys(ctx, (within) => push(within, subscribed, from));
    const now = ctx.clock.now();
    if (event.Records.length > 0 || next === undefined || now >= quietUntil) {
      yield { SubscribeToShardEvent: event };
      quietUntil = now + heartbeatMilliseconds;
    }
    if (next === undefined) return;
    from = next;
    if (event.MillisBehindLatest > 0 || ctx.signal.aborted) continue;
    if (hasMore(ctx, subscribed, from)) continue;
    const until = Math.min(quietUntil, endsAt) - ctx.clock.now();
    await ctx.kernel.track(ctx.wait(Math.max(until, 0), topicOf(stream.number, shard.index)));
  }
}

/** Nothing is awaited between this and the wait, so that no record slips through. */
function hasMore(ctx: BodyContext, { stream, shard }: Subscribed, from: number): boolean {
  return ctx.reading(() => {
    const now = ctx.db(shards).get([stream.number, shard.index]);
    return !now || now.closedAt !== undefined || pageFrom(ctx, stream, now, from, 1).records.length > 0;
  });
}
