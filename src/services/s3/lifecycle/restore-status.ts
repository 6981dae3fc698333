/** How far the restoration of an archived object is. */

import type * as s3 from "../../../generated/s3.ts";
import type { ObjectVersion } from "../objects/version.ts";

/** Undefined for what is not being, and has not been, restored. @param now epoch milliseconds */
export function restoreStatusOf(version: ObjectVersion, now: number): s3.RestoreStatus | undefined {
  const { restore } = version;
  if (!restore || restore.expiresAt <= now) return undefined;
  if (restore.readyAt > now) return { IsRestoreInProgress: true };
  return { IsRestoreInProgress: false, RestoreExpiryDate: restore.expiresAt };
}
