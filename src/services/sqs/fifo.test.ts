import assert from "node:assert/strict";
import { test } from "node:test";
import { PurgeQueueCommand } from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import { createQueue, refusal } from "./queue-fixture.ts";

const invalid = (message: string) => refusal("InvalidParameterValue", message);
const byContent = { ContentBasedDeduplication: "true" };

test("a group with a message in flight gives out no more, others go on", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "groups.fifo", byContent);
  for (const body of ["a1", "b1", "a2", "b2", "a3"]) {
    await queue.send(body, { MessageGroupId: body.charAt(0) });
  }
  const [a1] = await queue.receive({ MaxNumberOfMessages: 1 });
  assert.equal(a1?.Body, "a1");
  assert.deepEqual(await queue.bodies(), ["b1", "b2"]);
  assert.deepEqual(await queue.bodies(), []);
  await queue.delete(a1);
  assert.deepEqual(await queue.bodies(), ["a2", "a3"]);
  assert.deepEqual(await queue.counts(), [0, 4, 0]);
});

test("a message that comes back comes back before what follows it", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "back.fifo", byContent);
  for (const body of ["1", "2", "3"]) await queue.send(body, { MessageGroupId: "g" });
  const [one, two] = await queue.receive({ MaxNumberOfMessages: 2 });
  await queue.hide(one, 0);
  assert.deepEqual(await queue.bodies(), []);
  await queue.hide(two, 0);
  assert.deepEqual(await queue.bodies({ VisibilityTimeout: 5 }), ["1", "2", "3"]);
  await region.clock.advance({ seconds: 5 });
  assert.deepEqual(await queue.bodies(), ["1", "2", "3"]);
});

test("a duplicate within five minutes is answered as the first and not delivered", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "twice.fifo");
  const send = (body: string, MessageDeduplicationId: string, MessageGroupId = "g") =>
    queue.send(body, { MessageGroupId, MessageDeduplicationId });
  const first = await send("x", "d");
  const [message] = await queue.receive();
  await queue.delete(message);
  await region.clock.advance({ minutes: 4, seconds: 59, milliseconds: 999 });
  const second = await send("y", "d", "other-group");
  assert.equal(second.MessageId, first.MessageId);
  assert.equal(second.SequenceNumber, first.SequenceNumber);
  // The client compares this with what it sent.
  assert.equal(second.MD5OfMessageBody, "415290769594460e2e485922904f345d");
  assert.deepEqual(await queue.bodies(), []);
  await region.clock.advance({ milliseconds: 1 });
  const third = await send("y", "d");
  assert.notEqual(third.MessageId, first.MessageId);
  assert.ok((third.SequenceNumber ?? "") > (first.SequenceNumber ?? ""));
  assert.deepEqual(await queue.bodies(), ["y"]);
});

test("duplicates are looked for within groups where the queue says so", async () => {
  await using region = await startRegion();
  const queue = await createQueue(
    region, "scoped.fifo", { ...byContent, DeduplicationScope: "messageGroup" },
  );
  for (const MessageGroupId of ["a", "b", "a"]) await queue.send("same", { MessageGroupId });
  const received = await queue.receive({ MessageSystemAttributeNames: ["All"] });
  assert.deepEqual(received.map(({ Attributes }) => Attributes?.["MessageGroupId"]), ["a", "b"]);
  assert.equal(
    received[0]?.Attributes?.["MessageDeduplicationId"],
    "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5",
  );
});

test("messages have numbers of 20 digits that grow, also while the clock stands", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "numbers.fifo", byContent);
  const numbers: (string | undefined)[] = [];
  for (let index = 0; index < 5; index += 1) {
    const { SequenceNumber } = await queue.send(`m${index}`, { MessageGroupId: "g" });
    numbers.push(SequenceNumber);
    for (const message of await queue.receive()) await queue.delete(message);
    if (index === 2) await queue.sqs.send(new PurgeQueueCommand({ QueueUrl: queue.url }));
  }
  assert.ok(numbers.every((number) => /^\d{20}$/.test(number ?? "")));
  assert.deepEqual(numbers, [...new Set(numbers)].toSorted());
});

test("a FIFO queue wants a group and a deduplication id of 1 to 128 characters, and no delay", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "wants.fifo", { DelaySeconds: "2" });
  const both = { MessageGroupId: "g", MessageDeduplicationId: "d" };
  await assert.rejects(
    queue.send("x"), refusal("MissingParameter", "The request must contain the parameter MessageGroupId."),
  );
  await assert.rejects(
    queue.send("x", { MessageGroupId: "g" }),
    invalid(
      "The queue should either have ContentBasedDeduplication enabled or " +
        "MessageDeduplicationId provided explicitly",
    ),
  );
  for (const name of ["MessageGroupId", "MessageDeduplicationId"]) {
    for (const value of ["", "a b", "ü", "a".repeat(129)]) {
      const reason = `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`;
      await assert.rejects(
        queue.send("x", { ...both, [name]: value }),
        invalid(`Value ${value} for parameter ${name} is invalid. Reason: ${reason}`),
      );
    }
  }
  await assert.rejects(
    queue.send("x", { ...both, DelaySeconds: 2 }),
    invalid(
      "Value 2 for parameter DelaySeconds is invalid. Reason: " +
        "The request include parameter that is not valid for this queue type.",
    ),
  );
  await queue.send("late", { MessageGroupId: "a".repeat(128), MessageDeduplicationId: "~".repeat(128) });
  assert.deepEqual(await queue.counts(), [0, 0, 1]);
  await region.clock.advance({ seconds: 2 });
  assert.deepEqual(await queue.bodies(), ["late"]);
});

test("a FIFO queue refuses a handle whose time is up", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "expired.fifo", { ...byContent, VisibilityTimeout: "1" });
  await queue.send("x", { MessageGroupId: "g" });
  const [message] = await queue.receive();
  await region.clock.advance({ seconds: 1 });
  const expired = invalid(
    `Value ${message?.ReceiptHandle} for parameter ReceiptHandle is invalid. ` +
      "Reason: The receipt handle has expired.",
  );
  await assert.rejects(queue.delete(message), expired);
  await assert.rejects(queue.hide(message, 5), expired);
  const [again] = await queue.receive();
  await assert.rejects(queue.delete(message), expired);
  await queue.delete(again);
  await queue.delete(again);
});

test("a receive that is retried gives out the same messages until something is done with them", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "retry.fifo", byContent);
  for (const body of ["1", "2", "3"]) await queue.send(body, { MessageGroupId: "g" });
  const retry = { ReceiveRequestAttemptId: "attempt", MaxNumberOfMessages: 2 };
  const first = await queue.receive(retry);
  await region.clock.advance({ seconds: 20 });
  const second = await queue.receive(retry);
  assert.deepEqual(second, first);
  // The visibility timeout began anew.
  await region.clock.advance({ seconds: 29 });
  assert.deepEqual(await queue.bodies(), []);
  for (const message of second) await queue.delete(message);
  assert.deepEqual((await queue.receive(retry)).map(({ Body }) => Body), ["3"]);
});

test("a long poll gets the rest of a group once it is free", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "wait.fifo", byContent);
  for (const body of ["1", "2"]) await queue.send(body, { MessageGroupId: "g" });
  const [one] = await queue.receive({ MaxNumberOfMessages: 1 });
  const poll = queue.bodies({ WaitTimeSeconds: 20 });
  await region.settled();
  await queue.delete(one);
  assert.deepEqual(await poll, ["2"]);
});

test("the retention period ends messages of a group and frees what follows", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "ends.fifo", { ...byContent, MessageRetentionPeriod: "60" });
  await queue.send("old", { MessageGroupId: "g" });
  await queue.receive({ VisibilityTimeout: 600 });
  await region.clock.advance({ seconds: 30 });
  await queue.send("young", { MessageGroupId: "g" });
  assert.deepEqual(await queue.bodies(), []);
  await region.clock.advance({ seconds: 30 });
  assert.deepEqual(await queue.bodies(), ["young"]);
});
