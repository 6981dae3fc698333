/** Export tasks: a group's events of some time, written to a bucket. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import {
  invalidNextToken, invalidOperation, invalidParameter, limitExceeded, resourceNotFound,
} from "./errors.ts";
import { exportTasks, isActive, type ExportTask } from "./export-table.ts";
import { runExport } from "./exporting.ts";
import { requireBucket } from "./export-writing.ts";
import { onGroup, requireGroup } from "./group-table.ts";

/** @evidence CloudWatch Logs User Guide, quotas: one active export task an account */
function requireNoneActive(ctx: Context): void {
  for (const task of ctx.db(exportTasks).by("byActive").list({ limit: 1 })) {
    if (isActive(task)) throw limitExceeded();
  }
}

/** Tasks wait for so long before they begin: as in AWS, one can still be cancelled. */
const pendingMilliseconds = 1_000;

export const CreateExportTask = operation(logs.CreateExportTask, {
  ...onGroup,
  async body(input, ctx) {
    if (input.from >= input.to) {
      throw invalidParameter("The start time of the export must be before its end time.");
    }
    const check = (within: Context): void => {
      requireGroup(within, input.logGroupName);
      requireNoneActive(within);
    };
    ctx.transaction(check);
    const prefix = input.destinationPrefix ?? "exportedlogs";
    await requireBucket(ctx, { group: input.logGroupName, bucket: input.destination, prefix });
    return ctx.transaction((within) => {
      check(within);
      const now = ctx.clock.now();
      const id = ctx.ids.uuid();
      within.db(exportTasks).put({
        id,
        ...(input.taskName !== undefined && { name: input.taskName }),
        group: input.logGroupName,
        ...(input.logStreamNamePrefix !== undefined && { streamPrefix: input.logStreamNamePrefix }),
        from: input.from, to: input.to, bucket: input.destination, prefix,
        status: "PENDING", createdAt: now,
      });
      within.schedule(runExport, { id, at: now + pendingMilliseconds, input: { id } });
      return { taskId: id };
    });
  },
});

export const CancelExportTask = operation(logs.CancelExportTask, {
  run(input, ctx) {
    const task = ctx.db(exportTasks).get(input.taskId);
    if (!task) throw resourceNotFound("The specified export task does not exist.");
    // @evidence CloudWatch Logs API Reference, CancelExportTask: the task must be PENDING or RUNNING
    if (!isActive(task)) throw invalidOperation("The specified export task has already finished.");
    const completedAt = ctx.clock.now();
    ctx.db(exportTasks).put({ ...task, status: "CANCELLED", message: "Cancelled by user", completedAt });
    ctx.unschedule(runExport, task.id);
  },
});

function shown(task: ExportTask): logs.ExportTask {
  return {
    taskId: task.id,
    ...(task.name !== undefined && { taskName: task.name }),
    logGroupName: task.group,
    from: task.from,
    to: task.to,
    destination: task.bucket,
    destinationPrefix: task.prefix,
    status: { code: task.status, ...(task.message !== undefined && { message: task.message }) },
    executionInfo: {
      creationTime: task.createdAt,
      ...(task.completedAt !== undefined && { completionTime: task.completedAt }),
    },
  };
}

export const DescribeExportTasks = operation(logs.DescribeExportTasks, {
  run(input, ctx) {
    const { taskId, ["statusCode"]: status } = input;
    if (taskId !== undefined && status !== undefined) {
      throw invalidParameter("taskId and statusCode are mutually exclusive parameters.");
    }
    const { items, next } = page({
      rows: ctx.db(exportTasks),
      key: (task) => task.id,
      keep: (task) => (taskId === undefined || task.id === taskId) &&
        (status === undefined || task.status === status),
      limit: input.limit ?? 50,
      token: input.nextToken,
      scope: `logs.DescribeExportTasks ${taskId ?? ""} ${status ?? ""}`,
      invalid: invalidNextToken,
    });
    return { exportTasks: items.map(shown), nextToken: next };
  },
});

