import assert from "node:assert/strict";
import test from "node:test";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateStreamCommand, KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { CreatePipeCommand, PipesClient } from "@aws-sdk/client-pipes";
import {
  CreateQueueCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { allow, trust } from "../../../test/policies.ts";
import { arnOf, startBench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

test("a function enriches events, and another takes some of a batch", async () => {
  const bench = await startBench();
  const { region } = bench;
  const sqs = region.client(SQSClient);
  const iam = region.client(IAMClient);
  const queues: Record<string, string> = {};
  for (const QueueName of ["in", "out", "half"]) {
    queues[QueueName] = (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? "";
  }
  const handler = (body: string): object => (
    { Code: { ZipFile: nodePackage(`export const handler = ${body}`) } }
  );
  await bench.make("enrich", handler("async (all) => all.map((text, n) => ({ n, text: text + '!' }));"));
  await bench.make("partial", handler(
    "async (all) => ({ batchItemFailures: all.filter(({ body }) => body === 'bad')"
    + ".map(({ messageId }) => ({ itemIdentifier: messageId })) });",
  ));
  await iam.send(new CreateRoleCommand({
    RoleName: "piper", AssumeRolePolicyDocument: trust("pipes.amazonaws.com"),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "piper", PolicyName: "all",
    PolicyDocument: JSON.stringify(allow(["sqs:*", "lambda:InvokeFunction"])),
  }));
  const pipes = region.client(PipesClient);
  const RoleArn = "arn:aws:iam::000000000000:role/piper";
  const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
  await pipes.send(new CreatePipeCommand({
    Name: "enriched", Source: queueArn("in"), Enrichment: arnOf("enrich"), Target: queueArn("out"), RoleArn,
    EnrichmentParameters: { InputTemplate: "<$.body>" },
    TargetParameters: { InputTemplate: "<$.n> <$.text>" },
  }));
  await pipes.send(new CreatePipeCommand({
    Name: "partial", Source: queueArn("half"), Target: arnOf("partial"), RoleArn,
  }));
  await region.clock.advance({ seconds: 4 });
  const send = (name: string, ...bodies: string[]): Promise<unknown> => sqs.send(new SendMessageBatchCommand({
    QueueUrl: queues[name], Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
  }));
  await send("in", "a", "b");
  await send("half", "good", "bad");
  await region.engine.settled();
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queues["out"], MaxNumberOfMessages: 10 }),
  );
  assert.deepEqual(Messages.map(({ Body }) => Body).sort(), ["0 a!", "1 b!"]);
  const { GetQueueAttributesCommand } = await import("@aws-sdk/client-sqs");
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({
    QueueUrl: queues["half"],
    AttributeNames: ["ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessages"],
  }));
  assert.deepEqual(
    [Attributes?.["ApproximateNumberOfMessagesNotVisible"], Attributes?.["ApproximateNumberOfMessages"]],
    ["1", "0"],
  );
  await region.stop();
});

test("a batch that a function fails with is halved, and the one at fault alone is given up", async () => {
  const bench = await startBench();
  const { region } = bench;
  const sqs = region.client(SQSClient);
  const kinesis = region.client(KinesisClient);
  const iam = region.client(IAMClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "dead" }));
  await kinesis.send(new CreateStreamCommand({ StreamName: "halved", ShardCount: 1 }));
  const logic = "async (all) => { if (all.some(({ partitionKey }) => partitionKey === 'bad')) throw 'no'; }";
  await bench.make("strict", { Code: { ZipFile: nodePackage(`export const handler = ${logic};`) } });
  await iam.send(new CreateRoleCommand({
    RoleName: "piper", AssumeRolePolicyDocument: trust("pipes.amazonaws.com"),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "piper", PolicyName: "all",
    PolicyDocument: JSON.stringify(allow(["kinesis:*", "sqs:*", "lambda:InvokeFunction"])),
  }));
  await region.clock.advance({ seconds: 60 });
  for (const PartitionKey of ["a", "b", "bad", "c"]) {
    await kinesis.send(new PutRecordCommand({ StreamName: "halved", PartitionKey, Data: Buffer.from("x") }));
  }
  await region.client(PipesClient).send(new CreatePipeCommand({
    Name: "halved", Source: "arn:aws:kinesis:us-east-1:000000000000:stream/halved", Target: arnOf("strict"),
    RoleArn: "arn:aws:iam::000000000000:role/piper",
    SourceParameters: { KinesisStreamParameters: {
      StartingPosition: "TRIM_HORIZON", MaximumRetryAttempts: 0,
      OnPartialBatchItemFailure: "AUTOMATIC_BISECT",
      DeadLetterConfig: { Arn: "arn:aws:sqs:us-east-1:000000000000:dead" },
    } },
  }));
  await region.clock.advance({ seconds: 20 });
  const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
  const { Messages = [] } = await sqs.send(receive);
  const letters = Messages.map(({ Body = "{}" }) => (
    JSON.parse(Body) as { KinesisBatchInfo: { batchSize: number } }
  ).KinesisBatchInfo.batchSize);
  assert.deepEqual(letters, [1]);
  await region.stop();
});
