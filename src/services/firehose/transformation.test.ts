import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { functionInput, lambdaTrust } from "../../../test/lambda-bench.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { BucketARN, Deliveries, RoleARN } from "./delivery-fixture.ts";

const lambdaArn = "arn:aws:lambda:us-east-1:000000000000:function:transform";

const code = nodePackage(`
export const handler = async ({ records, deliveryStreamArn, invocationId }) => {
  if (process.env.FAIL) throw new Error("no");
  return { records: records.flatMap(({ recordId, data }) => {
    const text = Buffer.from(data, "base64").toString();
    if (text === "missing") return [];
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
  await deliveries.put("one", "drop", "fail", "missing", "two");
  await region.clock.advance({ seconds: 300 });
  const objects = await deliveries.texts();
  assert.deepEqual(objects.map(([key]) => key.slice(0, key.lastIndexOf("/"))), [
    "all/2026/01/01/00", "all/processing-failed/2026/01/01/00",
  ]);
  assert.equal(objects[0]?.[1], "ONE;TWO;");
  const lines = (objects[1]?.[1] ?? "").trim().split("\n").map((line) => JSON.parse(line) as object);
  assert.deepEqual(lines.map((line) => ({ ...line })), [
    {
      attemptsMade: 1, arrivalTimestamp: region.clock.now() - 300_000, lambdaArn,
      errorCode: "Lambda.ProcessingFailedStatus", errorMessage: "ProcessingFailed status set for record",
      attemptEndingTimestamp: region.clock.now(), rawData: Buffer.from("fail").toString("base64"),
    },
    {
      attemptsMade: 1, arrivalTimestamp: region.clock.now() - 300_000, lambdaArn,
      errorCode: "Lambda.MissingRecordId",
      errorMessage: "One or more record Ids were not returned. Ensure that the Lambda function returns all " +
        "received record Ids.",
      attemptEndingTimestamp: region.clock.now(), rawData: Buffer.from("missing").toString("base64"),
    },
  ]);
});

test("firehose-storage-preprocess: what is put is in S3 after its buffer, transformed and as it was", async () => {
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
    S3BackupConfiguration: { BucketARN, RoleARN, Prefix: "raw/" },
  });
  await deliveries.put("one", "two", "other");
  await region.clock.advance({ seconds: 60 });
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
