/** What happens to objects, told to whoever is to hear of it. */

import type { Context } from "../../kernel/context.ts";
import type { Bucket } from "./bucket-table.ts";
import type { ObjectVersion } from "./object-version.ts";

/** By which operation an object came: the last part of `s3:ObjectCreated:Put`. */
export type Creation = "Put" | "Post" | "Copy" | "CompleteMultipartUpload";

/** Part of the transaction that stores the object. */
export function objectCreated(_ctx: Context, _bucket: Bucket, _version: ObjectVersion, _by: Creation): void {
  // Notifications, replication and logs are told here.
}

/** Part of the transaction that removes a version, or covers it with a delete marker. */
export function objectRemoved(_ctx: Context, _bucket: Bucket, _removed: Removal): void {
  // Notifications and replication are told here.
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
