/** Which objects must be restored before they can be read, and until when they can be then. */

import type * as s3 from "../../../generated/s3.ts";
import type { Bucket } from "../buckets/table.ts";
import { invalidObjectState } from "../errors.ts";
import { expirationHeader } from "./due.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { isArchive } from "./storage-classes.ts";

/** @param now epoch milliseconds */
export function isArchived(version: ObjectVersion, now: number): boolean {
  if (version.archiveTier) return true;
  return isArchive(version.storageClass) && !hasCopy(version, now);
}

/** A restored copy is there. */
export function hasCopy({ restore }: ObjectVersion, now: number): boolean {
  return restore !== undefined && restore.readyAt <= now && now < restore.expiresAt;
}

/** @throws InvalidObjectState */
export function requireInReach(version: ObjectVersion, now: number): void {
  if (isArchived(version, now)) throw invalidObjectState(version.storageClass, version.archiveTier);
}

interface Asked {
  readonly VersionId?: string | undefined;
}

type State = Pick<s3.HeadObjectOutput, "Expiration" | "Restore" | "ArchiveStatus">;

const unremarkable: State = {};

/** What time has made of an object, and will: restored, archived, to expire. */
export function describeState(bucket: Bucket, version: ObjectVersion, asked: Asked, now: number): State {
  const { restore, archiveTier } = version;
  if (!bucket.lifecycle && !restore && !archiveTier) return unremarkable;
  return {
    // Of the current version alone, and not when it is named.
    Expiration: asked.VersionId === undefined ? expirationHeader(bucket, version) : undefined,
    Restore: restoreHeader(version, now),
    ArchiveStatus: archiveTier,
  };
}

/** @evidence S3 API Reference, HeadObject, x-amz-restore */
function restoreHeader({ restore }: ObjectVersion, now: number): string | undefined {
  if (!restore || restore.expiresAt <= now) return undefined;
  if (restore.readyAt > now) return 'ongoing-request="true"';
  return `ongoing-request="false", expiry-date="${new Date(restore.expiresAt).toUTCString()}"`;
}
