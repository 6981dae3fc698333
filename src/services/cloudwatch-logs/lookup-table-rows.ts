/** The rows of lookup tables; what a table holds apart, since it may be large. */

import { table } from "../../store/types.ts";

export interface LookupTable {
  readonly name: string;
  readonly description?: string;
  readonly fields: readonly string[];
  readonly records: number;
  readonly sizeBytes: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const lookupTables = table<LookupTable>("logs.lookupTables", { key: (row) => row.name });

export const lookupBodies = table<{ readonly name: string; readonly body: string }>("logs.lookupBodies", {
  key: (row) => row.name,
  seldomRead: true,
});
