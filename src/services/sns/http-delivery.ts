/** What is posted to HTTP and HTTPS endpoints. */

import type { BodyContext } from "../../kernel/context.ts";
import { OutboundFailure, sendOutbound } from "../../kernel/outbound.ts";
import { effectiveSubscriptionPolicy } from "./delivery-policy.ts";
import type { Outcome } from "./senders.ts";
import { subscriptionArn, type Subscription } from "./subscription-table.ts";
import type { Topic } from "./topic-table.ts";

export interface Post {
  readonly type: "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  readonly messageId: string;
  readonly body: string;
  readonly isRaw?: boolean;
}

/** @evidence SNS Developer Guide, "Prepare your endpoint": 15 seconds to answer */
const timeoutMilliseconds = 15_000;
const answerBytesMax = 65_536;

/** @evidence SNS, recorded: the headers of each kind of message */
function headersOf(
  ctx: BodyContext, topic: Topic, subscription: Subscription, { type, messageId, isRaw }: Post,
): Record<string, string> {
  const { attributes } = subscription;
  const { requestPolicy } = effectiveSubscriptionPolicy(
    topic.attributes["DeliveryPolicy"], attributes["DeliveryPolicy"],
  );
  const isConfirmation = type === "SubscriptionConfirmation";
  return {
    "x-amz-sns-message-type": type,
    "x-amz-sns-message-id": messageId,
    "x-amz-sns-topic-arn": ctx.arn(topic.name),
    ...(!isConfirmation && { "x-amz-sns-subscription-arn": subscriptionArn(ctx, subscription) }),
    ...(isRaw && { "x-amz-sns-rawdelivery": "true" }),
    "content-type":
      type === "Notification" ? requestPolicy.headerContentType : "text/plain; charset=UTF-8",
    "user-agent": "Amazon Simple Notification Service Agent",
    "accept-encoding": "gzip,deflate",
  };
}

/**
 * @evidence SNS Developer Guide, "Message delivery retries": what the server could not do, and that there are
 *   too many, may change; other refusals stay
 */
export async function postNotification(
  ctx: BodyContext, topic: Topic, subscription: Subscription, post: Post,
): Promise<Outcome> {
  const url = new URL(subscription.endpoint);
  const headers = headersOf(ctx, topic, subscription, post);
  if (url.username !== "") {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers["authorization"] = `Basic ${Buffer.from(credentials).toString("base64")}`;
  }
  try {
    const { status, body } = await sendOutbound({
      url, method: "POST", headers, body: post.body, timeoutMilliseconds, bytesMax: answerBytesMax,
      signal: ctx.signal, authorities: ctx.kernel.authorities,
    });
    const isDelivered = status >= 200 && status < 300;
    const isRetryable = !isDelivered && (status >= 500 || status === 429 || status < 200);
    return { isDelivered, isRetryable, response: () => body.toString(), status };
  } catch (error) {
    if (!(error instanceof OutboundFailure)) throw error;
    // The region stops: the job is there when it starts again.
    if (error.reason === "stopped") throw error;
    return { isDelivered: false, isRetryable: true, response: () => error.message, status: 0 };
  }
}
