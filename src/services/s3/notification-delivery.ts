/** Which configurations an event matches, and its way to their destinations. */

import type * as s3 from "../../generated/s3.ts";
import * as sqs from "../../generated/sqs.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { bucketArn, type Bucket } from "./bucket-table.ts";
import { eventRecord } from "./event-records.ts";
import type { ObjectEvent } from "./object-events.ts";

interface Delivery {
  readonly bucket: string;
  readonly destination: string;
  /** JSON text. */
  readonly message: string;
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

/** @throws AwsError what the destination says */
export async function send(ctx: BodyContext, { bucket, destination, message }: Delivery): Promise<void> {
  const { account = "", region = "", resource = "" } = parseArn(destination) ?? {};
  await ctx.call(
    sqs.SendMessage,
    { QueueUrl: `/${account}/${resource}`, MessageBody: message },
    { as: "service", sourceArn: bucketArn(bucket), region, account: ctx.account },
  );
}

export function notify(
  ctx: Context,
  bucket: Bucket,
  { QueueConfigurations = [] }: s3.NotificationConfiguration,
  event: ObjectEvent,
): void {
  for (const { Id = "", QueueArn, Events, Filter } of QueueConfigurations) {
    if (!Events.some((pattern) => covers(pattern, event.name)) || !passes(Filter, event.key)) continue;
    const message = JSON.stringify({ Records: [eventRecord(ctx, bucket, Id, event)] });
    ctx.schedule(deliver, {
      at: ctx.clock.now(),
      input: { bucket: bucket.name, destination: QueueArn, message },
    });
  }
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
