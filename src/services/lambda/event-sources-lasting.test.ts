import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CreateEventSourceMappingCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { functionInput, lambdaTrust } from "../../../test/lambda-bench.ts";
import { startRegion } from "../../../test/region.ts";

const QueueUrl = "http://localhost/000000000000/queue";

test("a mapping goes on after the region has stopped and started", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "event-sources-"));
  try {
    {
      await using region = await startRegion({ dataDir });
      const iam = region.client(IAMClient);
      await iam.send(new CreateRoleCommand({
        RoleName: "worker", AssumeRolePolicyDocument: JSON.stringify(lambdaTrust),
      }));
      await iam.send(new PutRolePolicyCommand({
        RoleName: "worker", PolicyName: "p", PolicyDocument: JSON.stringify({
          Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sqs:*", Resource: "*" }],
        }),
      }));
      await region.client(SQSClient).send(new CreateQueueCommand({ QueueName: "queue" }));
      const lambda = region.client(LambdaClient);
      await lambda.send(new CreateFunctionCommand(functionInput("f")));
      await lambda.send(new CreateEventSourceMappingCommand({
        FunctionName: "f", EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:queue",
      }));
      await region.clock.advance({ seconds: 5 });
    }
    await using region = await startRegion({ dataDir });
    const sqs = region.client(SQSClient);
    await region.clock.advance({ seconds: 10 });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "after" }));
    await region.clock.advance({ seconds: 1 });
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({
      QueueUrl, AttributeNames: ["All"],
    }));
    assert.equal(Attributes?.["ApproximateNumberOfMessages"], "0");
    assert.equal(Attributes["ApproximateNumberOfMessagesNotVisible"], "0");
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
