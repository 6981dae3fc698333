/** What keeps a version from being deleted or overwritten: conditions, locks, multi-factor authentication. */

import type { Context } from "../../../kernel/context.ts";
import type { Bucket } from "../buckets/table.ts";
import type { Deletion } from "../objects/delete-object.ts";
import { preconditionFailed } from "../errors.ts";
import { bypassNotApplicable, protectedByLock } from "./errors.ts";
import { isGoverned, isLocked } from "./rules.ts";
import { requireMfa } from "./mfa.ts";
import { requireBypass } from "./object-lock.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { matches } from "../objects/preconditions.ts";

/** @throws PreconditionFailed, AccessDenied */
export function requireDeletable(
  ctx: Context,
  bucket: Bucket,
  version: ObjectVersion | undefined,
  deletion: Deletion,
): void {
  requireConditions(version, deletion);
  // A delete marker is put before any version, and takes none away.
  if (deletion.VersionId === undefined) return;
  if (bucket.mfaDelete === "Enabled") requireMfa(ctx, deletion.MFA);
  if (version && bucket.objectLock) requireUnlocked(ctx, version, deletion);
}

function requireConditions(version: ObjectVersion | undefined, deletion: Deletion): void {
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

function requireUnlocked(ctx: Context, version: ObjectVersion, deletion: Deletion): void {
  const now = ctx.clock.now();
  if (!isLocked(version, now)) return;
  if (!isGoverned(version, now)) throw protectedByLock();
  requireBypass(ctx, version, deletion.BypassGovernanceRetention);
}

/** Getting past governance is for buckets that know it. @throws InvalidArgument */
export function requireBypassApplicable(
  bucket: Bucket,
  { BypassGovernanceRetention }: Pick<Deletion, "BypassGovernanceRetention">,
): void {
  if (BypassGovernanceRetention !== undefined && !bucket.objectLock) throw bypassNotApplicable();
}
