/**
 * Jobs of Batch Operations at work, in steps that each end with a transaction: what was cut off goes on after
 * the last one.
 */

import { setImmediate } from "node:timers/promises";
import type * as control from "../../generated/s3-control.ts";
import { recurringJob, job as synchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import {
  batchJobs, batchStep, batchTasks, isOver, jobArn, runs, wakePaused, workOn, type BatchJob, type BatchTask,
} from "./batch-job-table.ts";
import { listObjects, ManifestFailure, type Listed } from "./batch-manifests.ts";
import { doTask } from "./batch-operations.ts";
import { writeReport } from "./batch-reports.ts";
import { assumeRole } from "./batch-roles.ts";

const tasksPerStep = 100;
const tasksAtOnce = 10;
const rowsPerTransaction = 500;
/** @evidence S3 User Guide, "Tracking job failures": over half of at least 1,000 tasks */
const tasksBeforeThreshold = 1000;
const failedShareMax = 0.5;
/** @evidence S3 User Guide, "Troubleshooting S3 Batch Operations", NoSuchJobException */
const keptMilliseconds = 90 * 24 * 60 * 60_000;

/** One step; others have their turn before the next. */
export const workOnBatchJob = recurringJob<{ readonly id: string }>(
  batchStep.name,
  async ({ id }, ctx) => {
    const job = ctx.transaction((within) => givenWay(within, id));
    if (!job || job.status === "Suspended" || job.status === "Paused") return;
    if (isOver(job)) {
      ctx.transaction((within) => dropTasks(within, id));
      return;
    }
    await step(ctx, job);
    ctx.transaction((within) => workOn(within, id));
  },
);

/**
 * What runs makes way for jobs of a higher priority, and goes on after them: whatever ends, or changes its
 * priority, has it look again.
 *
 * @returns the job as it is then
 * @evidence S3 User Guide, "Assigning job priority", and "Tracking job status", Paused
 */
function givenWay(ctx: Context, id: string): BatchJob | undefined {
  const job = ctx.db(batchJobs).get(id);
  if (!job || (job.status !== "Active" && job.status !== "Paused")) return job;
  const isOutranked = [...ctx.db(batchJobs).list()].some((other) =>
    other.priority > job.priority && runs(other));
  const status = isOutranked ? "Paused" : "Active";
  return status === job.status ? job : ctx.db(batchJobs).put({ ...job, status });
}

async function step(ctx: BodyContext, job: BatchJob): Promise<void> {
  if (job.status === "New") change(ctx, job, { status: "Preparing" });
  else if (job.status === "Preparing") await prepare(ctx, job);
  else if (job.status === "Ready") change(ctx, job, { status: "Active", activeAt: ctx.clock.now() });
  else if (job.status === "Active") await doSome(ctx, job);
  else await finish(ctx, job);
}

/** @returns false when somebody else has changed its status meanwhile */
function change(ctx: BodyContext, { id, status }: BatchJob, to: Partial<BatchJob>): boolean {
  return ctx.transaction((within) => {
    const job = within.db(batchJobs).get(id);
    if (job?.status !== status) return false;
    within.db(batchJobs).put({ ...job, ...to });
    return true;
  });
}

function fail(ctx: BodyContext, job: BatchJob, FailureCode: string, FailureReason: string): void {
  change(ctx, job, { status: "Failing", failures: [{ FailureCode, FailureReason }] });
}

/** A manifest that was read in part is read again from its beginning, over the tasks that there are. */
async function prepare(ctx: BodyContext, job: BatchJob): Promise<void> {
  let tasksCount = 0;
  try {
    const objects = listObjects(ctx, job.request, await assumeRole(ctx, job));
    let batch: Listed[] = [];
    for await (const object of objects) {
      batch.push(object);
      if (batch.length < rowsPerTransaction) continue;
      if (!addTasks(ctx, job, tasksCount, batch)) return;
      tasksCount += batch.length;
      batch = [];
      await setImmediate();
    }
    if (!addTasks(ctx, job, tasksCount, batch)) return;
    tasksCount += batch.length;
  } catch (error) {
    if (error instanceof ManifestFailure) fail(ctx, job, error.code, error.message);
    else if (error instanceof AwsError && error.status < 500) fail(ctx, job, error.code, error.message);
    else throw error;
    return;
  }
  if (job.request.ConfirmationRequired !== true) change(ctx, job, { status: "Ready", tasksCount });
  else change(ctx, job, { status: "Suspended", tasksCount, suspendedAt: ctx.clock.now() });
}

/** @returns false when the job is no longer being prepared */
function addTasks(ctx: BodyContext, { id }: BatchJob, from: number, objects: readonly Listed[]): boolean {
  return ctx.transaction((within) => {
    if (within.db(batchJobs).get(id)?.status !== "Preparing") return false;
    objects.forEach((object, at) => within.db(batchTasks).put({ job: id, place: from + at, ...object }));
    return true;
  });
}

async function doSome(ctx: BodyContext, job: BatchJob): Promise<void> {
  const { id, succeededCount, failedCount, tasksCount = 0, request } = job;
  const done = succeededCount + failedCount;
  const range = { prefix: [id], from: [id, done], limit: Math.min(tasksPerStep, tasksCount - done) };
  const tasks = done >= tasksCount ? [] : ctx.reading(() => [...ctx.db(batchTasks).list(range)]);
  if (tasks.length === 0) {
    change(ctx, job, { status: "Completing" });
    return;
  }
  let session;
  try {
    session = await assumeRole(ctx, job);
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    fail(ctx, job, error.code, error.message);
    return;
  }
  const results: BatchTask[] = [];
  for (let at = 0; at < tasks.length; at += tasksAtOnce) {
    const some = tasks.slice(at, at + tasksAtOnce).map(async (task) => ({
      ...task, result: await doTask(ctx, task, request.Operation, session),
    }));
    results.push(...(await Promise.all(some)));
  }
  ctx.transaction((within) => note(within, id, results));
}

/** A job that was cancelled meanwhile has done these tasks all the same. */
function note(ctx: Context, id: string, done: readonly BatchTask[]): void {
  const job = ctx.db(batchJobs).get(id);
  if (!job) return;
  for (const task of done) ctx.db(batchTasks).put(task);
  const failed = done.filter(({ result }) => result?.code !== undefined).length;
  const failedCount = job.failedCount + failed;
  const succeededCount = job.succeededCount + done.length - failed;
  const all = failedCount + succeededCount;
  const isTooMany = all >= tasksBeforeThreshold && failedCount / all > failedShareMax;
  ctx.db(batchJobs).put({
    ...job, failedCount, succeededCount,
    ...(isTooMany && job.status === "Active" && {
      status: "Failing",
      failures: [{ FailureCode: "FailureThresholdExceeded", FailureReason: "Too many tasks failed" }],
    }),
  });
}

const ends: Readonly<Partial<Record<control.JobStatus, control.JobStatus>>> = {
  Completing: "Complete", Cancelling: "Cancelled", Failing: "Failed",
};

async function finish(ctx: BodyContext, job: BatchJob): Promise<void> {
  const { id, request, succeededCount, failedCount } = job;
  let status = ends[job.status] ?? "Failed";
  let { failures } = job;
  if (request.Report.Enabled && succeededCount + failedCount > 0) {
    try {
      await writeReport(ctx, job, await assumeRole(ctx, job));
    } catch (error) {
      if (!(error instanceof AwsError) || error.status >= 500) throw error;
      const FailureReason =
        "Job report could not be written to your report bucket. Please check your permissions.";
      failures = [...(failures ?? []), { FailureCode: error.code, FailureReason }];
      status = "Failed";
    }
  }
  const overAt = ctx.clock.now();
  ctx.transaction((within) => {
    const present = within.db(batchJobs).get(id);
    if (!present) return;
    within.db(batchJobs).put({ ...present, status, overAt, ...(failures && { failures }) });
    wakePaused(within);
    within.schedule(forgetBatchJob, { at: overAt + keptMilliseconds, id, input: { id } });
  });
}

/** A page of them; the rest in a step of its own. */
function dropTasks(ctx: Context, job: string): void {
  const page = [...ctx.db(batchTasks).list({ prefix: [job], limit: rowsPerTransaction })];
  for (const { place } of page) ctx.db(batchTasks).delete([job, place]);
  if (page.length === rowsPerTransaction) workOn(ctx, job);
}

export const forgetBatchJob = synchronousJob<{ readonly id: string }>(
  "s3-control.forgetBatchJob",
  ({ id }, ctx) => {
    ctx.db(batchJobs).delete(id);
    ctx.tags(jobArn(ctx, id)).clear();
  },
);
