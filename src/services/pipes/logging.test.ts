import assert from "node:assert/strict";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateDeliveryStreamCommand, FirehoseClient, ListTagsForDeliveryStreamCommand,
} from "@aws-sdk/client-firehose";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreatePipeCommand, DescribePipeCommand, PipesClient, type PipeLogConfigurationParameters,
} from "@aws-sdk/client-pipes";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand, S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { allow, trust } from "../../../test/policies.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";

const region = await startRegion();
after(() => region.stop());
const pipes = region.client(PipesClient);
const logs = region.client(CloudWatchLogsClient);
const s3 = region.client(S3Client);
const sqs = region.client(SQSClient);
const iam = region.client(IAMClient);
const RoleArn = "arn:aws:iam::000000000000:role/piper";
const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const groupArn = (name: string) => `arn:aws:logs:us-east-1:000000000000:log-group:${name}`;

await iam.send(new CreateRoleCommand({
  RoleName: "piper", AssumeRolePolicyDocument: trust("pipes.amazonaws.com"),
}));
await iam.send(new PutRolePolicyCommand({
  RoleName: "piper", PolicyName: "move", PolicyDocument: JSON.stringify(allow("sqs:*")),
}));

interface LogRecord {
  readonly executionId: string;
  readonly timestamp: number;
  readonly messageType: string;
  readonly resourceArn: string;
  readonly logLevel: string;
  readonly payload?: string;
  readonly awsRequest?: string;
  readonly truncatedFields?: string[];
  readonly error?: object;
}

async function send(name: string, MessageBody: string): Promise<void> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  await region.settled();
  await region.clock.advance({ milliseconds: 1 });
}

/** A queue of the pipe's name is moved to `target`. */
async function create(
  Name: string, LogConfiguration: PipeLogConfigurationParameters, target = "out",
): Promise<void> {
  await sqs.send(new CreateQueueCommand({ QueueName: Name }));
  await sqs.send(new CreateQueueCommand({ QueueName: "out" }));
  await pipes.send(new CreatePipeCommand({
    Name, RoleArn, Source: queueArn(Name), Target: queueArn(target), LogConfiguration,
    TargetParameters: { InputTemplate: "<$.body>" },
  }));
  await region.clock.advance({ seconds: 4 });
}

async function group(logGroupName: string): Promise<PipeLogConfigurationParameters> {
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  return { CloudwatchLogsLogDestination: { LogGroupArn: groupArn(logGroupName) }, Level: "TRACE" };
}

async function records(logGroupName: string): Promise<LogRecord[]> {
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
  return events.map(({ message = "" }) => JSON.parse(message) as LogRecord);
}

test("every step of an execution is logged, with what it worked on where that is asked for", async () => {
  await create("all", { ...await group("all"), IncludeExecutionData: ["ALL"] });
  await send("all", "hello");
  const found = await records("all");
  assert.deepEqual(found.map(({ messageType, logLevel }) => `${messageType} ${logLevel}`), [
    "EXECUTION_STARTED INFO", "TARGET_STAGE_ENTERED INFO", "TARGET_TRANSFORMATION_STARTED TRACE",
    "TARGET_TRANSFORMATION_SUCCEEDED TRACE", "TARGET_INVOCATION_STARTED TRACE",
    "TARGET_INVOCATION_SUCCEEDED TRACE", "TARGET_STAGE_SUCCEEDED INFO", "EXECUTION_SUCCEEDED INFO",
  ]);
  assert.equal(new Set(found.map(({ executionId }) => executionId)).size, 1);
  assert.equal(found[0]?.resourceArn, "arn:aws:pipes:us-east-1:000000000000:pipe/all");
  const of = (type: string) => found.find(({ messageType }) => messageType === type);
  const [event] = JSON.parse(of("EXECUTION_STARTED")?.payload ?? "[]") as { body?: string }[];
  assert.equal(event?.body, "hello");
  assert.equal(of("TARGET_TRANSFORMATION_SUCCEEDED")?.payload, '["hello"]');
  assert.deepEqual(JSON.parse(of("TARGET_INVOCATION_SUCCEEDED")?.awsRequest ?? "{}"),
    { target: queueArn("out"), payload: '["hello"]' });
  const { LogConfiguration } = await pipes.send(new DescribePipeCommand({ Name: "all" }));
  assert.deepEqual(LogConfiguration, {
    CloudwatchLogsLogDestination: { LogGroupArn: groupArn("all") }, Level: "TRACE",
    IncludeExecutionData: ["ALL"],
  });
});

test("a pipe with the level ERROR logs failures alone, without what it moved", async () => {
  await create("failing", { ...await group("failing"), Level: "ERROR" }, "nowhere");
  await send("failing", "hello");
  const found = await records("failing");
  assert.deepEqual(found.map(({ messageType }) => messageType),
    ["TARGET_INVOCATION_FAILED", "TARGET_STAGE_FAILED", "EXECUTION_FAILED"]);
  assert.deepEqual(found[0]?.error, {
    message: "The specified queue does not exist.", details: "NO_RESOURCE", awsService: "sqs",
  });
  assert.equal(found[0]?.awsRequest, undefined);
});

test("records are cut to 256 KB, field by field", async () => {
  await create("long", { ...await group("long"), IncludeExecutionData: ["ALL"] });
  await send("long", "x".repeat(262_000));
  const started = (await records("long")).find(({ messageType }) => messageType === "EXECUTION_STARTED");
  assert.deepEqual(started?.truncatedFields, ["payload"]);
  assert.ok(Buffer.byteLength(JSON.stringify(started)) <= 262_144);
  assert.ok((started?.payload ?? "").length > 250_000);
});

test("the log of a pipe goes to a bucket, in files, and to a delivery stream", async () => {
  await s3.send(new CreateBucketCommand({ Bucket: "logged" }));
  await s3.send(new PutBucketPolicyCommand({ Bucket: "logged", Policy: JSON.stringify({
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { Service: "delivery.logs.amazonaws.com" }, Action: "s3:PutObject",
      Resource: "arn:aws:s3:::logged/*",
      Condition: { ArnLike: { "aws:SourceArn": "arn:aws:logs:us-east-1:000000000000:*" } },
    }],
  }) }));
  await iam.send(new CreateRoleCommand({
    RoleName: "firehose", AssumeRolePolicyDocument: trust("firehose.amazonaws.com"),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "firehose", PolicyName: "p", PolicyDocument: JSON.stringify(allow("s3:*")),
  }));
  const firehose = region.client(FirehoseClient);
  const { DeliveryStreamARN } = await firehose.send(new CreateDeliveryStreamCommand({
    DeliveryStreamName: "logs", ExtendedS3DestinationConfiguration: {
      RoleARN: "arn:aws:iam::000000000000:role/firehose", BucketARN: "arn:aws:s3:::logged", Prefix: "fh/",
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
    },
  }));
  await region.clock.advance({ seconds: 2 });
  await create("both", {
    Level: "INFO", FirehoseLogDestination: { DeliveryStreamArn: DeliveryStreamARN },
    S3LogDestination: {
      BucketName: "logged", BucketOwner: "000000000000", Prefix: "s3", OutputFormat: "plain",
    },
  });
  const { Tags } = await firehose.send(new ListTagsForDeliveryStreamCommand({ DeliveryStreamName: "logs" }));
  assert.deepEqual(Tags, [{ Key: "LogDeliveryEnabled", Value: "true" }]);
  await send("both", "hello");
  await region.clock.advance({ minutes: 5 });
  const read = async (Prefix: string): Promise<Buffer> => {
    const { Contents: [file] = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "logged", Prefix }));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "logged", Key: file?.Key }));
    return Buffer.from(await Body?.transformToByteArray() ?? "");
  };
  const streamed = (await read("fh/")).toString().trimEnd().split("\n");
  const steps = [
    "EXECUTION_STARTED", "TARGET_STAGE_ENTERED", "TARGET_STAGE_SUCCEEDED", "EXECUTION_SUCCEEDED",
  ];
  assert.deepEqual(streamed.map((line) => (JSON.parse(line) as LogRecord).messageType), steps);
  const [first = ""] = streamed;
  const { timestamp, executionId } = JSON.parse(first) as LogRecord;
  const prefix = "s3/AWSLogs/000000000000/EventBridgePipes/us-east-1/2026/";
  assert.deepEqual(gunzipSync(await read(prefix)).toString().trimEnd().split("\n"), steps.map((step) =>
    `arn:aws:pipes:us-east-1:000000000000:pipe/both ${timestamp} ${executionId} ${step} INFO`));
});

test("who sets up a log needs the permission to", async () => {
  const credentials = await region.user("plumber", allow(["pipes:*", "iam:PassRole"]));
  const plumber = region.client(PipesClient, { credentials });
  const LogConfiguration = await group("forbidden");
  const input = { Name: "no", RoleArn, Source: queueArn("all"), Target: queueArn("out"), LogConfiguration };
  assert.match(await refusal(plumber.send(new CreatePipeCommand(input))),
    /^AccessDeniedException: .*plumber is not authorized to perform: logs:CreateLogDelivery because no /);
});
