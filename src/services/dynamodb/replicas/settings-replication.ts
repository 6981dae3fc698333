/**
 * Whether the tables of several accounts that are one global table have the same settings. A table that is
 * alone may say so beforehand; those of one account have settings of their own.
 */

import type { GlobalTableSettingsReplicationMode } from "../../../generated/dynamodb.ts";
import { notImplemented } from "../../../kernel/errors.ts";
import { validation } from "../errors.ts";
import type { Table } from "../tables/table-rows.ts";

interface Wish {
  readonly GlobalTableSettingsReplicationMode?: GlobalTableSettingsReplicationMode | undefined;
}

/** @evidence recorded answers of UpdateTable of a table without replicas */
export function withSettingsReplication(row: Table, wish: Wish): Table {
  const { GlobalTableSettingsReplicationMode: mode } = wish;
  if (mode === undefined) return row;
  if (row.replicas?.length) throw notImplemented("GlobalTableSettingsReplicationMode of a global table");
  if (mode !== "ENABLED_WITH_OVERRIDES") return { ...row, settingsReplication: mode };
  throw validation(
    `Value '${mode}' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only ENABLED ` +
      "and DISABLED settings replication are supported for a Regional Table.",
  );
}
