/** Text messages: they go into the outbox. */

import * as sns from "../../generated/sns.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { sendOut } from "../../kernel/outbox.ts";
import { invalidParameter } from "./errors.ts";
import { messageFor } from "./notification.ts";
import type { Letter } from "./publishing.ts";
import { isOptedOut } from "./sms-table.ts";

/** @returns false for numbers that want none */
export function sendText(ctx: Context, from: string, to: string, body: string): boolean {
  if (isOptedOut(ctx, to)) return false;
  sendOut(ctx, { kind: "sms", from, to, body });
  return true;
}

/** @evidence SNS Developer Guide, "Publishing SMS messages": E.164, and at most 1,600 bytes */
export function publishToPhone(
  ctx: BodyContext, phone: string, letter: Letter,
): Promise<sns.PublishResponse> {
  if (!/^\+[1-9]\d{4,14}$/.test(phone)) {
    throw invalidParameter(`PhoneNumber Reason: ${phone} is not valid to publish to`);
  }
  if (Buffer.byteLength(letter.message) > 1_600) throw invalidParameter("Message too long");
  const sender = letter.attributes.find(({ name }) => name === "AWS.SNS.SMS.SenderID")?.text ?? "NOTICE";
  const MessageId = ctx.transaction((within) => {
    const text = messageFor({ ...letter, messageId: "", topicArn: "", at: 0 }, "sms");
    if (!sendText(within, sender, phone, text)) {
      throw modelled(
        sns.OptedOutException, `The phone number ${phone} has opted out of receiving messages`,
      );
    }
    return within.ids.uuid();
  });
  return Promise.resolve({ MessageId });
}
