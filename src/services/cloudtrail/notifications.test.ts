import assert from "node:assert/strict";
import test from "node:test";
import {
  PutEventSelectorsCommand, StartLoggingCommand, UpdateTrailCommand,
} from "@aws-sdk/client-cloudtrail";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateTopicCommand, SetTopicAttributesCommand, SNSClient, SubscribeCommand,
} from "@aws-sdk/client-sns";
import {
  CreateQueueCommand, ReceiveMessageCommand, SQSClient, SetQueueAttributesCommand, DeleteMessageCommand,
} from "@aws-sdk/client-sqs";
import { startBench } from "../../../test/lambda-bench.ts";
import { bucket, refusal, trailFixture } from "./trail-fixture.ts";

const policyFor = (service: string, Action: string): string => JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: service }, Action, Resource: "*" }],
});
const bucketPolicy = JSON.stringify({
  Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:PutObject",
    Resource: `arn:aws:s3:::${bucket}/*`,
  }],
});

test("a trail tells a topic of its files, makes calls events, and logs invocations", async () => {
  const bench = await startBench();
  const { region } = bench;
  const it = await trailFixture(region, bucketPolicy);
  const [sqs, sns, events] = [
    region.client(SQSClient), region.client(SNSClient), region.client(EventBridgeClient),
  ];
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "told" }));
  const QueueArn = "arn:aws:sqs:us-east-1:000000000000:told";
  const allow = (service: string): Promise<unknown> => sqs.send(new SetQueueAttributesCommand({
    QueueUrl, Attributes: { Policy: policyFor(service, "sqs:SendMessage") },
  }));
  const received = async (): Promise<string[]> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    for (const { ReceiptHandle } of Messages) await sqs.send(
      new DeleteMessageCommand({ QueueUrl, ReceiptHandle }),
    );
    return Messages.map(({ Body }) => Body ?? "");
  };
  await allow("sns.amazonaws.com");
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "files" }));
  const topicPolicy = (service: string): Promise<unknown> => sns.send(new SetTopicAttributesCommand({
    TopicArn, AttributeName: "Policy", AttributeValue: policyFor(service, "sns:Publish"),
  }));
  await topicPolicy("s3.amazonaws.com");
  await it.create("told");
  assert.equal(
    await refusal(it.cloudtrail.send(new UpdateTrailCommand({ Name: "told", SnsTopicName: "files" }))),
    "InsufficientSnsTopicPolicyException: SNS Topic does not exist or the topic policy is incorrect!",
  );
  await topicPolicy("cloudtrail.amazonaws.com");
  await it.cloudtrail.send(new UpdateTrailCommand({ Name: "told", SnsTopicName: "files" }));
  await sns.send(new SubscribeCommand({
    TopicArn, Protocol: "sqs", Endpoint: QueueArn, Attributes: { RawMessageDelivery: "true" },
  }));
  await it.cloudtrail.send(new PutEventSelectorsCommand({
    TrailName: "told", EventSelectors: [{
      ReadWriteType: "WriteOnly", IncludeManagementEvents: true,
      DataResources: [{ Type: "AWS::Lambda::Function", Values: ["arn:aws:lambda"] }],
    }],
  }));
  await bench.make("called");
  await it.cloudtrail.send(new StartLoggingCommand({ Name: "told" }));
  await bench.invoke("called");
  await region.clock.advance({ minutes: 5 });
  const [key] = await it.keys();
  assert.deepEqual(await received(), [JSON.stringify({ s3Bucket: bucket, s3ObjectKey: [key] })]);
  const invocations = (await it.records()).filter(({ eventName }) => eventName === "Invoke");
  assert.deepEqual(
    invocations.map(({ eventCategory, resources }) => [eventCategory, resources?.[0]?.type]),
    [["Data", "AWS::Lambda::Function"]],
  );

  await allow("events.amazonaws.com");
  await events.send(new PutRuleCommand({
    Name: "keys", EventPattern: JSON.stringify({
      "detail-type": ["AWS API Call via CloudTrail"], detail: { eventName: ["CreateKey", "Invoke"] },
    }),
  }));
  await events.send(new PutTargetsCommand({
    Rule: "keys", Targets: [{ Id: "queue", Arn: QueueArn, InputPath: "$.detail.eventSource" }],
  }));
  await region.client(KMSClient).send(new CreateKeyCommand({}));
  await region.engine.settled();
  assert.deepEqual(await received(), [`"kms.amazonaws.com"`]);
  await bench.invoke("called");
  await region.engine.settled();
  assert.deepEqual(await received(), [`"lambda.amazonaws.com"`]);
  await region.stop();
});
