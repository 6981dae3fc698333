/** A message on its way: what is kept of it, and what each protocol is sent. Pure. */

import { rawAttributes, shownAttributes, type MessageAttribute } from "./message-attributes.ts";

export interface Notification {
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject?: string;
  /** What protocols get that have nothing of their own. */
  readonly message: string;
  readonly byProtocol?: Readonly<Record<string, string>>;
  readonly attributes: readonly MessageAttribute[];
  /** Epoch milliseconds. */
  readonly at: number;
  readonly sequence?: string;
  readonly group?: string;
  readonly deduplicationId?: string;
  readonly isReplayed?: true;
  /** What caused it, for functions that cause themselves to run. */
  readonly traceHeader?: string;
}

/** @evidence SNS API Reference, Publish, MessageStructure: one text for each protocol */
export function messageFor(notification: Notification, protocol: string): string {
  const { byProtocol, message } = notification;
  return byProtocol && Object.hasOwn(byProtocol, protocol) ? (byProtocol[protocol] ?? message) : message;
}

export interface Signed {
  readonly version: "1" | "2";
  readonly signature: string;
  readonly certificateUrl: string;
}

/** A message's is asked for several times over. */
let latestTimestamp = { at: 0, text: new Date(0).toISOString() };

export function timestampOf(at: number): string {
  if (latestTimestamp.at !== at) latestTimestamp = { at, text: new Date(at).toISOString() };
  return latestTimestamp.text;
}

/**
 * @evidence SNS Developer Guide, "Verifying the signatures of Amazon SNS messages": names and values, a line
 *   each
 */
export function textToSign(fields: Readonly<Record<string, string | undefined>>): string {
  let text = "";
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name];
    if (value !== undefined) text += `${name}\n${value}\n`;
  }
  return text;
}

export function notificationText(notification: Notification, message: string): string {
  return textToSign({
    Message: message,
    MessageId: notification.messageId,
    Subject: notification.subject,
    Timestamp: timestampOf(notification.at),
    TopicArn: notification.topicArn,
    Type: "Notification",
  });
}

function linesOf(fields: Readonly<Record<string, unknown>>): string {
  let lines = "";
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    lines += `${lines === "" ? "" : ",\n"}  ${JSON.stringify(name)} : ${JSON.stringify(value)}`;
  }
  return lines;
}

/** One field a line, as AWS writes the messages that it sends. */
export function written(fields: Readonly<Record<string, unknown>>): string {
  return `{\n${linesOf(fields)}\n}`;
}

/**
 * What stands before and after the address by which a subscription is ended: all else is the same for all.
 *
 * @evidence SNS, recorded: the fields of a notification, in their order
 */
export function envelope(
  notification: Notification, message: string, signed: Signed | undefined,
): readonly [before: string, after: string] {
  const { messageId, sequence, topicArn, subject, at, attributes, isReplayed } = notification;
  const before = linesOf({
    Type: "Notification",
    MessageId: messageId,
    SequenceNumber: sequence,
    TopicArn: topicArn,
    Subject: subject,
    Message: message,
    Timestamp: timestampOf(at),
    SignatureVersion: signed?.version,
    Signature: signed?.signature,
    SigningCertURL: signed?.certificateUrl,
  });
  const after = linesOf({
    Replayed: isReplayed && "true",
    MessageAttributes: attributes.length > 0 ? shownAttributes(attributes) : undefined,
  });
  return [`{\n${before},\n  "UnsubscribeURL" : "`, `"${after === "" ? "" : `,\n${after}`}\n}`];
}

/** @evidence SNS, recorded: what a function gets; its names of URLs are spelled otherwise */
export function lambdaEvent(
  notification: Notification, message: string, signed: Signed, subscriptionArn: string,
  unsubscribeUrl: string,
): object {
  return {
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          Type: "Notification",
          MessageId: notification.messageId,
          TopicArn: notification.topicArn,
          Subject: notification.subject ?? null,
          Message: message,
          Timestamp: timestampOf(notification.at),
          SignatureVersion: signed.version,
          Signature: signed.signature,
          SigningCertUrl: signed.certificateUrl,
          UnsubscribeUrl: unsubscribeUrl,
          MessageAttributes: shownAttributes(notification.attributes),
        },
      },
    ],
  };
}

/** @evidence SNS Developer Guide, "Formatting … for storage in Amazon S3 destinations": not signed */
export function streamRecord(notification: Notification, message: string, unsubscribeUrl: string): string {
  const { messageId, topicArn, subject, at, attributes } = notification;
  return JSON.stringify({
    Type: "Notification",
    MessageId: messageId,
    TopicArn: topicArn,
    Subject: subject,
    Message: message,
    Timestamp: timestampOf(at),
    UnsubscribeURL: unsubscribeUrl,
    MessageAttributes: attributes.length > 0 ? shownAttributes(attributes) : undefined,
  });
}

/** The members of a queue's message that order it, and those of what is delivered raw. */
export function queueMembers(
  notification: Notification, queue: string, isRaw: boolean,
): {
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly MessageAttributes?: ReturnType<typeof rawAttributes>;
} {
  const { group, deduplicationId: id, attributes } = notification;
  return {
    ...(group !== undefined && { MessageGroupId: group }),
    ...(id !== undefined && queue.endsWith(".fifo") && { MessageDeduplicationId: id }),
    ...(isRaw && attributes.length > 0 && { MessageAttributes: rawAttributes(attributes) }),
  };
}
