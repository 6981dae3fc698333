/** Which configurations an event matches, and its way to their destinations. */

import * as lambda from "../../../generated/lambda.ts";
import type * as s3 from "../../../generated/s3.ts";
import * as sns from "../../../generated/sns.ts";
import * as sqs from "../../../generated/sqs.ts";
import { asynchronousJob } from "../../../jobs/job.ts";
import { parseArn } from "../../../kernel/arn.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { bucketArn, type Bucket } from "../buckets/table.ts";
import { busEvent } from "./bus-events.ts";
import { eventRecord } from "./event-records.ts";
import type { ObjectEvent } from "./object-events.ts";

interface Delivery {
  readonly bucket: string;
  readonly destination: string;
  /** JSON text. */
  readonly message: string;
  /** Of the request that caused it. */
  readonly traceHeader?: string | undefined;
}

/** One configuration, whatever it is for. */
export interface Destination {
  /** As errors name it. */
  readonly kind: "Queue" | "Topic" | "CloudFunction";
  readonly id: string;
  readonly arn: string;
  readonly events: readonly string[];
  readonly filter: s3.NotificationConfigurationFilter | undefined;
}

export function destinationsOf(given: s3.NotificationConfiguration): Destination[] {
  const { TopicConfigurations = [], QueueConfigurations = [], LambdaFunctionConfigurations = [] } = given;
  const common = ({ Id = "", Events, Filter }: Omit<s3.QueueConfiguration, "QueueArn">) =>
    ({ id: Id, events: Events, filter: Filter });
  return [
    ...TopicConfigurations.map((each) => ({ kind: "Topic" as const, arn: each.TopicArn, ...common(each) })),
    ...QueueConfigurations.map((each) => ({ kind: "Queue" as const, arn: each.QueueArn, ...common(each) })),
    ...LambdaFunctionConfigurations.map((each) => (
      { kind: "CloudFunction" as const, arn: each.LambdaFunctionArn, ...common(each) }
    )),
  ];
}

/**
 * What a destination no longer accepts is lost, as in AWS; what failed otherwise is tried again.
 *
 * @evidence S3 User Guide, "Amazon S3 Event Notifications": at least once; destinations' permissions are the
 *   owner's to keep
 */
export const deliver = asynchronousJob<Delivery>("s3.deliver", async (delivery, ctx) => {
  try {
    await send(ctx, delivery);
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
  }
});

/**
 * A trial sends queues and topics the test message; functions are only asked whether they would be invoked.
 *
 * @throws AwsError what the destination says
 */
export async function send(
  ctx: BodyContext,
  { bucket, destination, message, traceHeader }: Delivery,
  purpose: "trial" | "event" = "event",
): Promise<void> {
  const { service, account = "", region = "", resource = "" } = parseArn(destination) ?? {};
  const sourceArn = bucketArn(bucket);
  const options = { as: "service", sourceArn, region, account: ctx.account, traceHeader } as const;
  if (service === "sns") {
    const input = { TopicArn: destination, Subject: "Amazon S3 Notification", Message: message };
    await ctx.call(sns.Publish, input, options);
  } else if (service === "lambda") {
    const InvocationType = purpose === "trial" ? "DryRun" : "Event";
    const input = { FunctionName: destination, InvocationType, Payload: Buffer.from(message) } as const;
    await ctx.call(lambda.Invoke, input, options);
  } else {
    await ctx.call(sqs.SendMessage, { QueueUrl: `/${account}/${resource}`, MessageBody: message }, options);
  }
}

export function notify(
  ctx: Context,
  bucket: Bucket,
  configuration: s3.NotificationConfiguration,
  event: ObjectEvent,
): void {
  for (const { id, arn, events, filter } of destinationsOf(configuration)) {
    if (!events.some((pattern) => covers(pattern, event.name)) || !passes(filter, event.key)) continue;
    const message = JSON.stringify({ Records: [eventRecord(ctx, bucket, id, event)] });
    const { traceHeader } = ctx.origin;
    ctx.schedule(deliver, {
      at: ctx.clock.now(),
      input: { bucket: bucket.name, destination: arn, message, ...(traceHeader && { traceHeader }) },
    });
  }
  const told = configuration.EventBridgeConfiguration && busEvent(ctx, bucket, event);
  if (told) ctx.emit(told);
}

/** `s3:ObjectCreated:*` stands for every way in which objects come. */
export function covers(pattern: string, name: string): boolean {
  const wanted = pattern.slice("s3:".length);
  return wanted.endsWith("*") ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
}

function passes(filter: s3.NotificationConfigurationFilter | undefined, key: string): boolean {
  const { prefix, suffix } = keyFilter(filter);
  return key.startsWith(prefix) && key.endsWith(suffix);
}

export interface KeyFilter {
  readonly prefix: string;
  readonly suffix: string;
}

export function keyFilter(filter: s3.NotificationConfigurationFilter | undefined): KeyFilter {
  const rules = filter?.Key?.FilterRules ?? [];
  const valueOf = (name: string): string =>
    rules.find((rule) => rule.Name?.toLowerCase() === name)?.Value ?? "";
  return { prefix: valueOf("prefix"), suffix: valueOf("suffix") };
}
