import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateAliasCommand, CreateEventSourceMappingCommand, ListEventSourceMappingsCommand,
  type CreateEventSourceMappingCommandInput,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { account, arnOf, roleArn, startBench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";

const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:${account}:${name}`;

test("a mapping that can't work is refused as AWS refuses it", async () => {
  const bench = await startBench();
  await using region = bench.region;
  await bench.role("reader", { Effect: "Allow", Action: ["sqs:*", "kinesis:*"], Resource: "*" });
  const map = (
    FunctionName: string, EventSourceArn?: string, more: Partial<CreateEventSourceMappingCommandInput> = {},
  ) => bench.lambda.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, ...more }));
  await region.client(SQSClient).send(new CreateQueueCommand({
    QueueName: "refusing", Attributes: { VisibilityTimeout: "2" },
  }));
  await bench.make("poor");
  assert.equal(
    await refusal(map("poor", queueArn("refusing"))),
    "InvalidParameterValueException: The provided execution role does not have permissions to call " +
      "ReceiveMessage on SQS",
  );
  const stream = `arn:aws:kinesis:us-east-1:${account}:stream/none`;
  assert.equal(
    await refusal(map("poor", stream, { StartingPosition: "LATEST" })),
    `InvalidParameterValueException: Cannot access stream ${stream}. Please ensure the role can perform ` +
      "the GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your " +
      "stream in IAM.",
  );
  await bench.make("wealthy", { Role: roleArn("reader") });
  assert.equal(
    await refusal(map("wealthy", queueArn("refusing"))),
    "InvalidParameterValueException: Queue visibility timeout: 2 seconds is less than Function timeout: 30 " +
      "seconds",
  );
  assert.equal(
    await refusal(map("wealthy", queueArn("none"))),
    "InvalidParameterValueException: Error occurred while ReceiveMessage. SQS Error Code: " +
      "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.",
  );
  assert.equal(
    await refusal(map("wealthy", stream, { StartingPosition: "LATEST" })),
    `InvalidParameterValueException: Stream not found: ${stream}`,
  );
  assert.equal(
    await refusal(map("wealthy", queueArn("none"), { BatchSize: 11 })),
    "InvalidParameterValueException: Maximum batch window in seconds must be greater than 0 if maximum " +
      "batch size is greater than 10",
  );
  assert.equal(
    await refusal(map("nobody", queueArn("none"))),
    "InvalidParameterValueException: Function does not exist",
  );
  assert.equal(
    await refusal(map("wealthy", undefined)), "InvalidParameterValueException: Unrecognized event source.",
  );
  await region.client(SQSClient).send(new CreateQueueCommand({ QueueName: "shared" }));
  await map("wealthy", queueArn("shared"));
  await bench.lambda.send(new CreateAliasCommand({
    FunctionName: "wealthy", Name: "live", FunctionVersion: "$LATEST",
  }));
  // An alias of the function may read the same queue; twice it may not.
  const { UUID, FunctionArn } = await map("wealthy:live", queueArn("shared"));
  assert.equal(FunctionArn, arnOf("wealthy:live"));
  assert.match(await refusal(map("wealthy:live", queueArn("shared"))), new RegExp(`with UUID ${UUID}$`));
  const listed = async (FunctionName: string) => {
    const answer = await bench.lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
    return answer.EventSourceMappings?.map((mapping) => mapping.FunctionArn).sort();
  };
  assert.deepEqual(await listed("wealthy"), [arnOf("wealthy"), arnOf("wealthy:live")]);
  assert.deepEqual(await listed("wealthy:live"), [arnOf("wealthy:live")]);
  assert.match(await refusal(map("wealthy", stream)), /Value null at 'startingPosition' failed /);
});
