/**
 * What queues measure of themselves.
 *
 * @evidence SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS"
 */

import type { ReadContext } from "../../kernel/context.ts";
import { meter, type MetricUnit } from "../../kernel/metrics.ts";
import type { ObservedCall } from "../../kernel/service.ts";
import { parseQueueUrl } from "./addresses.ts";
import { countMessages, messages } from "./message-table.ts";
import { queues, type Queue } from "./queue-table.ts";

const ofQueue = (name: string, unit: MetricUnit = "Count") => meter("AWS/SQS", name, unit, ["QueueName"]);

const sent = ofQueue("NumberOfMessagesSent");
const sentSize = ofQueue("SentMessageSize", "Bytes");
const received = ofQueue("NumberOfMessagesReceived");
const emptyReceives = ofQueue("NumberOfEmptyReceives");
const deleted = ofQueue("NumberOfMessagesDeleted");
const visible = ofQueue("ApproximateNumberOfMessagesVisible");
const inFlight = ofQueue("ApproximateNumberOfMessagesNotVisible");
const delayed = ofQueue("ApproximateNumberOfMessagesDelayed");
const oldestAge = ofQueue("ApproximateAgeOfOldestMessage", "Seconds");

interface Entry {
  readonly Id?: string;
  readonly MessageBody?: string;
}

function succeeded({ output }: ObservedCall): ReadonlySet<string | undefined> {
  return new Set((output?.["Successful"] as readonly Entry[] | undefined)?.map(({ Id }) => Id));
}

export function observes(call: ObservedCall, ctx: ReadContext): void {
  const { operation, input, output } = call;
  if (!output) return;
  const { QueueUrl: url, Entries: entries } = input as { QueueUrl?: string; Entries?: readonly Entry[] };
  const name = url === undefined ? undefined : parseQueueUrl(url)?.name;
  if (name === undefined) return;
  const measureSent = ({ MessageBody: body = "" }: Entry): void => {
    ctx.metric(sent, [name], 1);
    ctx.metric(sentSize, [name], Buffer.byteLength(body));
  };
  switch (operation) {
    case "SendMessage":
      return measureSent(input as Entry);
    case "SendMessageBatch": {
      const ids = succeeded(call);
      for (const entry of entries ?? []) if (ids.has(entry.Id)) measureSent(entry);
      return;
    }
    case "ReceiveMessage": {
      const count = (output["Messages"] as readonly unknown[] | undefined)?.length ?? 0;
      return ctx.metric(count > 0 ? received : emptyReceives, [name], count || 1);
    }
    case "DeleteMessage":
      return ctx.metric(deleted, [name], 1);
    case "DeleteMessageBatch":
      return ctx.metric(deleted, [name], succeeded(call).size);
  }
}

/** Of every queue of the cell. */
export function gauges(ctx: ReadContext): void {
  for (const queue of ctx.db(queues).list()) measureQueue(ctx, queue);
}

function measureQueue(ctx: ReadContext, queue: Queue): void {
  const dimensions = [queue.name];
  const counts = countMessages(ctx, queue);
  ctx.metric(visible, dimensions, counts.visible);
  ctx.metric(inFlight, dimensions, counts.inFlight);
  ctx.metric(delayed, dimensions, counts.delayed);
  const oldest = ctx.db(messages).first({ prefix: [queue.generation] });
  const age = oldest ? Math.max(0, Math.floor((ctx.clock.now() - oldest.sentAt) / 1_000)) : 0;
  ctx.metric(oldestAge, dimensions, age);
}
