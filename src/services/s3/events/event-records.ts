/** The messages that S3 sends of events. @evidence S3 User Guide, "Event message structure" */

import { s3HostId } from "../../../kernel/front.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { bucketArn, type Bucket } from "../buckets/table.ts";
import { requestIdHeaders } from "../request-ids.ts";
import { kindOf, objectFacts, type ObjectEvent } from "./object-events.ts";
import { canonicalId } from "../access/owners.ts";

/**
 * Of all events alike. Until 2026 they had 2.1 to 2.3, by their kind.
 *
 * @evidence S3 User Guide, "Event message structure": one version for all since 2.4; recorded in July 2026
 */
const eventVersion = "2.5";

export function eventRecord(
  ctx: Context,
  bucket: Bucket,
  configurationId: string,
  event: ObjectEvent,
): object {
  const { key, versionId, more } = event;
  const { sizeBytes, etag } = objectFacts(event);
  return {
    eventVersion,
    eventSource: "aws:s3",
    awsRegion: ctx.region,
    eventTime: new Date(ctx.clock.now()).toISOString(),
    eventName: event.name,
    userIdentity: { principalId: principalOf(ctx, event) },
    requestParameters: { sourceIPAddress: ownName(ctx, event) ?? ctx.origin.sourceIp },
    responseElements: requestIdHeaders(ctx.requestId),
    s3: {
      s3SchemaVersion: "1.0",
      configurationId,
      bucket: {
        name: bucket.name,
        ownerIdentity: { principalId: canonicalId(ctx.account) },
        arn: bucketArn(bucket.name),
      },
      object: {
        key: encodedKey(key),
        ...(sizeBytes !== undefined && { size: sizeBytes }),
        ...(etag !== undefined && { eTag: etag }),
        ...(versionId !== undefined && { versionId }),
        ...(ordered.has(kindOf(event)) && { sequencer: nextSequencer(ctx).toUpperCase().padStart(18, "0") }),
      },
    },
    ...more,
  };
}

/** Rises with each event. */
export function nextSequencer(ctx: Context): string {
  return ctx.ids.sequence().toString(16).padStart(16, "0");
}

/**
 * Those of lists of access and tags have no sequencer, which is for what is written and deleted.
 *
 * @evidence recorded: events of lists, tags, writing, deleting and restoring; S3 User Guide, "Receiving
 *   replication failure events"; none is known of transitions and tiers
 */
const ordered: ReadonlySet<string> = new Set([
  "ObjectCreated", "ObjectRemoved", "LifecycleExpiration", "ObjectRestore", "Replication",
]);

/** Of what S3 does by itself, such as expiring objects. */
function ownName({ caller }: Context, event: ObjectEvent): string | undefined {
  if (kindOf(event) === "Replication") return "s3.amazonaws.com";
  return caller.type === "AWSService" ? caller.arn : undefined;
}

/** @evidence recorded: the end of a restoration has the bucket's owner */
function principalOf(ctx: Context, event: ObjectEvent): string {
  if (event.name === "ObjectRestore:Completed") return `AmazonCustomer:${canonicalId(ctx.account)}`;
  return ownName(ctx, event) ?? `AWS:${ctx.caller.principalId || "ANONYMOUS_PRINCIPAL"}`;
}

/** As in a form: slashes stay, spaces are plus signs. */
function encodedKey(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+");
}

/** Sent when a configuration is put, so that a destination which cannot be reached is refused. */
export function testEvent(ctx: ReadContext, bucket: string): object {
  return {
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: new Date(ctx.clock.now()).toISOString(),
    Bucket: bucket,
    RequestId: ctx.requestId,
    HostId: s3HostId(ctx.requestId),
  };
}
