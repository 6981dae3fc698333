import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand, SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
} from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import { createQueue, refusal, type QueueFixture } from "./queue-fixture.ts";

const service = "AWS.SimpleQueueService";

function sendBatch(queue: QueueFixture, Entries: SendMessageBatchRequestEntry[]) {
  return queue.sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
}

test("of a batch some entries succeed and others fail", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "mixed", { MaximumMessageSize: "1024" });
  const { Successful, Failed } = await sendBatch(queue, [
    { Id: "a", MessageBody: "first" },
    { Id: "b", MessageBody: "\u0000" },
    { Id: "c", MessageBody: "x".repeat(1025) },
    { Id: "d", MessageBody: "last", DelaySeconds: 901 },
    { Id: "e", MessageBody: "second" },
  ]);
  assert.deepEqual(Successful?.map(({ Id }) => Id), ["a", "e"]);
  assert.equal(Successful[0]?.MD5OfMessageBody, "8b04d5e3775d298e78455efc5ca404d5");
  assert.deepEqual(Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]), [
    ["b", "InvalidMessageContents", true],
    ["c", "InvalidParameterValue", true],
    ["d", "InvalidParameterValue", true],
  ]);
  assert.equal(
    Failed[1]?.Message,
    "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
  );
  assert.deepEqual(await queue.bodies(), ["first", "second"]);
});

test("a batch has one to ten entries with ids of their own", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "entries");
  const entries = (...ids: string[]) => ids.map((Id) => ({ Id, MessageBody: "x" }));
  await assert.rejects(sendBatch(queue, []), refusal(
    `${service}.EmptyBatchRequest`,
    "There should be at least one SendMessageBatchRequestEntry in the request.",
  ));
  await assert.rejects(sendBatch(queue, entries(..."abcdefghijk")), refusal(
    `${service}.TooManyEntriesInBatchRequest`,
    "Maximum number of entries per request are 10. You have sent 11.",
  ));
  await assert.rejects(sendBatch(queue, entries("a", "b", "a")), refusal(
    `${service}.BatchEntryIdsNotDistinct`, "Id a repeated.",
  ));
  for (const id of ["", "invalid:id", "a".repeat(81)]) {
    await assert.rejects(sendBatch(queue, entries(id)), refusal(
      `${service}.InvalidBatchEntryId`,
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. " +
        "It can be at most 80 letters long.",
    ));
  }
  assert.equal((await sendBatch(queue, entries(..."abcdefghij"))).Successful?.length, 10);
});

test("a batch has 1 MiB at most, whatever the queue takes", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "large");
  const half = "a".repeat(524_288);
  await assert.rejects(
    sendBatch(queue, [{ Id: "a", MessageBody: half }, { Id: "b", MessageBody: `${half}a` }]),
    refusal(
      `${service}.BatchRequestTooLong`,
      "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    ),
  );
  const { Successful } = await sendBatch(
    queue, [{ Id: "a", MessageBody: half }, { Id: "b", MessageBody: half }],
  );
  assert.equal(Successful?.length, 2);
});

test("duplicates within one batch to a FIFO queue are found", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "batch.fifo", { ContentBasedDeduplication: "true" });
  const { Successful } = await sendBatch(queue, [
    { Id: "a", MessageBody: "x", MessageGroupId: "g" },
    { Id: "b", MessageBody: "x", MessageGroupId: "g" },
    { Id: "c", MessageBody: "y", MessageGroupId: "g" },
  ]);
  assert.equal(Successful?.[0]?.MessageId, Successful?.[1]?.MessageId);
  assert.ok((Successful?.[0]?.SequenceNumber ?? "") < (Successful?.[2]?.SequenceNumber ?? ""));
  assert.deepEqual(await queue.bodies(), ["x", "y"]);
});

test("deleting and hiding in batches answer for each entry", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "hidden");
  await sendBatch(queue, [{ Id: "a", MessageBody: "1" }, { Id: "b", MessageBody: "2" }]);
  const [one, two] = await queue.receive();
  const QueueUrl = queue.url;
  const bad = { Id: "bad", ReceiptHandle: "x" };
  const hidden = await queue.sqs.send(new ChangeMessageVisibilityBatchCommand({
    QueueUrl,
    Entries: [
      { Id: "one", ReceiptHandle: one?.ReceiptHandle, VisibilityTimeout: 0 },
      { ...bad, VisibilityTimeout: 0 },
      { Id: "none", ReceiptHandle: two?.ReceiptHandle },
    ],
  }));
  assert.deepEqual(hidden.Successful, [{ Id: "one" }]);
  assert.deepEqual(hidden.Failed?.map(({ Id, Code }) => [Id, Code]), [
    ["bad", "ReceiptHandleIsInvalid"], ["none", "MissingParameter"],
  ]);
  assert.deepEqual(await queue.bodies(), ["1"]);
  const deleted = await queue.sqs.send(new DeleteMessageBatchCommand({
    QueueUrl, Entries: [{ Id: "two", ReceiptHandle: two?.ReceiptHandle }, bad],
  }));
  assert.deepEqual(deleted.Successful, [{ Id: "two" }]);
  assert.equal(deleted.Failed?.[0]?.Message, 'The input receipt handle "x" is not a valid receipt handle.');
  assert.deepEqual(await queue.counts(), [0, 1, 0]);
});
