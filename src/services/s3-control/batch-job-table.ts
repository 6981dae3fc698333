/** Jobs of Batch Operations and their tasks: the rows, and what is said of them. */

import type * as control from "../../generated/s3-control.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import type { Job } from "../../jobs/job.ts";
import { table } from "../../store/types.ts";
import { noSuchJob } from "./errors.ts";

export type BatchRequest = Pick<
  control.CreateJobRequest,
  | "ConfirmationRequired" | "Operation" | "Report" | "Manifest" | "ManifestGenerator" | "Description"
  | "RoleArn"
>;

export interface BatchJob {
  readonly id: string;
  /** Counts up: later jobs have more. */
  readonly order: number;
  readonly request: BatchRequest;
  readonly priority: number;
  readonly status: control.JobStatus;
  readonly statusReason?: string;
  readonly failures?: readonly control.JobFailure[];
  /** Absent until the manifest has been read. */
  readonly tasksCount?: number;
  readonly succeededCount: number;
  readonly failedCount: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly suspendedAt?: number;
  readonly activeAt?: number;
  readonly overAt?: number;
}

export const batchJobs = table<BatchJob, "newest">("s3-control.batchJobs", {
  key: (row) => row.id,
  indexes: { newest: (row) => -row.order },
});

export interface TaskResult {
  readonly status: number;
  /** Absent where it succeeded. */
  readonly code?: string;
  readonly message: string;
}

export interface BatchTask {
  readonly job: string;
  /** Its place in the manifest, from 0. */
  readonly place: number;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly result?: TaskResult;
}

export const batchTasks = table<BatchTask>("s3-control.batchTasks", { key: (row) => [row.job, row.place] });

/** Its work is with the steps of jobs. */
export const batchStep: Job<{ readonly id: string }> = { kind: "job", name: "s3-control.workOnBatchJob" };

const over: ReadonlySet<control.JobStatus> = new Set(["Complete", "Failed", "Cancelled"]);

export function isOver({ status }: BatchJob): boolean {
  return over.has(status);
}

const running: ReadonlySet<control.JobStatus> = new Set(["Ready", "Active", "Paused"]);

/** Its manifest has been read, and its tasks are not all done. */
export function runs({ status }: BatchJob): boolean {
  return running.has(status);
}

/** @throws NoSuchJobException */
export function requireJob(ctx: ReadContext, id: string): BatchJob {
  const found = ctx.db(batchJobs).get(id);
  if (!found) throw noSuchJob();
  return found;
}

export function jobArn({ region, account }: ReadContext, id: string): string {
  return `arn:aws:s3:${region}:${account}:job/${id}`;
}

export function operationName({ Operation }: BatchRequest): control.OperationName {
  const [name] = Object.entries(Operation).find(([, value]) => value !== undefined) ?? [];
  return name as control.OperationName;
}

export function workOn(ctx: Context, id: string): void {
  ctx.schedule(batchStep, { at: ctx.clock.now(), id, input: { id } });
}

/** Those that made way look whether they still have to. */
export function wakePaused(ctx: Context): void {
  for (const { id, status } of ctx.db(batchJobs).list()) if (status === "Paused") workOn(ctx, id);
}

export function progressOf(job: BatchJob, now: number): control.JobProgressSummary {
  const { tasksCount, succeededCount, failedCount, activeAt, overAt } = job;
  const active = activeAt === undefined ? 0 : (overAt ?? now) - activeAt;
  return {
    TotalNumberOfTasks: tasksCount ?? 0,
    NumberOfTasksSucceeded: succeededCount,
    NumberOfTasksFailed: failedCount,
    Timers: { ElapsedTimeInActiveSeconds: Math.floor(active / 1000) },
  };
}
