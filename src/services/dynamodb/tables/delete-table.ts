/** DeleteTable: a table goes with its items, its indexes and its settings. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import { job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { deletionProtected, globalTableInUse, inUse } from "../errors.ts";
import { forgetBuckets } from "../capacity/throttling.ts";
import { forgetExpiries } from "../expiry/expiries.ts";
import { leaveBackup, schedulePurge } from "../backups/continuous-backups.ts";
import { isCopied } from "../backups/copies.ts";
import { forgetCollections } from "../items/collections.ts";
import { dropItems } from "../items/item-rows.ts";
import { forgetPolicies } from "../policies/policy-rows.ts";
import { announceChange } from "../replicas/membership.ts";
import { forgetChanges } from "../kinesis/sending.ts";
import { forgetReplication } from "../replicas/outgoing.ts";
import { isRecentSource, recentSource } from "../replicas/replicas.ts";
import { onlyOneReplica } from "../replicas/strong-errors.ts";
import { closeStream } from "../streams/stream-rows.ts";
import { describe } from "./description.ts";
import { retireGrant } from "./encryption.ts";
import { deletionMilliseconds, requireFewTransitions } from "./lifecycles.ts";
import { onTable, requireTable, tableArn } from "./names.ts";
import { extents, tables, type Table } from "./table-rows.ts";

/** @evidence recorded refusals, one for each state */
function requireDeletable(row: Table, now: number): void {
  if (row.isProtected) throw deletionProtected();
  if (row.isStrong) throw onlyOneReplica();
  if (isRecentSource(row, now)) throw recentSource();
  const detail = stateInTheWay(row);
  if (detail === undefined) return;
  throw row.replicas?.length ? globalTableInUse() : inUse(detail);
}

function stateInTheWay(row: Table): string | undefined {
  if (row.status === "CREATING") return `Table is being created: ${row.name}`;
  if (row.status === "DELETING") return `Table is being deleted: ${row.name}`;
  if (row.indexes.some(({ status }) => status !== "ACTIVE")) {
    return "Cannot delete table while indexes are being created, updated, or deleted.";
  }
  if (row.status === "UPDATING") return `Table: ${row.name} is in the process of being updated.`;
  return undefined;
}

interface Removal {
  readonly name: string;
  readonly number: number;
  /** Those of its indexes. */
  readonly indexes: readonly number[];
}

const againMilliseconds = 100;

/** What is left to do once the time of DELETING is over. */
export const removeTable = job<Removal>("dynamodb.removeTable", (input, ctx) => {
  const { name, number, indexes } = input;
  const row = ctx.db(tables).get(name);
  const own = row?.number === number ? row : undefined;
  if (isCopied(ctx, number)) {
    ctx.schedule(removeTable, { at: ctx.clock.now() + againMilliseconds, input });
    return;
  }
  if (own) ctx.db(tables).delete(name);
  for (const each of indexes) dropSpace(ctx, each);
  const isKept = own !== undefined && leaveBackup(ctx, own);
  if (!isKept) dropItems(ctx, number);
  dropFacts(ctx, number);
  schedulePurge(ctx, { table: name, number }, ctx.clock.now() + 1);
});

/** The items go in pieces, so that no request waits long for them. */
export function dropSpace(ctx: Context, number: number): void {
  dropFacts(ctx, number);
  dropItems(ctx, number);
}

/** What is known of items that are no table's any more. */
function dropFacts(ctx: Context, number: number): void {
  ctx.db(extents).delete(number);
  forgetBuckets(ctx, number);
  forgetCollections(ctx, number);
  ctx.schedule(forgetReplication, { at: ctx.clock.now() + 1, input: { number }, id: String(number) });
  ctx.schedule(forgetChanges, { at: ctx.clock.now() + 1, input: { number }, id: String(number) });
  ctx.schedule(forgetExpiries, { at: ctx.clock.now() + 1, input: { number }, id: String(number) });
}

/** @returns the row as it is from now on, until it is gone */
export function beginDeletion(ctx: Context, row: Table): Table {
  const { transition: _transition, expiryAttribute: _expiry, ...rest } = closeStream(ctx, row);
  const until = ctx.clock.now() + deletionMilliseconds;
  const going: Table = {
    ...rest, status: "DELETING", transition: { until, becomes: { status: "DELETING" } },
  };
  ctx.db(tables).put(going);
  announceChange(ctx, row, true);
  const indexes = row.indexes.map(({ number }) => number);
  ctx.schedule(removeTable, { at: until, input: { name: row.name, number: row.number, indexes } });
  const arn = tableArn(ctx, row.name);
  forgetPolicies(ctx, arn);
  ctx.tags(arn).clear();
  const { keyArn, grantId } = row.encryption ?? {};
  if (keyArn !== undefined && grantId !== undefined) {
    ctx.schedule(retireGrant, { at: until, input: { keyArn, grantId } });
  }
  return going;
}

export const DeleteTable = operation(dynamodb.DeleteTable, {
  ...onTable,
  run(input, ctx) {
    const row = requireTable(ctx, input.TableName);
    requireDeletable(row, ctx.clock.now());
    requireFewTransitions(ctx);
    const going = beginDeletion(ctx, row);
    return { TableDescription: deletionAnswer(ctx, going) };
  },
});

/** @evidence recorded: the answer of DeleteTable says little of the table */
function deletionAnswer(ctx: Context, row: Table): dynamodb.TableDescription {
  const shown = describe(ctx, row);
  return {
    TableName: shown.TableName,
    TableStatus: shown.TableStatus,
    ProvisionedThroughput: shown.ProvisionedThroughput,
    BillingModeSummary: shown.BillingModeSummary,
    TableSizeBytes: shown.TableSizeBytes,
    ItemCount: shown.ItemCount,
    TableArn: shown.TableArn,
    TableId: shown.TableId,
    DeletionProtectionEnabled: shown.DeletionProtectionEnabled,
  };
}
