/** A message that was received too often goes to the dead-letter queue instead of to one more receiver. */

import type { Context } from "../../kernel/context.ts";
import { findQueueByArn } from "./addresses.ts";
import { nextPlace } from "./fifo.ts";
import { placeOf, type Message } from "./message-table.ts";
import { isFifo, redrivePolicyOf, type Queue } from "./queue-table.ts";
import { enqueue } from "./sending.ts";

export interface DeadLetterTarget {
  readonly queue: Queue;
  readonly maxReceiveCount: number;
}

/** Undefined when there is no policy, or when its queue is gone: then messages stay where they are. */
export function deadLetterTargetOf(ctx: Context, source: Queue): DeadLetterTarget | undefined {
  if (source.attributes["RedrivePolicy"] === undefined) return undefined;
  const policy = redrivePolicyOf(source);
  const queue = policy && findQueueByArn(ctx, policy.deadLetterTargetArn);
  return queue && { queue, maxReceiveCount: policy.maxReceiveCount };
}

/**
 * The message keeps its id, its attributes and its receive count. In a standard queue it keeps its age too,
 * in a FIFO queue it arrives anew.
 *
 * @evidence SQS Developer Guide, Dead-letter queues, "Configuring DLQ retention"
 */
export function moveToDeadLetters(ctx: Context, source: Queue, target: Queue, message: Message): void {
  const { receipt: _receipt, receivedAt: _receivedAt, ...rest } = message;
  const place = isFifo(target) ? nextPlace(ctx, target) : placeOf(ctx, target, message.sentAt);
  // Two messages may move at once; the second must see what the first one planned.
  const current = findQueueByArn(ctx, ctx.arn(target.name)) ?? target;
  enqueue(ctx, current, {
    ...rest, ...place, visibleAt: ctx.clock.now(), deadLetterSourceArn: ctx.arn(source.name),
  });
}
