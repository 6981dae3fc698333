import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, GetLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateStreamCommand, GetRecordsCommand, GetShardIteratorCommand, KinesisClient,
} from "@aws-sdk/client-kinesis";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { allow } from "../../../test/policies.ts";
import { arnOf, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { queueArn, schedulerFixture, type SchedulerFixture } from "./scheduler-fixture.ts";

let bench: Bench;
let it: SchedulerFixture;
before(async () => {
  bench = await startBench();
  it = await schedulerFixture(bench.region);
  await it.iam.send(new PutRolePolicyCommand({
    RoleName: "runner", PolicyName: "all", PolicyDocument: JSON.stringify(allow("*")),
  }));
  const policy = { Version: "2012-10-17", Statement: [
    { Effect: "Allow", Principal: {
      Service: ["sns.amazonaws.com", "events.amazonaws.com"],
    }, Action: "sqs:SendMessage",
      Resource: "*" },
  ] };
  await it.sqs.send(new SetQueueAttributesCommand({
    QueueUrl: await it.url("work"), Attributes: { Policy: JSON.stringify(policy) },
  }));
});
after(() => bench.region.stop());

const once = { ScheduleExpression: "rate(1 day)" };
const settled = (): Promise<void> => bench.region.engine.settled();

test("a schedule invokes a function", async () => {
  const Role = await bench.role("worker-2", { Effect: "Allow", Action: "sqs:SendMessage", Resource: "*" });
  await bench.make("forward", { Role, Code: { ZipFile: nodePackage(`
    import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
    const client = new SQSClient({ useQueueUrlAsEndpoint: false });
    export const handler = (event) => client.send(new SendMessageCommand({
      QueueUrl: ${JSON.stringify(await it.url("work"))}, MessageBody: event.text,
    }));
  `) } });
  await it.create(
    "function", once, { Arn: arnOf("forward"), Input: JSON.stringify({ text: "from the function" }) },
  );
  await settled();
  assert.deepEqual(await it.bodies(), ["from the function"]);
});

test("a universal target that asks for a token gets one, as SDKs give it", async () => {
  await it.create("secret", once, {
    Arn: "arn:aws:scheduler:::aws-sdk:secretsmanager:createSecret",
    Input: JSON.stringify({ Name: "made", SecretString: "once" }),
  });
  await settled();
  const secrets = bench.region.client(SecretsManagerClient);
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: "made" }));
  assert.equal(SecretString, "once");
});

test("a schedule publishes to a topic", async () => {
  const sns = bench.region.client(SNSClient);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "news" }));
  await sns.send(new SubscribeCommand({
    TopicArn, Protocol: "sqs", Endpoint: queueArn("work"), Attributes: { RawMessageDelivery: "true" },
  }));
  await it.create("topic", once, { Arn: TopicArn, Input: "published" });
  await settled();
  assert.deepEqual(await it.bodies(), ["published"]);
});

test("a schedule puts an event on a bus", async () => {
  const events = bench.region.client(EventBridgeClient);
  await events.send(new PutRuleCommand({ Name: "planned", EventPattern: `{"source":["planner"]}` }));
  await events.send(new PutTargetsCommand({
    Rule: "planned", Targets: [{ Id: "queue", Arn: queueArn("work"), InputPath: "$.detail.n" }],
  }));
  await it.create("bus", once, {
    Arn: "arn:aws:events:us-east-1:000000000000:event-bus/default", Input: `{"n":7}`,
    EventBridgeParameters: { Source: "planner", DetailType: "Planned" },
  });
  await settled();
  assert.deepEqual(await it.bodies(), ["7"]);
});

test("a schedule puts a record into a stream", async () => {
  const kinesis = bench.region.client(KinesisClient);
  await kinesis.send(new CreateStreamCommand({ StreamName: "ticks", ShardCount: 1 }));
  await bench.region.clock.advance({ minutes: 1 });
  await it.create("stream", once, {
    Arn: "arn:aws:kinesis:us-east-1:000000000000:stream/ticks", Input: "tick",
    KinesisParameters: { PartitionKey: "key" },
  });
  await settled();
  const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand({
    StreamName: "ticks", ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON",
  }));
  const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
  assert.deepEqual(
    Records.map(({ Data, PartitionKey }) => [Buffer.from(Data ?? []).toString(), PartitionKey]),
    [["tick", "key"]],
  );
});

test("schedules count what they invoke, by their groups", async () => {
  const cloudwatch = bench.region.client(CloudWatchClient);
  await it.create("counted", once, { Arn: "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", Input: "{}" });
  await settled();
  const sum = async (MetricName: string): Promise<number | undefined> => {
    const { Datapoints = [] } = await cloudwatch.send(new GetMetricStatisticsCommand({
      Namespace: "AWS/Scheduler", MetricName, Period: 86_400, Statistics: ["Sum"],
      Dimensions: [{ Name: "ScheduleGroup", Value: "default" }],
      StartTime: new Date(Date.UTC(2026, 0, 1)), EndTime: new Date(Date.UTC(2026, 0, 2)),
    }));
    return Datapoints[0]?.Sum;
  };
  assert.equal(await sum("InvocationDroppedCount"), 1);
  assert.ok(((await sum("InvocationAttemptCount")) ?? 0) >= 5);
});

test("universal targets are given their numbers, lists and times as the API has them", async () => {
  const logs = bench.region.client(CloudWatchLogsClient);
  const stream = { logGroupName: "group", logStreamName: "stream" };
  await logs.send(new CreateLogGroupCommand({ logGroupName: "group" }));
  await logs.send(new CreateLogStreamCommand(stream));
  const now = bench.region.clock.now();
  await it.create("log", once, {
    Arn: "arn:aws:scheduler:::aws-sdk:cloudwatchlogs:putLogEvents",
    Input: JSON.stringify({
      LogGroupName: "group", LogStreamName: "stream", LogEvents: [{ Timestamp: now, Message: "logged" }],
    }),
  });
  await settled();
  const { events = [] } = await logs.send(new GetLogEventsCommand({ ...stream, startFromHead: true }));
  assert.deepEqual(events.map(({ message, timestamp }) => [message, timestamp]), [["logged", now]]);
});
