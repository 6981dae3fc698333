import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CancelMessageMoveTaskCommand, DeleteQueueCommand, ListMessageMoveTasksCommand, StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { createQueue, refusal, type QueueFixture } from "./queue-fixture.ts";

const invalid = (message: string) => refusal("InvalidParameterValue", message);
const notFound = (message: string) => refusal("ResourceNotFoundException", message);

/** A queue whose `count` messages all went to its dead-letter queue. */
async function withDeadLetters(
  region: TestRegion, count: number,
): Promise<{ queue: QueueFixture; dead: QueueFixture }> {
  const dead = await createQueue(region, "dead");
  const queue = await createQueue(region, "work", {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }),
    VisibilityTimeout: "0",
  });
  for (let index = 0; index < count; index += 1) await queue.send(`m${index}`);
  for (let index = 0; index < count * 2; index += 10) await queue.receive();
  await queue.receive();
  assert.deepEqual(await dead.counts(), [count, 0, 0]);
  return { queue, dead };
}

async function tasks(queue: QueueFixture, MaxResults?: number) {
  const listed = await queue.sqs.send(new ListMessageMoveTasksCommand({ SourceArn: queue.arn, MaxResults }));
  return listed.Results ?? [];
}

test("dead letters go back to where they came from, as new messages", async () => {
  await using region = await startRegion();
  const { queue, dead } = await withDeadLetters(region, 12);
  const poll = queue.receive(
    { WaitTimeSeconds: 20, MessageSystemAttributeNames: ["All"], MaxNumberOfMessages: 1 },
  );
  await region.settled();
  await region.clock.advance({ seconds: 7 });
  const { TaskHandle } = await dead.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
  assert.deepEqual(
    Object.keys(JSON.parse(Buffer.from(TaskHandle ?? "", "base64").toString())), ["taskId", "sourceArn"],
  );
  await region.settled();
  const [message] = await poll;
  assert.equal(message?.Attributes?.["ApproximateReceiveCount"], "1");
  assert.equal(message.Attributes["SentTimestamp"], "1767225607000");
  assert.equal(message.Attributes["DeadLetterQueueSourceArn"], undefined);
  assert.deepEqual(await dead.counts(), [0, 0, 0]);
  assert.deepEqual(await tasks(dead), [{
    Status: "COMPLETED",
    SourceArn: dead.arn,
    ApproximateNumberOfMessagesMoved: 12,
    ApproximateNumberOfMessagesToMove: 12,
    StartedTimestamp: 1767225607000,
  }]);
});

test("a task keeps to its pace, runs alone, and can be cancelled", async () => {
  await using region = await startRegion();
  const { dead } = await withDeadLetters(region, 10);
  const target = await createQueue(region, "target");
  const start = () => dead.sqs.send(new StartMessageMoveTaskCommand({
    SourceArn: dead.arn, DestinationArn: target.arn, MaxNumberOfMessagesPerSecond: 2,
  }));
  const { TaskHandle } = await start();
  await assert.rejects(start(), invalid(
    "There is already a task running. " +
      "Only one active task is allowed for a source queue arn at a given time.",
  ));
  await region.clock.advance({ seconds: 2 });
  assert.deepEqual(await target.counts(), [4, 0, 0]);
  const [running] = await tasks(dead);
  assert.equal(running?.Status, "RUNNING");
  assert.equal(running.TaskHandle, TaskHandle);
  const cancel = () => dead.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
  assert.equal((await cancel()).ApproximateNumberOfMessagesMoved, 4);
  await region.clock.advance({ seconds: 5 });
  assert.deepEqual(await target.counts(), [4, 0, 0]);
  const [cancelled] = await tasks(dead);
  assert.equal(cancelled?.Status, "CANCELLED");
  assert.equal(cancelled.TaskHandle, undefined);
  await assert.rejects(cancel(), { name: "UnsupportedOperation" });
  await start();
  assert.deepEqual((await tasks(dead, 10)).map(({ Status }) => Status), ["RUNNING", "CANCELLED"]);
});

test("a task fails when its destination goes, and when nobody knows where a message came from", async () => {
  await using region = await startRegion();
  const { dead } = await withDeadLetters(region, 3);
  const target = await createQueue(region, "target");
  await dead.sqs.send(new StartMessageMoveTaskCommand({
    SourceArn: dead.arn, DestinationArn: target.arn, MaxNumberOfMessagesPerSecond: 1,
  }));
  await region.clock.advance({ seconds: 1 });
  await dead.sqs.send(new DeleteQueueCommand({ QueueUrl: target.url }));
  await region.clock.advance({ seconds: 1 });
  const [failed] = await tasks(dead);
  assert.equal(failed?.Status, "FAILED");
  assert.equal(failed.FailureReason, "AWS.SimpleQueueService.NonExistentQueue");
  assert.equal(failed.ApproximateNumberOfMessagesMoved, 1);

  await dead.send("sent here");
  await region.clock.advance({ seconds: 1 });
  await dead.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
  await region.settled();
  const [lost] = await tasks(dead);
  assert.equal(lost?.FailureReason, "CouldNotDetermineMessageSource");
  assert.deepEqual(await dead.bodies(), ["sent here"]);
});

test("tasks that cannot be are refused", async () => {
  await using region = await startRegion();
  const { queue, dead } = await withDeadLetters(region, 1);
  const start = (input: object) =>
    dead.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn, ...input }));
  const cancel = (handle: string) =>
    dead.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle: Buffer.from(handle).toString("base64") }));
  const noSource = notFound("The resource that you specified for the SourceArn parameter doesn't exist.");
  await assert.rejects(
    start({ SourceArn: queue.arn }), invalid("Source queue must be configured as a Dead Letter Queue."),
  );
  await assert.rejects(start({ SourceArn: `${dead.arn}x` }), noSource);
  await assert.rejects(
    start({ DestinationArn: `${dead.arn}x` }),
    notFound("The resource that you specified for the DestinationArn parameter doesn't exist."),
  );
  await assert.rejects(start({ MaxNumberOfMessagesPerSecond: 501 }), { name: "InvalidParameterValue" });
  await assert.rejects(cancel("x"), invalid("Value for parameter TaskHandle is invalid."));
  await assert.rejects(cancel("null"), invalid("Value for parameter TaskHandle is invalid."));
  await assert.rejects(cancel(JSON.stringify({ taskId: "x", sourceArn: `${dead.arn}x` })), noSource);
  await assert.rejects(
    cancel(JSON.stringify({ taskId: "x", sourceArn: dead.arn })), notFound("Task does not exist."),
  );
});
