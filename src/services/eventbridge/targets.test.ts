import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutRuleCommand } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateStreamCommand, GetRecordsCommand, GetShardIteratorCommand, KinesisClient, ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import { AddPermissionCommand } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { CreateTopicCommand, SetTopicAttributesCommand, SNSClient,
  SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";
import { allow, trust } from "../../../test/policies.ts";
import { startBench } from "../../../test/lambda-bench.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { jobs } from "../../jobs/rows.ts";
import { loggingTrails } from "../../kernel/event-listeners.ts";
import { createInbox, entry, put, rule } from "./events-fixture.ts";

const account = "000000000000";

async function topic(region: TestRegion, inbox: string): Promise<string> {
  const sns = region.client(SNSClient);
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "orders" }));
  const statement = (Resource: string) => ({
    Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sns:Publish", Resource,
  });
  await sns.send(new SetTopicAttributesCommand({
    TopicArn, AttributeName: "Policy",
    AttributeValue: JSON.stringify({ Version: "2012-10-17", Statement: [statement(TopicArn)] }),
  }));
  const sqs = region.client(SQSClient);
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: inbox,
  }] });
  await sqs.send(new CreateQueueCommand({ QueueName: "subscriber", Attributes: { Policy } }));
  await sns.send(new SubscribeCommand({
    TopicArn, Protocol: "sqs", Endpoint: inbox, Attributes: { RawMessageDelivery: "true" },
  }));
  return TopicArn;
}

async function streamRole(region: TestRegion): Promise<string> {
  const iam = region.client(IAMClient);
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName: "stream", AssumeRolePolicyDocument: trust("events.amazonaws.com"),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "stream", PolicyName: "p", PolicyDocument: JSON.stringify(allow("kinesis:PutRecord")),
  }));
  return Role?.Arn ?? "";
}

async function records(region: TestRegion) {
  const kinesis = region.client(KinesisClient);
  const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: "orders" }));
  const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand({
    StreamName: "orders", ShardId: Shards?.[0]?.ShardId, ShardIteratorType: "TRIM_HORIZON",
  }));
  const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
  return Records.map(({ PartitionKey, Data }) => [PartitionKey, Buffer.from(Data ?? []).toString()]);
}

test("events-targets: one rule's queue, topic and stream hold the event", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const inbox = await createInbox(region, "orders");
  const subscriber = `arn:aws:sqs:us-east-1:${account}:subscriber`;
  await region.client(KinesisClient).send(new CreateStreamCommand({ StreamName: "orders", ShardCount: 1 }));
  await region.clock.advance({ seconds: 60 });
  await rule(events, "r", { source: ["my.app"] }, [
    { Arn: inbox.arn, InputPath: "$.detail" },
    { Arn: await topic(region, subscriber), InputPath: "$.detail" },
    { Arn: `arn:aws:kinesis:us-east-1:${account}:stream/orders`, RoleArn: await streamRole(region),
      InputPath: "$.detail", KinesisParameters: { PartitionKeyPath: "$.detail.customer" } },
  ]);
  await put(events, entry({ customer: "c" }));
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await inbox.bodies(), [{ customer: "c" }]);
  const subscribed = await createInbox(region, "subscriber", { open: false });
  assert.deepEqual(await subscribed.bodies(), [{ customer: "c" }]);
  assert.deepEqual(await records(region), [["c", '{"customer":"c"}']]);
});

test("lambda-async-eventbridge: a function runs for an event when it lets EventBridge in", async () => {
  const bench = await startBench();
  try {
    const { region, lambda } = bench;
    const events = region.client(EventBridgeClient);
    const logs = region.client(CloudWatchLogsClient);
    const Code =
      { ZipFile: nodePackage("export const handler = async (e) => { console.log('got', e.detail.n); };") };
    const Arn = await bench.make("orders", { Code });
    const dead = await createInbox(region, "dead");
    const arn = await rule(events, "r", { source: ["my.app"] }, [{ Arn,
      DeadLetterConfig: { Arn: dead.arn } }]);
    await put(events, entry({ n: 1 }));
    await region.clock.advance({ seconds: 1 });
    const [letter] = await dead.messages();
    assert.equal(letter?.MessageAttributes?.["ERROR_CODE"]?.StringValue, "NO_PERMISSIONS");
    await lambda.send(new AddPermissionCommand({
      FunctionName: "orders", StatementId: "events", Action: "lambda:InvokeFunction",
      Principal: "events.amazonaws.com", SourceArn: arn,
    }));
    await put(events, entry({ n: 2 }));
    await region.clock.advance({ seconds: 1 });
    const found = await logs.send(new FilterLogEventsCommand({
      logGroupName: "/aws/lambda/orders", filterPattern: "got",
    }));
    assert.deepEqual(found.events?.map(({ message = "" }) => /got \d/.exec(message)?.[0]), ["got 2"]);
  } finally {
    await bench.region.stop();
  }
});

test("an object that is uploaded to a bucket triggers a rule", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const s3 = region.client(S3Client);
  const inbox = await createInbox(region, "uploads");
  await s3.send(new CreateBucketCommand({ Bucket: "photos" }));
  await s3.send(new PutBucketNotificationConfigurationCommand({
    Bucket: "photos", NotificationConfiguration: { EventBridgeConfiguration: {} },
  }));
  await rule(events, "r", {
    source: ["aws.s3"], "detail-type": ["Object Created"],
    detail: { bucket: { name: ["photos"] }, object: { key: [{ wildcard: "in/*.png" }] } },
  }, [{ Arn: inbox.arn, InputPath: "$.detail.object.key" }]);
  for (const Key of ["in/a.png", "in/b.jpg", "out/c.png"]) {
    await s3.send(new PutObjectCommand({ Bucket: "photos", Key, Body: "x" }));
  }
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await inbox.bodies(), ["in/a.png"]);
});

test("calls of APIs are events while a trail logs them; reading ones for rules that ask for them",
  async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const ssm = region.client(SSMClient);
  const sqs = region.client(SQSClient);
  const sts = region.client(STSClient);
  const writing = await createInbox(region, "writing");
  const all = await createInbox(region, "all");
  const source = ["aws.sqs", "aws.ssm", "aws.sts"];
  const pattern = { "detail-type": ["AWS API Call via CloudTrail"], source };
  await rule(events, "writing", pattern, [{ Arn: writing.arn }]);
  await rule(events, "all", pattern, [{ Arn: all.arn }]);
  await events.send(new PutRuleCommand({
    Name: "all", EventPattern: JSON.stringify(pattern),
      State: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
  }));
  const calls = async (inbox: typeof all) => {
    await region.engine.settled();
    const bodies = await inbox.bodies() as { source: string; detail: { eventName: string } }[];
    return bodies.map(({ source, detail }) => `${source} ${detail.eventName}`);
  };
  await sqs.send(new CreateQueueCommand({ QueueName: "before" }));
  assert.deepEqual(await calls(writing), []);
  region.engine.store.transact({ account, region: "aws-global" }, (transaction) => {
    transaction.rows(loggingTrails).put({ arn: "arn:aws:cloudtrail:us-east-1:000000000000:trail/t",
      logs: "All" });
  });
  await sqs.send(new CreateQueueCommand({ QueueName: "after" }));
  await ssm.send(new GetParameterCommand({ Name: "none" })).catch(() => undefined);
  await sts.send(new GetCallerIdentityCommand({}));
  await sts.send(new GetSessionTokenCommand({}));
  assert.deepEqual((await calls(writing)).sort(), ["aws.sqs CreateQueue", "aws.sts GetSessionToken"]);
  assert.deepEqual((await calls(all)).sort(), [
    "aws.sqs CreateQueue", "aws.ssm GetParameter", "aws.sts GetCallerIdentity", "aws.sts GetSessionToken",
  ]);
});

test("an event is written down with what it is about, or not at all; and only where somebody listens",
  async () => {
  await using region = await startRegion();
  const { engine } = region;
  const cell = { account, region: "us-east-1" };
  const event = { source: "aws.test", detailType: "Test", resources: [], detail: {} };
  const waiting = () => engine.store.read(cell, (transaction) =>
    [...transaction.rows(jobs).list({ prefix: "eventbridge.serviceEvent" })].length);
  const emit = (mayFail = false) => engine.contextIn("ssm", cell).transaction((ctx) => {
    ctx.emit(event);
    if (mayFail) throw new Error("as planned");
  });
  emit();
  assert.equal(waiting(), 0);
  const inbox = await createInbox(region, "in");
  await rule(region.client(EventBridgeClient), "r", { source: ["aws.test"] }, [{ Arn: inbox.arn }]);
  assert.throws(() => emit(true), /as planned/);
  assert.equal(waiting(), 0);
  emit();
  assert.equal(waiting(), 1);
  await engine.settled();
  assert.equal((await inbox.messages()).length, 1);
});

test("EventBridge publishes its metrics", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const inbox = await createInbox(region, "in");
  await rule(events, "r", { source: ["my.app"] }, [{ Arn: inbox.arn }]);
  await put(events, entry({ n: 1 }), entry({ n: 2 }), entry({ n: 3 }, { Source: "other" }));
  await region.clock.advance({ minutes: 2 });
  const sum = async (MetricName: string, RuleName?: string) => {
    const { Datapoints } = await region.client(CloudWatchClient).send(new GetMetricStatisticsCommand({
      Namespace: "AWS/Events", MetricName, Period: 300, Statistics: ["Sum"], StartTime: new Date(testEpoch),
      EndTime: new Date(testEpoch + 300_000),
      ...(RuleName !== undefined && { Dimensions: [{ Name: "RuleName", Value: RuleName }] }),
    }));
    return Datapoints?.[0]?.Sum;
  };
  assert.deepEqual(
    [await sum("PutEventsEntriesCount"), await sum("MatchedEvents"), await sum("TriggeredRules", "r"),
      await sum("Invocations", "r"), await sum("FailedInvocations", "r")],
    [3, 2, 2, 2, undefined],
  );
});
