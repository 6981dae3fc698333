/** The row of an export task. */

import { table } from "../../store/types.ts";

export interface ExportTask {
  readonly id: string;
  readonly name?: string;
  readonly group: string;
  readonly streamPrefix?: string;
  readonly from: number;
  readonly to: number;
  readonly bucket: string;
  readonly prefix: string;
  readonly status: "PENDING" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED";
  readonly message?: string;
  readonly createdAt: number;
  readonly completedAt?: number;
}

export function isActive({ status }: ExportTask): boolean {
  return status === "PENDING" || status === "RUNNING";
}

export const exportTasks = table<ExportTask, "byActive">("logs.exportTasks", {
  key: (task) => task.id,
  indexes: { byActive: (task) => (isActive(task) ? task.createdAt : undefined) },
});
