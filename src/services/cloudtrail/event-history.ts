/**
 * The event history: the last 90 days of an account's management events in a region, which the kernel writes.
 */

import * as cloudtrail from "../../generated/cloudtrail.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../kernel/page.ts";
import {
  eventsBackwards,
  trailRetentionMilliseconds,
  trailSegments,
  type TrailEvent,
  type TrailPlace,
  type TrailRecord,
} from "../../kernel/trail.ts";
import { resourceType } from "../../kernel/trail-resources.ts";
import { invalidLookupAttributes, invalidNextToken, invalidTimeRange } from "./errors.ts";
import { lookUpInsights } from "./insight-lookups.ts";

const pageSizeDefault = 50;

/** IAM's resources and S3's are listed by name, others by ARN, as the services themselves report them. */
function resourceName(arn: string): string {
  const parsed = parseArn(arn);
  if (parsed?.service === "s3") return parsed.resource;
  return parsed?.service === "iam" ? arn.slice(arn.lastIndexOf("/") + 1) : arn;
}

/** What a resource may be looked up by: names may have slashes, and secrets' ARNs six letters more. */
function names(arn: string): string[] {
  const { service, resource = "" } = parseArn(arn) ?? {};
  const name = resource.slice(resource.search(/[:/]/) + 1);
  const ends = ["/", ":"].map((separator) => arn.slice(arn.lastIndexOf(separator) + 1));
  return [
    arn, resource, name, ...ends, ...(service === "ssm" ? [`/${name}`] : []),
    ...(service === "secretsmanager" ? [name.replace(/-\w{6}$/, "")] : []),
  ];
}

/** Who did it: a user by its name, a session by the name it was given, root as `root`. */
function username({ userIdentity }: TrailRecord): string {
  const { type, userName, arn, invokedBy } = userIdentity;
  if (type === "Root") return "root";
  return userName ?? arn?.slice(arn.lastIndexOf("/") + 1) ?? invokedBy ?? "";
}

function arns(record: TrailRecord): string[] {
  return (record.resources ?? []).map(({ ARN }) => ARN);
}

type Matcher = (record: TrailRecord, value: string) => boolean;

/** @evidence CloudTrail API Reference, LookupAttribute */
const matchers: Readonly<Record<cloudtrail.LookupAttributeKey, Matcher>> = {
  EventId: (record, value) => record.eventID === value,
  EventName: (record, value) => record.eventName === value,
  ReadOnly: (record, value) => String(record.readOnly) === value,
  Username: (record, value) => username(record) === value,
  ResourceType: (record, value) => arns(record).some((arn) => resourceType(arn) === value),
  ResourceName: (record, value) => arns(record).some((arn) => names(arn).includes(value)),
  EventSource: (record, value) => record.eventSource === value,
  AccessKeyId: (record, value) => record.userIdentity.accessKeyId === value,
};

/** What stands in a record's text as it is asked for: records without it need not be read. */
const verbatim: ReadonlySet<cloudtrail.LookupAttributeKey> = new Set([
  "EventId", "EventName", "EventSource", "AccessKeyId",
]);

function textOf({ AttributeKey, AttributeValue }: cloudtrail.LookupAttribute): string {
  return verbatim.has(AttributeKey) ? JSON.stringify(AttributeValue) : "";
}

function answer({ at, record, text }: TrailEvent): cloudtrail.Event {
  return {
    EventId: record.eventID,
    EventName: record.eventName,
    ReadOnly: String(record.readOnly),
    AccessKeyId: record.userIdentity.accessKeyId,
    EventTime: at,
    EventSource: record.eventSource,
    Username: username(record),
    Resources: arns(record).map((arn) => ({
      ResourceType: resourceType(arn),
      ResourceName: resourceName(arn),
    })),
    CloudTrailEvent: text,
  };
}

/** Tokens are not secret, so what is in one may be anything. */
function isPlace(state: unknown): state is TrailPlace {
  return Array.isArray(state) && state.length === 4 && state.every((part) => Number.isSafeInteger(part));
}

/**
 * Newest first. One attribute at most narrows the search; without times it covers all that is kept.
 *
 * @evidence CloudTrail API Reference, LookupEvents
 */
export const LookupEvents = operation(cloudtrail.LookupEvents, {
  async body(input, ctx) {
    await ctx.kernel.trailWritten();
    return ctx.reading(() => lookUp(input, ctx));
  },
});

function lookUp(input: cloudtrail.LookupEventsRequest, ctx: ReadContext): cloudtrail.LookupEventsResponse {
  const attributes = input.LookupAttributes ?? [];
  if (attributes.length > 1)
    throw invalidLookupAttributes("You can only specify one lookup attribute in a request.");
  if (input.StartTime !== undefined && input.EndTime !== undefined && input.EndTime < input.StartTime) {
    throw invalidTimeRange();
  }
  if (input.EventCategory === "insight") return lookUpInsights(ctx, input);
  const oldest = ctx.clock.now() - trailRetentionMilliseconds;
  const start = Math.max(input.StartTime ?? oldest, oldest);
  const [attribute] = attributes;
  const scope = `cloudtrail:LookupEvents ${JSON.stringify([attribute, input.StartTime, input.EndTime])}`;
  const from = input.NextToken === undefined ? undefined : openPageToken(scope, input.NextToken);
  if (input.NextToken !== undefined && !isPlace(from)) throw invalidNextToken();

  const limit = input.MaxResults ?? pageSizeDefault;
  const Events: cloudtrail.Event[] = [];
  let last: TrailPlace | undefined;
  const history = eventsBackwards(
    ctx.db(trailSegments),
    start,
    input.EndTime,
    from as TrailPlace | undefined,
    attribute && textOf(attribute),
  );
  for (const { event, place } of history) {
    if (attribute && !matchers[attribute.AttributeKey](event.record, attribute.AttributeValue)) continue;
    if (Events.length === limit) return { Events, NextToken: pageToken(scope, last) };
    Events.push(answer(event));
    last = place;
  }
  return { Events };
}
