/** Notifications of phones: they go into the outbox. */

import type * as sns from "../../generated/sns.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { sendOut } from "../../kernel/outbox.ts";
import { invalidParameter } from "./errors.ts";
import { messageFor, type Notification } from "./notification.ts";
import { applicationDisabled, endpointDisabled } from "./platform-errors.ts";
import { applications, findEndpoint } from "./platform-table.ts";
import type { Letter } from "./publishing.ts";

/** @returns false where the endpoint is disabled, or gone */
export function pushTo(ctx: Context, arn: string, notification: Notification): boolean {
  const endpoint = findEndpoint(ctx, arn);
  if (endpoint?.attributes["Enabled"] !== "true") return false;
  const [platform = ""] = endpoint.application.split("/");
  const body = messageFor(notification, platform);
  const { subject, topicArn } = notification;
  sendOut(ctx, { kind: "push", from: topicArn, to: arn, body, ...(subject !== undefined && { subject }) });
  return true;
}

/** @evidence SNS, recorded: a target that is not there */
export function publishToEndpoint(
  ctx: BodyContext, arn: string, letter: Letter,
): Promise<sns.PublishResponse> {
  const MessageId = ctx.transaction((within) => {
    const endpoint = findEndpoint(within, arn);
    if (!endpoint) throw invalidParameter("TargetArn Reason: No endpoint found for the target arn specified");
    const application = within.db(applications).get(endpoint.application);
    if (application?.attributes["Enabled"] === "false") throw applicationDisabled();
    const messageId = within.ids.uuid();
    const notification = { ...letter, messageId, topicArn: within.arn(`app/${endpoint.application}`), at: 0 };
    if (!pushTo(within, arn, notification)) throw endpointDisabled();
    return messageId;
  });
  return Promise.resolve({ MessageId });
}
