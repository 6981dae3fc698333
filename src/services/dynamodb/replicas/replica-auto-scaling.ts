/**
 * The scaling of replicas: there is none to set, as global tables here are paid by request.
 *
 * @evidence recorded: a table without replicas is not there for these operations
 */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { TableAutoScalingDescription } from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { modelled, notImplemented } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { findTable, nameIn, onTable } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";

function requireGlobal(ctx: ReadContext, text: string): Table {
  const name = nameIn(text);
  const row = findTable(ctx, name);
  if (row?.replicas) return row;
  throw modelled(
    dynamodb.ResourceNotFoundException, `Global table with name: '${name}' does not exist.`,
  );
}

/** The home region is among its replicas here, in the order of names. */
function shown(ctx: ReadContext, row: Table): TableAutoScalingDescription {
  const own = { region: ctx.region, status: "ACTIVE" as const };
  const all = [...(row.replicas ?? []), own].sort((left, right) => (left.region < right.region ? -1 : 1));
  return {
    TableName: row.name,
    TableStatus: row.status,
    Replicas: all.map(({ region, status }) => ({ RegionName: region, ReplicaStatus: status })),
  };
}

export const DescribeTableReplicaAutoScaling = operation(dynamodb.DescribeTableReplicaAutoScaling, {
  ...onTable,
  run(input, ctx) {
    return { TableAutoScalingDescription: shown(ctx, requireGlobal(ctx, input.TableName)) };
  },
});

export const UpdateTableReplicaAutoScaling = operation(dynamodb.UpdateTableReplicaAutoScaling, {
  ...onTable,
  run(input, ctx) {
    requireGlobal(ctx, input.TableName);
    throw notImplemented("auto scaling of replicas");
  },
});
