/** Whether destinations of notifications take what a bucket would send them. */

import * as sns from "../../../generated/sns.ts";
import * as sqs from "../../../generated/sqs.ts";
import { parseArn } from "../../../kernel/arn.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { destinationsRefused, type Refused } from "../errors.ts";
import { send, type Destination } from "./delivery.ts";
import { testEvent } from "./event-records.ts";

/** @evidence recorded: all that refuse are told, and numbered */
export async function tryDestinations(
  ctx: BodyContext,
  bucket: string,
  destinations: readonly Destination[],
): Promise<void> {
  const message = JSON.stringify(testEvent(ctx, bucket));
  const refused: Refused[] = [];
  for (const destination of destinations) {
    try {
      await send(ctx, { bucket, destination: destination.arn, message }, "trial");
    } catch (error) {
      // What this region cannot do is said as it is.
      if (!(error instanceof AwsError) || error.code === "NotImplemented") throw error;
      refused.push(await refusal(ctx, destination));
    }
  }
  if (refused.length > 0) throw destinationsRefused(refused);
}

/** @evidence recorded: functions, missing queues; public issues: permissions of queues and topics */
async function refusal(ctx: BodyContext, { kind, arn }: Destination): Promise<Refused> {
  if (kind === "CloudFunction") {
    return { name: `${arn}, null`, reason: `Not authorized to invoke function [${arn}]` };
  }
  const what = kind.toLowerCase();
  const reason = (await isMissing(ctx, kind, arn))
    ? `The destination ${what} does not exist`
    : `Permissions on the destination ${what} do not allow S3 to publish notifications from this bucket`;
  return { name: arn, reason };
}

/** Only as far as the caller may know: a service's principal is refused before it is told what is there. */
async function isMissing(ctx: BodyContext, kind: "Queue" | "Topic", arn: string): Promise<boolean> {
  const { account = "", region = "", resource = "" } = parseArn(arn) ?? {};
  try {
    const queue = { QueueName: resource, QueueOwnerAWSAccountId: account };
    if (kind === "Queue") await ctx.call(sqs.GetQueueUrl, queue, { region });
    else await ctx.call(sns.GetTopicAttributes, { TopicArn: arn }, { region });
    return false;
  } catch (error) {
    return error instanceof AwsError && missing.has(error.code);
  }
}

const missing: ReadonlySet<string> = new Set([sqs.QueueDoesNotExist.code, sns.NotFoundException.code]);
