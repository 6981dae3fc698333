/** What mails look like. Pure. */

import type { BodyContext } from "../../kernel/context.ts";
import type { Notification } from "./notification.ts";
import { subscriptionArn, type Subscription } from "./subscription-table.ts";
import type { Topic } from "./topic-table.ts";

export function senderName(topic: Topic): string {
  const { DisplayName = "" } = topic.attributes;
  return DisplayName === "" ? "AWS Notifications" : DisplayName;
}

/** @evidence SNS Developer Guide, "Email notifications": without a subject it is the sender's */
export function subjectOf(topic: Topic, { subject }: Pick<Notification, "subject">): string {
  return subject ?? `${senderName(topic)} Message`.replace("Notifications Message", "Notification Message");
}

export function confirmationSubject(topic: Topic): string {
  return `${senderName(topic)} - Subscription Confirmation`.replace("Notifications -", "Notification -");
}

const rule = "--";

export function mailText(ctx: BodyContext, message: string, subscription: Subscription): string {
  const arn = subscriptionArn(ctx, subscription);
  const link = `${ctx.kernel.endpoint("sns", ctx.region)}/?Action=Unsubscribe&SubscriptionArn=${arn}`;
  return [
    message,
    "",
    rule,
    "If you wish to stop receiving notifications from this topic, please click or visit the link below to " +
      "unsubscribe:",
    link,
    "",
    "Please do not reply directly to this email.",
  ].join("\n");
}

export function confirmationMail(topicArn: string, link: string): string {
  return [
    "You have chosen to subscribe to the topic: ",
    topicArn,
    "",
    "To confirm this subscription, click or visit the link below (If this was in error no action is " +
      "necessary):",
    link,
    "",
    "Please do not reply directly to this email.",
  ].join("\n");
}
