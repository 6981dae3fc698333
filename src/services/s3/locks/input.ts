/** The lock of a new object: as the request says, or else as its bucket does. */

import type { BodyContext } from "../../../kernel/context.ts";
import { BodyStream } from "../../../kernel/body/body-stream.ts";
import type { Bucket } from "../buckets/table.ts";
import {
  bothOrNone, lockNeedsChecksum, lockNeedsSignature, modeHeader, noLockInBucket, unknownHold,
  unknownMode, untilHeader, untilIsPast,
} from "./errors.ts";
import { retentionUntil } from "./rules.ts";
import { givenChecksum, type ChecksumMembers } from "../objects/input.ts";
import type { ObjectVersion } from "../objects/version.ts";

export interface LockInput {
  readonly ObjectLockMode?: string | undefined;
  /** Epoch milliseconds. */
  readonly ObjectLockRetainUntilDate?: number | undefined;
  readonly ObjectLockLegalHoldStatus?: string | undefined;
}

export type Lock = Pick<ObjectVersion, "retention" | "legalHold">;

const none: Lock = {};

/**
 * The headers are looked at before the bucket is.
 *
 * @throws InvalidArgument, InvalidRequest
 * @evidence S3 User Guide, "Object Lock", default retention; an object's own settings override its bucket's
 */
export function describeLock(ctx: BodyContext, bucket: Bucket, input: LockInput): Lock {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = input;
  const standard = bucket.objectLock?.Rule?.DefaultRetention;
  if (mode === undefined && until === undefined && hold === undefined && !standard) return none;
  const asked = mode === undefined && until === undefined ? undefined : requireRetention(ctx, mode, until);
  const legalHold = hold === undefined ? undefined : { legalHold: requireHold(hold) };
  if (asked || legalHold) {
    if (ctx.caller.type === "Anonymous") throw lockNeedsSignature();
    if (!bucket.objectLock) throw noLockInBucket();
  }
  if (asked) return { retention: asked, ...legalHold };
  if (standard?.Mode === undefined) return { ...legalHold };
  const retention = { mode: standard.Mode, until: retentionUntil(standard, ctx.clock.now()) };
  return { retention, ...legalHold };
}

function requireRetention(
  ctx: BodyContext,
  mode: string | undefined,
  until: number | undefined,
): NonNullable<Lock["retention"]> {
  if (mode === undefined) throw bothOrNone(modeHeader);
  if (until === undefined) throw bothOrNone(untilHeader);
  if (mode !== "GOVERNANCE" && mode !== "COMPLIANCE") throw unknownMode(mode);
  if (until <= ctx.clock.now()) throw untilIsPast(untilHeader, new Date(until).toISOString());
  return { mode, until };
}

function requireHold(status: string): "ON" | "OFF" {
  if (status !== "ON" && status !== "OFF") throw unknownHold(status);
  return status;
}

interface Checked extends ChecksumMembers {
  readonly ContentMD5?: string | undefined;
  readonly Body?: unknown;
}

/** What is locked must have arrived whole: it comes with a hash or a checksum, if need be at its end. */
export function requireChecksum(lock: Lock, input: Checked): void {
  if (!lock.retention && !lock.legalHold) return;
  if (input.ContentMD5 !== undefined || givenChecksum(input)) return;
  if (input.Body instanceof BodyStream && input.Body.algorithm !== undefined) return;
  throw lockNeedsChecksum();
}
