/** What a schedule could not deliver, in its dead-letter queue, sent under its role. */

import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { counted, lostDeadLetters, sentToDeadLetters } from "./metrics.ts";
import { timeText, type Invocation } from "./runs.ts";
import { scheduleArn } from "./schedule-rows.ts";

export interface DeadLetter {
  readonly invocation: Invocation;
  readonly error: AwsError;
  /** Which limit of the retry policy was reached. */
  readonly exhausted: string | undefined;
  readonly text: string;
}

/** @evidence Scheduler User Guide, "Retrieve the dead-letter event" */
function attributes(ctx: BodyContext, { invocation, error, exhausted }: DeadLetter): Record<string, string> {
  const { executionId, attempts, at, target } = invocation;
  return {
    ERROR_CODE: error.code,
    ERROR_MESSAGE: error.message || error.code,
    EXECUTION_ID: executionId,
    ...(exhausted !== undefined && { EXHAUSTED_RETRY_CONDITION: exhausted }),
    IS_PAYLOAD_TRUNCATED: "false",
    RETRY_ATTEMPTS: String(attempts),
    SCHEDULED_TIME: timeText(at),
    SCHEDULE_ARN: scheduleArn(ctx, invocation),
    TARGET_ARN: target.Arn,
  };
}

/** A queue that does not take it loses it, as nobody is left to tell. */
export async function sendDeadLetter(ctx: BodyContext, letter: DeadLetter, role: CallOptions): Promise<void> {
  const queue = parseArn(letter.invocation.target.DeadLetterConfig?.Arn ?? "");
  if (!queue) return;
  const values = Object.entries(attributes(ctx, letter));
  try {
    await ctx.call(sqs.SendMessage, {
      QueueUrl: `${ctx.kernel.endpoint("sqs", queue.region)}/${queue.account}/${queue.resource}`,
      MessageBody: letter.text === "" ? "{}" : letter.text,
      MessageAttributes: Object.fromEntries(
        values.map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
      ),
    }, { ...role, region: queue.region });
    counted(ctx, sentToDeadLetters, letter.invocation.group);
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    counted(ctx, lostDeadLetters, letter.invocation.group);
  }
}
