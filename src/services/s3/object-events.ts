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
}
