/** The messages that S3 sends of events. @evidence S3 User Guide, "Event message structure" */

import type { Context, ReadContext } from "../../../kernel/context.ts";
import { bucketArn, type Bucket } from "../buckets/table.ts";
import type { ObjectEvent } from "./object-events.ts";
import { canonicalId } from "../access/owners.ts";

/** Minor versions add events: 2.2 replication, 2.3 lifecycle, tiering, tags and access control lists. */
function versionOf({ name }: ObjectEvent): string {
  if (/^(?:ObjectCreated|ObjectRemoved|ObjectRestore:(?:Post|Completed))/.test(name)) return "2.1";
  return name.startsWith("Replication") ? "2.2" : "2.3";
}

export function eventRecord(
  ctx: Context,
  bucket: Bucket,
  configurationId: string,
  event: ObjectEvent,
): object {
  const { name, key, versionId, version, more } = event;
  const isOwn = name.startsWith("Replication:");
  return {
    eventVersion: versionOf(event),
    eventSource: "aws:s3",
    awsRegion: ctx.region,
    eventTime: new Date(ctx.clock.now()).toISOString(),
    eventName: name,
    userIdentity: { principalId: principalOf(ctx, isOwn) },
    requestParameters: { sourceIPAddress: isOwn ? ownName : ctx.origin.sourceIp },
    responseElements: {
      "x-amz-request-id": ctx.requestId,
      "x-amz-id-2": Buffer.from(ctx.requestId.repeat(2)).toString("base64"),
    },
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
        ...(version && !version.isDeleteMarker && { size: version.sizeBytes, eTag: version.etag }),
        ...(versionId !== undefined && { versionId }),
        sequencer: ctx.ids.sequence().toString(16).toUpperCase().padStart(18, "0"),
      },
    },
    ...more,
  };
}

const ownName = "s3.amazonaws.com";

/** What S3 does by itself, such as expiring objects, it does in its own name. */
function principalOf({ caller }: Context, isOwn: boolean): string {
  if (isOwn) return ownName;
  return caller.type === "AWSService" ? caller.arn : `AWS:${caller.principalId || "ANONYMOUS_PRINCIPAL"}`;
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
    HostId: Buffer.from(ctx.requestId.repeat(2)).toString("base64"),
  };
}
