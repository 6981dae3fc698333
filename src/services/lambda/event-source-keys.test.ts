import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateKeyCommand, DisableKeyCommand, KMSClient, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import {
  CreateEventSourceMappingCommand, GetEventSourceMappingCommand, ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from
  "@aws-sdk/client-sqs";
import { account, roleArn, startBench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";

const filters = { Filters: [{ Pattern: JSON.stringify({ body: { kind: ["wanted"] } }) }] };

test("filters under a key of one's own are read by Lambda, and shown to who may decrypt", async () => {
  const bench = await startBench();
  await using region = bench.region;
  const sqs = region.client(SQSClient);
  const kms = region.client(KMSClient);
  await bench.role("reader", { Effect: "Allow", Action: "sqs:*", Resource: "*" });
  await bench.make("choosy", { Role: roleArn("reader") });
  await sqs.send(new CreateQueueCommand({ QueueName: "mixed" }));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId ?? "";
  const KMSKeyArn = KeyMetadata?.Arn ?? "";
  const made = await bench.lambda.send(new CreateEventSourceMappingCommand({
    FunctionName: "choosy", EventSourceArn: `arn:aws:sqs:us-east-1:${account}:mixed`, KMSKeyArn,
    FilterCriteria: filters,
  }));
  const { UUID, EventSourceMappingArn = "" } = made;
  assert.deepEqual([made.FilterCriteria, made.KMSKeyArn], [filters, KMSKeyArn]);
  const get = (lambda = bench.lambda) => lambda.send(new GetEventSourceMappingCommand({ UUID }));
  assert.deepEqual((await get()).FilterCriteria, filters);
  const { EventSourceMappings = [] } = await bench.lambda.send(new ListEventSourceMappingsCommand({}));
  assert.deepEqual(EventSourceMappings.map(({ FilterCriteria, KMSKeyArn: key }) => [FilterCriteria, key]), [
    [undefined, KMSKeyArn],
  ]);
  const looker = bench.as(await region.user("looker", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "lambda:Get*", Resource: "*" }],
  }));
  const seen = await get(looker);
  assert.deepEqual([seen.FilterCriteria, seen.FilterCriteriaError?.ErrorCode], [
    undefined, "AccessDeniedException",
  ]);

  const QueueUrl = `http://localhost/${account}/mixed`;
  for (const kind of ["wanted", "other"]) {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ kind }) }));
  }
  const left = async () => {
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({
      QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"],
    }));
    return Attributes?.["ApproximateNumberOfMessages"];
  };
  await region.clock.advance({ seconds: 5 });
  assert.equal(await left(), "2", "Lambda may not read its filters yet");
  await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" },
      {
        Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "kms:Decrypt", Resource: "*",
        Condition: { ArnLike: { "aws:SourceArn": EventSourceMappingArn } },
      },
    ],
  }) }));
  await region.clock.advance({ seconds: 20 });
  assert.equal(await left(), "0");

  await bench.lambda.send(new UpdateEventSourceMappingCommand({ UUID, KMSKeyArn: "" }));
  await region.clock.advance({ seconds: 2 });
  await kms.send(new DisableKeyCommand({ KeyId }));
  assert.deepEqual((await get()).FilterCriteria, filters);
  assert.match(
    await refusal(bench.lambda.send(new UpdateEventSourceMappingCommand({ UUID, KMSKeyArn }))),
    /^InvalidParameterValueException: Lambda was unable to encrypt the filter criteria\. .*DisabledException/,
  );
});
