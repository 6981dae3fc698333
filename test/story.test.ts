/**
 * The whole story in one file. Somebody uploads a photo. A function makes a thumbnail of it, really, in a
 * process of its own, and says so on a topic, which a queue has subscribed. A rule of EventBridge moves the
 * news of the upload on to another queue. What the function printed is in its log, and what it cost in its
 * metrics. A file that is no photo ends, after two more attempts, in the dead-letter queue. Nothing here
 * knows that this is not AWS, but for the clock.
 */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  AttachRolePolicyCommand, CreateRoleCommand, IAMClient, PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand, GetObjectCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion } from "./region.ts";
import { zipOf } from "./zip-archive.ts";

const account = "000000000000";
const region = await startRegion();
after(() => region.stop());

const iam = region.client(IAMClient);
const s3 = region.client(S3Client);
const sqs = region.client(SQSClient);
const sns = region.client(SNSClient);
const lambda = region.client(LambdaClient);
const events = region.client(EventBridgeClient);
const logs = region.client(CloudWatchLogsClient);
const cloudwatch = region.client(CloudWatchClient);

/** A queue that one service may send to. */
async function queueFor(
  name: string, Service: string,
): Promise<{ readonly url: string; readonly arn: string }> {
  const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const arn = `arn:aws:sqs:us-east-1:${account}:${name}`;
  const statement = { Effect: "Allow", Principal: { Service }, Action: "sqs:SendMessage", Resource: arn };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
  return { url, arn };
}

/** The next message's body. Functions take time of their own, whatever the region's clock does. */
async function nextMessage(url: string): Promise<Record<string, unknown>> {
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
      QueueUrl: url, MessageAttributeNames: ["All"],
    }));
    if (Messages[0]) return JSON.parse(Messages[0].Body ?? "") as Record<string, unknown>;
    await region.settled();
  }
}

/** The function, as its author writes it: the SDK is there, and credentials, and a log. */
const source = `
  import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
  import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";

  const s3 = new S3Client();
  const sns = new SNSClient();

  export async function handler(event) {
    for (const { s3: { bucket, object } } of event.Records) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: object.key }));
      const photo = await Body.transformToString();
      if (!photo.startsWith("photo")) throw new TypeError(object.key + " is no photo");
      const thumbnail = photo.slice(0, 20);
      await s3.send(new PutObjectCommand({ Bucket: "thumbnails", Key: object.key, Body: thumbnail }));
      console.log("made a thumbnail of", object.key);
      await sns.send(new PublishCommand({
        TopicArn: process.env.TOPIC, Message: JSON.stringify({ thumbnail: object.key }),
      }));
    }
  }
`;

test("a photo is uploaded, and everything follows", async () => {
  // Where things go.
  await s3.send(new CreateBucketCommand({ Bucket: "photos" }));
  await s3.send(new CreateBucketCommand({ Bucket: "thumbnails" }));
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "thumbnails" }));
  const gallery = await queueFor("gallery", "sns.amazonaws.com");
  const audit = await queueFor("audit", "events.amazonaws.com");
  const failures = await queueFor("failures", "lambda.amazonaws.com");
  await sns.send(new SubscribeCommand({
    TopicArn, Protocol: "sqs", Endpoint: gallery.arn, Attributes: { RawMessageDelivery: "true" },
  }));

  // Who may do what: the function, by its role; S3 and EventBridge, by the policies of what they reach.
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName: "thumbnails",
    AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
  }));
  await iam.send(new AttachRolePolicyCommand({
    RoleName: "thumbnails",
    PolicyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "thumbnails",
    PolicyName: "work",
    PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::photos/*" },
        { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::thumbnails/*" },
        { Effect: "Allow", Action: "sns:Publish", Resource: TopicArn },
        { Effect: "Allow", Action: "sqs:SendMessage", Resource: failures.arn },
      ],
    }),
  }));

  // The function.
  const { FunctionArn = "" } = await lambda.send(new CreateFunctionCommand({
    FunctionName: "thumbnails",
    Runtime: "nodejs20.x",
    Handler: "index.handler",
    Role: Role?.Arn,
    Code: { ZipFile: zipOf({ "index.mjs": source }) },
    Environment: { Variables: { TOPIC: TopicArn } },
    DeadLetterConfig: { TargetArn: failures.arn },
    Timeout: 30,
  }));
  await lambda.send(new AddPermissionCommand({
    FunctionName: "thumbnails", StatementId: "photos", Action: "lambda:InvokeFunction",
    Principal: "s3.amazonaws.com", SourceArn: "arn:aws:s3:::photos", SourceAccount: account,
  }));
  await region.clock.advance({ seconds: 10 });

  // Who is told of uploads: the function, and EventBridge.
  await s3.send(new PutBucketNotificationConfigurationCommand({
    Bucket: "photos",
    NotificationConfiguration: {
      LambdaFunctionConfigurations: [{ LambdaFunctionArn: FunctionArn, Events: ["s3:ObjectCreated:*"] }],
      EventBridgeConfiguration: {},
    },
  }));
  await events.send(new PutRuleCommand({
    Name: "uploads",
    EventPattern: JSON.stringify({
      source: ["aws.s3"], "detail-type": ["Object Created"],
      detail: { bucket: { name: ["photos"] }, object: { key: [{ suffix: ".jpg" }] } },
    }),
  }));
  await events.send(new PutTargetsCommand({
    Rule: "uploads", Targets: [{ Id: "audit", Arn: audit.arn, InputPath: "$.detail.object" }],
  }));

  // A photo arrives.
  const photo = "photo of a cat, quite large";
  await s3.send(new PutObjectCommand({ Bucket: "photos", Key: "cat.jpg", Body: photo }));

  // The function made its thumbnail, and the gallery was told.
  assert.deepEqual(await nextMessage(gallery.url), { thumbnail: "cat.jpg" });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "thumbnails", Key: "cat.jpg" }));
  assert.equal(await Body?.transformToString(), "photo of a cat, quit");

  // EventBridge passed the news on.
  const uploaded = await nextMessage(audit.url);
  assert.equal(uploaded["key"], "cat.jpg");
  assert.equal(uploaded["size"], 27);

  // The function's log says what happened.
  await region.clock.advance({ seconds: 5 });
  const { events: lines = [] } = await logs.send(new FilterLogEventsCommand({
    logGroupName: "/aws/lambda/thumbnails",
  }));
  const kinds = lines.map(({ message = "" }) => message.split(/[ \t]/)[0]);
  for (const kind of ["START", "END", "REPORT"]) assert.ok(kinds.includes(kind), kind);
  assert.ok(lines.some(({ message = "" }) => message.includes("made a thumbnail of cat.jpg")));

  // What is no photo is tried three times, a minute and two minutes apart, and then kept for a human.
  await s3.send(new PutObjectCommand({ Bucket: "photos", Key: "notes.txt", Body: "text" }));
  await region.settled();
  await region.clock.advance({ minutes: 1 });
  await region.clock.advance({ minutes: 2 });
  const failed = await nextMessage(failures.url) as { Records: { s3: { object: { key: string } } }[] };
  assert.equal(failed.Records[0]?.s3.object.key, "notes.txt");

  // Its metrics count what ran, and what failed.
  await region.clock.advance({ minutes: 1 });
  const sumOf = async (MetricName: string): Promise<number> => {
    const { Datapoints = [] } = await cloudwatch.send(new GetMetricStatisticsCommand({
      Namespace: "AWS/Lambda", MetricName, Dimensions: [{ Name: "FunctionName", Value: "thumbnails" }],
      StartTime: new Date(region.clock.now() - 3_600_000), EndTime: new Date(region.clock.now()),
      Period: 3600, Statistics: ["Sum"],
    }));
    return Datapoints.reduce((sum, point) => sum + (point.Sum ?? 0), 0);
  };
  assert.equal(await sumOf("Invocations"), 4);
  assert.equal(await sumOf("Errors"), 3);
});
