/** Jobs as rows of their cell. */

import { table } from "../store/types.ts";

export interface JobRow {
  readonly name: string;
  readonly id: string;
  /** Due at: epoch milliseconds. */
  readonly at: number;
  readonly input: unknown;
  /** How often it has failed. */
  readonly failures: number;
}

export const jobs = table<JobRow, "due">("kernel.jobs", {
  key: (row) => [row.name, row.id],
  indexes: { due: (row) => row.at },
});

export function jobRow(name: string, id: string, at: number, input: unknown): JobRow {
  return { name, id, at, input, failures: 0 };
}
