/** How each protocol is handed a message. */

import { failureOf } from "../../delivery/failure.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import * as firehose from "../../generated/firehose.ts";
import * as lambda from "../../generated/lambda.ts";
import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { sendOut } from "../../kernel/outbox.ts";
import type { Envelopes } from "./envelopes.ts";
import { postNotification } from "./http-delivery.ts";
import { mailText, subjectOf } from "./mail.ts";
import { queueMembers } from "./notification.ts";
import { pushTo } from "./platform-publishing.ts";
import { sendText } from "./sms-publishing.ts";
import type { Subscription } from "./subscription-table.ts";
import type { Topic } from "./topic-table.ts";

/** What became of an attempt. */
export interface Outcome {
  readonly isDelivered: boolean;
  /** Not delivered, but it may be another time. */
  readonly isRetryable: boolean;
  /** What the other side said, for the log: most of it nobody reads. */
  readonly response: () => string;
  readonly status: number;
}

type Send = (
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
) => Promise<Pick<Outcome, "response" | "status"> | Outcome>;

const senders: Readonly<Record<string, Send>> = {
  sqs: toQueue, lambda: toFunction, firehose: toStream, http: toEndpoint, https: toEndpoint, email: toMail,
  "email-json": toMail, sms: toPhone, application: toApplication,
};

/** Never throws for what the other side says. */
export async function sendTo(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
): Promise<Outcome> {
  const send = senders[subscription.protocol];
  if (!send) throw new Error(`no protocol is named ${subscription.protocol}`);
  try {
    return { isDelivered: true, isRetryable: false, ...(await send(ctx, topic, subscription, envelopes)) };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return refused(error);
  }
}

function refused(error: AwsError): Outcome {
  const response = () => JSON.stringify({ ErrorCode: error.code, ErrorMessage: error.message });
  const { isRetryable } = failureOf(error);
  return { isDelivered: false, isRetryable, response, status: error.status };
}

/** As `sendTo`, for several at once: queues get theirs together. In the order of the subscriptions. */
export async function sendToAll(
  ctx: BodyContext, topic: Topic, subscriptions: readonly Subscription[], envelopes: Envelopes,
): Promise<Outcome[]> {
  const toQueuesIn = new Map<string, QueueOrder[]>();
  const outcomes: Outcome[] = [];
  const under: Promise<void>[] = [];
  subscriptions.forEach((subscription, index) => {
    if (subscription.protocol !== "sqs") {
      const sending = sendTo(ctx, topic, subscription, envelopes);
      under.push(sending.then((outcome) => void (outcomes[index] = outcome)));
      return;
    }
    const arn = parseArn(subscription.endpoint);
    const region = arn?.region ?? "";
    const orders = toQueuesIn.get(region) ?? [];
    if (orders.length === 0) toQueuesIn.set(region, orders);
    orders.push({ index, subscription, account: arn?.account ?? "", queue: arn?.resource ?? "" });
  });
  for (const [region, orders] of toQueuesIn) {
    under.push(toQueues(ctx, topic, region, orders, envelopes, outcomes));
  }
  await Promise.all(under);
  return outcomes;
}

interface QueueOrder {
  /** Where its outcome goes. */
  readonly index: number;
  readonly subscription: Subscription;
  readonly account: string;
  readonly queue: string;
}

function isRaw({ attributes }: Subscription): boolean {
  return attributes["RawMessageDelivery"] === "true";
}

/** As the service, for the topic: the policy of each queue decides. */
async function toQueues(
  ctx: BodyContext, topic: Topic, region: string, orders: readonly QueueOrder[], envelopes: Envelopes,
  outcomes: Outcome[],
): Promise<void> {
  const inputs = await queueInputs(topic, orders, envelopes);
  const { traceHeader } = envelopes.notification;
  const options = { as: "service", sourceArn: ctx.arn(topic.name), region, traceHeader } as const;
  const answers = await ctx.callEach(sqs.SendMessage, inputs, options);
  answers.forEach((answer, position) => {
    const { index = 0 } = orders[position] ?? {};
    outcomes[index] = "error" in answer ? refused(answer.error)
      : { isDelivered: true, isRetryable: false, ...accepted(answer.output) };
  });
}

/** A message that all get as it is need not be signed. */
async function queueInputs(
  topic: Topic, orders: readonly QueueOrder[], envelopes: Envelopes,
): Promise<sqs.SendMessageRequest[]> {
  const isWritten = orders.some(({ subscription }) => !isRaw(subscription));
  const write = isWritten ? await envelopes.writer(topic, "sqs") : () => "";
  const raw = envelopes.messageFor("sqs");
  return orders.map(({ subscription, account, queue }) => ({
    QueueUrl: `/${account}/${queue}`,
    MessageBody: isRaw(subscription) ? raw : write(subscription),
    ...queueMembers(envelopes.notification, queue, isRaw(subscription)),
  }));
}

function accepted(sent: sqs.SendMessageResult): Pick<Outcome, "response" | "status"> {
  const { MD5OfMessageBody, MessageId } = sent;
  return { response: () => JSON.stringify({ MD5OfMessageBody, MessageId }), status: 200 };
}

export async function toQueue(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
  queueArn = subscription.endpoint,
): Promise<Pick<Outcome, "response" | "status">> {
  const { account = "", region = "", resource: queue = "" } = parseArn(queueArn) ?? {};
  const [input] = await queueInputs(topic, [{ index: 0, subscription, account, queue }], envelopes);
  if (!input) throw new Error("a queue's message was not written");
  const { traceHeader } = envelopes.notification;
  const options = { as: "service", sourceArn: ctx.arn(topic.name), region, traceHeader } as const;
  return accepted(await ctx.call(sqs.SendMessage, input, options));
}

async function toFunction(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
): Promise<Pick<Outcome, "response" | "status">> {
  const { region = "" } = parseArn(subscription.endpoint) ?? {};
  const { traceHeader } = envelopes.notification;
  const Payload = Buffer.from(JSON.stringify(await envelopes.lambda(subscription)));
  const { StatusCode = 202 } = await ctx.call(
    lambda.Invoke,
    { FunctionName: subscription.endpoint, InvocationType: "Event", Payload },
    { as: "service", sourceArn: ctx.arn(topic.name), region, traceHeader },
  );
  return { response: () => JSON.stringify({ lambdaRequestId: ctx.requestId }), status: StatusCode };
}

/** Under the role that the subscription was given. */
async function toStream(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
): Promise<Pick<Outcome, "response" | "status">> {
  const { region = "", resource = "" } = parseArn(subscription.endpoint) ?? {};
  const token = await sessionOf(ctx, {
    roleArn: subscription.attributes["SubscriptionRoleArn"] ?? "",
    principal: "sns.amazonaws.com",
    sourceArn: ctx.arn(topic.name),
    sessionName: "sns-firehose",
  });
  const isRaw = subscription.attributes["RawMessageDelivery"] === "true";
  const text = isRaw ? envelopes.messageFor("firehose") : envelopes.stream(subscription);
  const { RecordId } = await ctx.call(
    firehose.PutRecord,
    {
      DeliveryStreamName: resource.replace(/^deliverystream\//, ""),
      Record: { Data: Buffer.from(`${text}\n`) },
    },
    { as: { session: token }, region },
  );
  return { response: () => JSON.stringify({ RecordId }), status: 200 };
}

async function toEndpoint(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
): Promise<Outcome> {
  const isRaw = subscription.attributes["RawMessageDelivery"] === "true";
  return postNotification(ctx, topic, subscription, {
    type: "Notification",
    messageId: envelopes.notification.messageId,
    body: isRaw ? envelopes.messageFor(subscription.protocol) : await envelopes.json(topic, subscription),
    isRaw,
  });
}

async function toMail(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
): Promise<Pick<Outcome, "response" | "status">> {
  const isJson = subscription.protocol === "email-json";
  const body = isJson
    ? await envelopes.json(topic, subscription)
    : mailText(ctx, envelopes.messageFor("email"), subscription);
  const subject = subjectOf(topic, envelopes.notification);
  ctx.transaction((within) =>
    sendOut(within, { kind: "email", from: ctx.arn(topic.name), to: subscription.endpoint, subject, body }));
  return { response: () => "", status: 200 };
}

async function toPhone(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
): Promise<Outcome> {
  const { DisplayName = "" } = topic.attributes;
  const message = envelopes.messageFor("sms");
  const text = DisplayName === "" ? message : `${DisplayName}> ${message}`;
  const isSent = ctx.transaction((within) =>
    sendText(within, ctx.arn(topic.name), subscription.endpoint, text));
  const response = isSent ? "Message has been accepted by phone carrier" : "Phone number is opted out";
  return { isDelivered: isSent, isRetryable: false, response: () => response, status: isSent ? 200 : 400 };
}

async function toApplication(
  ctx: BodyContext, topic: Topic, subscription: Subscription, envelopes: Envelopes,
): Promise<Outcome> {
  const isSent = ctx.transaction((within) => pushTo(within, subscription.endpoint, envelopes.notification));
  const response = isSent ? "" : `Endpoint is disabled: ${subscription.endpoint} of ${topic.name}`;
  return { isDelivered: isSent, isRetryable: false, response: () => response, status: isSent ? 200 : 400 };
}
