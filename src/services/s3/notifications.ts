/** Who hears of what happens to a bucket's objects. */

import * as s3 from "../../generated/s3.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError, notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { onBucket } from "./access.ts";
import { changeBucket, requireBucket } from "./bucket-table.ts";
import { invalidArgument } from "./errors.ts";
import { testEvent } from "./event-records.ts";
import { keyFilter, send, type KeyFilter } from "./notification-delivery.ts";

export const GetBucketNotificationConfiguration = operation(s3.GetBucketNotificationConfiguration, {
  ...onBucket,
  run(input, ctx) {
    return requireBucket(ctx, input.Bucket).notifications ?? {};
  },
});

/**
 * Every destination is sent a test event, and one that cannot take it makes the whole configuration fail.
 *
 * @evidence S3 API Reference, PutBucketNotificationConfiguration
 */
export const PutBucketNotificationConfiguration = operation(s3.PutBucketNotificationConfiguration, {
  ...onBucket,
  async body(input, ctx) {
    const given = input.NotificationConfiguration;
    requireBuilt(given);
    const QueueConfigurations = (given.QueueConfigurations ?? []).map((each) => ({
      ...each,
      Id: each.Id ?? ctx.ids.uuid(),
    }));
    for (const { QueueArn, Events, Filter } of QueueConfigurations) {
      requireDestination(ctx, QueueArn);
      requireEvents(Events);
      requireFilter(Filter);
    }
    requireDistinct(QueueConfigurations);
    if (!input.SkipDestinationValidation) await tryDestinations(ctx, input.Bucket, QueueConfigurations);
    const notifications = QueueConfigurations.length === 0 ? undefined : { QueueConfigurations };
    ctx.transaction((within) => changeBucket(within, input.Bucket, { notifications }));
    return {};
  },
});

/** A configuration that nothing would come of is refused. */
function requireBuilt(given: s3.NotificationConfiguration): void {
  if (given.TopicConfigurations?.length) throw notImplemented("A notification of an SNS topic");
  if (given.LambdaFunctionConfigurations?.length) throw notImplemented("A notification of a Lambda function");
  if (given.EventBridgeConfiguration) throw notImplemented("A notification of EventBridge");
}

/** @evidence recorded: queues of another region, and texts that are no ARNs */
function requireDestination(ctx: BodyContext, arn: string): void {
  const parsed = parseArn(arn);
  if (parsed?.service !== "sqs" || parsed.account === "" || parsed.resource === "") {
    throw invalidArgument("The ARN is not well formed", "Queue", arn);
  }
  if (parsed.region !== ctx.region) {
    throw invalidArgument(
      "The notification destination service region is not valid for the bucket location constraint",
      "Queue",
      arn,
    );
  }
}

/** @evidence S3 API Reference, Event */
const events: ReadonlySet<string> = new Set<s3.Event>([
  "s3:ReducedRedundancyLostObject", "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post",
  "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*",
  "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*",
  "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete", "s3:Replication:*",
  "s3:Replication:OperationFailedReplication", "s3:Replication:OperationNotTracked",
  "s3:Replication:OperationMissedThreshold", "s3:Replication:OperationReplicatedAfterThreshold",
  "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:ObjectAcl:Put", "s3:LifecycleExpiration:*",
  "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated", "s3:ObjectTagging:*",
  "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete",
]);

function requireEvents(given: readonly string[]): void {
  const unknown = given.find((event) => !events.has(event));
  if (unknown === undefined && given.length > 0) return;
  throw invalidArgument("A specified event is not supported for notifications", "Event", unknown ?? "");
}

const filterTextMax = 1024;

function requireFilter(filter: s3.NotificationConfigurationFilter | undefined): void {
  const seen = new Set<string>();
  for (const { Name = "", Value = "" } of filter?.Key?.FilterRules ?? []) {
    const name = Name.toLowerCase();
    if (name !== "prefix" && name !== "suffix") {
      throw invalidArgument("filter rule name must be either prefix or suffix", "FilterRule.Name", Name);
    }
    if (seen.has(name)) {
      const message = `Cannot specify more than one ${name} rule in a filter.`;
      throw invalidArgument(message, "FilterRule.Name", name);
    }
    if (Value.length > filterTextMax) {
      throw invalidArgument("Size of filter rule value cannot exceed 1024 bytes in UTF-8", "Value", Value);
    }
    seen.add(name);
  }
}

/**
 * Two configurations must not both be meant by one event.
 *
 * @evidence S3 User Guide, "Examples of notification configurations with invalid prefix and suffix
 *   overlapping"
 */
function requireDistinct(configurations: readonly s3.QueueConfiguration[]): void {
  for (const [index, one] of configurations.entries()) {
    for (const other of configurations.slice(index + 1)) {
      const isShared = one.Events.some((event) => other.Events.some((each) => overlap(event, each)));
      if (!isShared || !filtersOverlap(keyFilter(one.Filter), keyFilter(other.Filter))) continue;
      throw invalidArgument(
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the " +
          "prefixes are overlapping for the same event type.",
        "FilterRule",
        one.Id ?? "",
      );
    }
  }
}

function overlap(event: string, other: string): boolean {
  const [one, two] = [event.replace(/\*$/, ""), other.replace(/\*$/, "")];
  if (one === two) return true;
  return (event.endsWith("*") && two.startsWith(one)) || (other.endsWith("*") && one.startsWith(two));
}

function filtersOverlap(one: KeyFilter, other: KeyFilter): boolean {
  const prefixes = one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix);
  return prefixes && (one.suffix.endsWith(other.suffix) || other.suffix.endsWith(one.suffix));
}

async function tryDestinations(
  ctx: BodyContext,
  bucket: string,
  configurations: readonly s3.QueueConfiguration[],
): Promise<void> {
  const message = JSON.stringify(testEvent(ctx, bucket));
  const refused: string[] = [];
  for (const { QueueArn: destination } of configurations) {
    try {
      await send(ctx, { bucket, destination, message });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      refused.push(destination);
    }
  }
  if (refused.length === 0) return;
  throw invalidArgument(
    "Unable to validate the following destination configurations",
    refused[0] ?? "",
    "Permissions on the destination queue do not allow S3 to publish notifications from this bucket",
  );
}
