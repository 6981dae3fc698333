/** Global tables. */

import type { ReplicationGroupUpdate } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { notImplemented } from "../../../kernel/errors.ts";
import type { Table } from "../tables/table-rows.ts";

export function updateReplicas(
  _ctx: Context, _row: Table, _updates: readonly ReplicationGroupUpdate[],
): Table {
  throw notImplemented("UpdateTable with ReplicaUpdates");
}
