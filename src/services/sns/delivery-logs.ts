/**
 * What became of deliveries, written to CloudWatch Logs under the roles that a topic names for it.
 *
 * @evidence SNS Developer Guide, "Amazon SNS message delivery status"
 */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { hash } from "node:crypto";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { messageFor, type Notification } from "./notification.ts";
import type { Outcome } from "./senders.ts";
import type { Subscription } from "./subscription-table.ts";
import type { Topic } from "./topic-table.ts";

const families: Readonly<Record<string, string>> = {
  sqs: "SQS", lambda: "Lambda", firehose: "Firehose", http: "HTTP", https: "HTTP", application: "Application",
};

function roleFor(
  { attributes }: Topic, { protocol }: Subscription, isDelivered: boolean,
): string | undefined {
  const family = families[protocol];
  if (family === undefined) return undefined;
  return attributes[`${family}${isDelivered ? "Success" : "Failure"}FeedbackRoleArn`];
}

/** Of what has arrived, only so many in a hundred are. */
export function isDeliveryLogged(
  ctx: BodyContext, topic: Topic, subscription: Subscription, { isDelivered }: Outcome,
): boolean {
  if (roleFor(topic, subscription, isDelivered) === undefined) return false;
  if (!isDelivered) return true;
  const rate = topic.attributes[`${families[subscription.protocol]}SuccessFeedbackSampleRate`] ?? "0";
  return ctx.ids.below(100) < Number(rate);
}

export async function logDelivery(
  ctx: BodyContext, topic: Topic, subscription: Subscription, notification: Notification, outcome: Outcome,
  attempts: number,
): Promise<void> {
  const role = roleFor(topic, subscription, outcome.isDelivered);
  if (role === undefined) return;
  const group = `sns/${ctx.region}/${ctx.account}/${topic.name}${outcome.isDelivered ? "" : "/Failure"}`;
  try {
    await write(ctx, role, topic, group, lineOf(ctx, subscription, notification, outcome, attempts));
  } catch (error) {
    // A role that may not write leaves no log; the delivery is over all the same.
    if (!(error instanceof AwsError)) throw error;
  }
}

function lineOf(
  ctx: BodyContext, { protocol, endpoint }: Subscription, notification: Notification, outcome: Outcome,
  attempts: number,
): string {
  const { messageId, topicArn, at } = notification;
  return JSON.stringify({
    notification: {
      messageMD5Sum: hash("md5", messageFor(notification, protocol), "hex"),
      messageId,
      topicArn,
      timestamp: new Date(at).toISOString().replace("T", " ").replace("Z", ""),
    },
    delivery: {
      deliveryId: ctx.ids.uuid(),
      destination: endpoint,
      providerResponse: outcome.response(),
      dwellTimeMs: Math.max(0, ctx.clock.now() - at),
      attempts,
      "statusCode": outcome.status,
    },
    status: outcome.isDelivered ? "SUCCESS" : "FAILURE",
  });
}

async function write(
  ctx: BodyContext, roleArn: string, topic: Topic, logGroupName: string, message: string,
): Promise<void> {
  const sourceArn = ctx.arn(topic.name);
  const principal = "sns.amazonaws.com";
  const session = await sessionOf(ctx, { roleArn, principal, sourceArn, sessionName: "sns-delivery-status" });
  const options: CallOptions = { as: { session } };
  const logStreamName = ctx.ids.uuid();
  const logEvents = [{ timestamp: ctx.clock.now(), message }];
  const put = () => ctx.call(logs.PutLogEvents, { logGroupName, logStreamName, logEvents }, options);
  try {
    await ctx.call(logs.CreateLogStream, { logGroupName, logStreamName }, options);
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== "ResourceNotFoundException") throw error;
    await ctx.call(logs.CreateLogGroup, { logGroupName }, options).catch(ignoreExisting);
    await ctx.call(logs.CreateLogStream, { logGroupName, logStreamName }, options);
  }
  await put();
}

/** Two deliveries make the group at the same time. */
function ignoreExisting(error: unknown): void {
  if (!(error instanceof AwsError) || error.code !== "ResourceAlreadyExistsException") throw error;
}
