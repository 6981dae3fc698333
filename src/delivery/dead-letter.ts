/** Where payloads go that did not arrive: a queue, with what went wrong as the message's attributes. */

import * as sqs from "../generated/sqs.ts";
import { parseArn } from "../kernel/arn.ts";
import type { BodyContext } from "../kernel/context.ts";
import { AwsError } from "../kernel/errors.ts";
import type { Actor } from "./deliver.ts";

export interface DeadLetter {
  /** The ARN of a queue. */
  readonly queue: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  /** Dead letters are sent as the service itself. */
  readonly actor: Pick<Actor, "principal" | "sourceArn">;
}

/** Whether the queue took it: who has no permission for the queue loses the payload, as in AWS. */
export async function sendDeadLetter(ctx: BodyContext, letter: DeadLetter): Promise<boolean> {
  const arn = parseArn(letter.queue);
  if (arn?.service !== "sqs") return false;
  const attributes = Object.entries(letter.attributes).filter(([, value = ""]) => value !== "");
  try {
    await ctx.call(
      sqs.SendMessage,
      {
        QueueUrl: `${ctx.kernel.endpoint("sqs", arn.region)}/${arn.account}/${arn.resource}`,
        MessageBody: letter.body,
        MessageAttributes: Object.fromEntries(
          attributes.map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
        ),
      },
      { as: "service", ...letter.actor, region: arn.region, account: arn.account },
    );
    return true;
  } catch (cause) {
    if (cause instanceof AwsError) return false;
    throw cause;
  }
}
