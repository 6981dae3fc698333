/** What keeps a version from being deleted or overwritten: conditions, locks, multi-factor authentication. */

import type { Context } from "../../kernel/context.ts";
import type { Bucket } from "./bucket-table.ts";
import type { Deletion } from "./delete-object.ts";
import { preconditionFailed } from "./errors.ts";
import type { ObjectVersion } from "./object-version.ts";
import { matches } from "./preconditions.ts";

/** @throws PreconditionFailed, AccessDenied */
export function requireDeletable(
  _ctx: Context,
  _bucket: Bucket,
  version: ObjectVersion | undefined,
  deletion: Deletion,
): void {
  const { IfMatch, IfMatchLastModifiedTime: modifiedAt, IfMatchSize: sizeBytes } = deletion;
  if (IfMatch !== undefined && !(version && matches(IfMatch, version.etag))) {
    throw preconditionFailed("If-Match");
  }
  if (!version) return;
  if (modifiedAt !== undefined && Math.floor(version.modifiedAt / 1000) !== Math.floor(modifiedAt / 1000)) {
    throw preconditionFailed("x-amz-if-match-last-modified-time");
  }
  if (sizeBytes !== undefined && version.sizeBytes !== sizeBytes) {
    throw preconditionFailed("x-amz-if-match-size");
  }
}
