/** When reports of a bucket's objects are due. Nothing is scheduled for a configuration that is disabled. */

import type * as s3 from "../../../generated/s3.ts";
import type { Job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { dayMilliseconds, midnightAfter } from "../lifecycle/days.ts";

export interface PlannedReport {
  readonly bucket: string;
  readonly id: string;
}

/** What it does is with the reports themselves. */
export const reportJob: Job<PlannedReport> = { kind: "job", name: "s3.reportInventory" };

/** The first day of the clock, 1970-01-01, was a Thursday. */
const thursday = 4;

function isSunday(midnight: number): boolean {
  return (midnight / dayMilliseconds + thursday) % 7 === 0;
}

/**
 * @param isFirst of the configuration since it was enabled
 * @evidence S3 User Guide, "Cataloging and analyzing your data with S3 Inventory": a weekly report comes
 *   every Sunday (UTC) after the initial one
 */
export function planReport(
  ctx: Context,
  bucket: string,
  { Id: id, Schedule: { Frequency } }: s3.InventoryConfiguration,
  isFirst: boolean,
): void {
  let at = midnightAfter(ctx.clock.now());
  while (Frequency === "Weekly" && !isFirst && !isSunday(at)) at += dayMilliseconds;
  ctx.schedule(reportJob, { at, id: jobId(bucket, id), input: { bucket, id } });
}

export function unplanReport(ctx: Context, bucket: string, id: string): void {
  ctx.unschedule(reportJob, jobId(bucket, id));
}

function jobId(bucket: string, id: string): string {
  return `${bucket} ${id}`;
}
