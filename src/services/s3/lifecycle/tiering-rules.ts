/** S3 Intelligent-Tiering: which archive tier an object that nobody reads moves to, and when. */

import type * as s3 from "../../../generated/s3.ts";
import type { BodyContext, Context, ReadContext } from "../../../kernel/context.ts";
import { table } from "../../../store/types.ts";
import { dayMilliseconds, dueAfter } from "./days.ts";
import { isInScope, scopeOf } from "./filter.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { planSweep } from "./sweep-plans.ts";
import { changeVersion, findVersion } from "../objects/version-table.ts";

export interface TieringConfiguration {
  readonly bucket: string;
  readonly id: string;
  readonly Filter?: s3.IntelligentTieringFilter;
  readonly Status: s3.IntelligentTieringStatus;
  readonly Tierings: readonly s3.Tiering[];
}

export const tieringConfigurations = table<TieringConfiguration>("s3.tieringConfigurations", {
  key: (row) => [row.bucket, row.id],
});

export function archiveConfigurations(ctx: ReadContext, bucket: string): TieringConfiguration[] {
  return [...ctx.db(tieringConfigurations).list({ prefix: [bucket] })].filter(
    ({ Status }) => Status === "Enabled",
  );
}

/** @evidence S3 User Guide, "How S3 Intelligent-Tiering works": smaller objects are not monitored */
const monitoredBytesMin = 128 * 1024;

const depths = { ARCHIVE_ACCESS: 1, DEEP_ARCHIVE_ACCESS: 2 } as const;

function depthOf(tier: s3.IntelligentTieringAccessTier | undefined): number {
  return tier === undefined ? 0 : depths[tier];
}

function lastUse({ accessedAt, transitionedAt, modifiedAt }: ObjectVersion): number {
  return Math.max(accessedAt ?? 0, transitionedAt ?? 0, modifiedAt);
}

interface Move {
  readonly at: number;
  readonly tier: s3.IntelligentTieringAccessTier;
}

function movesOf(configurations: readonly TieringConfiguration[], version: ObjectVersion): Move[] {
  if (version.storageClass !== "INTELLIGENT_TIERING" || version.restore) return [];
  if (version.sizeBytes < monitoredBytesMin) return [];
  return configurations
    .filter((configuration) => isInScope(scopeOf(configuration), version))
    .flatMap(({ Tierings }) => Tierings)
    .filter(({ AccessTier }) => depthOf(AccessTier) > depthOf(version.archiveTier))
    .map(({ Days, AccessTier: tier }) => ({ at: dueAfter(lastUse(version), Days), tier }));
}

/** Where it moves now, to the deepest that is due. */
export function tierChange(
  configurations: readonly TieringConfiguration[],
  version: ObjectVersion,
  now: number,
): s3.IntelligentTieringAccessTier | undefined {
  let deepest: s3.IntelligentTieringAccessTier | undefined;
  for (const { at, tier } of movesOf(configurations, version)) {
    if (at <= now && depthOf(tier) > depthOf(deepest)) deepest = tier;
  }
  return deepest;
}

/** When it moves if nobody reads it. */
export function tierTimes(configurations: readonly TieringConfiguration[], version: ObjectVersion): number[] {
  return movesOf(configurations, version).map(({ at }) => at);
}

/** An object of the class has come: its bucket is swept when it may be due. */
export function expectTiering(ctx: Context, version: ObjectVersion): void {
  if (version.storageClass !== "INTELLIGENT_TIERING") return;
  const times = tierTimes(archiveConfigurations(ctx, version.bucket), version);
  if (times.length > 0) planSweep(ctx, version.bucket, Math.min(...times));
}

/** Somebody reads it. That is written down once a day, so that busy objects cost no write a request. */
export function noteAccess(ctx: BodyContext, version: ObjectVersion): void {
  if (version.storageClass !== "INTELLIGENT_TIERING") return;
  const now = ctx.clock.now();
  if (now - lastUse(version) < dayMilliseconds) return;
  ctx.transaction((within) => {
    const { bucket, key, versionId, order } = version;
    const present = findVersion(within, bucket, key, versionId);
    if (present?.order === order) changeVersion(within, present, { accessedAt: now });
  });
}

export function dropTiering(ctx: Context, bucket: string): void {
  for (const { id } of ctx.db(tieringConfigurations).list({ prefix: [bucket] })) {
    ctx.db(tieringConfigurations).delete([bucket, id]);
  }
}
