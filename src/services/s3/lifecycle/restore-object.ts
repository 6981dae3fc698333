/** Bringing archived objects back: for some days, or, from a tier of Intelligent-Tiering, for good. */

import * as s3 from "../../../generated/s3.ts";
import { withStatus } from "../../../kernel/answer-status.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { job } from "../../../jobs/job.ts";
import { onObject } from "../access/access.ts";
import { hasCopy } from "./archive.ts";
import { buckets, requireBucket } from "../buckets/table.ts";
import { dueAfter, integerMax } from "./days.ts";
import {
  daysNotPositive, malformedXml, notImplementedHere, restoreInProgress, restoreNotAllowed,
  retrievalNotSupported,
} from "../errors.ts";
import { requireObject } from "../objects/named-version.ts";
import { restorationChanged } from "../events/object-events.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { isArchive } from "./storage-classes.ts";
import { expectTiering } from "./tiering-rules.ts";
import { changeVersion, findVersion } from "../objects/version-table.ts";

const minute = 60_000;
const hour = 60 * minute;

type Durations = Readonly<Record<string, number | undefined>>;

/**
 * Where AWS names a span, it is the end of it.
 *
 * @evidence S3 User Guide, "Understanding archive retrieval options"
 */
const flexible: Durations = { Expedited: 5 * minute, Standard: 5 * hour, Bulk: 12 * hour };
const deep: Durations = { Standard: 12 * hour, Bulk: 48 * hour };
const tiers: ReadonlySet<string> = new Set<s3.Tier>(["Expedited", "Standard", "Bulk"]);

/** @evidence S3 API Reference, RestoreObject: 202 for what is brought back, 200 for what is kept longer */
export const RestoreObject = operation(s3.RestoreObject, {
  ...onObject,
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const version = requireObject(ctx, input, "POST");
    if (!isArchive(version.storageClass) && !version.archiveTier) throw restoreNotAllowed();
    const request = input.RestoreRequest ?? {};
    if (request.Type !== undefined || request.SelectParameters || request.OutputLocation) {
      throw notImplementedHere("Restorations that select are not built by us-local-1.", "restore");
    }
    const days = requireDays(version, request.Days);
    const tier: string = request.GlacierJobParameters?.Tier ?? request.Tier ?? "Standard";
    const now = ctx.clock.now();
    if (hasCopy(version, now)) {
      keepUntil(ctx, version, { readyAt: now, expiresAt: dueAfter(now, days), tier });
      return withStatus({}, 200);
    }
    const readyAt = now + requireDuration(version, tier);
    const ongoing = version.restore && version.restore.expiresAt > now ? version.restore : undefined;
    if (ongoing && (ongoing.tier === tier || ongoing.readyAt <= readyAt)) throw restoreInProgress();
    const expiresAt = version.archiveTier ? readyAt : dueAfter(readyAt, days);
    keepUntil(ctx, version, { readyAt, expiresAt, tier });
    if (!ongoing) restorationChanged(ctx, bucket, version, "Post");
    return withStatus({}, 202);
  },
});

/** Out of Intelligent-Tiering objects come for good. */
function requireDays({ archiveTier }: ObjectVersion, days: number | undefined): number {
  if (archiveTier) {
    if (days !== undefined) throw malformedXml();
    return 0;
  }
  if (days === undefined || days > integerMax) throw malformedXml();
  if (days < 1) throw daysNotPositive(days);
  return days;
}

function requireDuration({ storageClass, archiveTier }: ObjectVersion, tier: string): number {
  if (!tiers.has(tier)) throw malformedXml();
  const isDeep = storageClass === "DEEP_ARCHIVE" || archiveTier === "DEEP_ARCHIVE_ACCESS";
  const duration = (isDeep ? deep : flexible)[tier];
  if (duration === undefined) throw retrievalNotSupported(tier);
  return duration;
}

interface Restoration {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly order: number;
}

type Restore = NonNullable<ObjectVersion["restore"]>;

function keepUntil(ctx: Context, version: ObjectVersion, restore: Restore): void {
  changeVersion(ctx, version, { restore });
  const { bucket, key, versionId, order } = version;
  const input: Restoration = { bucket, key, versionId, order };
  const at = restore.readyAt > ctx.clock.now() ? restore.readyAt : restore.expiresAt;
  ctx.schedule(followRestoration, { at, id: `${order}`, input });
}

/** The copy is there, or it goes: by the clock both are so without this, which tells of it. */
export const followRestoration = job<Restoration>("s3.followRestoration", (restoration, ctx) => {
  const { bucket: name, key, versionId, order } = restoration;
  const bucket = ctx.db(buckets).get(name);
  const version = findVersion(ctx, name, key, versionId);
  const restore = version?.restore;
  if (!bucket || !restore || version.order !== order) return;
  const now = ctx.clock.now();
  if (restore.readyAt > now) return;
  if (version.archiveTier) {
    const { archiveTier: _tier, restore: _restore, ...rest } = version;
    changeVersion(ctx, version, { archiveTier: undefined, restore: undefined, accessedAt: now });
    expectTiering(ctx, { ...rest, accessedAt: now });
    restorationChanged(ctx, bucket, version, "Completed");
  } else if (restore.expiresAt > now) {
    ctx.schedule(followRestoration, { at: restore.expiresAt, id: `${order}`, input: restoration });
    restorationChanged(ctx, bucket, version, "Completed");
  } else {
    changeVersion(ctx, version, { restore: undefined });
    restorationChanged(ctx, bucket, version, "Delete");
  }
});
