import assert from "node:assert/strict";
import { after, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand,
  PutSubscriptionFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { DeleteDeliveryStreamCommand, type Processor } from "@aws-sdk/client-firehose";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateStreamCommand, KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { startRegion } from "../../../test/region.ts";
import { Deliveries, refusal, RoleARN } from "./delivery-fixture.ts";

const region = await startRegion();
after(() => region.stop());
const deliveries = await Deliveries.prepare(region);
const logs = region.client(CloudWatchLogsClient);
const destinationArn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/stream";

const decompression: Processor = {
  Type: "Decompression", Parameters: [{ ParameterName: "CompressionFormat", ParameterValue: "GZIP" }],
};
const extraction: Processor = {
  Type: "CloudWatchLogProcessing",
  Parameters: [{ ParameterName: "DataMessageExtraction", ParameterValue: "true" }],
};

function processing(...Processors: Processor[]) {
  return { ProcessingConfiguration: { Enabled: true, Processors } };
}

async function startOver(): Promise<void> {
  await deliveries.client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: "stream" }));
  await region.clock.advance({ seconds: 1 });
}

async function subscribe(logGroupName: string): Promise<void> {
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
  await logs.send(new PutSubscriptionFilterCommand({
    logGroupName, filterName: "all", filterPattern: "", destinationArn,
    roleArn: "arn:aws:iam::000000000000:role/logs",
  }));
}

async function log(logGroupName: string, ...messages: string[]): Promise<void> {
  const timestamp = region.clock.now();
  await logs.send(new PutLogEventsCommand({
    logGroupName, logStreamName: "s", logEvents: messages.map((message) => ({ timestamp, message })),
  }));
  await region.settled();
}

const iam = region.client(IAMClient);
await iam.send(new CreateRoleCommand({
  RoleName: "logs",
  AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: {
    Effect: "Allow", Principal: { Service: "logs.amazonaws.com" }, Action: "sts:AssumeRole",
  } }),
}));
await iam.send(new PutRolePolicyCommand({
  RoleName: "logs", PolicyName: "put",
  PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: {
    Effect: "Allow", Action: "firehose:PutRecord", Resource: "*",
  } }),
}));

test("log events are delivered unpacked, and with extraction only their messages", async () => {
  await deliveries.create({ Prefix: "whole/", ...processing(decompression) });
  await subscribe("whole");
  await log("whole", "one", "two");
  await region.clock.advance({ seconds: 300 });
  const [[, whole] = ["", ""]] = await deliveries.texts();
  const [control, data] = whole.replace("}{", "}\n{").split("\n").map((text) =>
    JSON.parse(text) as { messageType: string; logGroup: string; logEvents: { message: string }[] });
  assert.deepEqual([control?.messageType, data?.messageType], ["CONTROL_MESSAGE", "DATA_MESSAGE"]);
  assert.equal(data?.logGroup, "whole");
  assert.deepEqual(data?.logEvents.map(({ message }) => message), ["one", "two"]);
  await startOver();
  await deliveries.create({ Prefix: "messages/", ...processing(decompression, extraction) });
  await subscribe("messages");
  await log("messages", "one", "two");
  await log("messages", "three");
  await region.clock.advance({ seconds: 300 });
  const messages = (await deliveries.texts()).find(([key]) => key.startsWith("messages/"));
  assert.equal(
    messages?.[1], "CWL CONTROL MESSAGE: Checking health of destination Firehose.\none\ntwo\nthree\n");
});

test("a stream that unpacks takes records of CloudWatch Logs only", async () => {
  const only = "InvalidSourceException: Only requests from CloudWatch Logs are supported when CloudWatch " +
    "Logs decompression is enabled.";
  assert.equal(await refusal(deliveries.put("x")), only);
  assert.equal(await refusal(deliveries.put("x", "y")), only);
  await startOver();
});

test("what can't be unpacked, or be processed after that, is kept as it came", async () => {
  const kinesis = region.client(KinesisClient);
  await kinesis.send(new CreateStreamCommand({ StreamName: "source", ShardCount: 1 }));
  await region.clock.advance({ seconds: 1 });
  await deliveries.create({
    Prefix: "by/!{partitionKeyFromQuery:group}/", ErrorOutputPrefix: "failed/!{firehose:error-output-type}/",
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
    DynamicPartitioningConfiguration: { Enabled: true },
    ...processing(decompression, { Type: "MetadataExtraction", Parameters: [
      { ParameterName: "MetadataExtractionQuery", ParameterValue: "{group: .logGroup}" },
      { ParameterName: "JsonParsingEngine", ParameterValue: "JQ-1.6" },
    ] }),
  }, {
    DeliveryStreamType: "KinesisStreamAsSource",
    KinesisStreamSourceConfiguration: {
      KinesisStreamARN: "arn:aws:kinesis:us-east-1:000000000000:stream/source", RoleARN,
    },
  });
  for (const Data of [Buffer.from("plain"), gzipSync('{"logGroup":"g"}'), gzipSync("{}")]) {
    await kinesis.send(new PutRecordCommand({ StreamName: "source", PartitionKey: "k", Data }));
  }
  await region.clock.advance({ seconds: 70 });
  const found = new Map((await deliveries.texts()).map(([key, text]) => [key.split("/stream-")[0], text]));
  assert.equal(found.get("by/g"), '{"logGroup":"g"}');
  const failed = (type: string) =>
    JSON.parse(found.get(`failed/${type}`) ?? "{}") as { errorCode: string; rawData: string };
  const rawOf = (type: string) => Buffer.from(failed(type).rawData, "base64");
  assert.equal(rawOf("decompression-failed").toString(), "plain");
  assert.equal(gunzipSync(rawOf("processing-failed")).toString(), "{}");
  assert.equal(failed("processing-failed").errorCode, "DynamicPartitioning.MetadataExtractionFailed");
  await startOver();
});

test("extraction needs decompression, and both their parameters", async () => {
  const refused = (...processors: Processor[]) => refusal(deliveries.create(processing(...processors)));
  assert.equal(
    await refused(extraction),
    "InvalidArgumentException: CloudWatchLogProcessingProcessor can only be enabled with " +
      "DecompressionProcessor");
  assert.match(await refused({ Type: "Decompression", Parameters: [
    { ParameterName: "CompressionFormat", ParameterValue: "ZIP" },
  ] }), /^InvalidArgumentException: CompressionFormat ZIP must be GZIP\./);
  assert.match(await refused(decompression, { Type: "CloudWatchLogProcessing" }),
    /^InvalidArgumentException: DataMessageExtraction must be true or false\./);
});
