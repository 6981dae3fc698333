import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudWatchClient, DeleteAlarmsCommand, DescribeAlarmContributorsCommand, DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand, PutMetricAlarmCommand, PutMetricDataCommand, type PutMetricAlarmCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";

const region = await startRegion();
after(() => region.stop());
const cloudwatch = region.client(CloudWatchClient);
const sqs = region.client(SQSClient);

async function queue(QueueName: string): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
  const Policy = JSON.stringify({
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*",
    }],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return QueueUrl ?? "";
}

async function receive(QueueUrl: string): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return all;
    for (const { Body = "", ReceiptHandle } of Messages) {
      all.push(JSON.parse(Body) as Record<string, unknown>);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

const put = (values: Record<string, number>, Namespace = "App") => cloudwatch.send(new PutMetricDataCommand({
  Namespace, MetricData: Object.entries(values).map(([host, Value]) =>
    ({ MetricName: "Busy", Value, Dimensions: [{ Name: "Host", Value: host }] })),
}));

const queryOf = (namespace: string): string =>
  `SELECT MAX(Busy) FROM SCHEMA("${namespace}", Host) GROUP BY Host ORDER BY MAX() DESC`;
const Expression = queryOf("App");
const putAlarm = (AlarmName: string, more: Partial<PutMetricAlarmCommandInput> = {}) =>
  cloudwatch.send(new PutMetricAlarmCommand({
    AlarmName, ComparisonOperator: "GreaterThanThreshold", Threshold: 50, EvaluationPeriods: 1,
    Metrics: [{ Id: "q1", Period: 60, Expression }], ...more,
  }));

async function stateOf(name: string): Promise<[string | undefined, string | undefined]> {
  const { MetricAlarms: [alarm] = [] } = await cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNames: [name] }));
  return [alarm?.StateValue, alarm?.StateReason];
}

async function contributors(AlarmName: string) {
  const { AlarmContributors = [] } = await cloudwatch.send(
    new DescribeAlarmContributorsCommand({ AlarmName }));
  return AlarmContributors;
}

const hosts = async (name: string) =>
  (await contributors(name)).map(({ ContributorAttributes }) => ContributorAttributes?.["Host"]).sort();

test("an alarm on a query with groups has its time series as contributors, each with its state", async () => {
  const [told, events] = [await queue("told"), await queue("events")];
  const sns = region.client(SNSClient);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "topic" }));
  await sns.send(new SubscribeCommand({
    TopicArn, Protocol: "sqs", Endpoint: "arn:aws:sqs:us-east-1:000000000000:told",
    Attributes: { RawMessageDelivery: "true" },
  }));
  const bridge = region.client(EventBridgeClient);
  await bridge.send(new PutRuleCommand({
    Name: "r", EventPattern: JSON.stringify({
      "detail-type": ["CloudWatch Alarm Contributor State Change", "CloudWatch Alarm State Change"],
    }),
  }));
  await bridge.send(new PutTargetsCommand({
    Rule: "r", Targets: [{ Id: "q", Arn: "arn:aws:sqs:us-east-1:000000000000:events" }],
  }));
  await putAlarm("each", { AlarmActions: [TopicArn ?? ""], OKActions: [TopicArn ?? ""] });
  await put({ a: 90, b: 10, c: 60 });
  await region.clock.advance({ minutes: 1 });
  await region.settled();
  assert.deepEqual(await stateOf("each"), ["ALARM", "2 out of 3 time series evaluated to ALARM"]);
  assert.deepEqual(await hosts("each"), ["a", "c"]);
  const ofA = (await contributors("each")).find((each) => each.ContributorAttributes?.["Host"] === "a");
  assert.match(ofA?.ContributorId ?? "", /^[0-9a-f]{16}$/);
  const reason = "Threshold Crossed: 1 datapoint was greater than the threshold (50.0). " +
    "The most recent datapoint which crossed the threshold: [90.0 (01/01/26 00:00:00)].";
  assert.equal(ofA?.StateReason, reason);
  assert.equal(ofA?.StateTransitionedTimestamp?.getTime(), testEpoch + 60_000);

  const messages = await receive(told);
  assert.deepEqual(messages.map((message) => [
    message["NewStateValue"], message["OldStateValue"], message["AlarmContributorAttributes"],
  ]).sort(), [
    ["ALARM", "INSUFFICIENT_DATA", undefined], ["ALARM", "OK", { Host: "a" }], ["ALARM", "OK", { Host: "c" }],
  ].sort());
  const all = await receive(events);
  const change = all.find(({ detail }) =>
    (detail as { alarmContributor?: { id?: string } }).alarmContributor?.id === ofA?.ContributorId);
  assert.deepEqual(change?.["detail"], {
    alarmName: "each", alarmContributor: { id: ofA?.ContributorId, attributes: { Host: "a" } },
    state: { value: "ALARM", reason, timestamp: "2026-01-01T00:01:00.000+0000" },
    configuration: { metrics: [{ id: "q1", expression: Expression, period: 60, returnData: true }] },
  });
  assert.equal(all.length, 3);

  await put({ a: 90, b: 70, c: 5 });
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual(await stateOf("each"), ["ALARM", "2 out of 3 time series evaluated to ALARM"]);
  assert.deepEqual(await hosts("each"), ["a", "b"]);
  await region.settled();
  assert.deepEqual((await receive(told)).map((message) =>
    [message["NewStateValue"], message["AlarmContributorAttributes"]]).sort(),
  [["ALARM", { Host: "b" }], ["OK", { Host: "c" }]].sort());

  const { AlarmHistoryItems = [] } = await cloudwatch.send(new DescribeAlarmHistoryCommand({
    AlarmName: "each", AlarmContributorId: ofA?.ContributorId,
  }));
  assert.deepEqual(AlarmHistoryItems.map(({ HistoryItemType, AlarmContributorAttributes }) =>
    [HistoryItemType, AlarmContributorAttributes]), [
    ["AlarmContributorAction", { Host: "a" }], ["AlarmContributorStateUpdate", { Host: "a" }],
  ]);
  const { AlarmHistoryItems: own = [] } = await cloudwatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: "each" }));
  assert.equal(own.some(({ AlarmContributorId }) => AlarmContributorId !== undefined), false);
});

test("a time series without data points is no contributor, unless what is missing breaches", async () => {
  const Metrics = [{ Id: "q1", Period: 60, Expression: queryOf("Gone") }];
  await putAlarm("gone", { Metrics });
  await putAlarm("kept", { Metrics, TreatMissingData: "breaching" });
  await put({ x: 99, y: 1 }, "Gone");
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual(await hosts("gone"), ["x"]);
  for (let minute = 0; minute < 5; minute++) {
    await put({ y: 1 }, "Gone");
    await region.clock.advance({ minutes: 1 });
  }
  assert.deepEqual(await stateOf("gone"), ["OK", "0 out of 1 time series evaluated to ALARM"]);
  assert.deepEqual([await hosts("gone"), await hosts("kept")], [[], ["x"]]);
  await region.clock.advance({ minutes: 10 });
  assert.equal((await stateOf("gone"))[0], "INSUFFICIENT_DATA");
});

test("contributors go with their alarm, and with its query", async () => {
  await putAlarm("brief", { Metrics: [{ Id: "q1", Period: 60, Expression: queryOf("Brief") }] });
  await put({ a: 99 }, "Brief");
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual(await hosts("brief"), ["a"]);
  await putAlarm("brief", {
    Metrics: [{ Id: "q1", Period: 60, Expression: "SELECT MAX(Busy) FROM SCHEMA(\"Brief\", Host)" }],
  });
  assert.deepEqual(await hosts("brief"), []);
  await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ["brief"] }));
  assert.equal(
    await refusal(cloudwatch.send(new DescribeAlarmContributorsCommand({ AlarmName: "brief" }))),
    "ResourceNotFoundException: The specified resource does not exist.",
  );
});
