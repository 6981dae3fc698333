import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteQueueCommand, PurgeQueueCommand } from "@aws-sdk/client-sqs";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { deduplications, groups } from "./fifo.ts";
import { messages } from "./message-table.ts";
import { createQueue } from "./queue-fixture.ts";

function storedRows(region: TestRegion): number[] {
  const cell = { account: "000000000000", region: "us-east-1" };
  return region.engine.read(cell, (transaction) => [
    transaction.rows(messages).count(),
    transaction.rows(groups).count(),
    transaction.rows(deduplications).count(),
  ]);
}

test("nothing of a deleted queue stays behind", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "gone.fifo", { ContentBasedDeduplication: "true" });
  for (let index = 0; index < 600; index += 1) {
    await queue.send(`m${index}`, { MessageGroupId: `g${index % 300}` });
  }
  assert.deepEqual(storedRows(region), [600, 300, 600]);
  await queue.sqs.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
  await region.settled();
  assert.deepEqual(storedRows(region), [0, 0, 0]);
});

test("a purge leaves deduplication as it was, and no messages", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "purged.fifo", { ContentBasedDeduplication: "true" });
  await queue.send("x", { MessageGroupId: "g" });
  await queue.sqs.send(new PurgeQueueCommand({ QueueUrl: queue.url }));
  await region.settled();
  assert.deepEqual(storedRows(region), [0, 0, 1]);
  await queue.send("x", { MessageGroupId: "g" });
  assert.deepEqual(await queue.bodies(), []);
});

test("what expires goes, although nobody looks", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "unread", { MessageRetentionPeriod: "60" });
  for (let index = 0; index < 3; index += 1) {
    await queue.send("x");
    await region.clock.advance({ seconds: 20 });
  }
  assert.deepEqual(storedRows(region)[0], 2);
  await region.clock.advance({ seconds: 41 });
  assert.deepEqual(storedRows(region)[0], 0);
});
