import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateFunctionCommand, DeleteFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { functionInput, lambdaTrust } from "../../../test/lambda-bench.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { BucketARN, Deliveries, refusal, RoleARN } from "./delivery-fixture.ts";

const lambdaArn = "arn:aws:lambda:us-east-1:000000000000:function:transform";

const code = nodePackage(`
export const handler = async ({ records, deliveryStreamArn, invocationId }) => {
  if (process.env.FAIL) throw new Error("no");
  return { records: records.flatMap(({ recordId, data }) => {
    const text = Buffer.from(data, "base64").toString();
    if (text === "missing") return [];
    if (text === "twice") return [{ recordId, result: "Dropped" }, { recordId, result: "Dropped" }];
    if (text === "nonsense") return [null];
    const result = text === "drop" ? "Dropped" : text === "fail" ? "ProcessingFailed" : "Ok";
    const upper = Buffer.from(text.toUpperCase() + ";").toString("base64");
    return [{ recordId, result, data: upper, metadata: { partitionKeys: { first: text[0] } } }];
  }) };
};
`);

async function makeFunction(region: TestRegion, Variables: Record<string, string> = {}): Promise<void> {
  await region.client(IAMClient).send(new CreateRoleCommand({
    RoleName: "worker", AssumeRolePolicyDocument: JSON.stringify(lambdaTrust),
  }));
  await region.client(LambdaClient).send(new CreateFunctionCommand(functionInput("transform", {
    Code: { ZipFile: code }, Environment: { Variables },
  })));
  await region.clock.advance({ seconds: 1 });
}

const processing = {
  Enabled: true,
  Processors: [{
    Type: "Lambda" as const,
    Parameters: [{ ParameterName: "LambdaArn" as const, ParameterValue: lambdaArn }],
  }],
};

test("lambda-sync-firehose: a function transforms records, drops some, and fails with others", async () => {
  await using region = await startRegion();
  await makeFunction(region);
  const deliveries = await Deliveries.prepare(region);
  await deliveries.create({ ProcessingConfiguration: processing, Prefix: "all/" });
  const arrivalTimestamp = region.clock.now();
  await deliveries.put("one", "drop", "fail", "missing", "two");
  await region.clock.advance({ seconds: 360 });
  const objects = await deliveries.texts();
  assert.deepEqual(objects.map(([key]) => key.slice(0, key.lastIndexOf("/"))), [
    "all/2026/01/01/00", "all/processing-failed/2026/01/01/00",
  ]);
  assert.equal(objects[0]?.[1], "ONE;TWO;");
  const lines = (objects[1]?.[1] ?? "").trim().split("\n").map((line) => JSON.parse(line) as object);
  assert.deepEqual(lines.map((line) => ({ ...line })), [
    {
      attemptsMade: 1, arrivalTimestamp, lambdaArn,
      errorCode: "Lambda.ProcessingFailedStatus", errorMessage: "ProcessingFailed status set for record",
      attemptEndingTimestamp: arrivalTimestamp + 60_000, rawData: Buffer.from("fail").toString("base64"),
    },
    {
      attemptsMade: 1, arrivalTimestamp, lambdaArn,
      errorCode: "Lambda.MissingRecordId",
      errorMessage: "One or more record Ids were not returned. Ensure that the Lambda function returns all " +
        "received record Ids.",
      attemptEndingTimestamp: arrivalTimestamp + 60_000, rawData: Buffer.from("missing").toString("base64"),
    },
  ]);
});

test("firehose-storage-preprocess: what is put is in S3 after its buffer, transformed and raw", async () => {
  await using region = await startRegion();
  await makeFunction(region);
  const deliveries = await Deliveries.prepare(region);
  await deliveries.create({
    ProcessingConfiguration: processing,
    Prefix: "by/!{partitionKeyFromLambda:first}/",
    ErrorOutputPrefix: "failed/!{firehose:error-output-type}/",
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
    DynamicPartitioningConfiguration: { Enabled: true },
    S3BackupMode: "Enabled",
    S3BackupConfiguration: {
      BucketARN, RoleARN, Prefix: "raw/", BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 100 },
    },
  });
  await deliveries.put("one", "two", "other");
  await region.clock.advance({ seconds: 99 });
  assert.deepEqual(await deliveries.texts(), []);
  await region.clock.advance({ seconds: 21 });
  assert.deepEqual((await deliveries.texts()).map(([key, text]) => [key.split("/stream-")[0], text]), [
    ["by/o", "ONE;OTHER;"], ["by/t", "TWO;"], ["raw/2026/01/01/00", "onetwoother"],
  ]);
});

test("a function that fails or is not allowed leaves the records among the failures", async () => {
  await using region = await startRegion();
  await makeFunction(region, { FAIL: "1" });
  const deliveries = await Deliveries.prepare(region);
  await deliveries.create({ ProcessingConfiguration: processing });
  await deliveries.put("x");
  await region.clock.advance({ seconds: 300 });
  const [[key, text] = ["", ""]] = await deliveries.texts();
  assert.match(key, /^processing-failed\/2026\//);
  const line = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual([line["attemptsMade"], line["errorCode"]], [4, "Lambda.FunctionError"]);
  await deliveries.allow(["s3:*"]);
  await deliveries.put("y");
  await region.clock.advance({ seconds: 300 });
  const denied = JSON.parse((await deliveries.texts()).at(-1)?.[1] ?? "{}") as Record<string, unknown>;
  assert.equal(denied["errorCode"], "Lambda.InvokeAccessDenied");
});

test("answers that break the rules, and functions that are not there, are told by AWS's names", async () => {
  await using region = await startRegion();
  await makeFunction(region);
  const deliveries = await Deliveries.prepare(region, ["s3:*", "lambda:*", "logs:*"]);
  const logs = region.client(CloudWatchLogsClient);
  await logs.send(new CreateLogGroupCommand({ logGroupName: "errors" }));
  await logs.send(new CreateLogStreamCommand({ logGroupName: "errors", logStreamName: "s3" }));
  await deliveries.create({
    ProcessingConfiguration: processing,
    CloudWatchLoggingOptions: { Enabled: true, LogGroupName: "errors", LogStreamName: "s3" },
  });
  const failure = async (text: string): Promise<unknown> => {
    await deliveries.put(text);
    await region.clock.advance({ seconds: 60 });
    const lines = (await deliveries.texts()).map(([, line]) => JSON.parse(line) as Record<string, unknown>);
    const raw = Buffer.from(text).toString("base64");
    return lines.find(({ rawData }) => rawData === raw)?.["errorCode"];
  };
  assert.equal(await failure("twice"), "Lambda.DuplicatedRecordId");
  assert.equal(await failure("nonsense"), "Lambda.JsonProcessingException");
  await region.client(LambdaClient).send(new DeleteFunctionCommand({ FunctionName: "transform" }));
  assert.equal(await failure("gone"), "Lambda.ResourceNotFound");
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: "errors" }));
  assert.deepEqual(events.map(({ message = "" }) => {
    const { errorCode, processor } = JSON.parse(message) as Record<string, unknown>;
    return [errorCode, processor];
  }), ["DuplicatedRecordId", "JsonProcessingException", "ResourceNotFound"].map((code) =>
    [`Lambda.${code}`, lambdaArn]));
});

test("a function is called when its buffer is old or large enough, by itself", async () => {
  await using region = await startRegion();
  await makeFunction(region);
  const deliveries = await Deliveries.prepare(region);
  const [lambda] = processing.Processors;
  const buffered = (SizeInMBs: string, IntervalInSeconds: string) => ({
    ProcessingConfiguration: { Enabled: true, Processors: [{
      Type: "Lambda" as const,
      Parameters: [
        ...(lambda?.Parameters ?? []),
        { ParameterName: "BufferSizeInMBs" as const, ParameterValue: SizeInMBs },
        { ParameterName: "BufferIntervalInSeconds" as const, ParameterValue: IntervalInSeconds },
      ],
    }] },
    BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 60 },
  });
  const refused = (size: string, seconds: string) => refusal(deliveries.create(buffered(size, seconds)));
  const wrong = "InvalidArgumentException: BufferSizeInMBs for lambda processor must be between 0.2 and 3.";
  for (const size of ["0.1", "3.1", "x"]) assert.equal(await refused(size, "60"), wrong);
  assert.equal(
    await refused("1", "901"),
    "InvalidArgumentException: BufferIntervalInSeconds for lambda processor must be between 0 and 900.");
  await deliveries.create(buffered("0.2", "10"));
  const failures = async () => (await deliveries.texts()).filter(([key]) => /^processing-failed/.test(key));
  await deliveries.put("fail");
  await region.clock.advance({ seconds: 9 });
  assert.equal((await failures()).length, 0);
  await region.clock.advance({ seconds: 1 });
  assert.equal((await failures()).length, 1);
  await deliveries.put("fail", "x".repeat(209_716));
  await region.settled();
  assert.equal((await failures()).length, 2);
  await region.clock.advance({ seconds: 60 });
  const sent = (await deliveries.texts()).filter(([key]) => !/^processing-failed/.test(key));
  assert.deepEqual(sent.map(([, text]) => text.length), [209_717]);
});
