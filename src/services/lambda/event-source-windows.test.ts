/** Tumbling windows and consumers with throughput of their own, as event sources. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateStreamCommand, KinesisClient, PutRecordCommand, RegisterStreamConsumerCommand,
} from "@aws-sdk/client-kinesis";
import {
  CreateEventSourceMappingCommand, GetEventSourceMappingCommand, UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { account, roleArn, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

/** Sums the numbers of a window, and says what it is told. */
const summer = nodePackage(`
  export const handler = async ({ Records, ...told }) => {
    const numbers = Records.map(({ kinesis }) => Number(Buffer.from(kinesis.data, "base64")));
    const sources = Records.map(({ eventSourceARN }) => eventSourceARN);
    delete told.state?.much;
    console.log("TOLD " + JSON.stringify({ numbers, sources, ...told }));
    const sum = numbers.reduce((all, each) => all + each, told.state?.sum ?? 0);
    return { state: { sum, ...(numbers.includes(999) && { much: "x".repeat(1_048_577) }) } };
  };
`);

let bench: Bench;
let kinesis: KinesisClient;
before(async () => {
  bench = await startBench();
  kinesis = bench.region.client(KinesisClient);
  await bench.role("reader", { Effect: "Allow", Action: ["kinesis:*", "sqs:*"], Resource: "*" });
});
after(() => bench.region.stop());

const settle = (seconds = 1) => bench.region.clock.advance({ seconds });
const streamArn = (name: string) => `arn:aws:kinesis:us-east-1:${account}:stream/${name}`;

async function make(name: string): Promise<void> {
  await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }));
  await bench.make(name, { Role: roleArn("reader"), Code: { ZipFile: summer } });
  await settle();
}

async function map(
  name: string, more: Partial<CreateEventSourceMappingCommandInput> = {},
): Promise<string> {
  const { UUID = "" } = await bench.lambda.send(new CreateEventSourceMappingCommand({
    FunctionName: name, EventSourceArn: streamArn(name), StartingPosition: "TRIM_HORIZON", ...more,
  }));
  await settle(2);
  return UUID;
}

async function put(StreamName: string, number: number): Promise<void> {
  await kinesis.send(new PutRecordCommand({
    StreamName, PartitionKey: "k", Data: Buffer.from(String(number)),
  }));
}

interface Told {
  readonly numbers: number[];
  readonly sources: string[];
  readonly window?: { start: string; end: string };
  readonly state?: { sum?: number };
  readonly isFinalInvokeForWindow?: boolean;
  readonly isWindowTerminatedEarly?: boolean;
  readonly shardId?: string;
  readonly eventSourceARN?: string;
}

/** Logs are written behind invocations. */
async function told(name: string, count: number): Promise<Told[]> {
  const logs = bench.region.client(CloudWatchLogsClient);
  for (let look = 0; ; look += 1) {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({
      logGroupName: `/aws/lambda/${name}`, filterPattern: "TOLD",
    })).catch(() => ({ events: [] as { message?: string }[] }));
    if (events.length >= count || look === 200) {
      const texts = events.map(({ message = "" }) => message.slice(message.indexOf("TOLD ") + 5));
      return texts.map((text) => JSON.parse(text) as Told);
    }
    await bench.region.clock.advance({ milliseconds: 1 });
  }
}

const inShort = ({ numbers, state, isFinalInvokeForWindow, isWindowTerminatedEarly }: Told) =>
  [numbers, state?.sum, isFinalInvokeForWindow, isWindowTerminatedEarly];

test("what a function makes of a tumbling window goes on until the window is over", async () => {
  await make("sums");
  const UUID = await map("sums", { TumblingWindowInSeconds: 30 });
  const { TumblingWindowInSeconds } = await bench.lambda.send(new GetEventSourceMappingCommand({ UUID }));
  assert.equal(TumblingWindowInSeconds, 30);
  await settle(30 - (bench.region.clock.now() / 1_000) % 30);
  const start = bench.region.clock.now();
  await put("sums", 1);
  await settle(5);
  await put("sums", 2);
  await settle(5);
  assert.deepEqual((await told("sums", 2)).map(inShort), [
    [[1], undefined, false, false], [[2], 1, false, false],
  ]);
  await settle(25);
  await put("sums", 4);
  await settle(30);
  const all = await told("sums", 5);
  assert.deepEqual(all.slice(2).map(inShort), [
    [[], 3, true, false], [[4], undefined, false, false], [[], 4, true, false],
  ]);
  const iso = (at: number) => new Date(at).toISOString().replace(".000Z", "Z");
  const [{ window, shardId, eventSourceARN } = all[0] as Told] = all;
  assert.deepEqual(
    [window, shardId, eventSourceARN],
    [{ start: iso(start), end: iso(start + 30_000) }, "shardId-000000000000", streamArn("sums")],
  );
  await bench.lambda.send(new UpdateEventSourceMappingCommand({ UUID, TumblingWindowInSeconds: 0 }));
  await settle(2);
  await put("sums", 8);
  await settle(2);
  assert.equal((await told("sums", 6)).at(-1)?.window, undefined);
});

test("a window whose state grows beyond 1 MB ends early", async () => {
  await make("much");
  await map("much", { TumblingWindowInSeconds: 900 });
  await put("much", 999);
  await settle(2);
  await put("much", 1);
  await settle(2);
  assert.deepEqual((await told("much", 3)).map(inShort), [
    [[999], undefined, false, false], [[], 999, true, true], [[1], undefined, false, false],
  ]);
});

test("a consumer's records are pushed to the function, also after five minutes", async () => {
  await make("pushed");
  const { Consumer } = await kinesis.send(new RegisterStreamConsumerCommand({
    StreamARN: streamArn("pushed"), ConsumerName: "fan",
  }));
  const EventSourceArn = Consumer?.ConsumerARN ?? "";
  await settle();
  await map("pushed", { EventSourceArn, StartingPosition: "LATEST" });
  await put("pushed", 1);
  await settle(1);
  const [first] = await told("pushed", 1);
  assert.deepEqual([first?.numbers, first?.sources], [[1], [EventSourceArn]]);
  await settle(310);
  await put("pushed", 2);
  await settle(6);
  assert.deepEqual((await told("pushed", 2)).map(({ numbers }) => numbers), [[1], [2]]);
});

test("a consumer is there, and the role may subscribe to it", async () => {
  const consumer = `${streamArn("pushed")}/consumer/nobody:1`;
  const refused = (name: string) => refusal(map(name, { EventSourceArn: consumer }));
  assert.match(await refused("pushed"), /^InvalidParameterValueException: /);
  await bench.role("poller", {
    Effect: "Allow", Action: ["kinesis:Get*", "kinesis:Describe*", "kinesis:List*"], Resource: "*",
  });
  await bench.make("polling", { Role: roleArn("poller") });
  assert.equal(
    await refused("polling"),
    `InvalidParameterValueException: Cannot access stream ${consumer}. Please ensure the role can perform `
    + "the GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream "
    + "in IAM.",
  );
});

test("queues may have pollers of their own; streams may not, and logs of mappings are Kafka's", async () => {
  await bench.region.client(SQSClient).send(new CreateQueueCommand({ QueueName: "polled" }));
  await bench.make("polled", { Role: roleArn("reader") });
  const queue = { EventSourceArn: `arn:aws:sqs:us-east-1:${account}:polled`, StartingPosition: undefined };
  const UUID = await map("polled", { ...queue, ProvisionedPollerConfig: { MinimumPollers: 3 } });
  const shown = async () =>
    (await bench.lambda.send(new GetEventSourceMappingCommand({ UUID }))).ProvisionedPollerConfig;
  assert.deepEqual(await shown(), { MinimumPollers: 3, MaximumPollers: 200 });
  const update = (more: object) => bench.lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...more }));
  assert.equal(
    await refusal(update({ ScalingConfig: { MaximumConcurrency: 2 } })),
    "InvalidParameterValueException: ScalingConfig and ProvisionedPollerConfig can't be used together.",
  );
  assert.equal(
    await refusal(update({ ProvisionedPollerConfig: { MaximumPollers: 2 } })),
    "InvalidParameterValueException: MinimumPollers must not be greater than MaximumPollers.",
  );
  await update({ ProvisionedPollerConfig: {} });
  await settle(2);
  assert.equal(await shown(), undefined);
  assert.equal(
    await refusal(map("pushed", { ProvisionedPollerConfig: { MinimumPollers: 3 } })),
    "InvalidParameterValueException: ProvisionedPollerConfig isn't supported for Kinesis event sources.",
  );
  assert.equal(
    await refusal(map("polled", { ...queue, LoggingConfig: { SystemLogLevel: "DEBUG" } })),
    "InvalidParameterValueException: LoggingConfig isn't supported for SQS event sources.",
  );
  assert.equal(
    await refusal(map("polled", { ...queue, TumblingWindowInSeconds: 30 })),
    "InvalidParameterValueException: TumblingWindowInSeconds isn't supported for SQS event sources.",
  );
});
