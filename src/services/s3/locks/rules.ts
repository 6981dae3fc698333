/** What a lock forbids, by the clock. */

import type * as s3 from "../../../generated/s3.ts";
import { dayMilliseconds } from "../lifecycle/days.ts";
import type { ObjectVersion } from "../objects/version.ts";

type Lockable = Pick<ObjectVersion, "retention" | "legalHold">;

/** @param now epoch milliseconds */
export function isRetained({ retention }: Lockable, now: number): boolean {
  return retention !== undefined && retention.until > now;
}

export function isLocked(version: Lockable, now: number): boolean {
  return version.legalHold === "ON" || isRetained(version, now);
}

/** Whether governance is all that stands in the way: a permission and a header get past it. */
export function isGoverned(version: Lockable, now: number): boolean {
  return version.legalHold !== "ON" && isRetained(version, now) && version.retention?.mode === "GOVERNANCE";
}

type Retention = ObjectVersion["retention"];

/**
 * What nobody may do, neither at the bucket nor from another that replicates to it.
 *
 * @param now epoch milliseconds
 * @evidence S3 User Guide, "Retention modes": compliance can't be shortened, by anyone
 */
export function weakensCompliance(before: Retention, after: Retention, now: number): boolean {
  if (before?.mode !== "COMPLIANCE" || before.until <= now) return false;
  return after?.mode !== "COMPLIANCE" || after.until < before.until;
}

const yearDays = 365;

/** @evidence S3 User Guide, "Locking objects with Object Lock": from the creation of the version on */
export function retentionUntil(rule: s3.DefaultRetention, createdAt: number): number {
  const days = rule.Days ?? (rule.Years ?? 0) * yearDays;
  return createdAt + days * dayMilliseconds;
}
