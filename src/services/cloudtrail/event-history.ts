/** The event history: the last 90 days of an account's management events in a region, which the kernel writes. */

import * as cloudtrail from "../../generated/cloudtrail.ts";
import { parseArn } from "../../kernel/arn.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { trailEvents, trailRetentionMilliseconds, type TrailRow } from "../../kernel/trail.ts";
import { invalidLookupAttributes, invalidNextToken, invalidTimeRange } from "./errors.ts";

const pageSizeDefault = 50;

/** How CloudFormation names what an ARN's service and first resource part name. */
const resourceTypes: Readonly<Record<string, string>> = {
  "iam:user": "AWS::IAM::User",
  "iam:role": "AWS::IAM::Role",
  "iam:group": "AWS::IAM::Group",
  "iam:policy": "AWS::IAM::Policy",
  "iam:instance-profile": "AWS::IAM::InstanceProfile",
  "iam:mfa": "AWS::IAM::MfaDevice",
  "sts:assumed-role": "AWS::STS::AssumedRole",
  "kms:key": "AWS::KMS::Key",
  "kms:alias": "AWS::KMS::Alias",
  "secretsmanager:secret": "AWS::SecretsManager::Secret",
  "ssm:parameter": "AWS::SSM::Parameter",
};

function resourceType(arn: string): string | undefined {
  const parsed = parseArn(arn);
  if (!parsed) return undefined;
  const kind = parsed.resource.split(/[:/]/, 1)[0] ?? "";
  return resourceTypes[`${parsed.service}:${kind}`] ?? (parsed.service === "sqs" ? "AWS::SQS::Queue" : undefined);
}

/** IAM's resources are listed by name, others by ARN, as the services themselves report them. */
function resourceName(arn: string): string {
  return parseArn(arn)?.service === "iam" ? arn.slice(arn.lastIndexOf("/") + 1) : arn;
}

function names(arn: string): string[] {
  return [arn, arn.slice(arn.lastIndexOf("/") + 1), arn.slice(arn.lastIndexOf(":") + 1)];
}

type Matcher = (row: TrailRow, value: string) => boolean;

/** @evidence CloudTrail API Reference, LookupAttribute */
const matchers: Readonly<Record<cloudtrail.LookupAttributeKey, Matcher>> = {
  EventId: (row, value) => row.eventId === value,
  EventName: (row, value) => row.eventName === value,
  ReadOnly: (row, value) => String(row.readOnly) === value,
  Username: (row, value) => row.username === value,
  ResourceType: (row, value) => row.resources.some((arn) => resourceType(arn) === value),
  ResourceName: (row, value) => row.resources.some((arn) => names(arn).includes(value)),
  EventSource: (row, value) => row.eventSource === value,
  AccessKeyId: (row, value) => row.accessKeyId === value,
};

function answer(row: TrailRow): cloudtrail.Event {
  return {
    EventId: row.eventId,
    EventName: row.eventName,
    ReadOnly: String(row.readOnly),
    AccessKeyId: row.accessKeyId,
    EventTime: Math.floor(row.at / 1000) * 1000,
    EventSource: row.eventSource,
    Username: row.username,
    Resources: row.resources.map((arn) => ({ ResourceType: resourceType(arn), ResourceName: resourceName(arn) })),
    CloudTrailEvent: row.record,
  };
}

/**
 * Newest first. One attribute at most narrows the search; without times it covers all that is kept.
 *
 * @evidence CloudTrail API Reference, LookupEvents
 */
export const LookupEvents = operation(cloudtrail.LookupEvents, {
  run(input, ctx) {
    const attributes = input.LookupAttributes ?? [];
    if (attributes.length > 1) throw invalidLookupAttributes("You can only specify one lookup attribute in a request.");
    const oldest = ctx.clock.now() - trailRetentionMilliseconds;
    const start = Math.max(input.StartTime ?? oldest, oldest);
    if (input.StartTime !== undefined && input.EndTime !== undefined && input.EndTime < input.StartTime) {
      throw invalidTimeRange();
    }
    const end = input.EndTime === undefined ? undefined : input.EndTime + 1;
    const [attribute] = attributes;
    const { items, next } = page({
      rows: ctx.db(trailEvents),
      range: { from: [start], reverse: true, ...(end !== undefined && { before: [end] }) },
      key: (row) => [row.at, ...row.order],
      keep: (row) => !attribute || matchers[attribute.AttributeKey](row, attribute.AttributeValue),
      limit: input.MaxResults ?? pageSizeDefault,
      token: input.NextToken,
      scope: `cloudtrail:LookupEvents ${JSON.stringify([attribute, input.StartTime, input.EndTime])}`,
      invalid: invalidNextToken,
    });
    return { Events: input.EventCategory === "insight" ? [] : items.map(answer), NextToken: next };
  },
});
