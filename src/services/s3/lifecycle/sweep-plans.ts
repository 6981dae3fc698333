/** When a bucket is swept for what time does to its objects. */

import type { Context } from "../../../kernel/context.ts";
import type { Job } from "../../../jobs/job.ts";
import { table } from "../../../store/types.ts";
import type { Bucket } from "../buckets/table.ts";
import { soonestDue } from "./due.ts";

interface PlannedSweep {
  readonly bucket: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** It has begun and not ended, and survives that its process does not. */
  readonly isUnderWay?: true;
  /** What came while it was under way may be due at this time. */
  readonly next?: number;
}

const plannedSweeps = table<PlannedSweep>("s3.plannedSweeps", { key: (row) => row.bucket });

/** What it does is with the sweep itself. */
export const sweepJob: Job<{ readonly bucket: string }> = { kind: "job", name: "s3.sweepBucket" };

/** Something may be due at this time. Costs a read where a sweep is planned for earlier anyway. */
export function planSweep(ctx: Context, bucket: string, at: number): void {
  const planned = ctx.db(plannedSweeps).get(bucket);
  if (planned?.isUnderWay) {
    if (planned.next === undefined || planned.next > at) ctx.db(plannedSweeps).put({ ...planned, next: at });
    return;
  }
  if (planned && planned.at <= at) return;
  ctx.db(plannedSweeps).put({ bucket, at });
  ctx.schedule(sweepJob, { at, id: bucket, input: { bucket } });
}

/** Something happened in a bucket with rules, which may make something of it. */
export function expectSweep(ctx: Context, bucket: Bucket): void {
  if (!bucket.lifecycle) return;
  const at = soonestDue(bucket, ctx.clock.now());
  if (at !== undefined) planSweep(ctx, bucket.name, at);
}

export function beginSweep(ctx: Context, bucket: string): void {
  ctx.db(plannedSweeps).put({ bucket, at: ctx.clock.now(), isUnderWay: true });
}

/** @param next when the sweep found that more will be due */
export function endSweep(ctx: Context, bucket: string, next: number | undefined): void {
  const came = ctx.db(plannedSweeps).get(bucket)?.next;
  ctx.db(plannedSweeps).delete(bucket);
  const times = [next, came].filter((at) => at !== undefined);
  if (times.length > 0) planSweep(ctx, bucket, Math.min(...times));
}

/** Its bucket is gone. */
export function forgetPlan(ctx: Context, bucket: string): void {
  ctx.db(plannedSweeps).delete(bucket);
  ctx.unschedule(sweepJob, bucket);
}
