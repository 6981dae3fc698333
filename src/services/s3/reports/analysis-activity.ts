/** Reads and uploads of objects that storage class analysis is about, counted as they happen. */

import type * as s3 from "../../../generated/s3.ts";
import type { BodyContext, Context, ReadContext } from "../../../kernel/context.ts";
import { agesOf, allAges, changeDay, dayOf } from "./analysis-table.ts";
import type { Bucket } from "../buckets/table.ts";
import { listAllConfigurations } from "./configurations.ts";
import { isInScope, scopeOf } from "../lifecycle/filter.ts";
import type { ObjectVersion } from "../objects/version.ts";

export function noteRetrieval(
  ctx: BodyContext,
  { isAnalyzed }: Bucket,
  version: ObjectVersion,
  bytes: number,
): void {
  if (!isAnalyzed) return;
  const now = ctx.clock.now();
  ctx.transaction((within) => {
    for (const id of analysesOf(within, version)) {
      for (const age of agesOf(version.modifiedAt, version.sizeBytes, now)) {
        changeDay(within, placeOf(version, id, age, now), ({ retrievedBytes, getCount }) => ({
          retrievedBytes: retrievedBytes + bytes, getCount: getCount + 1,
        }));
      }
    }
  });
}

/** Told for all ages together. @evidence S3 User Guide, "Exported file layout", DataUploaded_MB */
export function noteUpload(ctx: Context, { isAnalyzed }: Bucket, version: ObjectVersion): void {
  if (!isAnalyzed) return;
  for (const id of analysesOf(ctx, version)) {
    changeDay(ctx, placeOf(version, id, allAges, ctx.clock.now()), ({ uploadedBytes }) => ({
      uploadedBytes: uploadedBytes + version.sizeBytes,
    }));
  }
}

function analysesOf(ctx: ReadContext, version: ObjectVersion): string[] {
  const all = listAllConfigurations<s3.AnalyticsConfiguration>(ctx, "analytics", version.bucket);
  return all
    .filter(({ Filter, StorageClassAnalysis }) =>
      StorageClassAnalysis.DataExport !== undefined && isInScope(scopeOf({ Filter }), version))
    .map(({ Id }) => Id);
}

function placeOf({ bucket, storageClass = "STANDARD" }: ObjectVersion, id: string, age: string, now: number) {
  return { bucket, id, age, storageClass, day: dayOf(now) };
}
