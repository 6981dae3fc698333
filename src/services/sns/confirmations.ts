/**
 * Endpoints that others own are asked first: they get a token, and whoever has it confirms. Those that
 * unsubscribe by a link may take it back the same way.
 */

import * as sns from "../../generated/sns.ts";
import * as sqs from "../../generated/sqs.ts";
import * as lambda from "../../generated/lambda.ts";
import { asynchronousJob, job } from "../../jobs/job.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { sendOut } from "../../kernel/outbox.ts";
import { effectiveSubscriptionPolicy, retryDelaySeconds } from "./delivery-policy.ts";
import { signatureVersionOf, signedBy, signerOf } from "./envelopes.ts";
import { invalidParameter } from "./errors.ts";
import { postNotification, type Post } from "./http-delivery.ts";
import { confirmationMail, confirmationSubject } from "./mail.ts";
import { textToSign, timestampOf, written } from "./notification.ts";
import {
  deleteSubscription, findByToken, subscriptionArn, subscriptions, unsubscribed, type Subscription,
} from "./subscription-table.ts";
import { ownerOf, topics, type Topic } from "./topic-table.ts";

type Kind = Exclude<Post["type"], "Notification">;

interface Asking {
  readonly subscription: Subscription;
  readonly kind: Kind;
  readonly messageId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** How many attempts have failed. */
  readonly attempts: number;
}

/** @evidence SNS API Reference, ConfirmSubscription, Token: valid for two days */
const tokenMilliseconds = 2 * 86_400_000;

export function newToken(ctx: Context): string {
  return ctx.ids.hex(288);
}

export function askLater(ctx: Context, subscription: Subscription, kind: Kind): void {
  const at = ctx.clock.now();
  const input = { subscription, kind, messageId: ctx.ids.uuid(), at, attempts: 0 };
  ctx.schedule(ask, { at, input });
  const due = at + tokenMilliseconds;
  const { topic, id, token = "" } = subscription;
  if (kind === "SubscriptionConfirmation") ctx.schedule(expire, { at: due, id, input: { topic, id } });
  else ctx.schedule(forgetUnsubscribed, { at: due, id: token, input: { token } });
}

export const forgetUnsubscribed = job<{ readonly token: string }>(
  "sns.forgetUnsubscribed", ({ token }, ctx) => {
    ctx.db(unsubscribed).delete(token);
  },
);

/** What nobody confirmed is gone. */
export const expire = job<Pick<Subscription, "topic" | "id">>("sns.expire", ({ topic, id }, ctx) => {
  const found = ctx.db(subscriptions).get([topic, id]);
  if (found?.isPending) deleteSubscription(ctx, found);
});

export const ask = asynchronousJob<Asking>("sns.ask", async (asking, ctx) => {
  const { subscription } = asking;
  const cell = ctx as BodyContext & Context;
  const topic = ctx.reading(() => cell.db(topics).get(subscription.topic));
  if (!topic) return;
  const isDelivered = await send(ctx, topic, asking);
  if (isDelivered) return;
  const attempts = asking.attempts + 1;
  const { attributes } = subscription;
  const policies = [topic.attributes["DeliveryPolicy"], attributes["DeliveryPolicy"]] as const;
  const delay = retryDelaySeconds(effectiveSubscriptionPolicy(...policies).healthyRetryPolicy, attempts);
  if (delay === undefined) return;
  ctx.transaction((within) =>
    within.schedule(ask, { at: within.clock.now() + delay * 1000, input: { ...asking, attempts } }));
});

function linkOf(ctx: BodyContext, topic: Topic, token = ""): string {
  const endpoint = ctx.kernel.endpoint("sns", ctx.region);
  return `${endpoint}/?Action=ConfirmSubscription&TopicArn=${ctx.arn(topic.name)}&Token=${token}`;
}

/** @evidence SNS, recorded: both kinds of confirmations */
async function textOf(ctx: BodyContext, topic: Topic, asking: Asking): Promise<string> {
  const { subscription, kind, messageId, at } = asking;
  const topicArn = ctx.arn(topic.name);
  const Message =
    kind === "SubscriptionConfirmation"
      ? `You have chosen to subscribe to the topic ${topicArn}.\n` +
        "To confirm the subscription, visit the SubscribeURL included in this message."
      : `You have chosen to deactivate subscription ${subscriptionArn(ctx, subscription)}.\n` +
        "To cancel this operation and restore the subscription, visit the SubscribeURL included in this " +
        "message.";
  const fields = {
    Type: kind,
    MessageId: messageId,
    Token: subscription.token,
    TopicArn: topicArn,
    Message,
    SubscribeURL: linkOf(ctx, topic, subscription.token),
    Timestamp: timestampOf(at),
  };
  const signed = await signedBy(await signerOf(ctx), signatureVersionOf(topic), textToSign(fields));
  return written({
    ...fields,
    SignatureVersion: signed.version,
    Signature: signed.signature,
    SigningCertURL: signed.certificateUrl,
  });
}

/** Whether it is over: what is refused is not tried again. */
async function send(ctx: BodyContext, topic: Topic, asking: Asking): Promise<boolean> {
  const { subscription, kind, messageId } = asking;
  const { protocol, endpoint } = subscription;
  if (protocol === "http" || protocol === "https") {
    const body = await textOf(ctx, topic, asking);
    const { isDelivered, isRetryable } = await postNotification(ctx, topic, subscription, {
      type: kind, messageId, body,
    });
    return isDelivered || !isRetryable;
  }
  if (protocol === "email" || protocol === "email-json") {
    const isJson = protocol === "email-json";
    const from = ctx.arn(topic.name);
    const body = isJson
      ? await textOf(ctx, topic, asking)
      : confirmationMail(from, linkOf(ctx, topic, subscription.token));
    const subject = confirmationSubject(topic);
    ctx.transaction((within) => sendOut(within, { kind: "email", from, to: endpoint, subject, body }));
    return true;
  }
  try {
    await toService(ctx, topic, subscription, await textOf(ctx, topic, asking));
    return true;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return error.status < 500;
  }
}

/** A queue or function of another account. */
async function toService(
  ctx: BodyContext, topic: Topic, { protocol, endpoint }: Subscription, text: string,
): Promise<void> {
  const { account = "", region = "", resource = "" } = parseArn(endpoint) ?? {};
  const options = { as: "service", sourceArn: ctx.arn(topic.name), region } as const;
  if (protocol === "sqs") {
    const group = resource.endsWith(".fifo") && {
      MessageGroupId: "sns", MessageDeduplicationId: ctx.ids.uuid(),
    };
    await ctx.call(
      sqs.SendMessage, { QueueUrl: `/${account}/${resource}`, MessageBody: text, ...group }, options,
    );
  } else {
    const Payload = Buffer.from(JSON.stringify({
      Records: [{ EventSource: "aws:sns", EventVersion: "1.0", Sns: JSON.parse(text) as object }],
    }));
    await ctx.call(lambda.Invoke, { FunctionName: endpoint, InvocationType: "Event", Payload }, options);
  }
}

/**
 * Whoever has the token may, signed or not. Confirming twice is fine, and restores what a link unsubscribed.
 *
 * @evidence SNS, recorded: tokens and topics that do not belong together
 */
export const ConfirmSubscription = operation(sns.ConfirmSubscription, {
  access: "anonymous",
  owner: ({ TopicArn }) => ownerOf(TopicArn),
  run(input, ctx) {
    const isSigned = ctx.caller.type !== "Anonymous";
    const arn = parseArn(input.TopicArn);
    if (arn?.service !== "sns" || arn.region !== ctx.region) throw invalidParameter("Topic");
    if (isSigned) ctx.authorize({ action: "sns:ConfirmSubscription", resource: input.TopicArn });
    const { needsAuthentication: _before, ...found } = findByToken(
      ctx, ctx.db(topics).get(arn.resource), input.Token,
    );
    const flag = input.AuthenticateOnUnsubscribe?.toLowerCase() ?? "false";
    if (flag !== "true" && flag !== "false") throw invalidParameter("AuthenticateOnUnsubscribe");
    const needsAuthentication = flag === "true" && isSigned;
    ctx.unschedule(expire, found.id);
    ctx.db(unsubscribed).delete(input.Token);
    ctx.db(subscriptions).put({
      ...found,
      isPending: false,
      isAuthenticated: needsAuthentication,
      ...(needsAuthentication && { needsAuthentication }),
    });
    return { SubscriptionArn: subscriptionArn(ctx, found) };
  },
});
