import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SendMessageBatchCommand,
  SendMessageCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion, testEpoch } from "../../../test/region.ts";

test("cloudwatch-metrics-every-service: a queue's metrics are its activity", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs" }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
  const Entries = ["a", "b"].map((Id) => ({ Id, MessageBody: Id, DelaySeconds: Id === "b" ? 900 : 0 }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
  await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  await region.clock.advance({ minutes: 2 });
  const client = region.client(CloudWatchClient);
  const asked = [
    ["NumberOfMessagesSent", "Sum", 3], ["SentMessageSize", "Sum", 7], ["SentMessageSize", "Maximum", 5],
    ["NumberOfMessagesReceived", "Sum", 2], ["NumberOfEmptyReceives", "Sum", 1],
    ["NumberOfMessagesDeleted", "Sum", 1],
    ["ApproximateNumberOfMessagesVisible", "Maximum", 1],
    ["ApproximateNumberOfMessagesDelayed", "Maximum", 1],
    ["ApproximateAgeOfOldestMessage", "Maximum", 120],
  ] as const;
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 3_600_000),
      MetricDataQueries: asked.map(([MetricName, Stat], index) => ({
        Id: `q${index}`,
        MetricStat: {
          Metric: { Namespace: "AWS/SQS", MetricName, Dimensions: [{ Name: "QueueName", Value: "jobs" }] },
          Period: 3_600, Stat,
        },
      })),
    }),
  );
  assert.deepEqual(
    MetricDataResults.map(({ Values }, index) => [...(asked[index] ?? []).slice(0, 2), Values?.[0]]),
    asked.map((each) => [...each]),
  );
  const { Metrics = [] } = await client.send(new ListMetricsCommand({ Namespace: "AWS/SQS" }));
  assert.equal(Metrics.length, 9);
});
