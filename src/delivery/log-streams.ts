/** Delivery streams of Firehose that services' logs go to. */

import * as firehose from "../generated/firehose.ts";
import * as iam from "../generated/iam.ts";
import { parseArn } from "../kernel/arn.ts";
import type { BodyContext } from "../kernel/context.ts";
import { AwsError } from "../kernel/errors.ts";

/**
 * Lets the delivery of logs write to a stream, as whoever asks for it; which takes permissions.
 *
 * @evidence CloudWatch Logs User Guide, "Logs sent to Firehose": `iam:CreateServiceLinkedRole` and
 *   `firehose:TagDeliveryStream`; the stream is tagged `LogDeliveryEnabled`
 * @throws AwsError
 */
export async function openLogStream(ctx: BodyContext, streamArn: string): Promise<void> {
  try {
    await ctx.call(iam.CreateServiceLinkedRole, { AWSServiceName: "delivery.logs.amazonaws.com" });
  } catch (cause) {
    // The account has the role already.
    if (!(cause instanceof AwsError) || !cause.code.startsWith("InvalidInput")) throw cause;
  }
  const { resource = "", region = ctx.region } = parseArn(streamArn) ?? {};
  const Tags = [{ Key: "LogDeliveryEnabled", Value: "true" }];
  const DeliveryStreamName = resource.replace(/^deliverystream\//, "");
  await ctx.call(firehose.TagDeliveryStream, { DeliveryStreamName, Tags }, { region });
}
