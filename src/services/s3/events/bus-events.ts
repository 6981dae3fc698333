/**
 * What happens to objects as EventBridge is told.
 *
 * @evidence S3 User Guide, "EventBridge event message structure" and "Using EventBridge"
 */

import type { Context, ServiceEvent } from "../../../kernel/context.ts";
import { bucketArn, type Bucket } from "../buckets/table.ts";
import { nextSequencer } from "./event-records.ts";
import { kindOf, objectFacts, type Creation, type ObjectEvent } from "./object-events.ts";

/** @evidence recorded in July 2026; S3 User Guide, "EventBridge event message structure" */
const eventVersion = "1.1";

const creations: Readonly<Record<Creation, string>> = {
  Put: "PutObject", Post: "POST Object", Copy: "CopyObject",
  CompleteMultipartUpload: "CompleteMultipartUpload",
};

interface Told {
  readonly type: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

const deletions = { Delete: "Permanently Deleted", DeleteMarkerCreated: "Delete Marker Created" } as const;

/** Of replication EventBridge is told nothing. */
function toldOf({ name, version }: ObjectEvent): Told | undefined {
  const [what = "", how = ""] = name.split(":");
  const storageClass = version?.storageClass ?? "STANDARD";
  const deletion = { "deletion-type": deletions[how as keyof typeof deletions] };
  switch (what) {
    case "ObjectCreated":
      return { type: "Object Created", more: { reason: creations[how as Creation] } };
    case "ObjectRemoved":
      return { type: "Object Deleted", more: { reason: "DeleteObject", ...deletion } };
    case "LifecycleExpiration":
      return { type: "Object Deleted", more: { reason: "Lifecycle Expiration", ...deletion } };
    case "ObjectRestore":
      return restoreOf(how, storageClass, version?.restore?.expiresAt);
    case "ObjectAcl":
      return { type: "Object ACL Updated" };
    case "ObjectTagging":
      return { type: how === "Put" ? "Object Tags Added" : "Object Tags Deleted" };
    case "LifecycleTransition":
      return { type: "Object Storage Class Changed", more: { "destination-storage-class": storageClass } };
    case "IntelligentTiering":
      return {
        type: "Object Access Tier Changed", more: { "destination-access-tier": version?.archiveTier },
      };
    default:
      return undefined;
  }
}

function restoreOf(how: string, storageClass: string, expiresAt: number | undefined): Told {
  const source = { "source-storage-class": storageClass };
  if (how === "Post") return { type: "Object Restore Initiated", more: source };
  if (how === "Delete") return { type: "Object Restore Expired" };
  const expiry = expiresAt !== undefined && { "restore-expiry-time": new Date(expiresAt).toISOString() };
  return { type: "Object Restore Completed", more: { ...source, ...expiry } };
}

/** Only what is written and deleted has a sequencer. @evidence recorded: lists and restorations have none */
const ordered: ReadonlySet<string> = new Set(["ObjectCreated", "ObjectRemoved", "LifecycleExpiration"]);

export function busEvent(ctx: Context, bucket: Bucket, event: ObjectEvent): ServiceEvent | undefined {
  const told = toldOf(event);
  if (!told) return undefined;
  const { key, versionId } = event;
  const { sizeBytes, etag } = objectFacts(event);
  const { caller } = ctx;
  return {
    source: "aws.s3",
    detailType: told.type,
    resources: [bucketArn(bucket.name)],
    detail: {
      version: "0",
      "event-version": eventVersion,
      bucket: { name: bucket.name },
      object: {
        key,
        ...(sizeBytes !== undefined && { size: sizeBytes }),
        ...(etag !== undefined && { etag }),
        ...(versionId !== undefined && { "version-id": versionId }),
        ...(ordered.has(kindOf(event)) && { sequencer: nextSequencer(ctx) }),
      },
      "request-id": ctx.requestId,
      requester: caller.type === "AWSService" ? caller.arn : caller.account,
      ...(caller.type !== "AWSService" && { "source-ip-address": ctx.origin.sourceIp }),
      ...told.more,
    },
  };
}
