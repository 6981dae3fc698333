/** Jobs as rows of their cell. */

import { table } from "../store/types.ts";

export interface JobRow {
  readonly name: string;
  readonly id: string;
  /** Due at: epoch milliseconds. */
  readonly at: number;
  readonly input: unknown;
  /** Tells one scheduling of a name and id from the next, also at one time of a clock that stands. */
  readonly order: number;
  /** How often it has failed. */
  readonly failures: number;
}

export const jobs = table<JobRow, "due">("kernel.jobs", {
  key: (row) => [row.name, row.id],
  indexes: { due: (row) => row.at },
});

/**
 * The id of a job that was given none. Of one name, what is due at one time is begun in the order in which it
 * was scheduled: rows that are equal in an index are in the order of their keys.
 *
 * @param chance tells it from jobs of other stores, which snapshots bring in
 */
export function newJobId(order: number, chance: string): string {
  return `${order.toString(36).padStart(orderDigits, "0")}-${chance}`;
}

/** As many as a safe integer has. */
const orderDigits = 11;

export function jobRow(name: string, id: string, at: number, input: unknown, order: number): JobRow {
  return { name, id, at, input, order, failures: 0 };
}
