/** Services invoke a function only where its policy lets them. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from
  "@aws-sdk/client-eventbridge";
import { AddPermissionCommand, RemovePermissionCommand } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { account, arnOf, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";

let bench: Bench;
before(async () => {
  bench = await startBench();
});
after(() => bench.region.stop());

async function allow(FunctionName: string, service: string, SourceArn: string): Promise<void> {
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName, StatementId: service, Action: "lambda:InvokeFunction",
    Principal: `${service}.amazonaws.com`, SourceArn,
  }));
}

async function invocations(name: string): Promise<number> {
  await bench.region.clock.advance({ minutes: 1 });
  const now = bench.region.clock.now();
  const cloudwatch = bench.region.client(CloudWatchClient);
  const { Datapoints = [] } = await cloudwatch.send(new GetMetricStatisticsCommand({
    Namespace: "AWS/Lambda", MetricName: "Invocations", Dimensions: [{ Name: "FunctionName", Value: name }],
    StartTime: new Date(now - 86_400_000), EndTime: new Date(now + 60_000), Period: 86_400,
    Statistics: ["Sum"],
  }));
  return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}

test("lambda-service-needs-resource-policy: S3 is let in before it is configured", async () => {
  const s3 = bench.region.client(S3Client);
  await bench.make("stored");
  await s3.send(new CreateBucketCommand({ Bucket: "notifying" }));
  const configure = () => s3.send(new PutBucketNotificationConfigurationCommand({
    Bucket: "notifying",
    NotificationConfiguration: {
      LambdaFunctionConfigurations: [{ LambdaFunctionArn: arnOf("stored"), Events: ["s3:ObjectCreated:*"] }],
    },
  }));
  assert.equal(
    await refusal(configure()),
    "InvalidArgument: Unable to validate the following destination configurations",
  );
  await allow("stored", "s3", "arn:aws:s3:::notifying");
  await configure();
  const put = () => s3.send(new PutObjectCommand({ Bucket: "notifying", Key: "a", Body: "a" }));
  await put();
  assert.equal(await invocations("stored"), 1);
  await bench.lambda.send(new RemovePermissionCommand({ FunctionName: "stored", StatementId: "s3" }));
  await put();
  assert.equal(await invocations("stored"), 1);
});

test("lambda-service-needs-resource-policy: a topic's function runs once it lets SNS in", async () => {
  const sns = bench.region.client(SNSClient);
  const TopicArn = `arn:aws:sns:us-east-1:${account}:news`;
  await bench.make("told");
  await sns.send(new CreateTopicCommand({ Name: "news" }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "lambda", Endpoint: arnOf("told") }));
  await sns.send(new PublishCommand({ TopicArn, Message: "one" }));
  assert.equal(await invocations("told"), 0);
  await allow("told", "sns", TopicArn);
  await sns.send(new PublishCommand({ TopicArn, Message: "two" }));
  assert.equal(await invocations("told"), 1);
});

test("lambda-service-needs-resource-policy: a rule's function runs once EventBridge may", async () => {
  const events = bench.region.client(EventBridgeClient);
  await bench.make("ruled");
  const { RuleArn = "" } = await events.send(new PutRuleCommand({
    Name: "orders", EventPattern: JSON.stringify({ source: ["shop"] }),
  }));
  await events.send(new PutTargetsCommand({ Rule: "orders", Targets: [{ Id: "f", Arn: arnOf("ruled") }] }));
  const happen = () => events.send(new PutEventsCommand({
    Entries: [{ Source: "shop", DetailType: "order", Detail: "{}" }],
  }));
  await happen();
  assert.equal(await invocations("ruled"), 0);
  await allow("ruled", "events", RuleArn);
  await happen();
  assert.equal(await invocations("ruled"), 1);
});
