import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteStreamCommand, DeregisterStreamConsumerCommand, DescribeStreamConsumerCommand, KinesisClient,
  ListStreamConsumersCommand, ListStreamsCommand, RegisterStreamConsumerCommand, SplitShardCommand,
  SubscribeToShardCommand,
  type SubscribeToShardEvent,
} from "@aws-sdk/client-kinesis";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { refusal, StreamFixture, textsOf } from "./stream-fixture.ts";

const account = "000000000000";
const StreamARN = `arn:aws:kinesis:us-east-1:${account}:stream/stream`;

async function register(stream: StreamFixture, ConsumerName = "consumer"): Promise<string> {
  const { Consumer } = await stream.client.send(
    new RegisterStreamConsumerCommand({ StreamARN, ConsumerName }));
  await stream.region.clock.advance({ seconds: 1 });
  return Consumer?.ConsumerARN ?? "";
}

interface Pushed {
  readonly SubscribeToShardEvent?: SubscribeToShardEvent | undefined;
}

class Subscription {
  readonly #events: AsyncIterator<Pushed>;

  constructor(events: AsyncIterable<Pushed>) {
    this.#events = events[Symbol.asyncIterator]();
  }

  async next(): Promise<SubscribeToShardEvent | undefined> {
    const { value, done } = await this.#events.next();
    return done ? undefined : (value as Pushed).SubscribeToShardEvent;
  }
}

async function subscribe(
  client: KinesisClient, ConsumerARN: string, more: object = {},
): Promise<Subscription> {
  const { EventStream } = await client.send(new SubscribeToShardCommand({
    ConsumerARN, ShardId: "shardId-000000000000", StartingPosition: { Type: "TRIM_HORIZON" }, ...more,
  }));
  if (!EventStream) throw new Error("no stream");
  return new Subscription(EventStream);
}

async function streamed(): Promise<{ region: TestRegion; stream: StreamFixture }> {
  const region = await startRegion();
  return { region, stream: await StreamFixture.create(region) };
}

test("a consumer is CREATING, then ACTIVE, and goes", async () => {
  const { region, stream } = await streamed();
  await using _region = region;
  const { client } = stream;
  const ConsumerName = "consumer";
  const first = await client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName }));
  const ConsumerARN = first.Consumer?.ConsumerARN ?? "";
  assert.deepEqual([first.Consumer?.ConsumerStatus, ConsumerARN], [
    "CREATING", `${StreamARN}/consumer/consumer:${Math.floor(region.clock.now() / 1000)}`,
  ]);
  await region.clock.advance({ seconds: 1 });
  const describe = async () =>
    (await client.send(new DescribeStreamConsumerCommand({ ConsumerARN }))).ConsumerDescription;
  const shown = await describe();
  assert.deepEqual([shown?.ConsumerStatus, shown?.StreamARN], ["ACTIVE", StreamARN]);
  assert.match(
    await refusal(client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: "consumer" }))),
    /^ResourceInUseException: Consumer consumer for stream /,
  );
  assert.match(
    await refusal(client.send(new DeleteStreamCommand({ StreamName: "stream" }))),
    /^ResourceInUseException: /,
  );
  await client.send(new DeregisterStreamConsumerCommand({ ConsumerARN }));
  assert.equal((await describe())?.ConsumerStatus, "DELETING");
  await region.clock.advance({ seconds: 1 });
  assert.match(await refusal(describe()), /^ResourceNotFoundException: /);
  for (let index = 0; index < 20; index += 1) await register(stream, `c${index}`);
  assert.match(await refusal(register(stream, "more")), /^LimitExceededException: /);
  const page = await client.send(new ListStreamConsumersCommand({ StreamARN, MaxResults: 15 }));
  const rest = await client.send(new ListStreamConsumersCommand({ StreamARN, NextToken: page.NextToken }));
  assert.deepEqual([page.Consumers?.length, rest.Consumers?.length], [15, 5]);
});

test("what comes to a shard is pushed for five minutes", async () => {
  const { region, stream } = await streamed();
  await using _region = region;
  const arn = await register(stream);
  await stream.put("one");
  const events = await subscribe(stream.client, arn);
  const first = await events.next();
  assert.deepEqual(textsOf(first as never), ["one"]);
  const next = events.next();
  const { SequenceNumber } = await stream.put("two");
  const second = await next;
  assert.deepEqual(textsOf(second as never), ["two"]);
  assert.equal(second?.ContinuationSequenceNumber, SequenceNumber);
  const heartbeat = events.next();
  await region.clock.advance({ seconds: 5 });
  assert.deepEqual((await heartbeat)?.Records, []);
  const end = (async () => {
    for (;;) if (!(await events.next())) return "ended";
  })();
  await region.clock.advance({ minutes: 5 });
  assert.equal(await end, "ended");
});

test("a later subscription takes the place of an earlier one, but not at once", async () => {
  const { region, stream } = await streamed();
  await using _region = region;
  const arn = await register(stream);
  const first = await subscribe(stream.client, arn);
  await first.next();
  assert.match(
    await refusal(subscribe(stream.client, arn)),
    /^ResourceInUseException: Another active subscription exists for this consumer: /,
  );
  await region.clock.advance({ seconds: 5 });
  const second = await subscribe(stream.client, arn, { StartingPosition: { Type: "LATEST" } });
  await first.next().catch(() => undefined);
  assert.match(await refusal(first.next()), /^ResourceInUseException: |accepted/);
  await second.next();
  const next = second.next();
  await stream.put("x");
  assert.deepEqual(textsOf(await next as never), ["x"]);
});

test("at the end of a closed shard its children are named, and the stream ends", async () => {
  const { region, stream } = await streamed();
  await using _region = region;
  const arn = await register(stream);
  const events = await subscribe(stream.client, arn);
  await events.next();
  const next = events.next();
  await stream.client.send(new SplitShardCommand({
    StreamName: "stream", ShardToSplit: "shardId-000000000000", NewStartingHashKey: String(2n ** 127n),
  }));
  await region.clock.advance({ seconds: 1 });
  const end = await next;
  assert.equal(end?.ChildShards?.length, 2);
  assert.equal(end?.ContinuationSequenceNumber, undefined);
  assert.equal(await events.next(), undefined);
});

test("over HTTP/2, which the SDK's own handler speaks", async () => {
  const { region, stream } = await streamed();
  await using _region = region;
  const arn = await register(stream);
  await stream.put("one");
  region.clock.run();
  const client = new KinesisClient({
    endpoint: await region.endpoint(),
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  });
  const { StreamNames } = await client.send(new ListStreamsCommand({}));
  assert.deepEqual(StreamNames, ["stream"]);
  const events = await subscribe(client, arn);
  assert.deepEqual(textsOf(await events.next() as never), ["one"]);
  const next = events.next();
  await stream.put("two");
  assert.deepEqual(textsOf(await next as never), ["two"]);
  client.destroy();
});
