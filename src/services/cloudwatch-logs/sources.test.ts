/** Where logs come from by themselves, and where they go on to. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CloudTrailClient, CreateTrailCommand, StartLoggingCommand } from "@aws-sdk/client-cloudtrail";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient, DescribeLogStreamsCommand, FilterLogEventsCommand, PutMetricFilterCommand,
  PutSubscriptionFilterCommand, TestMetricFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AddPermissionCommand } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand, S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { account, lambdaTrust, roleArn, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { testEpoch } from "../../../test/region.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { createGroup } from "./logs-fixture.ts";

let bench: Bench;
let logs: CloudWatchLogsClient;
before(async () => {
  bench = await startBench();
  logs = bench.region.client(CloudWatchLogsClient);
});
after(() => bench.region.stop());

const withCode = (source: string) => ({ Code: { ZipFile: nodePackage(source) }, Timeout: 30 });

async function messagesOf(logGroupName: string, filterPattern?: string): Promise<string[]> {
  await bench.region.settled();
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern }));
  return events.map(({ message = "" }) => message);
}

function policy(...statements: object[]): string {
  const Statement = statements.map((statement) => ({ Effect: "Allow", ...statement }));
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

test("logs-sources-lambda: a function's lines are in its group, between START, END and REPORT", async () => {
  await bench.make(
    "speaks", withCode("export const handler = async ({ n }) => { console.log('line', n); return n; };"),
  );
  await bench.invoke("speaks", { n: 1 });
  await bench.invoke("speaks", { n: 2 });
  const lines = (await messagesOf("/aws/lambda/speaks")).filter((line) => !line.startsWith("INIT_START"));
  const id = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  const memory = "Memory Size: 128 MB\\tMax Memory Used: \\d+ MB\\t";
  const duration = "Duration: [\\d.]+ ms\\tBilled Duration: \\d+ ms\\t";
  const run = (n: number, init: string) => [
    `^START RequestId: ${id} Version: \\$LATEST\\n$`,
    `^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\t${id}\\tINFO\\tline ${String(n)}\\n$`,
    `^END RequestId: ${id}\\n$`,
    `^REPORT RequestId: ${id}\\t${duration}${memory}${init}\\n$`,
  ];
  const expected = [...run(1, "Init Duration: [\\d.]+ ms\\t"), ...run(2, "")];
  assert.equal(lines.length, expected.length, lines.join(""));
  for (const [index, form] of expected.entries()) assert.match(lines[index] ?? "", new RegExp(form));
  const { logStreams = [] } = await logs.send(
    new DescribeLogStreamsCommand({ logGroupName: "/aws/lambda/speaks" }),
  );
  assert.equal(logStreams.length, 1);
  assert.match(logStreams[0]?.logStreamName ?? "", /^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/);
});

test("logs-iam-permissions: a function whose role may not put events runs without a log", async () => {
  const iam = bench.region.client(IAMClient);
  await iam.send(new CreateRoleCommand({
    RoleName: "mute", AssumeRolePolicyDocument: JSON.stringify(lambdaTrust),
  }));
  const allow = (...Action: string[]) => iam.send(new PutRolePolicyCommand({
    RoleName: "mute", PolicyName: "logs", PolicyDocument: policy({ Action, Resource: "*" }),
  }));
  await allow("logs:CreateLogGroup", "logs:CreateLogStream");
  await bench.make("mute", {
    ...withCode("export const handler = async ({ n }) => { console.log('line', n); return n; };"),
    Role: roleArn("mute"),
  });
  await createGroup(bench.region, "/aws/lambda/mute");
  assert.equal((await bench.invoke("mute", { n: 1 })).answer, 1);
  assert.deepEqual(await messagesOf("/aws/lambda/mute"), []);
  await allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents");
  await bench.region.clock.advance({ minutes: 1 });
  assert.equal((await bench.invoke("mute", { n: 2 })).answer, 2);
  const lines = await messagesOf("/aws/lambda/mute", "line");
  assert.deepEqual(lines.map((line) => line.trimEnd().split("\t").at(-1)), ["line 2"]);
});

test("logs-path-lambda-s3-athena: up to S3: a function stores what it is sent", async () => {
  const s3 = bench.region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "lake" }));
  await bench.role("stores", { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::lake/*" });
  const destinationArn = await bench.make("stores", {
    ...withCode(`
      import { gunzipSync } from "node:zlib";
      import { S3Client, PutObjectCommand } from "@aws-sdk/client-s3";
      const s3 = new S3Client({});
      export const handler = async ({ awslogs }) => {
        const { logEvents } = JSON.parse(gunzipSync(Buffer.from(awslogs.data, "base64")));
        const Body = logEvents.map(({ message }) => message + "\\n").join("");
        await s3.send(new PutObjectCommand({ Bucket: "lake", Key: "logs/" + logEvents[0].id, Body }));
      };
    `),
    Role: roleArn("stores"),
  });
  await bench.lambda.send(new AddPermissionCommand({
    FunctionName: "stores", StatementId: "logs", Action: "lambda:InvokeFunction",
    Principal: "logs.amazonaws.com",
  }));
  const app = await createGroup(bench.region, "stored");
  await app.stream("s");
  await logs.send(new PutSubscriptionFilterCommand({
    logGroupName: "stored", filterName: "errors", filterPattern: "ERROR", destinationArn,
  }));
  await app.put("s", "ERROR one", "fine", "ERROR two");
  await bench.region.clock.advance({ seconds: 5 });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "lake" }));
  const texts = await Promise.all(Contents.map(async ({ Key }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lake", Key }));
    return Body?.transformToString();
  }));
  assert.deepEqual(texts, ["ERROR one\nERROR two\n"]);
});

/** A trail whose events go to a log group, too. */
async function trailTo(group: string): Promise<void> {
  const { region } = bench;
  const s3 = region.client(S3Client);
  const cloudtrail = region.client(CloudTrailClient);
  const iam = region.client(IAMClient);
  const Principal = { Service: "cloudtrail.amazonaws.com" };
  await s3.send(new CreateBucketCommand({ Bucket: "trail" }));
  const Policy = policy(
    { Principal, Action: "s3:GetBucketAcl", Resource: "arn:aws:s3:::trail" },
    { Principal, Action: "s3:PutObject", Resource: `arn:aws:s3:::trail/AWSLogs/${account}/*` },
  );
  await s3.send(new PutBucketPolicyCommand({ Bucket: "trail", Policy }));
  await iam.send(new CreateRoleCommand({
    RoleName: "trail", AssumeRolePolicyDocument: policy({ Principal, Action: "sts:AssumeRole" }),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "trail", PolicyName: "logs",
    PolicyDocument: policy({ Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: "*" }),
  }));
  await cloudtrail.send(new CreateTrailCommand({
    Name: "trail", S3BucketName: "trail",
    CloudWatchLogsLogGroupArn: `arn:aws:logs:us-east-1:${account}:log-group:${group}:*`,
    CloudWatchLogsRoleArn: roleArn("trail"),
  }));
  await cloudtrail.send(new StartLoggingCommand({ Name: "trail" }));
}

test("logs-sources-cloudtrail-filter: calls are in the group as JSON, and a filter counts some", async () => {
  const app = await createGroup(bench.region, "audit");
  const filterPattern = '{ ($.eventSource = "sqs.amazonaws.com") && ($.eventName = CreateQueue) }';
  await logs.send(new PutMetricFilterCommand({
    logGroupName: "audit", filterName: "queues", filterPattern,
    metricTransformations: [{ metricName: "Queues", metricNamespace: "audit", metricValue: "1" }],
  }));
  await trailTo("audit");
  const sqs = bench.region.client(SQSClient);
  await sqs.send(new CreateQueueCommand({ QueueName: "one" }));
  await sqs.send(new ListQueuesCommand({}));
  await sqs.send(new CreateQueueCommand({ QueueName: "two" }));
  await bench.region.clock.advance({ minutes: 10 });
  const matching = await app.filter(filterPattern);
  const events = matching.map((text = "") => JSON.parse(text) as Record<string, unknown>);
  assert.deepEqual(
    events.map(({ eventName, awsRegion, recipientAccountId, requestParameters }) =>
      [eventName, awsRegion, recipientAccountId, requestParameters]),
    ["one", "two"].map((queueName) => ["CreateQueue", "us-east-1", account, { queueName }]),
  );
  assert.equal((await app.filter('{ $.eventName = "ListQueues" }')).length, 1);
  const { matches = [] } = await logs.send(new TestMetricFilterCommand({
    filterPattern, logEventMessages: (await app.filter()).map((text = "") => text),
  }));
  assert.equal(matches.length, 2);
  const { Datapoints = [] } = await bench.region.client(CloudWatchClient).send(
    new GetMetricStatisticsCommand({
      Namespace: "audit", MetricName: "Queues", Statistics: ["Sum"], Period: 3_600,
      StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 3_600_000),
    }),
  );
  assert.deepEqual(Datapoints.map(({ Sum }) => Sum), [2]);
});
