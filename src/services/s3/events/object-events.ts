/**
 * What happens to objects, told to whoever is to hear of it: part of the transaction in which it happens, so
 * that nothing is told of what did not happen, and nothing that did goes untold.
 */

import type { Context } from "../../../kernel/context.ts";
import type { Bucket } from "../buckets/table.ts";
import { midnightAfter } from "../lifecycle/days.ts";
import { notify } from "./delivery.ts";
import type { ChangeKind, ObjectVersion } from "../objects/version.ts";
import { replicateLater } from "../replication/job.ts";
import { findVersion } from "../objects/version-table.ts";
import { expectSweep, planSweep } from "../lifecycle/sweep-plans.ts";
import { expectTiering } from "../lifecycle/tiering-rules.ts";

/** By which operation an object came: the last part of `s3:ObjectCreated:Put`. */
export type Creation = "Put" | "Post" | "Copy" | "CompleteMultipartUpload";

/** The name of an event, without `s3:`. */
export type EventName =
  | `ObjectCreated:${Creation}`
  | "ObjectRemoved:Delete"
  | "ObjectRemoved:DeleteMarkerCreated"
  | "ObjectRestore:Post"
  | "ObjectRestore:Completed"
  | "ObjectRestore:Delete"
  | "ObjectAcl:Put"
  | "ObjectTagging:Put"
  | "ObjectTagging:Delete"
  | "LifecycleExpiration:Delete"
  | "LifecycleExpiration:DeleteMarkerCreated"
  | "LifecycleTransition"
  | "IntelligentTiering"
  | "Replication:OperationFailedReplication"
  | "Replication:OperationMissedThreshold"
  | "Replication:OperationReplicatedAfterThreshold"
  | "Replication:OperationNotTracked";

export interface ObjectEvent {
  readonly name: EventName;
  readonly key: string;
  /** Undefined where the bucket keeps no versions. */
  readonly versionId: string | undefined;
  /** What the event is about; absent where nothing was there. */
  readonly version?: ObjectVersion | undefined;
  /** Further members of the event's record. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** The first part of its name: `ObjectCreated`. */
export function kindOf({ name }: ObjectEvent): string {
  return name.split(":", 1)[0] ?? name;
}

/** What is told of the object beside its key and version. */
export interface ObjectFacts {
  readonly sizeBytes?: number;
  readonly etag?: string;
}

/** Of nothing: what a delete marker has. */
const emptyTag = "d41d8cd98f00b204e9800998ecf8427e";

/**
 * Nothing is told of what was deleted, and of what only its tags or its list have changed no size.
 *
 * @evidence recorded: events of tags, lists, deletions and markers; S3 User Guide, "EventBridge event message
 *   structure", the examples
 */
export function objectFacts(event: ObjectEvent): ObjectFacts {
  if (event.name.endsWith(":DeleteMarkerCreated")) return { etag: emptyTag };
  const { version } = event;
  if (!version || version.isDeleteMarker) return {};
  const { sizeBytes, etag } = version;
  const kind = kindOf(event);
  return kind === "ObjectAcl" || kind === "ObjectTagging" ? { etag } : { sizeBytes, etag };
}

export function tell(ctx: Context, bucket: Bucket, event: ObjectEvent): void {
  if (bucket.notifications) notify(ctx, bucket, bucket.notifications, event);
}

export function objectCreated(ctx: Context, bucket: Bucket, version: ObjectVersion, by: Creation): void {
  expectSweep(ctx, bucket);
  expectTiering(ctx, version);
  if (bucket.replication) replicateLater(ctx, bucket, version, "object");
  if (bucket.notifications) tellOf(ctx, bucket, version, `ObjectCreated:${by}`);
}

function tellOf(ctx: Context, bucket: Bucket, version: ObjectVersion, name: EventName, more?: object): void {
  const versionId = bucket.versioning === undefined ? undefined : version.versionId;
  tell(ctx, bucket, { name, key: version.key, versionId, version, ...(more && { more: { ...more } }) });
}

export interface Removal {
  readonly key: string;
  readonly versionId: string | undefined;
  /** What was removed, or the marker that now stands there. */
  readonly version: ObjectVersion | undefined;
  readonly kind: "Delete" | "DeleteMarkerCreated";
  /** By a lifecycle rule, and so `s3:LifecycleExpiration`. */
  readonly isExpired?: true;
}

/** Part of the transaction that sets or removes the tags of a version. */
export function objectTagged(
  ctx: Context,
  bucket: Bucket,
  version: ObjectVersion,
  how: "Put" | "Delete",
): void {
  if (bucket.lifecycle) planSweep(ctx, bucket.name, midnightAfter(ctx.clock.now()));
  expectTiering(ctx, version);
  tellOf(ctx, bucket, version, `ObjectTagging:${how}`);
}

/** Part of the transaction that sets the access control list of a version. */
export function objectAclPut(ctx: Context, bucket: Bucket, version: ObjectVersion): void {
  tellOf(ctx, bucket, version, "ObjectAcl:Put");
}

/** What is changed of an object once it has been replicated is replicated too. */
export function replicateChange(
  ctx: Context,
  bucket: Bucket,
  { key, versionId }: Pick<ObjectVersion, "key" | "versionId">,
  kind: ChangeKind,
): void {
  const changed = findVersion(ctx, bucket.name, key, versionId);
  if (changed) replicateLater(ctx, bucket, changed, kind);
}

/** Part of the transaction in which a rule changes the storage class of a version. */
export function objectTransitioned(ctx: Context, bucket: Bucket, version: ObjectVersion): void {
  const destinationStorageClass = version.storageClass ?? "STANDARD";
  const more = { lifecycleEventData: { transitionEventData: { destinationStorageClass } } };
  tellOf(ctx, bucket, version, "LifecycleTransition", more);
}

/** Part of the transaction in which what nobody reads moves to an archive tier. */
export function objectTiered(ctx: Context, bucket: Bucket, version: ObjectVersion): void {
  const more = { intelligentTieringEventData: { destinationAccessTier: version.archiveTier } };
  tellOf(ctx, bucket, version, "IntelligentTiering", more);
}

/** Part of the transaction that begins or ends a restoration, or takes the restored copy away. */
export function restorationChanged(
  ctx: Context,
  bucket: Bucket,
  version: ObjectVersion,
  how: "Post" | "Completed" | "Delete",
): void {
  const { restore, storageClass } = version;
  const restored = restore && {
    lifecycleRestorationExpiryTime: new Date(restore.expiresAt).toISOString(),
    lifecycleRestoreStorageClass: storageClass,
  };
  const more = how === "Completed" && { glacierEventData: { restoreEventData: restored } };
  tellOf(ctx, bucket, version, `ObjectRestore:${how}`, more || undefined);
}

export function objectRemoved(ctx: Context, bucket: Bucket, removal: Removal): void {
  const { key, versionId, version, kind, isExpired } = removal;
  if (bucket.versioning) expectSweep(ctx, bucket);
  // Markers that rules put stay where they are.
  const isMarker = version?.isDeleteMarker && kind === "DeleteMarkerCreated";
  if (bucket.replication && isMarker && !isExpired) {
    replicateLater(ctx, bucket, version, "deleteMarker");
  }
  const what = isExpired ? "LifecycleExpiration" : "ObjectRemoved";
  tell(ctx, bucket, { name: `${what}:${kind}`, key, versionId });
}
