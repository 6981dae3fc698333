import assert from "node:assert/strict";
import { test } from "node:test";
import { ReceiveMessageCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { messages } from "./message-table.ts";
import { createQueue, refusal } from "./queue-fixture.ts";
import { queues } from "./queue-table.ts";
import { inFlightMax } from "./receiving.ts";

const invalid = (message: string) => refusal("InvalidParameterValue", message);

test("a receive gives up to ten messages, one unless asked", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "many");
  for (let index = 0; index < 12; index += 1) await queue.send(String(index));
  const one = await queue.sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.url }));
  assert.deepEqual(one.Messages?.map(({ Body }) => Body), ["0"]);
  assert.deepEqual(await queue.bodies(), ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  assert.deepEqual(await queue.bodies(), ["11"]);
  assert.deepEqual(await queue.counts(), [0, 12, 0]);
});

test("counts stay exact when the clock is set back", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "back");
  await queue.send("received");
  await queue.receive({ VisibilityTimeout: 600 });
  region.clock.set(testEpoch - 60_000);
  await queue.send("earlier");
  await queue.send("delayed", { DelaySeconds: 30 });
  assert.deepEqual(await queue.counts(), [1, 1, 1]);
  region.clock.set(testEpoch);
  await queue.send("later");
  assert.deepEqual(await queue.counts(), [3, 1, 0]);
  region.clock.set(testEpoch - 60_000);
  // Not to be seen yet, and never received.
  assert.deepEqual(await queue.counts(), [1, 1, 2]);
});

test("numbers out of range are refused", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "ranges");
  for (const count of [0, 11, -1]) {
    await assert.rejects(
      queue.receive({ MaxNumberOfMessages: count }),
      invalid(
        `Value ${count} for parameter MaxNumberOfMessages is invalid. ` +
          "Reason: Must be between 1 and 10, if provided.",
      ),
    );
  }
  for (const seconds of [-1, 21]) {
    await assert.rejects(
      queue.receive({ WaitTimeSeconds: seconds }),
      invalid(
        `Value ${seconds} for parameter WaitTimeSeconds is invalid. ` +
          "Reason: Must be >= 0 and <= 20, if provided.",
      ),
    );
  }
  await assert.rejects(
    queue.receive({ VisibilityTimeout: 43_201 }),
    invalid(
      "Value 43201 for parameter VisibilityTimeout is invalid. " +
        "Reason: Must be >= 0 and <= 43200, if provided.",
    ),
  );
  await assert.rejects(
    queue.receive({ ReceiveRequestAttemptId: "a" }),
    invalid(
      "Value a for parameter ReceiveRequestAttemptId is invalid. Reason: " +
        "The request include parameter that is not valid for this queue type.",
    ),
  );
});

test("a long poll ends when a message is sent", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "poll");
  const poll = queue.bodies({ WaitTimeSeconds: 20 });
  await region.settled();
  await queue.send("here");
  assert.deepEqual(await poll, ["here"]);
});

test("a long poll ends with nothing when its time is up, also the queue's own", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "quiet", { ReceiveMessageWaitTimeSeconds: "5" });
  let ended = false;
  const poll = queue.bodies().finally(() => (ended = true));
  await region.settled();
  await region.clock.advance({ seconds: 4, milliseconds: 999 });
  assert.equal(ended, false);
  await region.clock.advance({ milliseconds: 1 });
  assert.deepEqual(await poll, []);
  assert.deepEqual(await queue.bodies({ WaitTimeSeconds: 0 }), []);
});

test("a long poll gets what its delay, its visibility timeout or another receiver sets free", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "free");
  await queue.send("delayed", { DelaySeconds: 3 });
  const first = queue.receive({ WaitTimeSeconds: 20, VisibilityTimeout: 6 });
  await region.settled();
  await region.clock.advance({ seconds: 3 });
  assert.deepEqual((await first).map(({ Body }) => Body), ["delayed"]);

  const second = queue.receive({ WaitTimeSeconds: 20 });
  await region.settled();
  await region.clock.advance({ seconds: 6 });
  const [held] = await second;
  assert.equal(held?.Body, "delayed");

  const third = queue.bodies({ WaitTimeSeconds: 20 });
  await region.settled();
  await queue.hide(held, 0);
  assert.deepEqual(await third, ["delayed"]);
});

test("of several long polls each message ends one", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "several");
  const polls = [1, 2, 3].map(() => queue.bodies({ WaitTimeSeconds: 10 }));
  await region.settled();
  await queue.send("a");
  await queue.send("b");
  await region.settled();
  await region.clock.advance({ seconds: 10 });
  const results = await Promise.all(polls);
  assert.deepEqual(results.flat().toSorted(), ["a", "b"]);
});

test("messages end with their retention period, whoever looks", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "old", { MessageRetentionPeriod: "60" });
  await queue.send("first");
  await region.clock.advance({ seconds: 30 });
  await queue.send("second");
  await region.clock.advance({ seconds: 29, milliseconds: 999 });
  assert.deepEqual(await queue.counts(), [2, 0, 0]);
  await region.clock.advance({ milliseconds: 1 });
  assert.deepEqual(await queue.counts(), [1, 0, 0]);
  assert.deepEqual(await queue.bodies(), ["second"]);
  await queue.sqs.send(new SetQueueAttributesCommand({
    QueueUrl: queue.url, Attributes: { MessageRetentionPeriod: "1209600" },
  }));
  await region.clock.advance({ days: 13 });
  assert.deepEqual(await queue.bodies({ VisibilityTimeout: 0 }), ["second"]);
  await queue.sqs.send(new SetQueueAttributesCommand({
    QueueUrl: queue.url, Attributes: { MessageRetentionPeriod: "3600" },
  }));
  assert.deepEqual(await queue.bodies(), []);
  assert.deepEqual(await queue.counts(), [0, 0, 0]);
});

test("a message with a visibility timeout of zero can be received again at once", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "zero", { VisibilityTimeout: "0" });
  await queue.send("again");
  assert.deepEqual(await queue.bodies(), ["again"]);
  assert.deepEqual(await queue.bodies(), ["again"]);
  assert.deepEqual(await queue.counts(), [1, 0, 0]);
});

test("no more than 120,000 messages are in flight: a short poll is refused, a long one waits", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "crowd");
  await queue.send("one");
  await queue.send("two");
  const cell = { account: "000000000000", region: "us-east-1" };
  region.engine.store.transact(cell, (transaction) => {
    const rows = transaction.rows(messages);
    const row = transaction.rows(queues).get("crowd");
    assert.ok(row);
    // A queue that was this full before counts with each receive.
    transaction.rows(queues).put({ ...row, crowded: true });
    const at = region.clock.now();
    for (let tie = 0; tie < inFlightMax - 1; tie += 1) {
      rows.put({
        generation: row.generation, sentAt: at - 1000, tie, id: "", body: "x", bodyMd5: "", senderId: "",
        visibleAt: at + 10_000, receiveCount: 1, receivedAt: at, receipt: "00",
      });
    }
  });
  assert.deepEqual(await queue.bodies({ MaxNumberOfMessages: 1 }), ["one"]);
  await assert.rejects(queue.receive(), { name: "OverLimit" });
  const poll = queue.bodies({ WaitTimeSeconds: 20, MaxNumberOfMessages: 1 });
  await region.settled();
  await region.clock.advance({ seconds: 10 });
  assert.deepEqual(await poll, ["two"]);
});

test("system attributes that there are not are refused", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "names");
  const AttributeNames = ["Foo" as "All"];
  await assert.rejects(
    queue.receive({ AttributeNames }), refusal("InvalidAttributeName", "Unknown Attribute Foo."),
  );
});
