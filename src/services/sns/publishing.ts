/** Publish: what may be published, and where it goes. */

import * as sns from "../../generated/sns.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import type { Meter } from "../../kernel/metrics.ts";
import { operation } from "../../kernel/operation.ts";
import { archive } from "./archive.ts";
import { deliverLater, deliverNow, deliverSoon, type Round } from "./deliveries.ts";
import { protectInbound } from "./data-protection.ts";
import { askKey, keyToAsk } from "./encryption.ts";
import { invalidParameter } from "./errors.ts";
import { contentId, findSent, nextSequence, rememberSent, shownSequence } from "./fifo.ts";
import { Filterable } from "./filter-policy.ts";
import { readAttributes, sizeBytesOf, type MessageAttribute } from "./message-attributes.ts";
import { meters } from "./metrics.ts";
import type { Notification } from "./notification.ts";
import { publishToEndpoint } from "./platform-publishing.ts";
import { publishToPhone } from "./sms-publishing.ts";
import { subscriptions, type Subscription } from "./subscription-table.ts";
import { isFifo, ownerOf, readArn, requireTopic, type Topic } from "./topic-table.ts";

/** What Publish and an entry of PublishBatch have in common. */
export type Draft = Omit<sns.PublishBatchRequestEntry, "Id">;

/** A draft that SNS takes. */
export interface Letter {
  readonly message: string;
  readonly byProtocol?: Readonly<Record<string, string>>;
  readonly subject?: string;
  readonly attributes: readonly MessageAttribute[];
  readonly group?: string;
  readonly deduplicationId?: string;
  readonly sizeBytes: number;
}

/** @evidence SNS quotas: 256 KiB, attributes included; recorded */
export const messageBytesMax = 262_144;

/** @evidence SNS API Reference, Publish, Subject: ASCII without line breaks, at most 100 characters */
function requireSubject(subject: string | undefined): void {
  if (subject === undefined) return;
  if (!/^[^\s\p{Cc}][^\p{Cc}]{0,99}$/u.test(subject)) throw invalidParameter("Subject");
}

/** @evidence SNS, recorded: the refusals of a message for each protocol */
function readStructure(message: string): Pick<Letter, "message" | "byProtocol"> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch {
    throw invalidParameter("Message Structure - JSON message body failed to parse");
  }
  const texts = Object.entries(typeof parsed === "object" && parsed !== null ? parsed : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  const byProtocol = Object.fromEntries(texts);
  const text = Object.hasOwn(byProtocol, "default") ? byProtocol["default"] : undefined;
  if (text === undefined) {
    throw invalidParameter("Message Structure - No default entry in JSON message body");
  }
  return { message: text, byProtocol };
}

const identifier = /^[!-~]{1,128}$/;

function requireIdentifier(name: string, value: string | undefined): void {
  if (value === undefined || identifier.test(value)) return;
  throw invalidParameter(
    `${name} Reason: ${name} can only include alphanumeric and punctuation characters. 1 to 128 in length`,
  );
}

/** @evidence SNS, recorded */
function requireOrdering(topic: Topic, draft: Draft): void {
  const { MessageGroupId: group, MessageDeduplicationId: id } = draft;
  if (!isFifo(topic)) {
    if (id !== undefined) {
      throw invalidParameter(
        "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not " +
          "valid for this topic type",
      );
    }
  } else {
    if (group === undefined) {
      throw invalidParameter("The MessageGroupId parameter is required for FIFO topics");
    }
    if (id === undefined && topic.attributes["ContentBasedDeduplication"] !== "true") {
      throw invalidParameter(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided " +
          "explicitly",
      );
    }
  }
  requireIdentifier("MessageGroupId", group);
  requireIdentifier("MessageDeduplicationId", id);
}

/** @throws what SNS says of a message, wherever it goes */
export function readLetter(draft: Draft): Letter {
  const { Message, Subject, MessageStructure, MessageGroupId, MessageDeduplicationId } = draft;
  if (Message === "") throw invalidParameter("Empty message");
  requireSubject(Subject);
  const attributes = readAttributes(draft.MessageAttributes);
  const sizeBytes = Buffer.byteLength(Message) + sizeBytesOf(attributes);
  if (sizeBytes > messageBytesMax) throw invalidParameter("Message too long");
  if (MessageStructure !== undefined && MessageStructure !== "json") {
    throw invalidParameter("MessageStructure");
  }
  const { message, byProtocol } = MessageStructure === "json" ? readStructure(Message) : { message: Message };
  return {
    message,
    attributes,
    sizeBytes,
    ...(byProtocol && { byProtocol }),
    ...(Subject !== undefined && { subject: Subject }),
    ...(MessageGroupId !== undefined && { group: MessageGroupId }),
    ...(MessageDeduplicationId !== undefined && { deduplicationId: MessageDeduplicationId }),
  };
}

export interface Published {
  readonly MessageId: string;
  readonly SequenceNumber?: string;
}

/**
 * What was published before is answered as it was then, and goes nowhere.
 *
 * @param now takes what is to be delivered before the publisher is answered
 */
export function publishLetter(ctx: Context, topic: Topic, draft: Letter, now: Round[]): Published {
  const letter = protectInbound(ctx, topic, draft);
  ctx.metric(meters.published, [topic.name], 1);
  ctx.metric(meters.size, [topic.name], letter.sizeBytes);
  if (!isFifo(topic)) {
    const notification = notificationOf(ctx, topic, letter, ctx.ids.uuid());
    const round = deliverSoon(ctx, topic, notification, receiversOf(ctx, topic, notification));
    if (round) now.push(round);
    return { MessageId: notification.messageId };
  }
  const group = letter.group ?? "";
  const id = letter.deduplicationId ?? contentId(letter.message);
  const before = findSent(ctx, topic, group, id);
  if (before) return { MessageId: before.messageId, SequenceNumber: shownSequence(before.sequence) };
  const sent = { messageId: ctx.ids.uuid(), sequence: nextSequence(ctx, topic) };
  rememberSent(ctx, topic, group, id, sent);
  const SequenceNumber = shownSequence(sent.sequence);
  const notification: Notification = {
    ...notificationOf(ctx, topic, letter, sent.messageId), sequence: SequenceNumber, deduplicationId: id,
  };
  archive(ctx, topic, sent.sequence, notification);
  deliverLater(ctx, topic, notification, receiversOf(ctx, topic, notification));
  return { MessageId: sent.messageId, SequenceNumber };
}

function notificationOf(ctx: Context, topic: Topic, letter: Letter, messageId: string): Notification {
  const { message, byProtocol, subject, attributes, group } = letter;
  const { traceHeader } = ctx.origin;
  return {
    messageId,
    topicArn: ctx.arn(topic.name),
    message,
    attributes,
    at: ctx.clock.now(),
    ...(byProtocol && { byProtocol }),
    ...(subject !== undefined && { subject }),
    ...(group !== undefined && { group }),
    ...(traceHeader !== undefined && { traceHeader }),
  };
}

/** Those subscriptions that are confirmed and want the message. */
function receiversOf(ctx: ReadContext, topic: Topic, notification: Notification): Subscription[] {
  const filterable = new Filterable(notification.attributes, notification.message);
  const confirmed = ctx.db(subscriptions).by("state").list({ prefix: [topic.name, "confirmed"] });
  return [...confirmed].filter(({ attributes }) => {
    const scope = attributes["FilterPolicyScope"];
    if (filterable.passes(ctx.kernel, attributes["FilterPolicy"], scope)) return true;
    ctx.metric(meters.filteredOut, [topic.name], 1);
    ctx.metric(filterMeter(scope, notification), [topic.name], 1);
    return false;
  });
}

function filterMeter(scope: string | undefined, { attributes }: Notification): Meter {
  if (scope === "MessageBody") return meters.filteredByBody;
  return attributes.length === 0 ? meters.filteredWithoutAttributes : meters.filteredByAttributes;
}

/** Runs `work` on the topic in one transaction, once KMS has been asked, and delivers what it published. */
export async function withTopic<T>(
  ctx: BodyContext, arn: string, parameter: string,
  work: (within: Context, topic: Topic, now: Round[]) => T,
): Promise<T> {
  for (;;) {
    const outcome = ctx.transaction((within) => {
      const topic = requireTopic(within, arn, parameter);
      const keyId = keyToAsk(within, topic);
      if (keyId !== undefined) return { topic, keyId };
      const now: Round[] = [];
      return { keyId, done: work(within, topic, now), now };
    });
    if (outcome.keyId !== undefined) {
      await askKey(ctx, outcome.topic, outcome.keyId);
      continue;
    }
    if (outcome.now.length > 0) await deliverNow(ctx, outcome.now);
    return outcome.done;
  }
}

function targetOf(input: sns.PublishInput): string | undefined {
  return input.TopicArn ?? input.TargetArn;
}

function requireOneTarget({ TopicArn, TargetArn, PhoneNumber }: sns.PublishInput): void {
  const named = [TopicArn, TargetArn, PhoneNumber].filter((each) => each !== undefined);
  if (named.length === 1) return;
  const reason =
    named.length === 0 ? "no value for required parameter" : "only one of the parameters may be given";
  throw invalidParameter(`TopicArn or TargetArn Reason: ${reason}`);
}

/** @evidence SNS, recorded: a target that is no topic */
export const Publish = operation(sns.Publish, {
  owner: (input) => ownerOf(targetOf(input)),
  resource(input, ctx) {
    const target = targetOf(input);
    if (target === undefined) return "*";
    readArn(ctx, target, input.TopicArn === undefined ? "TargetArn" : "TopicArn");
    return target;
  },
  dataEvent: true,
  async body(input, ctx) {
    requireOneTarget(input);
    if (input.PhoneNumber !== undefined) return publishToPhone(ctx, input.PhoneNumber, readLetter(input));
    const target = targetOf(input) ?? "";
    const parameter = input.TopicArn === undefined ? "TargetArn" : "TopicArn";
    if (readArn(ctx, target, parameter).resource.startsWith("endpoint/")) {
      return publishToEndpoint(ctx, target, readLetter(input));
    }
    return withTopic(ctx, target, parameter, (within, topic, now) => {
      requireOrdering(topic, input);
      return publishLetter(within, topic, readLetter(input), now);
    });
  },
});

export { requireOrdering };
