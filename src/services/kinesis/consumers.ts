/** Consumers with throughput of their own: enhanced fan-out. */

import * as kinesis from "../../generated/kinesis.ts";
import { job } from "../../jobs/job.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation, type Owner } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import { findStream, onStream, ownerOf, requireStream, streamArn } from "./addresses.ts";
import {
  consumerArn, consumers, consumersOf, forgetConsumer, statusOf, type Consumer,
} from "./consumer-table.ts";
import {
  consumerNotFound, invalidArgument, invalidNextToken, limitExceeded, resourceInUse, streamNotFound,
} from "./errors.ts";
import { isAdvantage } from "./limits.ts";
import { setTags } from "./tags.ts";
import type { Stream } from "./stream-table.ts";

interface NamesConsumer {
  readonly StreamARN?: string | undefined;
  readonly ConsumerName?: string | undefined;
  readonly ConsumerARN?: string | undefined;
}

/** `arn:…:stream/x/consumer/y:1700000000`. */
function partsOf(arn: string): { readonly stream: string; readonly name: string } {
  const [, stream = "", name = ""] = /stream\/([^/]+)\/consumer\/([^:]+):\d+$/.exec(arn) ?? [];
  return { stream, name };
}

function find(ctx: ReadContext, stream: Stream, name: string): Consumer | undefined {
  const consumer = ctx.db(consumers).get([stream.number, name]);
  return consumer && statusOf(ctx, consumer) !== "GONE" ? consumer : undefined;
}

export function requireConsumerByArn(ctx: ReadContext, arn: string): Consumer {
  const { stream: streamName, name } = partsOf(arn);
  const stream = findStream(ctx, streamName);
  const consumer = stream && find(ctx, stream, name);
  if (!stream) throw streamNotFound(ctx, streamName);
  if (!consumer || consumerArn(ctx, consumer) !== arn) {
    throw consumerNotFound(ctx, arn, streamArn(ctx, streamName));
  }
  return consumer;
}

/** @evidence API Reference: by its ARN, or by its name and the ARN of its stream */
function requireConsumer(ctx: ReadContext, input: NamesConsumer): Consumer {
  const { StreamARN, ConsumerName: name, ConsumerARN } = input;
  if (ConsumerARN !== undefined) return requireConsumerByArn(ctx, ConsumerARN);
  if (StreamARN === undefined || name === undefined) {
    throw invalidArgument("Either ConsumerARN or both StreamARN and ConsumerName must be provided.");
  }
  const consumer = find(ctx, requireStream(ctx, { StreamARN }), name);
  if (!consumer) throw consumerNotFound(ctx, name, StreamARN);
  return consumer;
}

const onConsumer = {
  owner: ({ ConsumerARN, StreamARN }: NamesConsumer): Owner | undefined =>
    ownerOf(ConsumerARN) ?? ownerOf(StreamARN),
  resource(input: NamesConsumer, ctx: ReadContext): string {
    if (input.ConsumerARN !== undefined) return input.ConsumerARN;
    const stream = findStream(ctx, /stream\/([^/]+)/.exec(input.StreamARN ?? "")?.[1] ?? "");
    const consumer = stream && find(ctx, stream, input.ConsumerName ?? "");
    return consumer ? consumerArn(ctx, consumer) : `${input.StreamARN}/consumer/${input.ConsumerName}:0`;
  },
};

/** @evidence Developer Guide, "Quotas and limits"; API Reference, RegisterStreamConsumer: five at once */
const consumersMax = 20;
const consumersMaxAdvantage = 50;
const creatingMax = 5;

function requireRoom(ctx: Context, stream: Stream): void {
  const all = consumersOf(ctx, stream);
  const countMax = stream.mode === "ON_DEMAND" && isAdvantage(ctx) ? consumersMaxAdvantage : consumersMax;
  if (all.length >= countMax) {
    throw limitExceeded(
      `Exceeded the limit of ${countMax} registered consumers for stream ${streamArn(ctx, stream.name)}.`,
    );
  }
  if (all.filter((consumer) => statusOf(ctx, consumer) === "CREATING").length >= creatingMax) {
    throw limitExceeded(`No more than ${creatingMax} consumers can be in the CREATING state at once.`);
  }
}

function shown(ctx: ReadContext, consumer: Consumer): kinesis.Consumer {
  return {
    ConsumerName: consumer.name,
    ConsumerARN: consumerArn(ctx, consumer),
    ConsumerStatus: statusOf(ctx, consumer) as kinesis.ConsumerStatus,
    ConsumerCreationTimestamp: consumer.createdAt,
  };
}

export const RegisterStreamConsumer = operation(kinesis.RegisterStreamConsumer, {
  owner: onStream.owner,
  resource: onStream.resource,
  run(input, ctx) {
    const stream = requireStream(ctx, input);
    if (stream.status === "CREATING") throw streamNotFound(ctx, stream.name);
    const { ConsumerName: name, Tags: tags } = input;
    if (find(ctx, stream, name)) {
      throw resourceInUse(
        `Consumer ${name} for stream ${streamArn(ctx, stream.name)} already exists under account ` +
          `${ctx.account}.`,
      );
    }
    requireRoom(ctx, stream);
    const now = ctx.clock.now();
    const consumer = ctx.db(consumers).put({
      stream: stream.number,
      streamName: stream.name,
      name,
      createdAt: now,
      phase: { state: "CREATING", since: now },
    });
    if (tags && Object.keys(tags).length > 0) {
      const resource = consumerArn(ctx, consumer);
      ctx.authorize({ action: "kinesis:TagResource", resource });
      setTags(ctx, resource, tags);
    }
    return { Consumer: shown(ctx, consumer) };
  },
});

export const DeregisterStreamConsumer = operation(kinesis.DeregisterStreamConsumer, {
  ...onConsumer,
  run(input, ctx) {
    const consumer = requireConsumer(ctx, input);
    if (statusOf(ctx, consumer) === "DELETING") return;
    const now = ctx.clock.now();
    const { stream, name, createdAt } = consumer;
    ctx.db(consumers).put({ ...consumer, phase: { state: "DELETING", since: now } });
    ctx.schedule(forget, { at: now + 1_000, input: { stream, name, createdAt } });
    ctx.wake(consumerTopic(consumer));
  },
});

/** What its subscriptions wait for besides records. */
export function consumerTopic({ stream, name }: Consumer): string {
  return `kinesis consumer ${stream} ${name}`;
}

type Forgetting = Pick<Consumer, "stream" | "name" | "createdAt">;

export const forget = job<Forgetting>("kinesis.forgetConsumer", ({ stream, name, createdAt }, ctx) => {
  const consumer = ctx.db(consumers).get([stream, name]);
  if (consumer?.createdAt === createdAt && statusOf(ctx, consumer) === "GONE") forgetConsumer(ctx, consumer);
});

export const DescribeStreamConsumer = operation(kinesis.DescribeStreamConsumer, {
  ...onConsumer,
  run(input, ctx) {
    const consumer = requireConsumer(ctx, input);
    const StreamARN = streamArn(ctx, consumer.streamName);
    return { ConsumerDescription: { ...shown(ctx, consumer), StreamARN } };
  },
});

const listedDefault = 100;

export const ListStreamConsumers = operation(kinesis.ListStreamConsumers, {
  owner: onStream.owner,
  resource: onStream.resource,
  run(input, ctx) {
    const stream = requireStream(ctx, input);
    const { items, next } = pageOf(consumersOf(ctx, stream), {
      limit: input.MaxResults ?? listedDefault,
      token: input.NextToken,
      scope: `kinesis.ListStreamConsumers ${stream.number}`,
      invalid: invalidNextToken,
    });
    return { Consumers: items.map((consumer) => shown(ctx, consumer)), NextToken: next };
  },
});
