import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { createQueue, createTopic } from "./topic-fixture.ts";

async function createRole(region: TestRegion, RoleName: string, mayLog: boolean): Promise<string> {
  const iam = region.client(IAMClient);
  const policy = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement });
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName,
    AssumeRolePolicyDocument: policy({
      Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sts:AssumeRole",
    }),
  }));
  if (mayLog) {
    await iam.send(new PutRolePolicyCommand({
      RoleName, PolicyName: "logs",
      PolicyDocument: policy({
        Effect: "Allow", Resource: "*",
        Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
      }),
    }));
  }
  return Role?.Arn ?? "";
}

test("what became of deliveries is logged under the roles that the topic names", async () => {
  await using region = await startRegion();
  const role = await createRole(region, "logger", true);
  const topic = await createTopic(region, "topic", {
    SQSSuccessFeedbackRoleArn: role, SQSSuccessFeedbackSampleRate: "100", SQSFailureFeedbackRoleArn: role,
  });
  const queue = await createQueue(region, "queue");
  const closed = await createQueue(region, "closed", false);
  await topic.subscribe("sqs", queue.arn);
  await topic.subscribe("sqs", closed.arn);
  const { MessageId } = await topic.publish("m");
  await region.settled();
  const logs = region.client(CloudWatchLogsClient);
  const read = async (suffix = "") => {
    const logGroupName = `sns/us-east-1/000000000000/topic${suffix}`;
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
    return events.map(({ message = "" }) => JSON.parse(message) as {
      status: string;
      notification: Record<string, string>;
      delivery: Record<string, unknown>;
    });
  };
  const [success, ...others] = await read();
  assert.deepEqual(others, []);
  assert.equal(success?.status, "SUCCESS");
  assert.equal(success?.notification["messageId"], MessageId);
  assert.equal(success?.notification["messageMD5Sum"], "6f8f57715090da2632453988d9a1501b");
  assert.equal(success?.delivery["destination"], queue.arn);
  assert.equal(success?.delivery["statusCode"], 200);
  const [failure] = await read("/Failure");
  assert.equal(failure?.status, "FAILURE");
  assert.equal(failure?.delivery["destination"], closed.arn);
  assert.match(String(failure?.delivery["providerResponse"]), /"ErrorCode":"AccessDenied/);
});

test("a role that may not log leaves no log, and messages arrive all the same", async () => {
  await using region = await startRegion();
  const role = await createRole(region, "idler", false);
  const topic = await createTopic(region, "topic", {
    SQSSuccessFeedbackRoleArn: role, SQSSuccessFeedbackSampleRate: "100",
  });
  const queue = await createQueue(region, "queue");
  await topic.subscribe("sqs", queue.arn);
  await topic.publish("m");
  assert.equal((await queue.bodies()).length, 1);
});

test("topics are measured: what they publish, deliver, filter out and give to dead letters", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue");
  const closed = await createQueue(region, "closed", false);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queue.arn });
  await topic.subscribe("sqs", queue.arn, { FilterPolicy: JSON.stringify({ a: ["b"] }) });
  await topic.subscribe("sqs", closed.arn, { RedrivePolicy });
  await topic.publish("four", { MessageAttributes: { a: { DataType: "String", StringValue: "b" } } });
  await topic.publish("four");
  await region.clock.advance({ minutes: 2 });
  const names = [
    "NumberOfMessagesPublished", "PublishSize", "NumberOfNotificationsDelivered",
    "NumberOfNotificationsFailed", "NumberOfNotificationsFilteredOut",
    "NumberOfNotificationsFilteredOut-NoMessageAttributes", "NumberOfNotificationsRedrivenToDlq",
  ];
  const { MetricDataResults = [] } = await region.client(CloudWatchClient).send(new GetMetricDataCommand({
    StartTime: new Date(region.clock.now() - 600_000),
    EndTime: new Date(region.clock.now()),
    MetricDataQueries: names.map((MetricName, index) => ({
      Id: `m${index}`,
      MetricStat: {
        Metric: {
          Namespace: "AWS/SNS", MetricName, Dimensions: [{ Name: "TopicName", Value: "topic" }],
        },
        Period: 60, Stat: "Sum",
      },
    })),
  }));
  assert.deepEqual(MetricDataResults.map(({ Values }) => Values), [[2], [16], [1], [2], [1], [1], [2]]);
});
