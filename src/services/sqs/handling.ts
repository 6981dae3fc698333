/** What a receiver does with a message that it holds: delete it, or change for how long it stays hidden. */

import * as sqs from "../../generated/sqs.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { onMessages, requireQueue } from "./addresses.ts";
import { invalidValue, messageNotInflight, notHidden, receiptHandleExpired } from "./errors.ts";
import { settleGroup } from "./fifo.ts";
import { isInFlight, messages, type Message } from "./message-table.ts";
import { isFifo, topicOf, type Queue } from "./queue-table.ts";
import { openReceipt, type Receipt } from "./receipts.ts";
import { deleteMessages } from "./retention.ts";

const hiddenSecondsMax = 43_200;

/** The message that the handle was given out for, whether or not the handle is its latest. */
function findMessage(ctx: Context, queue: Queue, receipt: Receipt): Message | undefined {
  return ctx.db(messages).get([queue.generation, receipt.sentAt, receipt.tie]);
}

/**
 * Deleting succeeds when the message is gone already, and with an old handle it succeeds without effect. FIFO
 * queues refuse a handle whose time is up, because the message may be someone else's by then.
 *
 * @evidence SQS API Reference, DeleteMessage; recorded: "The receipt handle has expired."
 */
export function deleteMessage(ctx: Context, queue: Queue, handle: string): void {
  const receipt = openReceipt(ctx, queue, handle);
  const message = findMessage(ctx, queue, receipt);
  if (!message) return;
  const latest = message.receipt === receipt.receipt;
  if (isFifo(queue) && !(latest && isInFlight(message, ctx.clock.now()))) throw receiptHandleExpired(handle);
  if (latest) deleteMessages(ctx, [message]);
}

/** Returns whether the message shows at once. */
export function changeVisibility(ctx: Context, queue: Queue, handle: string, seconds: number): boolean {
  if (seconds < 0 || seconds > hiddenSecondsMax) {
    throw invalidValue(
      seconds, "VisibilityTimeout", `VisibilityTimeout must be an integer between 0 and ${hiddenSecondsMax}.`,
    );
  }
  const now = ctx.clock.now();
  const receipt = openReceipt(ctx, queue, handle);
  const message = findMessage(ctx, queue, receipt);
  if (!message) throw notHidden(handle);
  const latest = message.receipt === receipt.receipt;
  const inFlight = isInFlight(message, now);
  if (isFifo(queue) && !(latest && inFlight)) throw receiptHandleExpired(handle);
  if (!latest) throw notHidden(handle);
  if (!inFlight) throw messageNotInflight();
  const visibleAt = now + seconds * 1000;
  if (visibleAt > (message.receivedAt ?? now) + hiddenSecondsMax * 1000) {
    throw invalidValue(
      seconds, "VisibilityTimeout",
      `Total VisibilityTimeout for the message is beyond the limit [${hiddenSecondsMax} seconds]`,
    );
  }
  ctx.db(messages).put({ ...message, visibleAt });
  if (message.fifo) settleGroup(ctx, message.generation, message.group ?? "");
  return seconds === 0;
}

export const DeleteMessage = operation(sqs.DeleteMessage, {
  ...onMessages,
  run(input, ctx) {
    const queue = requireQueue(ctx, input.QueueUrl);
    deleteMessage(ctx, queue, input.ReceiptHandle);
    // The rest of the group may be received now.
    if (isFifo(queue)) ctx.wake(topicOf(queue));
  },
});

export const ChangeMessageVisibility = operation(sqs.ChangeMessageVisibility, {
  ...onMessages,
  run(input, ctx) {
    const queue = requireQueue(ctx, input.QueueUrl);
    changeVisibility(ctx, queue, input.ReceiptHandle, input.VisibilityTimeout);
    // Also when it stays hidden: who waits must learn until when.
    ctx.wake(topicOf(queue));
  },
});
