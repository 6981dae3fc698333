import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { PutMetricFilterCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";

test("logs-metric-filter-alarm: lines become a metric, that an alarm, that a message", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "oncall" }));
  await sqs.send(new SetQueueAttributesCommand({
    QueueUrl,
    Attributes: {
      Policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{
          Effect: "Allow", Principal: {
            Service: "sns.amazonaws.com",
          }, Action: "sqs:SendMessage", Resource: "*",
        }],
      }),
    },
  }));
  const sns = region.client(SNSClient);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "alerts" }));
  const Endpoint = "arn:aws:sqs:us-east-1:000000000000:oncall";
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
  await app.logs.send(new PutMetricFilterCommand({
    logGroupName: "app", filterName: "errors", filterPattern: "ERROR",
    metricTransformations: [{ metricName: "Errors", metricNamespace: "App", metricValue: "1" }],
  }));
  const cloudwatch = region.client(CloudWatchClient);
  await cloudwatch.send(new PutMetricAlarmCommand({
    AlarmName: "errors", Namespace: "App", MetricName: "Errors", Statistic: "Sum", Period: 60,
    EvaluationPeriods: 1,
    Threshold: 2, ComparisonOperator: "GreaterThanOrEqualToThreshold", AlarmActions: [TopicArn ?? ""],
  }));
  const state = async () =>
    (await cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms?.[0]?.StateValue;
  await app.put("s", "ERROR one", "fine", "ERROR two");
  await region.clock.advance({ minutes: 2 });
  assert.equal(await state(), "ALARM");
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  const { Message } = JSON.parse(Messages[0]?.Body ?? "{}") as { Message: string };
  const { AlarmName, NewStateValue } = JSON.parse(Message) as Record<string, string>;
  assert.deepEqual([AlarmName, NewStateValue], ["errors", "ALARM"]);
});
