import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { startRegion, testEpoch } from "../../../test/region.ts";

test("secrets are counted once an hour", async () => {
  await using region = await startRegion();
  const secrets = region.client(SecretsManagerClient);
  for (const Name of ["a", "b"]) await secrets.send(new CreateSecretCommand({ Name, SecretString: "x" }));
  await region.clock.advance({ minutes: 55 });
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "q" }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "something happens" }));
  await region.clock.advance({ minutes: 10 });
  const named = { Service: "Secrets Manager", Type: "Resource", Resource: "SecretCount", Class: "None" };
  const { Datapoints } = await region.client(CloudWatchClient).send(
    new GetMetricStatisticsCommand({
      Namespace: "AWS/SecretsManager", MetricName: "ResourceCount", Period: 60, Statistics: ["Maximum"],
      Dimensions: Object.entries(named).map(([Name, Value]) => ({ Name, Value })),
      StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 7_200_000),
    }),
  );
  assert.deepEqual(Datapoints, [{ Timestamp: new Date(testEpoch + 3_600_000), Maximum: 2, Unit: "Count" }]);
});
