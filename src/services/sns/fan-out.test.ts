import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { jobs } from "../../jobs/rows.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { createQueue, createTopic, type QueueFixture } from "./topic-fixture.ts";

/** What is in a queue now, whatever is still under way. */
async function waiting(region: TestRegion, { url }: QueueFixture): Promise<number> {
  const { Messages = [] } = await region.client(SQSClient).send(
    new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
  );
  return Messages.length;
}

function jobsOf({ engine }: TestRegion, name: string): number {
  const ctx = engine.jobContext(name, { account: "000000000000", region: "us-east-1" });
  return ctx.reading(() => ctx.db(jobs).count({ prefix: [name] }));
}

test("queues have a message before its publisher is answered, and nothing is left to be done", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  const queues = await Promise.all(
    Array.from({ length: 10 }, (_, index) => createQueue(region, `queue-${index}`)));
  for (const { arn } of queues) await topic.subscribe("sqs", arn);
  await topic.publish("news");
  const counts = await Promise.all(queues.map((queue) => waiting(region, queue)));
  assert.deepEqual(counts, queues.map(() => 1));
  assert.equal(jobsOf(region, "sns.deliver") + jobsOf(region, "sns.redeliver"), 0);
});

test("a queue that lets the topic in no more gets nothing more, and the others get theirs", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const topic = await createTopic(region, "topic");
  const [open, changed, gone, dead] = [
    await createQueue(region, "open"), await createQueue(region, "changed"),
    await createQueue(region, "gone"), await createQueue(region, "dead"),
  ];
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn });
  await topic.subscribe("sqs", changed.arn, { RedrivePolicy });
  await topic.subscribe("sqs", gone.arn, { RedrivePolicy });
  await topic.subscribe("sqs", open.arn, { RawMessageDelivery: "true" });
  for (let round = 0; round < 3; round++) await topic.publish("before");
  assert.equal(await waiting(region, changed), 3);

  const Policy = (topicArn: string): string => JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage",
      Resource: changed.arn, Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
    },
  });
  const allow = (topicArn: string) => sqs.send(
    new SetQueueAttributesCommand({ QueueUrl: changed.url, Attributes: { Policy: Policy(topicArn) } }));
  await allow(`${topic.arn}-of-another-name`);
  await sqs.send(new DeleteQueueCommand({ QueueUrl: gone.url }));
  await topic.publish("after");
  assert.equal(await waiting(region, changed), 3);
  assert.deepEqual(await open.bodies(), ["before", "before", "before", "after"]);
  const letters = await dead.notifications();
  assert.deepEqual(letters.map(({ Message }) => Message), ["after", "after"]);

  await allow(topic.arn);
  await topic.publish("again");
  assert.equal(await waiting(region, changed), 4);
});

test("who may publish decides nothing about queues: the topic asks for itself", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const topic = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue", false);
  await topic.subscribe("sqs", queue.arn);
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow", Principal: { Service: "sns.amazonaws.com" },
        Action: "sqs:SendMessage", Resource: "*",
      },
      {
        Effect: "Deny", Principal: "*", Action: "sqs:SendMessage", Resource: "*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { Policy } }));
  // This request comes by plain HTTP; what the service sends does not.
  await topic.publish("news");
  assert.equal(await waiting(region, queue), 1);
});
