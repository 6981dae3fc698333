import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand, PutMetricAlarmCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, GetLogEventsCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startRegion, testEpoch } from "../../../test/region.ts";

const queueArn = "arn:aws:sqs:us-east-1:000000000000:states";

test("cloudwatch-four-parts: a metric raises an alarm, which is an event; logs are kept", async () => {
  await using region = await startRegion();
  const metrics = region.client(CloudWatchClient);
  const logs = region.client(CloudWatchLogsClient);
  const events = region.client(EventBridgeClient);
  const sqs = region.client(SQSClient);
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage",
    Resource: queueArn,
  }] });
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: "states", Attributes: { Policy } }),
  );
  const EventPattern = JSON.stringify({ "detail-type": ["CloudWatch Alarm State Change"] });
  await events.send(new PutRuleCommand({ Name: "states", EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: "states", Targets: [{ Id: "1", Arn: queueArn }] }));
  await metrics.send(new PutMetricAlarmCommand({
    AlarmName: "high", Namespace: "app", MetricName: "load", Statistic: "Maximum", Period: 60,
    EvaluationPeriods: 1, Threshold: 5, ComparisonOperator: "GreaterThanThreshold",
  }));
  await metrics.send(new PutMetricDataCommand({
    Namespace: "app", MetricData: [{ MetricName: "load", Value: 9 }],
  }));
  await region.clock.advance({ minutes: 2 });
  const { Datapoints = [] } = await metrics.send(new GetMetricStatisticsCommand({
    Namespace: "app", MetricName: "load", Statistics: ["Maximum"], Period: 60,
    StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 60_000),
  }));
  assert.deepEqual(Datapoints.map(({ Maximum }) => Maximum), [9]);
  const { MetricAlarms = [] } = await metrics.send(new DescribeAlarmsCommand({}));
  assert.deepEqual(MetricAlarms.map(({ AlarmName, StateValue }) => [AlarmName, StateValue]), [
    ["high", "ALARM"],
  ]);
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  const { detail } = JSON.parse(Messages[0]?.Body ?? "{}") as {
    detail?: { alarmName: string; state: { value: string } };
  };
  assert.deepEqual([detail?.alarmName, detail?.state.value], ["high", "ALARM"]);

  const stream = { logGroupName: "app", logStreamName: "s" };
  await logs.send(new CreateLogGroupCommand({ logGroupName: "app" }));
  await logs.send(new CreateLogStreamCommand(stream));
  const logEvents = [{ timestamp: testEpoch, message: "started" }];
  await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
  const { events: kept = [] } = await logs.send(new GetLogEventsCommand(stream));
  assert.deepEqual(kept.map(({ message }) => message), ["started"]);
});
