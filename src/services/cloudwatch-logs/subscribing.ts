/** Subscription filters at work: those of the group, and those of the account. */

import type { Context } from "../../kernel/context.ts";
import { accountPolicies } from "./account-policy-table.ts";
import { selects } from "./account-selection.ts";
import { subscriptionFiltersOf, type SubscriptionFilter } from "./filter-tables.ts";
import type { LogGroup } from "./group-table.ts";
import { patternOf } from "./known-patterns.ts";
import { placeText } from "./places.ts";
import { readCriteria, systemFieldsOf } from "./selection-criteria.ts";
import { dataMessage, sendLater, type SentEvent } from "./subscription-delivery.ts";
import type { WatchedEvent } from "./watched-events.ts";

type Subscription = Pick<
  SubscriptionFilter,
  "name" | "pattern" | "destinationArn" | "roleArn" | "distribution"
> & {
  readonly applyOnTransformedLogs?: boolean;
  readonly fieldSelectionCriteria?: string;
  readonly isOfAccount?: true;
};

/** A record is well below what Kinesis and Lambda take, also where it does not compress. */
const recordBytesMax = 600_000;

interface AccountSubscription {
  readonly DestinationArn: string;
  readonly RoleArn?: string;
  readonly FilterPattern?: string;
  readonly Distribution?: SubscriptionFilter["distribution"];
}

function ofAccount(ctx: Context, group: LogGroup): Subscription[] {
  const policies = [...ctx.db(accountPolicies).list({ prefix: ["SUBSCRIPTION_FILTER_POLICY"] })];
  return policies.filter((policy) => selects(policy, group.name)).map(({ name, document }) => {
    const {
      DestinationArn, RoleArn, FilterPattern, Distribution,
    } = JSON.parse(document) as AccountSubscription;
    return {
      name,
      isOfAccount: true,
      pattern: FilterPattern ?? "",
      destinationArn: DestinationArn,
      ...(RoleArn !== undefined && { roleArn: RoleArn }),
      distribution: Distribution ?? "ByLogStream",
    };
  });
}

function matching(ctx: Context, subscription: Subscription, events: readonly WatchedEvent[]): SentEvent[] {
  const pattern = patternOf(ctx, subscription.pattern);
  return events.flatMap((original) => {
    const event = subscription.applyOnTransformedLogs ? original.transformed() : original;
    const { message, timestamp } = event;
    const match = pattern.match(message, pattern.kind === "json" ? event.json() : undefined);
    if (!match) return [];
    const extractedFields = pattern.kind === "fields" ? fieldsOf(match.values()) : undefined;
    return [{ id: placeText(event), timestamp, message, ...(extractedFields && { extractedFields }) }];
  });
}

/** @evidence CloudWatch Logs User Guide, subscription filters: fields are named without `$` */
function fieldsOf(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.slice(1), value]));
}

function* records(events: readonly SentEvent[]): Generator<SentEvent[]> {
  let record: SentEvent[] = [];
  let sizeBytes = 0;
  for (const event of events) {
    const bytes = Buffer.byteLength(event.message) + 200;
    if (record.length > 0 && sizeBytes + bytes > recordBytesMax) {
      yield record;
      record = [];
      sizeBytes = 0;
    }
    record.push(event);
    sizeBytes += bytes;
  }
  if (record.length > 0) yield record;
}

export function subscribe(
  ctx: Context, group: LogGroup, stream: string, events: () => readonly WatchedEvent[],
): void {
  const all: readonly Subscription[] = [...subscriptionFiltersOf(ctx, group.name), ...ofAccount(ctx, group)];
  for (const subscription of all) {
    if (!readCriteria(subscription.fieldSelectionCriteria)(systemFieldsOf(ctx))) continue;
    for (const record of records(matching(ctx, subscription, events()))) {
      sendLater(ctx, {
        destinationArn: subscription.destinationArn,
        roleArn: subscription.roleArn,
        group: group.name,
        events: record.length,
        ...(!subscription.isOfAccount && { filter: subscription.name }),
        data: dataMessage(ctx, group.name, { filter: subscription.name, stream, events: record }),
        // @evidence CloudWatch Logs API Reference, PutSubscriptionFilter, distribution
        partitionKey: subscription.distribution === "Random" ? ctx.ids.hex(32) : stream.slice(0, 256),
      });
    }
  }
}
