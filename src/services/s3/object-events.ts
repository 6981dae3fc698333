/**
 * What happens to objects, told to whoever is to hear of it: part of the transaction in which it happens, so
 * that nothing is told of what did not happen, and nothing that did goes untold.
 */

import type { Context } from "../../kernel/context.ts";
import type { Bucket } from "./bucket-table.ts";
import { notify } from "./notification-delivery.ts";
import type { ObjectVersion } from "./object-version.ts";

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

export function tell(ctx: Context, bucket: Bucket, event: ObjectEvent): void {
  if (bucket.notifications) notify(ctx, bucket, bucket.notifications, event);
}

export function objectCreated(ctx: Context, bucket: Bucket, version: ObjectVersion, by: Creation): void {
  if (!bucket.notifications) return;
  tell(ctx, bucket, {
    name: `ObjectCreated:${by}`,
    key: version.key,
    versionId: bucket.versioning === undefined ? undefined : version.versionId,
    version,
  });
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
  _ctx: Context,
  _bucket: Bucket,
  _version: ObjectVersion,
  _how: "Put" | "Delete",
): void {
  // Notifications are told here: s3:ObjectTagging.
}

/** Part of the transaction in which a rule changes the storage class of a version. */
export function objectTransitioned(_ctx: Context, _bucket: Bucket, _version: ObjectVersion): void {
  // Notifications are told here: s3:LifecycleTransition, and s3:IntelligentTiering for its archive tiers.
}

/** Part of the transaction that begins or ends a restoration, or takes the restored copy away. */
export function restorationChanged(
  _ctx: Context,
  _bucket: Bucket,
  _version: ObjectVersion,
  _how: "Post" | "Completed" | "Delete",
): void {
  // Notifications are told here: s3:ObjectRestore.
}

export function objectRemoved(ctx: Context, bucket: Bucket, removal: Removal): void {
  const { key, versionId, kind } = removal;
  tell(ctx, bucket, { name: `ObjectRemoved:${kind}`, key, versionId });
}
