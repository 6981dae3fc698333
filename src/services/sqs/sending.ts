/** SendMessage: what may be sent, and how it joins a queue. */

import * as sqs from "../../generated/sqs.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { onMessages } from "./addresses.ts";
import { atOnce, withKey } from "./encryption.ts";
import { invalidParameterValue, invalidValue, missingParameter, wrongQueueType } from "./errors.ts";
import {
  contentId, findDuplicate, joinGroup, nextPlace, rememberSent, sequenceNumberOf, type Sent,
} from "./fifo.ts";
import {
  attributeSizeBytes, attributesMd5, md5, readAttributes, readTraceHeader, requireCharacters,
  type MessageAttribute,
} from "./message-attributes.ts";
import { messages, placeOf, type Message } from "./message-table.ts";
import { isFifo, numberOf, topicOf, type Queue } from "./queue-table.ts";
import { planSweep } from "./retention.ts";

/** What SendMessage and an entry of SendMessageBatch have in common. */
export type Draft = Omit<sqs.SendMessageRequest, "QueueUrl">;

/** A draft that SQS takes. */
interface Letter {
  readonly body: string;
  readonly bodyMd5: string;
  readonly attributes: readonly MessageAttribute[];
  readonly traceHeader: string | undefined;
  readonly delaySeconds: number | undefined;
  readonly group: string | undefined;
  readonly deduplicationId: string | undefined;
}

const identifier = /^[!-~]{1,128}$/;

function requireIdentifier(
  name: "MessageGroupId" | "MessageDeduplicationId", value: string | undefined,
): void {
  if (value === undefined || identifier.test(value)) return;
  throw invalidValue(
    value, name, `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}

/** What FIFO queues want and other queues refuse. Standard queues take a group too, for fair queues. */
function requireOrdering(queue: Queue, draft: Draft): void {
  if (!isFifo(queue)) {
    if (draft.MessageDeduplicationId !== undefined) {
      throw wrongQueueType(draft.MessageDeduplicationId, "MessageDeduplicationId");
    }
  } else {
    if (draft.DelaySeconds) throw wrongQueueType(draft.DelaySeconds, "DelaySeconds");
    if (draft.MessageGroupId === undefined) throw missingParameter("MessageGroupId");
    const byContent = queue.attributes["ContentBasedDeduplication"] === "true";
    if (draft.MessageDeduplicationId === undefined && !byContent) {
      throw invalidParameterValue(
        "The queue should either have ContentBasedDeduplication enabled or " +
          "MessageDeduplicationId provided explicitly",
      );
    }
  }
  requireIdentifier("MessageGroupId", draft.MessageGroupId);
  requireIdentifier("MessageDeduplicationId", draft.MessageDeduplicationId);
}

export function sizeBytes(body: string, attributes: readonly MessageAttribute[]): number {
  return attributes.reduce((sum, attribute) => sum + attributeSizeBytes(attribute), Buffer.byteLength(body));
}

/** Checks a draft before anything is written, so that the other entries of a batch can go on. */
function letterOf(queue: Queue, draft: Draft): Letter {
  const body = draft.MessageBody;
  if (body === "") throw missingParameter("MessageBody");
  requireCharacters(body);
  const attributes = readAttributes(draft.MessageAttributes);
  const sizeBytesMax = numberOf(queue, "MaximumMessageSize");
  if (sizeBytes(body, attributes) > sizeBytesMax) {
    throw invalidParameterValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${sizeBytesMax} bytes.`,
    );
  }
  const delaySeconds = draft.DelaySeconds;
  if (delaySeconds !== undefined && (delaySeconds < 0 || delaySeconds > 900)) {
    throw invalidValue(delaySeconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.");
  }
  requireOrdering(queue, draft);
  return {
    body,
    bodyMd5: md5(body),
    attributes,
    traceHeader: readTraceHeader(draft.MessageSystemAttributes),
    delaySeconds: isFifo(queue) ? undefined : delaySeconds,
    group: draft.MessageGroupId,
    deduplicationId: draft.MessageDeduplicationId,
  };
}

function messageOf(ctx: Context, queue: Queue, letter: Letter): Message {
  const fifo = isFifo(queue);
  const { attributes, group } = letter;
  // @evidence X-Ray Developer Guide, "Amazon SQS and X-Ray": the request's header, or that of the message
  const traceHeader = letter.traceHeader ?? ctx.origin.traceHeader;
  const deduplicationId = fifo ? (letter.deduplicationId ?? contentId(letter.body)) : undefined;
  const now = ctx.clock.now();
  const place = fifo ? nextPlace(ctx, queue) : placeOf(ctx, queue, now);
  // Spreads come last: V8 takes very long to add members behind one.
  return {
    id: ctx.ids.uuid(),
    body: letter.body,
    bodyMd5: letter.bodyMd5,
    senderId: ctx.caller.principalId,
    visibleAt: now + (letter.delaySeconds ?? numberOf(queue, "DelaySeconds")) * 1000,
    receiveCount: 0,
    ...place,
    ...(attributes.length > 0 && { attributes }),
    ...(traceHeader !== undefined && { traceHeader }),
    ...(fifo && { fifo }),
    ...(group !== undefined && { group }),
    ...(deduplicationId !== undefined && { deduplicationId }),
  };
}

/** Puts a message into a queue; the caller wakes who waits for it. */
export function enqueue(ctx: Context, queue: Queue, message: Message): void {
  ctx.db(messages).add(message);
  if (message.fifo) joinGroup(ctx, message);
  planSweep(ctx, queue, message);
}

function sendFifo(ctx: Context, queue: Queue, letter: Letter): Sent {
  const group = letter.group ?? "";
  const id = letter.deduplicationId ?? contentId(letter.body);
  const duplicate = findDuplicate(ctx, queue, group, id);
  if (duplicate) return duplicate;
  const sent = store(ctx, queue, letter);
  rememberSent(ctx, queue, group, id, { id: sent.id, sentAt: sent.sentAt, tie: sent.tie });
  return sent;
}

function store(ctx: Context, queue: Queue, letter: Letter): Sent {
  const message = messageOf(ctx, queue, letter);
  enqueue(ctx, queue, message);
  return message;
}

export interface SendResult {
  MessageId: string;
  MD5OfMessageBody: string;
  MD5OfMessageAttributes?: string | undefined;
  MD5OfMessageSystemAttributes?: string | undefined;
  SequenceNumber?: string | undefined;
}

/** @throws the refusal of this one message, before anything is written */
export function send(ctx: Context, queue: Queue, draft: Draft): SendResult {
  const letter = letterOf(queue, draft);
  const fifo = isFifo(queue);
  const sent = fifo ? sendFifo(ctx, queue, letter) : store(ctx, queue, letter);
  const header = letter.traceHeader;
  return {
    MessageId: sent.id,
    // The checksums are of what came in, also when it is a duplicate: clients compare them with what they
    // sent.
    MD5OfMessageBody: letter.bodyMd5,
    MD5OfMessageAttributes: attributesMd5(letter.attributes),
    MD5OfMessageSystemAttributes: header === undefined ? undefined
      : attributesMd5([{ name: "AWSTraceHeader", type: "String", text: header }]),
    SequenceNumber: fifo ? sequenceNumberOf(sent) : undefined,
  };
}

function sendAndWake(ctx: Context, queue: Queue, input: sqs.SendMessageRequest): SendResult {
  const result = send(ctx, queue, input);
  ctx.wake(topicOf(queue));
  ctx.wake(ctx.arn(queue.name));
  return result;
}

export const SendMessage = operation(sqs.SendMessage, {
  ...onMessages,
  atOnce: (input, ctx) =>
    atOnce(ctx, input.QueueUrl, "send", (queue) => sendAndWake(ctx, queue, input)),
  body: (input, ctx) =>
    withKey(ctx, input.QueueUrl, "send", (within, queue) => sendAndWake(within, queue, input)),
});
