/** ReceiveMessage: who gets which messages, for how long, and what of them. */

import * as sqs from "../../generated/sqs.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { onMessages } from "./addresses.ts";
import { attributeNames } from "./attributes.ts";
import { deadLetterTargetOf, moveToDeadLetters } from "./dead-letters.ts";
import { answer, attempt } from "./encryption.ts";
import { invalidValue, overLimit, unknownAttribute, wrongQueueType } from "./errors.ts";
import {
  availableMessages, findAttempt, nextAvailableAt, rememberAttempt, sequenceNumberOf, settleGroup,
} from "./fifo.ts";
import { attributesMd5, selectAttributes, shownMessageAttributes } from "./message-attributes.ts";
import {
  countInFlight, expiresAt, messages, nextVisibleAt, visibleMessages, type Message,
} from "./message-table.ts";
import { isFifo, numberOf, queues, topicOf, type Queue } from "./queue-table.ts";
import { receiptHandle } from "./receipts.ts";
import { deleteMessages } from "./retention.ts";

/**
 * @evidence SQS Developer Guide, Quotas: in-flight messages, of standard queues and since 2024 of FIFO queues
 */
export const inFlightMax = 120_000;

/** From here on each receive counts; below, one in 256 does. */
const crowdedFrom = 90_000;

/** One receive looks past so many expired or dead messages at most; the next goes on. */
const discardedMax = 500;

interface Request {
  readonly countMax: number;
  readonly hideSeconds: number | undefined;
  readonly attemptId: string | undefined;
  readonly waitSeconds: number;
}

interface Taken {
  readonly queue: Queue;
  readonly request: Request;
  readonly messages: readonly Message[];
  /** When there was nothing: when there may be something, if nothing is sent until then. */
  readonly nextAt: number | undefined;
  /** Who waits for what went to the dead-letter queue. */
  readonly woken: string | undefined;
}

function requireRange(
  value: number | undefined, parameter: string, min: number, max: number, reason: string,
): void {
  if (value !== undefined && (value < min || value > max)) throw invalidValue(value, parameter, reason);
}

/** Whether so many messages are in flight already that no more may be given out. */
function isOverLimit(ctx: Context, queue: Queue): boolean {
  // Counting takes as long as there are messages in flight, so most receives of most queues only draw a lot.
  if (!queue.crowded && ctx.ids.below(256) !== 0) return false;
  const count = countInFlight(ctx, queue);
  const crowded = count >= crowdedFrom;
  if (crowded !== (queue.crowded ?? false)) {
    const { crowded: _before, ...rest } = ctx.db(queues).get(queue.name) ?? queue;
    ctx.db(queues).put(crowded ? { ...rest, crowded } : rest);
  }
  return count >= inFlightMax;
}

function take(ctx: Context, queue: Queue, request: Request): Taken {
  const fifo = isFifo(queue);
  if (request.attemptId !== undefined && !fifo) {
    throw wrongQueueType(request.attemptId, "ReceiveRequestAttemptId");
  }
  const again = request.attemptId === undefined ? undefined : findAttempt(ctx, queue, request.attemptId);
  if (again) {
    const extended = extend(ctx, queue, request, again);
    return { queue, request, messages: extended, nextAt: undefined, woken: undefined };
  }
  if (isOverLimit(ctx, queue)) {
    if (fifo || request.waitSeconds > 0) {
      return { queue, request, messages: [], nextAt: nextAt(ctx, queue, false), woken: undefined };
    }
    throw overLimit(
      "Too many messages in flight. The maximum number of inflight messages is 120000.",
    );
  }

  const { taken, expired, dead } = choose(ctx, queue, request.countMax);
  deleteMessages(ctx, expired);
  deleteMessages(ctx, dead);
  const target = dead.length > 0 ? deadLetterTargetOf(ctx, queue) : undefined;
  if (target) for (const message of dead) moveToDeadLetters(ctx, queue, target.queue, message);
  const more = expired.length + dead.length === discardedMax && target?.queue.id !== queue.id;
  const hidden = taken.map((message) => hide(ctx, queue, request, message));
  if (fifo) settleGroups(ctx, queue, hidden);
  if (request.attemptId !== undefined) rememberAttempt(ctx, queue, request.attemptId, hidden);
  return {
    queue,
    request,
    messages: hidden,
    nextAt: hidden.length > 0 ? undefined : nextAt(ctx, queue, more),
    woken: target && topicOf(target.queue),
  };
}

function nextAt(ctx: Context, queue: Queue, more: boolean): number | undefined {
  if (more) return ctx.clock.now();
  if (isFifo(queue)) return nextAvailableAt(ctx, queue);
  return nextVisibleAt(ctx.db(messages), queue.generation, ctx.clock.now());
}

/** Reads only: what is to be given out, what is too old, and what was received too often. */
function choose(
  ctx: Context, queue: Queue, countMax: number,
): Record<"taken" | "expired" | "dead", Message[]> {
  const now = ctx.clock.now();
  const countLimit = deadLetterTargetOf(ctx, queue)?.maxReceiveCount ?? Infinity;
  const chosen = { taken: [] as Message[], expired: [] as Message[], dead: [] as Message[] };
  const candidates = isFifo(queue) ? availableMessages(ctx, queue)
    : visibleMessages(ctx.db(messages), queue.generation, now);
  for (const message of candidates) {
    if (expiresAt(message, queue) <= now) chosen.expired.push(message);
    else if (message.receiveCount >= countLimit) chosen.dead.push(message);
    else if (chosen.taken.push(message) === countMax) break;
    if (chosen.expired.length + chosen.dead.length === discardedMax) break;
  }
  return chosen;
}

function hideUntil(ctx: Context, queue: Queue, request: Request): number {
  return ctx.clock.now() + (request.hideSeconds ?? numberOf(queue, "VisibilityTimeout")) * 1000;
}

function hide(ctx: Context, queue: Queue, request: Request, message: Message): Message {
  const receivedAt = ctx.clock.now();
  const receipt = ctx.ids.hex(16);
  // A first receive adds members. V8 adds them cheaply before a spread, and very dearly behind one.
  const received = { firstReceivedAt: receivedAt, receivedAt, receipt, ...message };
  const receiveCount = message.receiveCount + 1;
  const visibleAt = hideUntil(ctx, queue, request);
  return ctx.db(messages).put({ ...received, visibleAt, receiveCount, receivedAt, receipt });
}

function settleGroups(ctx: Context, queue: Queue, touched: readonly Message[]): void {
  for (const group of new Set(touched.map((message) => message.group ?? ""))) {
    settleGroup(ctx, queue.generation, group);
  }
}

/** A retried receive: the same handles, hidden anew. */
function extend(ctx: Context, queue: Queue, request: Request, again: readonly Message[]): Message[] {
  const visibleAt = hideUntil(ctx, queue, request);
  const extended = again.map((message) => ctx.db(messages).put({ ...message, visibleAt }));
  settleGroups(ctx, queue, extended);
  return extended;
}

function systemAttributes(message: Message): [string, string | undefined][] {
  const { firstReceivedAt } = message;
  return [
    ["SenderId", message.senderId],
    ["ApproximateFirstReceiveTimestamp", firstReceivedAt === undefined ? undefined : String(firstReceivedAt)],
    ["ApproximateReceiveCount", String(message.receiveCount)],
    ["SentTimestamp", String(message.sentAt)],
    ["SequenceNumber", message.fifo && sequenceNumberOf(message)],
    ["MessageDeduplicationId", message.deduplicationId],
    ["MessageGroupId", message.group],
    ["AWSTraceHeader", message.traceHeader],
    ["DeadLetterQueueSourceArn", message.deadLetterSourceArn],
  ];
}

function shownMessage(
  ctx: ReadContext, queue: Queue, message: Message,
  wanted: ReadonlySet<string>, names: readonly string[],
): sqs.Message {
  const shown: sqs.Message = {
    MessageId: message.id,
    ReceiptHandle: receiptHandle(ctx, queue, message),
    MD5OfBody: message.bodyMd5,
    Body: message.body,
  };
  if (wanted.size > 0) {
    const system = systemAttributes(message).filter((entry): entry is [string, string] =>
      entry[1] !== undefined && (wanted.has("All") || wanted.has(entry[0])));
    if (system.length > 0) shown.Attributes = Object.fromEntries(system);
  }
  const selected = selectAttributes(message.attributes ?? [], names);
  if (selected.length > 0) {
    shown.MD5OfMessageAttributes = attributesMd5(selected);
    shown.MessageAttributes = shownMessageAttributes(selected);
  }
  return shown;
}

/** @evidence SQS API Reference, ReceiveMessage, MessageSystemAttributeNames */
const systemNames: ReadonlySet<string> = new Set([
  "All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp",
  "SequenceNumber", "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
]);

function checkRequest(input: sqs.ReceiveMessageRequest): void {
  for (const name of [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])]) {
    // The older list is also typed as names of queue attributes, which say nothing of a message.
    if (!systemNames.has(name) && !attributeNames.has(name)) throw unknownAttribute(name);
  }
  requireRange(
    input.MaxNumberOfMessages, "MaxNumberOfMessages", 1, 10, "Must be between 1 and 10, if provided.",
  );
  requireRange(input.WaitTimeSeconds, "WaitTimeSeconds", 0, 20, "Must be >= 0 and <= 20, if provided.");
  requireRange(
    input.VisibilityTimeout, "VisibilityTimeout", 0, 43_200, "Must be >= 0 and <= 43200, if provided.",
  );
  const attemptId = input.ReceiveRequestAttemptId;
  if (attemptId !== undefined && !/^[!-~]{1,128}$/.test(attemptId)) {
    throw invalidValue(
      attemptId, "ReceiveRequestAttemptId",
      "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    );
  }
}

function requestOf(input: sqs.ReceiveMessageRequest, queue: Queue): Request {
  return {
    countMax: input.MaxNumberOfMessages ?? 1,
    hideSeconds: input.VisibilityTimeout,
    attemptId: input.ReceiveRequestAttemptId,
    waitSeconds: input.WaitTimeSeconds ?? numberOf(queue, "ReceiveMessageWaitTimeSeconds"),
  };
}

function shownMessages(ctx: ReadContext, input: sqs.ReceiveMessageRequest, taken: Taken): sqs.Message[] {
  const wanted = new Set<string>(input.AttributeNames);
  for (const name of input.MessageSystemAttributeNames ?? []) wanted.add(name);
  const names = input.MessageAttributeNames ?? [];
  return taken.messages.map((message) => shownMessage(ctx, taken.queue, message, wanted, names));
}

export const ReceiveMessage = operation(sqs.ReceiveMessage, {
  ...onMessages,
  async body(input, ctx) {
    checkRequest(input);
    const startedAt = ctx.clock.now();
    for (;;) {
      const outcome = attempt(ctx, input.QueueUrl, "receive", (within, queue) =>
        take(within, queue, requestOf(input, queue)));
      if ("question" in outcome) {
        await answer(ctx, input.QueueUrl, outcome.question);
        continue;
      }
      const taken = outcome.done;
      if (taken.woken !== undefined) ctx.wake(taken.woken);
      if (taken.messages.length > 0) return { Messages: shownMessages(ctx, input, taken) };
      const now = ctx.clock.now();
      const endsAt = startedAt + taken.request.waitSeconds * 1000;
      if (ctx.signal.aborted || endsAt <= now) return {};
      // Nothing is awaited between the look into the queue and this, so that no message slips through.
      await ctx.wait(Math.max(Math.min(endsAt, taken.nextAt ?? Infinity) - now, 0), topicOf(taken.queue));
    }
  },
});
