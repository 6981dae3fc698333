/** Consumers of streams as event sources: records are pushed, shard by shard, for five minutes at a time. */

import * as kinesis from "../../generated/kinesis.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import type { ShardPage, ShardStart, StreamEvent, StreamSource } from "./event-source-streams.ts";

interface Subscription {
  readonly pushed: AsyncIterator<kinesis.SubscribeToShardEventStream>;
  /** Came with what was pushed, and does not fit into a batch any more. */
  waiting: readonly StreamEvent[];
  isOver: boolean;
}

/** `arn:…:stream/x/consumer/y:1700000000` */
export function streamOfConsumer(source: string): string {
  return source.replace(/\/consumer\/.*$/, "");
}

interface Consuming {
  readonly consumerArn: string;
  readonly options: () => Promise<CallOptions>;
  readonly shards: StreamSource["shards"];
  readonly eventOf: (shardId: string, record: kinesis.RecordShape) => StreamEvent;
}

/** @evidence Lambda Developer Guide, "Using Lambda with Kinesis", enhanced fan-out; SubscribeToShard */
export function consumerSource(
  ctx: BodyContext, { consumerArn, options, shards, eventOf }: Consuming,
): StreamSource {
  const subscriptions = new Map<string, Subscription>();

  async function next(shardId: string, subscription: Subscription): Promise<void> {
    const { value, done } = await ctx.kernel.aside(subscription.pushed.next());
    const event = done ? undefined : value.SubscribeToShardEvent;
    subscription.waiting = (event?.Records ?? []).map((record) => eventOf(shardId, record));
    subscription.isOver = event?.ChildShards !== undefined;
    if (done) subscriptions.delete(shardId);
  }

  return {
    pollMilliseconds: 1,
    shards,
    async iterator(shardId, start) {
      const { EventStream } = await ctx.call(kinesis.SubscribeToShard, {
        ConsumerARN: consumerArn, ShardId: shardId, StartingPosition: positionOf(start),
      }, await options());
      const pushed = EventStream[Symbol.asyncIterator]();
      subscriptions.set(shardId, { pushed, waiting: [], isOver: false });
      return shardId;
    },
    async read(shardId, iterator, limit): Promise<ShardPage> {
      const subscription = subscriptions.get(shardId);
      // The five minutes are over: whoever reads subscribes again, behind what was read.
      if (!subscription) return { events: [], next: iterator, isSpent: true };
      if (subscription.waiting.length === 0 && !subscription.isOver) await next(shardId, subscription);
      const events = subscription.waiting.slice(0, limit);
      subscription.waiting = subscription.waiting.slice(limit);
      const isDone = subscription.isOver && subscription.waiting.length === 0;
      return { events, next: isDone ? undefined : iterator };
    },
  };
}

function positionOf(start: ShardStart): kinesis.StartingPosition {
  if (start === "oldest") return { Type: "TRIM_HORIZON" };
  if (start === "newest") return { Type: "LATEST" };
  if ("after" in start) return { Type: "AFTER_SEQUENCE_NUMBER", SequenceNumber: start.after };
  return { Type: "AT_TIMESTAMP", Timestamp: start.at };
}
