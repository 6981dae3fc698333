import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, DescribeAlarmHistoryCommand, DescribeAlarmsCommand, DisableAlarmActionsCommand,
  PutCompositeAlarmCommand, PutMetricAlarmCommand, PutMetricDataCommand, SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand, PurgeQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import type { BusEvent } from "../../kernel/bus.ts";

const region = await startRegion();
test.after(() => region.stop());
const cloudwatch = region.client(CloudWatchClient);
const sns = region.client(SNSClient);
const sqs = region.client(SQSClient);

const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "alarms" }));
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "mail" }));
const queueArn = "arn:aws:sqs:us-east-1:000000000000:mail";
const Policy = JSON.stringify({
  Statement: [
    {
      Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage",
      Resource: queueArn,
    },
  ],
});
await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: queueArn }));

interface Mail {
  readonly Subject: string;
  readonly Message: string;
}

async function mails(): Promise<Mail[]> {
  await region.settled();
  await region.clock.advance({ seconds: 1 });
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  await region.clock.advance({ seconds: 60 });
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  return Messages.map(({ Body = "" }) => JSON.parse(Body) as Mail);
}

async function alarm(AlarmName: string): Promise<void> {
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName, AlarmDescription: "too many", Namespace: "app", MetricName: AlarmName, Statistic: "Average",
      Dimensions: [{ Name: "InstanceId", Value: "abc" }], Period: 60, EvaluationPeriods: 1, Threshold: 2,
      ComparisonOperator: "GreaterThanThreshold", AlarmActions: [TopicArn], TreatMissingData: "ignore",
      Unit: "Seconds",
    }),
  );
}

async function set(AlarmName: string, StateValue: "OK" | "ALARM"): Promise<void> {
  await cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "testing alarm" }));
}

test("cloudwatch-alarm-target-sns: a topic gets the alarm, its states and its trigger as JSON", async () => {
  await alarm("loud");
  const at = new Date(region.clock.now()).toISOString().replace("Z", "+0000");
  await set("loud", "ALARM");
  const [mail, ...others] = await mails();
  assert.deepEqual(others, []);
  assert.equal(mail?.Subject, 'ALARM: "loud" in US East (N. Virginia)');
  assert.deepEqual(JSON.parse(mail?.Message ?? ""), {
    AlarmName: "loud", AlarmDescription: "too many", AWSAccountId: "000000000000",
    AlarmConfigurationUpdatedTimestamp: at, NewStateValue: "ALARM", NewStateReason: "testing alarm",
    StateChangeTime: at, Region: "US East (N. Virginia)",
    AlarmArn: "arn:aws:cloudwatch:us-east-1:000000000000:alarm:loud", OldStateValue: "INSUFFICIENT_DATA",
    OKActions: [], AlarmActions: [TopicArn], InsufficientDataActions: [],
    Trigger: {
      MetricName: "loud", Namespace: "app", StatisticType: "Statistic", Statistic: "AVERAGE", Unit: "Seconds",
      Dimensions: [{ value: "abc", name: "InstanceId" }], Period: 60, EvaluationPeriods: 1,
      ComparisonOperator: "GreaterThanThreshold", Threshold: 2, TreatMissingData: "ignore",
      EvaluateLowSampleCountPercentile: "",
    },
  });
  const { AlarmHistoryItems = [] } = await cloudwatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: "loud", HistoryItemType: "Action" }),
  );
  assert.deepEqual(
    AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary),
    [`Successfully executed action ${TopicArn}`],
  );
});

test("cloudwatch-alarm-any-metric: a breach of a custom metric becomes a message in a queue", async () => {
  await alarm("any");
  const Dimensions = [{ Name: "InstanceId", Value: "abc" }];
  const MetricData = [{ MetricName: "any", Value: 9, Unit: "Seconds" as const, Dimensions }];
  await cloudwatch.send(new PutMetricDataCommand({ Namespace: "app", MetricData }));
  await region.clock.advance({ minutes: 1 });
  const [mail] = await mails();
  assert.equal((JSON.parse(mail?.Message ?? "") as { NewStateValue: string }).NewStateValue, "ALARM");
});

test("an alarm whose actions are off is quiet, and what can't be done is in the history", async () => {
  await alarm("quiet");
  await cloudwatch.send(new DisableAlarmActionsCommand({ AlarmNames: ["quiet"] }));
  await set("quiet", "ALARM");
  assert.deepEqual(await mails(), []);
  const stop = "arn:aws:automate:us-east-1:ec2:stop";
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: "stop", Namespace: "app", MetricName: "m", Statistic: "Sum", Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1, ComparisonOperator: "LessThanThreshold", AlarmActions: [stop],
    }),
  );
  await set("stop", "ALARM");
  await region.clock.advance({ seconds: 1 });
  const { AlarmHistoryItems: [item] = [] } = await cloudwatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: "stop", HistoryItemType: "Action" }),
  );
  assert.equal(
    item?.HistorySummary,
    `Failed to execute action ${stop}. Received error: ` +
      '"Actions of automate are not implemented by us-local-1 yet."',
  );
});

test("a change of state is an event", async () => {
  await alarm("event");
  const heard: BusEvent[] = [];
  const stop = region.engine.bus.listen((event) => {
    if (event.detailType === "CloudWatch Alarm State Change") heard.push(event);
  });
  await set("event", "ALARM");
  stop();
  const [
    { source, resources, detail } = { detail: {} as Record<string, never> },
  ] = heard as Partial<BusEvent>[];
  assert.deepEqual([source, resources], [
    "aws.cloudwatch", ["arn:aws:cloudwatch:us-east-1:000000000000:alarm:event"],
  ]);
  const {
    alarmName, state, previousState, configuration,
  } = detail as Record<string, Record<string, unknown>>;
  assert.deepEqual(
    [alarmName, state?.["value"], previousState?.["value"]], ["event", "ALARM", "INSUFFICIENT_DATA"],
  );
  const [query] = configuration?.["metrics"] as { metricStat: object }[];
  assert.deepEqual(query?.metricStat, {
    metric: { namespace: "app", name: "event", dimensions: { InstanceId: "abc" } }, period: 60,
    stat: "Average",
    unit: "Seconds",
  });
});

test("a suppressor holds the actions of a composite alarm back until it is quiet", async () => {
  await alarm("child");
  await alarm("suppressor");
  await cloudwatch.send(
    new PutCompositeAlarmCommand({
      AlarmName: "whole", AlarmRule: "ALARM(child)", AlarmActions: [TopicArn],
      ActionsSuppressor: "suppressor",
      ActionsSuppressorWaitPeriod: 120, ActionsSuppressorExtensionPeriod: 180,
    }),
  );
  const suppressedBy = async () => {
    const { CompositeAlarms: [whole] = [] } = await cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNames: ["whole"], AlarmTypes: ["CompositeAlarm"] }),
    );
    return [whole?.StateValue, whole?.ActionsSuppressedBy];
  };
  const subjects = async () => (await mails()).map(({ Subject }) => Subject).filter(
    (each) => each.includes("whole"),
  );
  await set("child", "ALARM");
  assert.deepEqual(await suppressedBy(), ["ALARM", "WaitPeriod"]);
  await set("suppressor", "ALARM");
  assert.deepEqual(await suppressedBy(), ["ALARM", "Alarm"]);
  await region.clock.advance({ minutes: 10 });
  assert.deepEqual(await subjects(), []);
  await set("suppressor", "OK");
  assert.deepEqual(await suppressedBy(), ["ALARM", "ExtensionPeriod"]);
  await region.clock.advance({ seconds: 179 });
  assert.deepEqual(await suppressedBy(), ["ALARM", "ExtensionPeriod"]);
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await suppressedBy(), ["ALARM", undefined]);
  assert.deepEqual(await subjects(), ['ALARM: "whole" in US East (N. Virginia)']);
});
