/** Who hears of what happens to a bucket's objects. */

import * as s3 from "../../../generated/s3.ts";
import { parseArn } from "../../../kernel/arn.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { changeBucket, requireBucket } from "../buckets/table.ts";
import { invalidArgument } from "../errors.ts";
import { destinationsOf, keyFilter, type Destination, type KeyFilter } from "./delivery.ts";
import { tryDestinations } from "./trials.ts";

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
    for (const destination of destinationsOf(given)) {
      requireDestination(ctx, destination);
      requireEvents(destination.events);
      requireFilter(destination.filter);
    }
    const named = asKept(given, () => ctx.ids.uuid());
    const destinations = destinationsOf(named);
    requireDistinct(destinations);
    if (!input.SkipDestinationValidation) await tryDestinations(ctx, input.Bucket, destinations);
    const notifications = Object.keys(named).length === 0 ? undefined : named;
    ctx.transaction((within) => changeBucket(within, input.Bucket, { notifications }));
    return {};
  },
});

type Common = Pick<s3.QueueConfiguration, "Id" | "Filter">;

/** What is empty is left out. */
function asKept(given: s3.NotificationConfiguration, newId: () => string): s3.NotificationConfiguration {
  const named = <T extends Common>(list: readonly T[] = []): T[] | undefined => {
    if (list.length === 0) return undefined;
    return list.map((each) => ({
      ...each, Id: each.Id ?? newId(), ...(each.Filter && { Filter: capitalized(each.Filter) }),
    }));
  };
  const TopicConfigurations = named(given.TopicConfigurations);
  const QueueConfigurations = named(given.QueueConfigurations);
  const LambdaFunctionConfigurations = named(given.LambdaFunctionConfigurations);
  const { EventBridgeConfiguration } = given;
  return {
    ...(TopicConfigurations && { TopicConfigurations }),
    ...(QueueConfigurations && { QueueConfigurations }),
    ...(LambdaFunctionConfigurations && { LambdaFunctionConfigurations }),
    ...(EventBridgeConfiguration && { EventBridgeConfiguration }),
  };
}

/** Names of rules are taken in any case, and shown in one. @evidence recorded: `PREFIX` and `suffix` */
function capitalized(filter: s3.NotificationConfigurationFilter): s3.NotificationConfigurationFilter {
  const FilterRules = filter.Key?.FilterRules?.map((rule) => {
    const name: string = rule.Name?.toLowerCase() === "prefix" ? "Prefix" : "Suffix";
    // The model knows them in small letters only.
    return { ...rule, Name: name as s3.FilterRuleName };
  });
  return FilterRules ? { ...filter, Key: { FilterRules } } : filter;
}

/** @evidence recorded: queues of another region, and texts that are no ARNs */
function requireDestination(ctx: BodyContext, { kind, arn }: Destination): void {
  const parsed = parseArn(arn);
  if (!parsed) throw invalidArgument("The ARN could not be parsed", kind, arn);
  if (parsed.service !== serviceOf[kind] || parsed.account === "" || parsed.resource === "") {
    throw invalidArgument("The ARN is not well formed", kind, arn);
  }
  if (parsed.region !== ctx.region) {
    throw invalidArgument(
      "The notification destination service region is not valid for the bucket location constraint",
      kind,
      arn,
    );
  }
}

const serviceOf = { Queue: "sqs", Topic: "sns", CloudFunction: "lambda" } as const;

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
function requireDistinct(destinations: readonly Destination[]): void {
  for (const [index, one] of destinations.entries()) {
    for (const other of destinations.slice(index + 1)) {
      const isShared = one.events.some((event) => other.events.some((each) => overlap(event, each)));
      if (!isShared || !filtersOverlap(keyFilter(one.filter), keyFilter(other.filter))) continue;
      throw invalidArgument(
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the " +
          "prefixes are overlapping for the same event type.",
        "FilterRule",
        one.id,
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
