/** Functions that cause themselves to run, through a queue, a topic and a bucket. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  AddPermissionCommand, CreateEventSourceMappingCommand, PutFunctionRecursionConfigCommand,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client } from
  "@aws-sdk/client-s3";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from
  "@aws-sdk/client-sqs";
import { account, arnOf, roleArn, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

const roundsMax = 16;
const queueArn = (name: string) => `arn:aws:sqs:us-east-1:${account}:${name}`;
const queueUrl = (name: string) => `http://localhost/${account}/${name}`;
const topicArn = (name: string) => `arn:aws:sns:us-east-1:${account}:${name}`;

let bench: Bench;
let sqs: SQSClient;
before(async () => {
  bench = await startBench();
  sqs = bench.region.client(SQSClient);
  await bench.role("circular", {
    Effect: "Allow", Action: ["sqs:*", "sns:Publish", "s3:PutObject"], Resource: "*",
  });
});
after(() => bench.region.stop());

/** What each function does: it sends on what it got. */
const code = (imported: string, next: string) => nodePackage(`
  ${imported}
  export const handler = async (event) => {
    ${next}
  };
`);

async function make(name: string, ZipFile: Buffer, DeadLetterConfig = {}): Promise<void> {
  await bench.make(name, { Code: { ZipFile }, Role: roleArn("circular"), Timeout: 30, DeadLetterConfig });
}

async function run(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await bench.region.clock.advance({ seconds: 1 });
}

/** By what CloudWatch was told, once the minute is over. */
async function counted(name: string, MetricName: string): Promise<number> {
  await bench.region.clock.advance({ minutes: 1 });
  const now = bench.region.clock.now();
  const cloudwatch = bench.region.client(CloudWatchClient);
  const { Datapoints = [] } = await cloudwatch.send(new GetMetricStatisticsCommand({
    Namespace: "AWS/Lambda", MetricName, Dimensions: [{ Name: "FunctionName", Value: name }],
    StartTime: new Date(now - 3_600_000), EndTime: new Date(now + 60_000), Period: 3600, Statistics: ["Sum"],
  }));
  return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}

async function received(name: string, names: string[] = []): Promise<Record<string, string | undefined>[]> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
    QueueUrl: queueUrl(name), MaxNumberOfMessages: 10, MessageAttributeNames: ["All"],
    MessageSystemAttributeNames: ["All"],
  }));
  return Messages.map(({ Body, MessageAttributes = {} }) => ({
    Body, ...Object.fromEntries(names.map((each) => [each, MessageAttributes[each]?.StringValue])),
  }));
}

const sendAgain = code(
  'import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";',
  `const QueueUrl = process.env.AWS_ENDPOINT_URL + "/${account}/" + process.env.AWS_LAMBDA_FUNCTION_NAME;
   const round = Number(event.Records[0].body);
   if (round === 20) return;
   await new SQSClient({}).send(new SendMessageCommand({ QueueUrl, MessageBody: String(round + 1) }));`,
);

async function queueLoop(name: string): Promise<void> {
  await sqs.send(new CreateQueueCommand({ QueueName: `${name}-dead` }));
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn(`${name}-dead`), maxReceiveCount: 1 });
  await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { RedrivePolicy } }));
  await make(name, sendAgain);
  await bench.lambda.send(new CreateEventSourceMappingCommand({
    FunctionName: name, EventSourceArn: queueArn(name), BatchSize: 1,
  }));
  await run(1);
}

test("lambda-best-no-recursion: a function that writes to its own queue is stopped", async () => {
  await queueLoop("tail");
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl("tail"), MessageBody: "1" }));
  await run(20);
  assert.equal(await counted("tail", "Invocations"), roundsMax);
  assert.equal(await counted("tail", "RecursiveInvocationsDropped"), 1);
  assert.deepEqual(await received("tail-dead"), [{ Body: "17" }]);
});

test("lambda-best-no-recursion: a function that may go in circles is not stopped", async () => {
  await queueLoop("wheel");
  await bench.lambda.send(new PutFunctionRecursionConfigCommand({
    FunctionName: "wheel", RecursiveLoop: "Allow",
  }));
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl("wheel"), MessageBody: "1" }));
  await run(20);
  assert.equal(await counted("wheel", "Invocations"), 20);
  assert.equal(await counted("wheel", "RecursiveInvocationsDropped"), 0);
});

test("lambda-best-no-recursion: topics pass on how often a message was with a function", async () => {
  const sns = bench.region.client(SNSClient);
  await sns.send(new CreateTopicCommand({ Name: "echo" }));
  await sqs.send(new CreateQueueCommand({ QueueName: "echo-dead" }));
  await make("echo", code(
    'import { SNSClient, PublishCommand } from "@aws-sdk/client-sns";',
    `const { TopicArn, Message } = event.Records[0].Sns;
     await new SNSClient({}).send(new PublishCommand({ TopicArn, Message }));`,
  ), { TargetArn: queueArn("echo-dead") });
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "echo", StatementId: "topic", Action: "lambda:InvokeFunction",
    Principal: "sns.amazonaws.com", SourceArn: topicArn("echo"),
  }));
  await sns.send(new SubscribeCommand({
    TopicArn: topicArn("echo"), Protocol: "lambda", Endpoint: arnOf("echo"),
  }));
  await sns.send(new PublishCommand({ TopicArn: topicArn("echo"), Message: "hallo" }));
  await run(20);
  assert.equal(await counted("echo", "Invocations"), roundsMax);
  assert.equal(await counted("echo", "RecursiveInvocationsDropped"), 1);
  const [letter] = await received("echo-dead", ["ErrorCode", "ErrorMessage"]);
  const event = JSON.parse(letter?.["Body"] ?? "{}") as { Records: [{ Sns: { Message: string } }] };
  assert.equal(event.Records[0].Sns.Message, "hallo");
  assert.equal(
    letter?.["ErrorMessage"],
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
    + "resources and stopped your function's invocation.",
  );
});

test("lambda-best-no-recursion: a function that writes to its own bucket is stopped", async () => {
  const s3 = bench.region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "mirror" }));
  await make("mirror", code(
    'import { S3Client, PutObjectCommand } from "@aws-sdk/client-s3";',
    `const { bucket, object } = event.Records[0].s3;
     await new S3Client({ forcePathStyle: true }).send(
       new PutObjectCommand({ Bucket: bucket.name, Key: object.key + "-", Body: "again" }));`,
  ));
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "mirror", StatementId: "bucket", Action: "lambda:InvokeFunction",
    Principal: "s3.amazonaws.com", SourceArn: "arn:aws:s3:::mirror",
  }));
  await s3.send(new PutBucketNotificationConfigurationCommand({
    Bucket: "mirror",
    NotificationConfiguration: {
      LambdaFunctionConfigurations: [{ LambdaFunctionArn: arnOf("mirror"), Events: ["s3:ObjectCreated:*"] }],
    },
  }));
  await s3.send(new PutObjectCommand({ Bucket: "mirror", Key: "a", Body: "once" }));
  await run(20);
  assert.equal(await counted("mirror", "Invocations"), roundsMax);
  assert.equal(await counted("mirror", "RecursiveInvocationsDropped"), 1);
});

test("a queue keeps the trace of the request that sent a message, or that of the message", async () => {
  await sqs.send(new CreateQueueCommand({ QueueName: "traced" }));
  const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
  const client = bench.region.client(SQSClient);
  client.middlewareStack.add((next) => (args) => {
    (args.request as { headers: Record<string, string> }).headers["X-Amzn-Trace-Id"] = trace;
    return next(args);
  }, { step: "build" });
  const QueueUrl = queueUrl("traced");
  const plain = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "plain" }));
  assert.equal(plain.MD5OfMessageSystemAttributes, undefined);
  await client.send(new SendMessageCommand({
    QueueUrl, MessageBody: "own",
    MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-a-b" } },
  }));
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
    QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["AWSTraceHeader"],
  }));
  assert.deepEqual(
    Messages.map(({ Body, Attributes }) => [Body, Attributes?.AWSTraceHeader]).sort(),
    [["own", "Root=1-a-b"], ["plain", trace]],
  );
});
