/** What storage class analysis has seen of a bucket, day by day, and when a day is looked at. */

import type * as s3 from "../../../generated/s3.ts";
import type { Job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { table } from "../../../store/types.ts";
import { dayMilliseconds, midnightAfter } from "../lifecycle/days.ts";

/** Of the objects of one class and age. */
export interface AnalyzedDay {
  readonly bucket: string;
  /** Of the configuration. */
  readonly id: string;
  /** Its midnight, in epoch milliseconds. */
  readonly day: number;
  readonly storageClass: string;
  readonly age: string;
  readonly count: number;
  readonly storedBytes: number;
  readonly uploadedBytes: number;
  readonly retrievedBytes: number;
  readonly getCount: number;
}

export type Amounts = Pick<
  AnalyzedDay, "count" | "storedBytes" | "uploadedBytes" | "retrievedBytes" | "getCount"
>;

const nothing: Amounts = { count: 0, storedBytes: 0, uploadedBytes: 0, retrievedBytes: 0, getCount: 0 };

export const analyzedDays = table<AnalyzedDay>("s3.analyzedDays", {
  key: (row) => [row.bucket, row.id, row.day, row.storageClass, row.age],
});

export const allAges = "ALL";

/**
 * By the days at which they begin, the oldest first.
 *
 * @evidence S3 User Guide, "Storage Class Analysis", "Exported file layout", ObjectAge
 */
const agesFrom: readonly (readonly [days: number, name: string])[] = [
  [730, "730+"], [365, "365-729"], [180, "180-364"], [150, "150-179"], [120, "120-149"], [90, "090-119"],
  [75, "075-089"], [60, "060-074"], [45, "045-059"], [30, "030-044"], [15, "015-029"], [0, "000-014"],
];

/** As reports have them: all of them together last. */
export const ages: readonly string[] = [...agesFrom.map(([, name]) => name).reverse(), allAges];

/** @evidence as above: age groups are of objects of 128 KB and more, `ALL` is of smaller ones, too */
const sizeMin = 128 * 1024;

export function agesOf(modifiedAt: number, sizeBytes: number, now: number): readonly string[] {
  if (sizeBytes < sizeMin) return [allAges];
  const days = Math.floor((now - modifiedAt) / dayMilliseconds);
  const [, name = "000-014"] = agesFrom.find(([from]) => days >= from) ?? [];
  return [name, allAges];
}

type Place = Pick<AnalyzedDay, "bucket" | "id" | "day" | "storageClass" | "age">;

/** @param merge from what there is to what there is to be */
export function changeDay(ctx: Context, place: Place, merge: (present: Amounts) => Partial<Amounts>): void {
  const { bucket, id, day, storageClass, age } = place;
  const present = ctx.db(analyzedDays).get([bucket, id, day, storageClass, age]) ?? { ...nothing, ...place };
  ctx.db(analyzedDays).put({ ...present, ...merge(present) });
}

export function dayOf(at: number): number {
  return Math.floor(at / dayMilliseconds) * dayMilliseconds;
}

export interface PlannedAnalysis {
  readonly bucket: string;
  readonly id: string;
  readonly day: number;
}

/** What it does is with the reports themselves. */
export const analysisJob: Job<PlannedAnalysis> = { kind: "job", name: "s3.reportAnalysis" };

/** At the end of the day. */
export function planAnalysis(ctx: Context, bucket: string, { Id: id }: s3.AnalyticsConfiguration): void {
  const now = ctx.clock.now();
  const input = { bucket, id, day: dayOf(now) };
  ctx.schedule(analysisJob, { at: midnightAfter(now), id: jobId(bucket, id), input });
}

/** What was seen for a configuration goes with it. */
export function dropAnalysis(ctx: Context, bucket: string, id: string): void {
  ctx.unschedule(analysisJob, jobId(bucket, id));
  for (const { day, storageClass, age } of ctx.db(analyzedDays).list({ prefix: [bucket, id] })) {
    ctx.db(analyzedDays).delete([bucket, id, day, storageClass, age]);
  }
}

function jobId(bucket: string, id: string): string {
  return `${bucket} ${id}`;
}
