/** Object Lock: of a bucket, and the retention and the legal hold of a version. */

import * as s3 from "../../../generated/s3.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket, onObject } from "../access/access.ts";
import { changeBucket, objectArn, requireBucket, type Bucket } from "../buckets/table.ts";
import { midnightAfter } from "../lifecycle/days.ts";
import { malformedXml } from "../errors.ts";
import {
  lockConfigurationNotFound, lockNeedsVersioning, noLockInBucket, noLockOnObject, periodNotPositive,
  periodTooLarge, protectedByLock, untilIsPast,
} from "./errors.ts";
import { isRetained, weakensCompliance } from "./rules.ts";
import { changeMetadata } from "../objects/metadata-changes.ts";
import { requireObject, type NamesVersion } from "../objects/named-version.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { orReplicates, replicaChange } from "../replication/replicas.ts";
import { planSweep } from "../lifecycle/sweep-plans.ts";

const modes: ReadonlySet<string> = new Set<s3.ObjectLockRetentionMode>(["GOVERNANCE", "COMPLIANCE"]);

/** There from now on: nothing takes it away. @evidence S3 API Reference, PutObjectLockConfiguration */
export const PutObjectLockConfiguration = operation(s3.PutObjectLockConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const objectLock = requireConfiguration(input.ObjectLockConfiguration);
    if (bucket.versioning !== "Enabled") throw lockNeedsVersioning();
    changeBucket(ctx, input.Bucket, { objectLock });
  },
});

const daysMax = 36_500;
const yearsMax = 100;

function requireConfiguration(
  configuration: s3.ObjectLockConfiguration | undefined,
): s3.ObjectLockConfiguration {
  if (configuration?.ObjectLockEnabled !== "Enabled") throw malformedXml();
  const { Rule } = configuration;
  if (!Rule) return { ObjectLockEnabled: "Enabled" };
  const { Mode, Days, Years } = Rule.DefaultRetention ?? {};
  if (Mode === undefined || !modes.has(Mode)) throw malformedXml();
  if ((Days === undefined) === (Years === undefined)) throw malformedXml();
  if (Days !== undefined) requirePeriod("Days", Days, daysMax);
  if (Years !== undefined) requirePeriod("Years", Years, yearsMax);
  return configuration;
}

function requirePeriod(member: "Days" | "Years", value: number, valueMax: number): void {
  if (value <= 0) throw periodNotPositive(member, value);
  if (value > valueMax) throw periodTooLarge(member, value);
}

export const GetObjectLockConfiguration = operation(s3.GetObjectLockConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const { objectLock } = requireBucket(ctx, input.Bucket);
    if (!objectLock) throw lockConfigurationNotFound(input.Bucket);
    return { ObjectLockConfiguration: objectLock };
  },
});

/** Lengthening takes no more than the permission to retain; all else goes by the mode. */
export const PutObjectRetention = operation(s3.PutObjectRetention, {
  ...onObject,
  action: orReplicates("s3:PutObjectRetention"),
  run(input, ctx) {
    if (!input.Retention) throw malformedXml();
    const { bucket, version } = requireLockable(ctx, input, "PUT");
    const retention = requireRetention(ctx, input.Retention);
    const now = ctx.clock.now();
    if (replicaChange(input)) {
      if (weakensCompliance(version.retention, retention, now)) throw protectedByLock();
    } else if (isRetained(version, now) && weakens(version.retention, retention)) {
      requireBypass(ctx, version, input.BypassGovernanceRetention);
    }
    changeMetadata(ctx, { bucket, version, input }, "retention", retention);
    lockChanged(ctx, bucket);
  },
});

type Retention = ObjectVersion["retention"];

/** Nothing at all takes the retention away. */
function requireRetention(ctx: Context, asked: s3.ObjectLockRetention): Retention {
  const { Mode: mode, RetainUntilDate: until } = asked;
  if (mode === undefined && until === undefined) return undefined;
  if (mode === undefined || until === undefined || !modes.has(mode)) throw malformedXml();
  if (until <= ctx.clock.now()) throw untilIsPast("RetainUntilDate", pacificTime(until));
  return { mode, until };
}

/** `Tue Dec 31 16:00:00 PST 2019`, wherever the bucket is. @evidence recorded: PutObjectRetention */
function pacificTime(at: number): string {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/Los_Angeles", weekday: "short", month: "short", day: "2-digit", hour: "2-digit",
    minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short", year: "numeric",
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  const time = `${part("hour")}:${part("minute")}:${part("second")}`;
  return [part("weekday"), part("month"), part("day"), time, part("timeZoneName"), part("year")].join(" ");
}

/** @evidence S3 User Guide, "Retention modes"; ceph/s3-tests: a change of mode takes a bypass too */
function weakens(before: Retention, after: Retention): boolean {
  return before !== undefined && (!after || after.until < before.until || after.mode !== before.mode);
}

/**
 * Governance gives way to who says so and may.
 *
 * @throws AccessDenied
 */
export function requireBypass(ctx: Context, version: ObjectVersion, asked: boolean | undefined): void {
  if (version.retention?.mode !== "GOVERNANCE" || asked !== true) throw protectedByLock();
  ctx.authorize({
    action: "s3:BypassGovernanceRetention",
    resource: objectArn(version.bucket, version.key),
    conditions: { "s3:versionid": version.versionId },
  });
}

export const GetObjectRetention = operation(s3.GetObjectRetention, {
  ...onObject,
  run(input, ctx) {
    const { retention } = requireLockable(ctx, input, "GET").version;
    if (!retention) throw noLockOnObject(input.Key);
    return { Retention: { Mode: retention.mode, RetainUntilDate: retention.until } };
  },
});

export const PutObjectLegalHold = operation(s3.PutObjectLegalHold, {
  ...onObject,
  action: orReplicates("s3:PutObjectLegalHold"),
  run(input, ctx) {
    const legalHold = input.LegalHold?.Status;
    if (legalHold !== "ON" && legalHold !== "OFF") throw malformedXml();
    const { bucket, version } = requireLockable(ctx, input, "PUT");
    changeMetadata(ctx, { bucket, version, input }, "legalHold", legalHold);
    lockChanged(ctx, bucket);
  },
});

export const GetObjectLegalHold = operation(s3.GetObjectLegalHold, {
  ...onObject,
  run(input, ctx) {
    const { legalHold } = requireLockable(ctx, input, "GET").version;
    if (legalHold === undefined) throw noLockOnObject(input.Key);
    return { LegalHold: { Status: legalHold } };
  },
});

/** What a lock kept may be overdue. */
function lockChanged(ctx: Context, { name, lifecycle }: Bucket): void {
  if (lifecycle) planSweep(ctx, name, midnightAfter(ctx.clock.now()));
}

interface Lockable {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
}

function requireLockable(ctx: Context, input: NamesVersion, method: "GET" | "PUT"): Lockable {
  const bucket = requireBucket(ctx, input.Bucket);
  if (!bucket.objectLock) throw noLockInBucket();
  return { bucket, version: requireObject(ctx, input, method) };
}

/** Locks are shown to who may see them. @evidence S3 API Reference, GetObject, x-amz-object-lock-… */
export function withVisibleLock(ctx: Context, version: ObjectVersion): ObjectVersion {
  if (!version.retention && !version.legalHold) return version;
  const { retention, legalHold, ...rest } = version;
  const resource = objectArn(version.bucket, version.key);
  const seesRetention = retention && ctx.isAllowed({ action: "s3:GetObjectRetention", resource });
  const seesHold = legalHold && ctx.isAllowed({ action: "s3:GetObjectLegalHold", resource });
  return { ...rest, ...(seesRetention && { retention }), ...(seesHold && { legalHold }) };
}
