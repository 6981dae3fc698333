/** Jobs of Batch Operations: seeing them, confirming and cancelling them, and their tags. */

import * as control from "../../generated/s3-control.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { ofAccount } from "./account.ts";
import {
  batchJobs, isOver, jobArn, operationName, progressOf, requireJob, wakePaused, workOn,
  type BatchJob,
} from "./batch-job-table.ts";
import { invalidNextToken, jobStatus } from "./errors.ts";
import { setTags } from "./tags.ts";

interface NamesJob {
  readonly AccountId: string;
  readonly JobId: string;
}

const onJob = {
  ...ofAccount,
  resource: ({ JobId }: NamesJob, ctx: ReadContext) => jobArn(ctx, JobId),
};

/** @evidence Service Authorization Reference, Amazon S3, condition keys */
const onExistingJob = {
  ...onJob,
  conditions({ JobId }: NamesJob, ctx: ReadContext) {
    const job = ctx.db(batchJobs).get(JobId);
    return {
      "s3:existingjoboperation": job && operationName(job.request),
      "s3:existingjobpriority": job && String(job.priority),
      "s3:jobsuspendedcause": job?.status === "Suspended" ? suspendedCause : undefined,
    };
  },
};

const suspendedCause = "AWAITING_CONFIRMATION";

export const DescribeJob = operation(control.DescribeJob, {
  ...onJob,
  run: ({ JobId }, ctx) => ({ Job: describe(requireJob(ctx, JobId), ctx) }),
});

function describe(job: BatchJob, ctx: ReadContext): control.JobDescriptor {
  const { request, statusReason, failures, suspendedAt, overAt } = job;
  return {
    ...request,
    JobId: job.id,
    JobArn: jobArn(ctx, job.id),
    Status: job.status,
    Priority: job.priority,
    ConfirmationRequired: request.ConfirmationRequired ?? false,
    ProgressSummary: progressOf(job, ctx.clock.now()),
    CreationTime: job.createdAt,
    ...(statusReason !== undefined && { StatusUpdateReason: statusReason }),
    ...(failures && { FailureReasons: [...failures] }),
    ...(overAt !== undefined && { TerminationDate: overAt }),
    ...(suspendedAt !== undefined && { SuspendedDate: suspendedAt }),
    ...(job.status === "Suspended" && { SuspendedCause: suspendedCause }),
  };
}

const pageSizeMax = 1000;

export const ListJobs = operation(control.ListJobs, {
  ...ofAccount,
  run({ JobStatuses = [], NextToken, MaxResults }, ctx) {
    const { items, next } = page({
      rows: ctx.db(batchJobs).by("newest"),
      key: (row) => -row.order,
      keep: (row) => JobStatuses.length === 0 || JobStatuses.includes(row.status),
      limit: MaxResults || pageSizeMax,
      token: NextToken,
      scope: "s3-control.ListJobs",
      invalid: invalidNextToken,
    });
    return { Jobs: items.map((job) => listed(job, ctx.clock.now())), NextToken: next };
  },
});

function listed(job: BatchJob, now: number): control.JobListDescriptor {
  const { request, overAt } = job;
  return {
    JobId: job.id,
    Description: request.Description,
    Operation: operationName(request),
    Priority: job.priority,
    Status: job.status,
    CreationTime: job.createdAt,
    ProgressSummary: progressOf(job, now),
    ...(overAt !== undefined && { TerminationDate: overAt }),
  };
}

export const UpdateJobPriority = operation(control.UpdateJobPriority, {
  ...onExistingJob,
  conditions: (input, ctx) => ({
    ...onExistingJob.conditions(input, ctx), "s3:requestjobpriority": String(input.Priority),
  }),
  run({ JobId, Priority: priority }, ctx) {
    const job = requireJob(ctx, JobId);
    if (isOver(job)) throw jobStatus(`The priority of a job with the status ${job.status} can't be changed`);
    ctx.db(batchJobs).put({ ...job, priority });
    wakePaused(ctx);
    return { JobId, Priority: priority };
  },
});

/**
 * What is suspended is confirmed, and what is not over is cancelled: at once where nothing is under way, else
 * after the tasks that are.
 *
 * @evidence S3 User Guide, "Tracking job status and completion reports", job statuses
 */
export const UpdateJobStatus = operation(control.UpdateJobStatus, {
  ...onExistingJob,
  run({ JobId, RequestedJobStatus, StatusUpdateReason: statusReason }, ctx) {
    const job = requireJob(ctx, JobId);
    const status: control.JobStatus = RequestedJobStatus === "Ready" ? "Ready" : "Cancelling";
    const isPossible = status === "Ready" ? job.status === "Suspended" : !isOver(job) && !isEnding(job);
    if (!isPossible) {
      throw jobStatus(`A job with the status ${job.status} can't be changed to ${RequestedJobStatus}`);
    }
    ctx.db(batchJobs).put({ ...job, status, ...(statusReason !== undefined && { statusReason }) });
    workOn(ctx, JobId);
    return { JobId, Status: status, StatusUpdateReason: statusReason };
  },
});

function isEnding({ status }: BatchJob): boolean {
  return ["Completing", "Cancelling", "Failing"].includes(status);
}

export const GetJobTagging = operation(control.GetJobTagging, {
  ...onJob,
  run({ JobId }, ctx) {
    requireJob(ctx, JobId);
    return { Tags: ctx.tags(jobArn(ctx, JobId)).list() };
  },
});

/** Replaces the tags that are there. @evidence S3 API Reference, PutJobTagging */
export const PutJobTagging = operation(control.PutJobTagging, {
  ...onExistingJob,
  run({ JobId, Tags }, ctx) {
    requireJob(ctx, JobId);
    ctx.tags(jobArn(ctx, JobId)).clear();
    setTags(ctx, jobArn(ctx, JobId), Tags);
  },
});

export const DeleteJobTagging = operation(control.DeleteJobTagging, {
  ...onExistingJob,
  run({ JobId }, ctx) {
    requireJob(ctx, JobId);
    ctx.tags(jobArn(ctx, JobId)).clear();
  },
});
