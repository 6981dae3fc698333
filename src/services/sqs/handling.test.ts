import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion } from "../../../test/region.ts";
import { createQueue, refusal } from "./queue-fixture.ts";

const invalid = (message: string) => refusal("InvalidParameterValue", message);

test("only the latest handle deletes, and deleting twice succeeds", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "handles", { VisibilityTimeout: "1" });
  await queue.send("x");
  const [old] = await queue.receive();
  await region.clock.advance({ seconds: 1 });
  const [latest] = await queue.receive();
  assert.notEqual(old?.ReceiptHandle, latest?.ReceiptHandle);
  await queue.delete(old);
  assert.deepEqual(await queue.counts(), [0, 1, 0]);
  await region.clock.advance({ seconds: 1 });
  await queue.delete(latest);
  assert.deepEqual(await queue.counts(), [0, 0, 0]);
  await queue.delete(latest);
});

test("handles that the queue never gave out are refused", async () => {
  await using region = await startRegion();
  const one = await createQueue(region, "one");
  const other = await createQueue(region, "other");
  await one.send("x");
  const [message] = await one.receive();
  const tampered = `AQEC${message?.ReceiptHandle?.slice(4)}`;
  for (const ReceiptHandle of ["", "x", "garbage", "A".repeat(5000), tampered, "\u{1f389}"]) {
    const expected = refusal(
      "ReceiptHandleIsInvalid", `The input receipt handle "${ReceiptHandle}" is not a valid receipt handle.`,
    );
    await assert.rejects(one.delete({ ReceiptHandle }), expected, ReceiptHandle);
    await assert.rejects(one.hide({ ReceiptHandle }, 1), expected, ReceiptHandle);
  }
  await assert.rejects(other.delete(message), { name: "ReceiptHandleIsInvalid" });
  await one.delete(message);
});

test("visibility can be prolonged, to twelve hours in all, and ended", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "visibility");
  await queue.send("x");
  const [message] = await queue.receive();
  await queue.hide(message, 100);
  await region.clock.advance({ seconds: 99 });
  assert.deepEqual(await queue.bodies(), []);
  await queue.hide(message, 43_101);
  await assert.rejects(
    queue.hide(message, 43_102),
    invalid(
      "Value 43102 for parameter VisibilityTimeout is invalid. Reason: " +
        "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
    ),
  );
  await assert.rejects(
    queue.hide(message, 43_201),
    invalid(
      "Value 43201 for parameter VisibilityTimeout is invalid. Reason: " +
        "VisibilityTimeout must be an integer between 0 and 43200.",
    ),
  );
  await queue.hide(message, 0);
  assert.deepEqual(await queue.counts(), [1, 0, 0]);
  await assert.rejects(
    queue.hide(message, 10),
    refusal("AWS.SimpleQueueService.MessageNotInflight", "The message referred to isn't in flight."),
  );
  const [again] = await queue.receive();
  const gone = (handle: string | undefined) => invalid(
    `Value ${handle} for parameter ReceiptHandle is invalid. Reason: ` +
      "Message does not exist or is not available for visibility timeout change.",
  );
  await assert.rejects(queue.hide(message, 10), gone(message?.ReceiptHandle));
  await queue.delete(again);
  await assert.rejects(queue.hide(again, 10), gone(again?.ReceiptHandle));
});
