/** What users rely on SQS for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateQueueCommand, DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand,
  SendMessageCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";

test("sqs-messages-queue: a received message is hidden, comes back, and is gone once deleted", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
  assert.equal(new URL(QueueUrl ?? "").pathname, "/000000000000/orders");
  const sent = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "one" }));
  assert.equal(sent.MD5OfMessageBody, "f97c5d29941bfb1b2fdab0874906ab82");

  const first = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  assert.equal(first.Messages?.[0]?.Body, "one");
  assert.equal(first.Messages?.[0]?.MessageId, sent.MessageId);
  assert.equal((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages, undefined);

  await region.clock.advance({ seconds: 29, milliseconds: 999 });
  assert.equal((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages, undefined);
  await region.clock.advance({ milliseconds: 1 });
  const second = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  assert.equal(second.Messages?.[0]?.MessageId, sent.MessageId);

  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: second.Messages?.[0]?.ReceiptHandle }));
  await region.clock.advance({ seconds: 31 });
  assert.equal((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages, undefined);
});

test("sqs-messages-queue: a FIFO queue gives the messages of a group out in order", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({
    QueueName: "orders.fifo", Attributes: { FifoQueue: "true", ContentBasedDeduplication: "true" },
  }));
  for (const MessageBody of ["a", "b", "c", "d"]) {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: "g" }));
  }
  const seen: (string | undefined)[] = [];
  for (let count = 0; count < 4; count += 1) {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    seen.push(Messages?.[0]?.Body);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
  }
  assert.deepEqual(seen, ["a", "b", "c", "d"]);
});

test("sqs-loose-coupling: a producer goes on while the consumer is down, and nothing is lost", async () => {
  await using region = await startRegion();
  const sqs = region.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "work" }));
  const bodies = Array.from({ length: 25 }, (_, index) => `job ${index}`);
  for (const MessageBody of bodies) {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    await region.clock.advance({ minutes: 10 });
  }
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({
    QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"],
  }));
  assert.deepEqual(Attributes, { ApproximateNumberOfMessages: "25" });

  const processed: string[] = [];
  for (;;) {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (!Messages) break;
    for (const { Body, ReceiptHandle } of Messages) {
      processed.push(Body ?? "");
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
  assert.deepEqual(processed, bodies);
});
