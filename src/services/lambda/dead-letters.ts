/**
 * Where events go that could not be processed: the target is found right when it is set, under the function's
 * role.
 */

import * as sns from "../../generated/sns.ts";
import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { invalidDeadLetter, roleNotPermitted } from "./errors.ts";
import { roleCredentials } from "./execution-role.ts";
import type { FunctionVersion } from "./function-table.ts";

/** @throws AwsError when the role may not send there, or it is no queue and no topic */
export async function requireDeadLetterTarget(
  ctx: BodyContext, target: string | undefined, running: { readonly name: string; readonly role: string },
): Promise<void> {
  if (target === undefined || target === "") return;
  const { service, resource = "" } = parseArn(target) ?? {};
  const isStandard = !resource.endsWith(".fifo");
  if ((service !== "sqs" && service !== "sns") || !isStandard) throw invalidDeadLetter(target);
  const call = service === "sqs" ? "SendMessage" : "Publish";
  const isAllowed = await roleMay(ctx, running, `${service}:${call}`, target);
  if (!isAllowed) throw roleNotPermitted(call, service.toUpperCase());
}

/** Whether the role's policies let the function do something. */
export async function roleMay(
  ctx: BodyContext,
  running: { readonly name: string; readonly role: string },
  action: string,
  resource: string,
): Promise<boolean> {
  const { sessionToken } = await roleCredentials(ctx, running);
  return ctx.transaction((within) => within.isAllowed({ action, resource, session: sessionToken }));
}

/** An event that could not be processed, with what went wrong. */
export interface DeadLetter {
  readonly requestId: string;
  readonly payload: Buffer;
  readonly errorCode: number;
  readonly errorMessage: string;
}

/**
 * @evidence Lambda Developer Guide, "Dead-letter queues": message attributes; the first 1 KB of the message
 */
const errorMessageLengthMax = 1_024;

export async function sendDeadLetter(
  ctx: BodyContext, { name, settings }: FunctionVersion, letter: DeadLetter,
): Promise<void> {
  const target = settings.DeadLetterTarget;
  if (target === undefined) return;
  const { sessionToken } = await roleCredentials(ctx, { name, role: settings.Role });
  const as: CallOptions = { as: { session: sessionToken } };
  const text = (DataType: string, StringValue: string) => ({ DataType, StringValue });
  const MessageAttributes = {
    RequestID: text("String", letter.requestId),
    ErrorCode: text("Number", String(letter.errorCode)),
    ErrorMessage: text("String", letter.errorMessage.slice(0, errorMessageLengthMax)),
  };
  const body = letter.payload.toString("utf8");
  const arn = parseArn(target);
  if (arn?.service === "sqs") {
    const QueueUrl = `/${arn.account}/${arn.resource}`;
    await ctx.call(
      sqs.SendMessage, { QueueUrl, MessageBody: body, MessageAttributes }, { ...as, region: arn.region },
    );
  } else {
    const region = arn?.region ?? ctx.region;
    await ctx.call(sns.Publish, { TopicArn: target, Message: body, MessageAttributes }, { ...as, region });
  }
}
